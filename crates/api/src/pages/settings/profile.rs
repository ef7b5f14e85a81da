//! How somebody shows themselves.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use phiomia_model::{
    AccountId, Error, Noun, Refusal,
    account::{Field, ProfileEdit, ProfilePicture, ShownTabs},
    limits::LIMITS,
};
use phiomia_social::profiles;
use phiomia_store::db::accounts::{self, AccountView};

use super::{
    super::{Browser, Frame, page, redirect, sign_in},
    Fields, complaint, is_saved,
};
use crate::{
    gate::Ask,
    media::pictures::{self, Place},
};

const HERE: &str = "/settings/profile";

#[derive(Template)]
#[template(path = "settings_profile.html")]
struct ProfilePage {
    frame: Frame,
    here: &'static str,
    is_saved: bool,
    error: Option<String>,
    form: Form,
    /// The address of the profile, which a page of one's own links to.
    own_page: String,
    /// Contents of fields that are pages which do.
    verified: Vec<String>,
    pictures: [Picture; 2],
    alt_characters: usize,
    name_characters: usize,
    note_characters: usize,
    field_characters: usize,
}

/// One of the two pictures as it hangs.
struct Picture {
    name: &'static str,
    title: &'static str,
    /// Pixels it is cut to.
    size: &'static str,
    /// As it is shown here.
    width: u32,
    file: Option<String>,
    alt: String,
}

/// The form as it is shown.
struct Form {
    display_name: String,
    note: String,
    fields: Vec<(String, String)>,
    is_locked: bool,
    is_bot: bool,
    is_discoverable: bool,
    is_indexable: bool,
    hides_collections: bool,
    tabs: ShownTabs,
    /// One a line.
    attribution_domains: String,
}

/// `GET /settings/profile`.
///
/// # Errors
/// A fault.
pub async fn show(ask: Ask<Browser>) -> Result<Response, Error> {
    let Some(account) = ask.me.account() else { return sign_in::first(&ask, HERE) };
    let form = kept(&ask, account).await?;
    answer(&ask, StatusCode::OK, form, None).await
}

/// `POST /settings/profile`: the whole form, with Mastodon's names.
///
/// # Errors
/// A fault.
pub async fn update(ask: Ask<Browser>) -> Result<Response, Error> {
    let Some(account) = ask.me.account() else { return sign_in::first(&ask, HERE) };
    let form = Form::sent(&ask);
    match save(&ask, account, form.edit()).await {
        Ok(()) => redirect(&ask, "/settings/profile?saved=1"),
        Err(error) => answer(&ask, StatusCode::UNPROCESSABLE_ENTITY, form, Some(complaint(error)?)).await,
    }
}

async fn save(ask: &Ask<Browser>, account: AccountId, mut edit: ProfileEdit) -> Result<(), Error> {
    let fields = Fields::of(ask, "account");
    for (place, change) in [(Place::Avatar, &mut edit.avatar), (Place::Header, &mut edit.header)] {
        let name = name_of(place);
        let taken = pictures::taken(&ask.api, account, ask.upload(&format!("account[{name}]")), place).await?;
        change.picture = match taken {
            Some(picture) => Some(Some(picture)),
            None => fields.is_ticked(&format!("remove_{name}")).then_some(None),
        };
        change.description = Some(fields.text(&format!("{name}_description")));
    }
    let social = ask.api.social();
    ask.api.db.write(move |tx| profiles::edit(tx, &social, account, &edit)).await
}

const fn name_of(place: Place) -> &'static str {
    match place {
        Place::Avatar => "avatar",
        Place::Header => "header",
    }
}

fn hanging(ask: &Ask<Browser>, view: Option<&AccountView>) -> [Picture; 2] {
    let picture = |place, title, size, width, own: Option<&ProfilePicture>| Picture {
        name: name_of(place),
        title,
        size,
        width,
        file: own.map(|own| ask.api.addresses.file_url(&own.still.as_ref().unwrap_or(&own.file).key)),
        alt: own.map(|own| own.description.clone()).unwrap_or_default(),
    };
    [
        picture(Place::Avatar, "Your picture", "400x400", 96, view.and_then(|view| view.own_avatar.as_ref())),
        picture(Place::Header, "The picture above", "1500x500", 288, view.and_then(|view| view.own_header.as_ref())),
    ]
}

