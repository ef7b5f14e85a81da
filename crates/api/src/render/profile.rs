//! One's own profile, for an editor.

use phiomia_mastodon::entities;
use phiomia_store::db::{accounts::AccountView, featured_tags::FeaturedTagView};

use super::{Cx, account, featured_tag};

/// The profile as raw text, beside what the text becomes; `null` for a picture that is not there.
#[must_use]
pub fn profile(view: &AccountView, tags: &[FeaturedTagView], cx: &Cx) -> entities::Profile {
    let shown = account(view, cx);
    let fields = view.fields.iter().map(|field| entities::Field {
        name: field.name.clone(),
        value: field.value.clone(),
        verified_at: field.verified_at.map(Into::into),
    });
    entities::Profile {
        id: view.id,
        display_name: view.display_name.clone(),
        note: view.note.clone(),
        fields: fields.collect(),
        avatar: view.own_avatar.as_ref().map(|_| shown.avatar.clone()),
        avatar_static: view.own_avatar.as_ref().map(|_| shown.avatar_static.clone()),
        avatar_description: shown.avatar_description.clone(),
        header: view.own_header.as_ref().map(|_| shown.header.clone()),
        header_static: view.own_header.as_ref().map(|_| shown.header_static.clone()),
        header_description: shown.header_description.clone(),
        locked: view.is_locked,
        bot: view.is_bot,
        hide_collections: Some(view.hides_collections),
        discoverable: Some(view.is_discoverable),
        indexable: view.is_indexable,
        show_media: shown.show_media,
        show_media_replies: shown.show_media_replies,
        show_featured: shown.show_featured,
        attribution_domains: view.attribution_domains.clone(),
        formatted_note: shown.note.clone(),
        formatted_fields: shown.fields.clone(),
        featured_tags: tags.iter().map(|tag| featured_tag(tag, view, cx)).collect(),
    }
}
