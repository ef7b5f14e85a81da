//! People.

use std::sync::Arc;

use phiomia_federation::media::{Named, Version};
use phiomia_mastodon::entities::{
    self, AccountRole, ApprovedGroup, CurrentUserApproval, Decimal, ExpandMedia, FeatureApproval, Id, IsoDay, Written,
};
use phiomia_model::{
    Role, Time,
    account::{Field, ProfilePicture},
    media::MediaFile,
};
use phiomia_store::db::{accounts::AccountView, defaults::PostingDefaults};
use phiomia_text::MentionTarget;

use super::{Cx, Emojis, elsewhere::host};

/// An account's entity, and the custom emoji it was made with.
struct Kept {
    emojis: Emojis,
    account: Written<entities::Account>,
}

/// Somebody's profile as anybody may see it; made once for each view.
#[must_use]
pub fn account(view: &AccountView, cx: &Cx) -> Written<entities::Account> {
    let is_good = |kept: &Kept| Arc::ptr_eq(&kept.emojis, &cx.emojis);
    let make = || Kept { emojis: cx.emojis.clone(), account: made(view, cx).into() };
    view.made.get_or(is_good, make).account.clone()
}

fn made(view: &AccountView, cx: &Cx) -> entities::Account {
    let is_gone = view.is_suspended || view.is_deleted;
    let named = MentionTarget::of_profile(&view.mentions);
    let own = |own: &Option<ProfilePicture>| own.clone().filter(|_| !is_gone);
    let (own_avatar, own_header) = (own(&view.own_avatar), own(&view.own_header));
    let file = |file: &MediaFile| cx.addresses.file_url(&file.key);
    let shown = |own: &Option<ProfilePicture>, theirs: Option<&String>, named: &Named, missing: &str| {
        if let Some(own) = own {
            let shown = file(&own.file);
            let still = own.still.as_ref().map_or_else(|| shown.clone(), file);
            return (shown, still);
        }
        let hosts = || [host(&view.uri)].into_iter().chain(view.domain.as_deref());
        let at =
            |version| theirs.filter(|_| !is_gone).and_then(|url| cx.elsewhere.address(named, url, version, hosts()));
        let missing = || cx.addresses.at(missing);
        (at(Version::Original).unwrap_or_else(missing), at(Version::Static).unwrap_or_else(missing))
    };
    let (avatar, avatar_static) =
        shown(&own_avatar, view.avatar.as_ref(), &Named::Avatar(view.id), "/avatars/original/missing.png");
    let (header, header_static) =
        shown(&own_header, view.header.as_ref(), &Named::Header(view.id), "/headers/original/missing.png");
    let said = |own: &Option<ProfilePicture>, theirs: &str| {
        own.as_ref().map_or_else(|| theirs.to_owned(), |own| own.description.clone())
    };
    entities::Account {
        id: view.id,
        username: view.username.clone(),
        acct: view.acct(),
        url: Some(view.url.clone()),
        uri: view.uri.clone(),
        display_name: if is_gone { String::new() } else { view.display_name.clone() },
        note: if is_gone { String::new() } else { note(view, &named, cx) },
        avatar_static,
        avatar,
        avatar_description: said(&own_avatar, &view.avatar_description),
        header_static,
        header,
        header_description: said(&own_header, &view.header_description),
        locked: view.is_locked && !is_gone,
        fields: if is_gone { Vec::new() } else { view.fields.iter().map(|f| field(f, view, &named, cx)).collect() },
        emojis: if is_gone { Vec::new() } else { emojis(view, cx) },
        bot: view.is_bot && !is_gone,
        group: view.is_group,
        discoverable: Some(view.is_discoverable && !is_gone),
        indexable: view.is_indexable && !is_gone,
        noindex: view.is_local().then_some(false),
        moved: view.moved_to.as_ref().map(|target| account(target, cx)),
        memorial: view.is_memorial.then_some(true),
        suspended: is_gone.then_some(true),
        limited: view.is_silenced.then_some(true),
        created_at: view.created_at.midnight().into(),
        last_status_at: view.last_status_day.map(day),
        statuses_count: view.statuses_count,
        followers_count: view.followers_count,
        following_count: view.following_count,
        hide_collections: Some(view.hides_collections),
        show_media: view.tabs.media,
        show_media_replies: view.tabs.media_replies,
        show_featured: view.tabs.featured,
        roles: view.is_local().then(|| badges(view.role)),
        feature_approval: FeatureApproval {
            automatic: if view.is_discoverable { vec![ApprovedGroup::Public] } else { Vec::new() },
            manual: Vec::new(),
            current_user: if view.is_discoverable {
                CurrentUserApproval::Automatic
            } else {
                CurrentUserApproval::Denied
            },
        },
        email_subscriptions: None,
        invalid_handle: None,
    }
}

