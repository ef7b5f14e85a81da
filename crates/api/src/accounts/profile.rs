//! One's own profile and posting defaults.

use std::collections::BTreeMap;

use phiomia_mastodon::{
    entities::{self, language_code},
    form::{Flag, List, Text},
};
use phiomia_model::{
    AccountId, Error, Noun, QuotePolicy, Refusal, Visibility,
    account::{Field, PictureEdit, ProfileEdit},
};
use phiomia_social::profiles;
use phiomia_store::{
    Query,
    db::{defaults, featured_tags},
};
use serde::Deserialize;
use serde_json::Value;

use super::existing;
use crate::{
    gate::{Answer, Ask, Member, json},
    media::pictures,
    render::{self, Cx},
};

/// `GET /api/v1/accounts/verify_credentials`
pub async fn verify_credentials(ask: Ask<Member>) -> Answer {
    let (me, cx) = (ask.me.account, ask.api.cx().await?);
    json(&ask.api.db.read_in_place(move |q| credentials(q, me, &cx)).await?)
}

/// `GET /api/v1/preferences`
pub async fn preferences(ask: Ask<Member>) -> Answer {
    let me = ask.me.account;
    let found = ask.api.db.read_in_place(move |q| Ok(defaults::find(q, me)?)).await?;
    json(&render::preferences(&found.ok_or(Refusal::NotFound(Noun::Account))?))
}

fn credentials(q: &Query<'_>, me: AccountId, cx: &Cx) -> Result<entities::CredentialAccount, Error> {
    let view = existing(q, me)?;
    let defaults = defaults::find(q, me)?.ok_or(Refusal::NotFound(Noun::Account))?;
    let n_requests = defaults::n_follow_requests(q, me)?;
    Ok(render::credential_account(&view, &defaults, n_requests, cx))
}

#[derive(Deserialize)]
struct Change {
    display_name: Option<Text>,
    note: Option<Text>,
    locked: Option<Flag>,
    bot: Option<Flag>,
    discoverable: Option<Flag>,
    indexable: Option<Flag>,
    hide_collections: Option<Flag>,
    show_media: Option<Flag>,
    show_media_replies: Option<Flag>,
    show_featured: Option<Flag>,
    attribution_domains: Option<List<Text>>,
    fields_attributes: Option<Value>,
    avatar_description: Option<Text>,
    header_description: Option<Text>,
    source: Option<Source>,
}

#[derive(Deserialize)]
struct Source {
    privacy: Option<Text>,
    sensitive: Option<Flag>,
    language: Option<Text>,
    quote_policy: Option<Text>,
}

#[derive(Deserialize)]
struct FieldInput {
    #[serde(default)]
    name: Text,
    #[serde(default)]
    value: Text,
}

/// `PATCH /api/v1/accounts/update_credentials`
pub async fn update_credentials(ask: Ask<Member>) -> Answer {
    let change = with_pictures(&ask, ask.decode::<Change>()?.into_edit()?).await?;
    save(ask, change).await
}

/// `GET /api/v1/profile`
pub async fn profile(ask: Ask<Member>) -> Answer {
    let (me, cx) = (ask.me.account, ask.api.cx().await?);
    json(&ask.api.db.read(move |q| own_profile(q, me, &cx)).await?)
}

/// `PATCH /api/v1/profile`
pub async fn update_profile(ask: Ask<Member>) -> Answer {
    let change = with_pictures(&ask, ask.decode::<Change>()?.into_edit()?).await?;
    let (me, social, cx) = (ask.me.account, ask.api.social(), ask.api.cx().await?);
    let entity = ask
        .api
        .db
        .write(move |tx| {
            profiles::edit(tx, &social, me, &change)?;
            own_profile(tx, me, &cx)
        })
        .await?;
    json(&entity)
}

fn own_profile(q: &Query<'_>, me: AccountId, cx: &Cx) -> Result<entities::Profile, Error> {
    Ok(render::profile(&*existing(q, me)?, &featured_tags::of_account(q, me)?, cx))
}

async fn with_pictures(ask: &Ask<Member>, mut change: ProfileEdit) -> Result<ProfileEdit, Error> {
    change.avatar.picture =
        pictures::taken(&ask.api, ask.me.account, ask.upload("avatar"), pictures::Place::Avatar).await?.map(Some);
    change.header.picture =
        pictures::taken(&ask.api, ask.me.account, ask.upload("header"), pictures::Place::Header).await?.map(Some);
    Ok(change)
}