async fn kept(ask: &Ask<Browser>, account: AccountId) -> Result<Form, Error> {
    let view = ask.api.db.read(move |q| Ok(accounts::view(q, account)?)).await?;
    let view = view.ok_or(Refusal::NotFound(Noun::Account))?;
    Ok(Form::of(&view))
}

async fn answer(ask: &Ask<Browser>, status: StatusCode, form: Form, error: Option<String>) -> Result<Response, Error> {
    let account = ask.me.account();
    let view = ask.api.db.read(move |q| Ok(account.map(|id| accounts::view(q, id)).transpose()?.flatten())).await?;
    let fields = view.iter().flat_map(|view| &view.fields);
    let shown = ProfilePage {
        own_page: view.as_ref().map(|view| view.url.clone()).unwrap_or_default(),
        verified: fields.filter(|f| f.verified_at.is_some()).map(|f| f.value.clone()).collect(),
        frame: Frame::of(ask).await?,
        here: HERE,
        is_saved: error.is_none() && is_saved(ask),
        error,
        form,
        pictures: hanging(ask, view.as_deref()),
        alt_characters: LIMITS.description_characters,
        name_characters: LIMITS.display_name_characters,
        note_characters: LIMITS.note_characters,
        field_characters: LIMITS.profile_field_characters,
    };
    page(ask, status, &shown)
}

impl Form {
    fn of(view: &AccountView) -> Form {
        let mut fields: Vec<_> = view.fields.iter().map(|f| (f.name.clone(), f.value.clone())).collect();
        fields.resize(LIMITS.profile_fields.max(fields.len()), Default::default());
        Form {
            display_name: view.display_name.clone(),
            note: view.note.clone(),
            fields,
            is_locked: view.is_locked,
            is_bot: view.is_bot,
            is_discoverable: view.is_discoverable,
            is_indexable: view.is_indexable,
            hides_collections: view.hides_collections,
            tabs: view.tabs,
            attribution_domains: view.attribution_domains.join("\n"),
        }
    }

    fn sent(ask: &Ask<Browser>) -> Form {
        let account = Fields::of(ask, "account");
        let fields = account.within("fields_attributes");
        let field = |at: usize| {
            let field = fields.within(&at.to_string());
            (field.text("name"), field.text("value"))
        };
        Form {
            display_name: account.text("display_name"),
            note: account.text("note"),
            fields: (0..LIMITS.profile_fields).map(field).collect(),
            is_locked: account.is_ticked("locked"),
            is_bot: account.is_ticked("bot"),
            is_discoverable: account.is_ticked("discoverable"),
            is_indexable: account.is_ticked("indexable"),
            hides_collections: account.is_ticked("hide_collections"),
            tabs: ShownTabs {
                media: account.is_ticked("show_media"),
                media_replies: account.is_ticked("show_media_replies"),
                featured: account.is_ticked("show_featured"),
            },
            attribution_domains: account.text("attribution_domains"),
        }
    }

    fn edit(&self) -> ProfileEdit {
        let filled = self.fields.iter().filter(|(name, value)| !name.is_empty() || !value.is_empty());
        let field =
            |(name, value): &(String, String)| Field { name: name.clone(), value: value.clone(), verified_at: None };
        ProfileEdit {
            display_name: Some(self.display_name.clone()),
            note: Some(self.note.clone()),
            fields: Some(filled.map(field).collect()),
            is_locked: Some(self.is_locked),
            is_bot: Some(self.is_bot),
            is_discoverable: Some(self.is_discoverable),
            is_indexable: Some(self.is_indexable),
            hides_collections: Some(self.hides_collections),
            shows_media: Some(self.tabs.media),
            shows_media_replies: Some(self.tabs.media_replies),
            shows_featured: Some(self.tabs.featured),
            attribution_domains: Some(self.attribution_domains.split_whitespace().map(str::to_owned).collect()),
            ..ProfileEdit::default()
        }
    }
}