/// The account that asks, with what it may edit.
#[must_use]
pub fn credential_account(
    view: &AccountView,
    defaults: &PostingDefaults,
    n_follow_requests: i64,
    cx: &Cx,
) -> entities::CredentialAccount {
    let fields = view.fields.iter().map(|field| entities::Field {
        name: field.name.clone(),
        value: field.value.clone(),
        verified_at: field.verified_at.map(Into::into),
    });
    entities::CredentialAccount {
        account: account(view, cx),
        source: entities::CredentialSource {
            attribution_domains: view.attribution_domains.clone(),
            note: view.note.clone(),
            fields: fields.collect(),
            privacy: defaults.visibility,
            sensitive: defaults.is_sensitive,
            language: defaults.language.clone(),
            follow_requests_count: n_follow_requests,
            hide_collections: Some(view.hides_collections),
            discoverable: Some(view.is_discoverable),
            indexable: view.is_indexable,
            quote_policy: defaults.quote_policy,
        },
        role: role(view.role.unwrap_or(Role::User)),
    }
}

/// Somebody the viewer mutes.
#[must_use]
pub fn muted_account(view: &AccountView, expires_at: Option<Time>, cx: &Cx) -> entities::MutedAccount {
    entities::MutedAccount { account: account(view, cx), mute_expires_at: expires_at.map(Into::into) }
}

/// Posting defaults, and the reading defaults that everybody has.
#[must_use]
pub fn preferences(defaults: &PostingDefaults) -> entities::Preferences {
    entities::Preferences {
        posting_default_visibility: defaults.visibility,
        posting_default_sensitive: defaults.is_sensitive,
        // As in Mastodon, who chose none posts in the language of the interface.
        posting_default_language: Some(defaults.language.as_ref().unwrap_or(&defaults.locale).clone()),
        reading_expand_media: ExpandMedia::Default,
        reading_expand_spoilers: false,
        posting_default_quote_policy: defaults.quote_policy,
        reading_autoplay_gifs: false,
    }
}

fn note(view: &AccountView, named: &[MentionTarget], cx: &Cx) -> String {
    if view.is_local() {
        phiomia_text::render_note(&view.note, &cx.text(named))
    } else {
        phiomia_text::sanitize(&view.note)
    }
}

fn field(field: &Field, view: &AccountView, named: &[MentionTarget], cx: &Cx) -> entities::Field {
    let value = if view.is_local() {
        phiomia_text::render_field(&field.value, &cx.text(named))
    } else {
        phiomia_text::sanitize(&field.value)
    };
    entities::Field { name: field.name.clone(), value, verified_at: field.verified_at.map(Into::into) }
}

fn emojis(view: &AccountView, cx: &Cx) -> Vec<entities::CustomEmoji> {
    if !view.is_local() {
        return cx.elsewhere.emojis(&view.emojis, &view.uri);
    }
    let fields = view.fields.iter().flat_map(|field| [field.name.as_str(), field.value.as_str()]);
    cx.emojis_in([view.display_name.as_str(), view.note.as_str()].into_iter().chain(fields))
}

fn badges(role: Option<Role>) -> Vec<AccountRole> {
    role.filter(|role| role.is_highlighted())
        .map(|role| AccountRole { id: Id(role.id()), name: role.shown_name().to_owned(), color: String::new() })
        .into_iter()
        .collect()
}

/// A role with its rights.
pub(super) fn role(role: Role) -> entities::Role {
    entities::Role {
        id: Id(role.id()),
        name: role.shown_name().to_owned(),
        color: String::new(),
        permissions: Decimal(i64::try_from(role.permissions()).unwrap_or(i64::MAX)),
        highlighted: role.is_highlighted(),
        collection_limit: 0,
    }
}

fn day(days: i64) -> IsoDay {
    IsoDay(Time(days.saturating_mul(86_400_000_000)))
}