/// `DELETE /api/v1/profile/avatar`
pub async fn delete_avatar(ask: Ask<Member>) -> Answer {
    let avatar = PictureEdit { picture: Some(None), description: None };
    save(ask, ProfileEdit { avatar, ..ProfileEdit::default() }).await
}

/// `DELETE /api/v1/profile/header`
pub async fn delete_header(ask: Ask<Member>) -> Answer {
    let header = PictureEdit { picture: Some(None), description: None };
    save(ask, ProfileEdit { header, ..ProfileEdit::default() }).await
}

/// Changes the profile and answers the account as its owner sees it.
async fn save(ask: Ask<Member>, change: ProfileEdit) -> Answer {
    let (me, social, cx) = (ask.me.account, ask.api.social(), ask.api.cx().await?);
    let entity = ask
        .api
        .db
        .write(move |tx| {
            profiles::edit(tx, &social, me, &change)?;
            credentials(tx, me, &cx)
        })
        .await?;
    json(&entity)
}

impl Change {
    fn into_edit(self) -> Result<ProfileEdit, Refusal> {
        let source = self.source;
        let (mut privacy, mut sensitive, mut language, mut quote_policy) = (None, None, None, None);
        if let Some(source) = source {
            privacy = source.privacy.map(|word| visibility(&word.0)).transpose()?;
            sensitive = source.sensitive.map(Into::into);
            // An empty code takes the default away; one that is no language changes nothing.
            language = source.language.and_then(|code| match code.0.as_str() {
                "" => Some(None),
                code => language_code(code).map(|code| Some(code.to_owned())),
            });
            quote_policy = source.quote_policy.map(|word| policy(&word.0)).transpose()?;
        }
        Ok(ProfileEdit {
            display_name: self.display_name.map(Into::into),
            note: self.note.map(Into::into),
            fields: self.fields_attributes.map(fields).transpose()?,
            is_locked: self.locked.map(Into::into),
            is_bot: self.bot.map(Into::into),
            is_discoverable: self.discoverable.map(Into::into),
            is_indexable: self.indexable.map(Into::into),
            hides_collections: self.hide_collections.map(Into::into),
            shows_media: self.show_media.map(Into::into),
            shows_media_replies: self.show_media_replies.map(Into::into),
            shows_featured: self.show_featured.map(Into::into),
            attribution_domains: self.attribution_domains.map(List::strings),
            avatar: PictureEdit { picture: None, description: self.avatar_description.map(Into::into) },
            header: PictureEdit { picture: None, description: self.header_description.map(Into::into) },
            default_visibility: privacy,
            default_sensitive: sensitive,
            default_language: language,
            default_quote_policy: quote_policy,
        })
    }
}

fn visibility(word: &str) -> Result<Visibility, Refusal> {
    // A default of direct posts is not on offer.
    let found = word.parse().ok().filter(|visibility| *visibility != Visibility::Direct);
    found.ok_or_else(|| Refusal::validation("Default privacy is not included in the list"))
}

fn policy(word: &str) -> Result<QuotePolicy, Refusal> {
    word.parse().map_err(|_| Refusal::validation("Default quote policy is not included in the list"))
}

/// An array, or an object whose names are indexes in their order.
fn fields(value: Value) -> Result<Vec<Field>, Refusal> {
    let wrong = |_| Refusal::validation("Fields are not a list of names and values");
    let items: Vec<FieldInput> = match value {
        Value::Object(map) => {
            let mut ordered: BTreeMap<i64, Value> = BTreeMap::new();
            for (at, (index, item)) in (0_i64..).zip(map) {
                ordered.insert(index.parse().unwrap_or(at), item);
            }
            ordered.into_values().map(serde_json::from_value).collect::<Result<_, _>>().map_err(wrong)?
        }
        Value::Null => Vec::new(),
        other => serde_json::from_value(other).map_err(wrong)?,
    };
    let field = |item: FieldInput| Field { name: item.name.0, value: item.value.0, verified_at: None };
    Ok(items.into_iter().map(field).filter(|field| !field.name.is_empty() || !field.value.is_empty()).collect())
}
