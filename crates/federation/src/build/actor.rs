//! People here and the server itself, as actors.

use phiomia_activitypub::{
    Actor, ActorKey, ActorKind, KeyMaterial, Policy,
    actor::Field,
    note::{Media, MediaKind},
};
use phiomia_model::{Addresses, Fault, Handle, account::ProfilePicture};
use phiomia_store::db::accounts::AccountView;
use phiomia_text::{Context, MentionTarget};

use super::{ActorFacts, below, emojis, uri};

/// Somebody who lives here. Of who is suspended or gone there is nothing but the name and the key.
///
/// # Errors
/// An id of ours is none, which its configuration has ruled out.
pub fn actor(view: &AccountView, facts: &ActorFacts, addresses: &Addresses) -> Result<Actor, Fault> {
    let bare = bare(view, facts, addresses)?;
    if view.is_suspended || view.is_deleted {
        return Ok(Actor { suspended: true, ..bare });
    }
    let mentions = MentionTarget::of_profile(&view.mentions);
    let cx = Context { mentions: &mentions, addresses };
    let texts = view.fields.iter().flat_map(|field| [field.name.as_str(), field.value.as_str()]);
    let texts = [view.display_name.as_str(), view.note.as_str()].into_iter().chain(texts);
    let field = |field: &phiomia_model::account::Field| Field {
        name: field.name.clone(),
        value: phiomia_text::render_field(&field.value, &cx),
    };
    Ok(Actor {
        name: Some(view.display_name.clone()),
        summary: Some(phiomia_text::render_note(&view.note, &cx)),
        fields: view.fields.iter().map(field).collect(),
        emojis: emojis(&facts.emojis, texts, addresses)?,
        is_locked: view.is_locked,
        discoverable: Some(view.is_discoverable),
        indexable: Some(view.is_indexable),
        memorial: view.is_memorial,
        shows_media: Some(view.tabs.media),
        shows_media_replies: Some(view.tabs.media_replies),
        shows_featured: Some(view.tabs.featured),
        moved_to: view.moved_to.as_ref().map(|target| uri(&target.uri)).transpose()?,
        aliases: facts.aliases.iter().filter_map(|alias| uri(alias).ok()).collect(),
        // The day alone, as the API tells it.
        published: Some(view.created_at.midnight()),
        attribution_domains: view.attribution_domains.clone(),
        icon: view.own_avatar.as_ref().map(|picture| self::picture(picture, addresses)).transpose()?,
        image: view.own_header.as_ref().map(|picture| self::picture(picture, addresses)).transpose()?,
        ..bare
    })
}

fn picture(picture: &ProfilePicture, addresses: &Addresses) -> Result<Media, Fault> {
    Ok(Media {
        media_type: Some(picture.file.media_type.clone()),
        alt: Some(picture.description.clone()).filter(|text| !text.is_empty()),
        ..Media::at(MediaKind::Image, uri(&addresses.file_url(&picture.file.key))?)
    })
}

/// The server itself: it signs what no person does. Source: <https://docs.joinmastodon.org/spec/security/>.
///
/// # Errors
/// As [`actor`].
pub fn server(addresses: &Addresses, public_pem: String) -> Result<Actor, Fault> {
    let id = addresses.server_uri();
    Ok(Actor {
        id: uri(&id)?,
        kind: ActorKind::Application,
        username: addresses.server_name().to_owned(),
        handle: Some(Handle {
            username: addresses.server_name().to_owned(),
            domain: Some(addresses.local_domain.clone()),
        }),
        name: None,
        summary: None,
        page: Some(uri(&addresses.at("/about"))?),
        inbox: below(&id, "inbox")?,
        outbox: Some(below(&id, "outbox")?),
        shared_inbox: Some(uri(&addresses.at("/inbox"))?),
        followers: None,
        following: None,
        featured: None,
        featured_tags: None,
        keys: vec![key(&id, public_pem)?],
        icon: None,
        image: None,
        fields: Vec::new(),
        emojis: Vec::new(),
        is_locked: true,
        discoverable: None,
        indexable: None,
        memorial: false,
        shows_media: None,
        shows_media_replies: None,
        shows_featured: None,
        suspended: false,
        moved_to: None,
        aliases: Vec::new(),
        published: None,
        updated: None,
        attribution_domains: Vec::new(),
        policy: Policy::default(),
    })
}

fn bare(view: &AccountView, facts: &ActorFacts, addresses: &Addresses) -> Result<Actor, Fault> {
    let id = &view.uri;
    let handle = Handle { username: view.username.clone(), domain: Some(addresses.local_domain.clone()) };
    Ok(Actor {
        id: uri(id)?,
        kind: match (view.is_group, view.is_bot) {
            (true, _) => ActorKind::Group,
            (false, true) => ActorKind::Service,
            (false, false) => ActorKind::Person,
        },
        username: view.username.clone(),
        handle: Some(handle),
        page: Some(uri(&view.url)?),
        inbox: below(id, "inbox")?,
        outbox: Some(below(id, "outbox")?),
        followers: Some(below(id, "followers")?),
        following: Some(below(id, "following")?),
        featured: Some(below(id, "collections/featured")?),
        featured_tags: Some(below(id, "collections/tags")?),
        keys: vec![key(id, facts.public_pem.clone())?],
        is_locked: false,
        ..server(addresses, String::new())?
    })
}

fn key(owner: &str, pem: String) -> Result<ActorKey, Fault> {
    Ok(ActorKey { id: uri(&format!("{owner}#main-key"))?, material: KeyMaterial::Pem(pem) })
}
