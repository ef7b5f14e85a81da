//! Our documents: what people here are and write, as ActivityPub has it. The same for serving and for sending.
//!
//! Builders are pure; what they need beside a view is gathered by [`facts`] and [`actor_facts`] inside of a closure on
//! the database, in a fixed number of statements. Nothing here decides who may see what: views have passed that.

mod actor;
mod note;

use std::collections::HashMap;

use phiomia_activitypub::{Uri, note::Emoji, uri::Web};
use phiomia_model::{AccountId, Addresses, Fault, StatusId};
use phiomia_store::{
    Query,
    db::{
        accounts::AccountView,
        emojis::{self as custom_emojis, CustomEmojiView},
        federation::{
            aliases,
            neighbours::{self, Neighbours},
        },
        statuses::StatusView,
    },
};

pub use actor::{actor, server};
pub(crate) use note::context_id;
pub use note::{activity, note};

/// What notes need beside their views.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    uris: HashMap<AccountId, String>,
    neighbours: HashMap<StatusId, Neighbours>,
    continued: HashMap<StatusId, Vec<(StatusId, String)>>,
    emojis: Vec<CustomEmojiView>,
}

/// What an actor needs beside its view.
#[derive(Clone, Debug, Default)]
pub struct ActorFacts {
    /// The public key, see [`crate::Keys::public_pem`].
    pub public_pem: String,
    /// Its other names.
    pub aliases: Vec<String>,
    emojis: Vec<CustomEmojiView>,
}

/// Gathers what [`note`] and [`activity`] need, for any number of posts written here, in four statements at most.
///
/// # Errors
/// The database failed.
pub fn facts(q: &Query<'_>, views: &[&StatusView]) -> Result<Facts, Fault> {
    let ids: Vec<StatusId> = views.iter().map(|view| view.body.id).collect();
    let mut people: Vec<AccountId> =
        views.iter().flat_map(|view| &view.body.mentions).map(|mention| mention.account).collect();
    people.sort_unstable();
    people.dedup();
    let texts = views.iter().flat_map(|view| [view.body.text.as_str(), view.body.spoiler_text.as_str()]);
    let options = views.iter().filter_map(|view| view.body.poll.as_ref()).flat_map(|poll| &poll.options);
    let names = shortcodes(texts.chain(options.map(|option| option.title.as_str())));
    let mut continued: HashMap<StatusId, Vec<(StatusId, String)>> = HashMap::new();
    for (parent, id, uri) in neighbours::continued(q, &ids)? {
        continued.entry(parent).or_default().push((id, uri));
    }
    Ok(Facts {
        uris: neighbours::uris(q, &people)?.into_iter().collect(),
        neighbours: neighbours::of(q, &ids)?.into_iter().map(|around| (around.status, around)).collect(),
        continued,
        emojis: custom_emojis::named(q, &names)?,
    })
}

/// Gathers what [`actor`] needs, in two statements at most. The key is made before a transaction, where there is none.
///
/// # Errors
/// The database failed.
pub fn actor_facts(q: &Query<'_>, view: &AccountView, public_pem: String) -> Result<ActorFacts, Fault> {
    let fields = view.fields.iter().flat_map(|field| [field.name.as_str(), field.value.as_str()]);
    let names = shortcodes([view.display_name.as_str(), view.note.as_str()].into_iter().chain(fields));
    Ok(ActorFacts { public_pem, aliases: aliases::of(q, view.id)?, emojis: custom_emojis::named(q, &names)? })
}

/// An id of ours, or one that was checked when it came.
///
/// # Errors
/// It is none: our configuration or a row of the database is broken.
pub fn uri(text: &str) -> Result<Uri, Fault> {
    Uri::parse(text, Web::HttpToo).map_err(|e| Fault::because("reading an id of the network", e))
}

/// What stands below an id of ours: `{id}/followers` and the like.
pub(crate) fn below(id: &str, piece: &str) -> Result<Uri, Fault> {
    uri(&format!("{id}/{piece}"))
}

/// The names of custom emoji in some texts, each once.
fn shortcodes<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in texts.filter(|text| text.contains(':')).flat_map(phiomia_text::shortcodes) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// Those of the custom emoji that some texts name.
fn emojis<'a>(
    known: &[CustomEmojiView],
    texts: impl Iterator<Item = &'a str>,
    addresses: &Addresses,
) -> Result<Vec<Emoji>, Fault> {
    if known.is_empty() {
        return Ok(Vec::new());
    }
    let names = shortcodes(texts);
    let used = known.iter().filter(|emoji| names.contains(&emoji.shortcode));
    used.map(|emoji| {
        Ok(Emoji {
            id: None,
            shortcode: emoji.shortcode.clone(),
            image: uri(&addresses.file_url(&emoji.file))?,
            media_type: Some(emoji.content_type.clone()),
            updated: None,
        })
    })
    .collect()
}

#[cfg(test)]
mod tests;
