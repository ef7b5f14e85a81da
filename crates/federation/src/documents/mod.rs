//! Our documents, as other servers fetch them: found, checked against the viewer, and written.
//!
//! The viewer is anonymous, or the account whose server signed the request: a follower elsewhere sees what a follower
//! here would see. What is not for the viewer is not there.

mod actors;
mod collections;
mod found;
mod statuses;
mod threads;

use std::sync::Arc;

use phiomia_activitypub::{Collection, Thing, Uri, Write};
use phiomia_model::{AccountId, Error, Fault, Noun, Page, Refusal};
use phiomia_store::{
    Query,
    db::{
        accounts::{self, AccountView},
        users,
    },
};

use crate::build::uri;

pub use actors::{Detail, actor, server_actor, server_outbox};
pub use collections::{featured, featured_tags, followers, following, outbox, synchronization};
pub use found::{
    Software, host_meta, host_meta_json, nodeinfo, nodeinfo_links, own_status, page_of_account, person, webfinger,
};
pub use statuses::{activity, interaction_authorization, likes, note, page_of_status, quote_authorization, shares};
pub use threads::{context, replies};

/// The media type of a document.
pub const MEDIA_TYPE: &str = "application/activity+json; charset=utf-8";
/// Items of a page.
const PAGE: i64 = 20;

/// A document, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Served {
    /// Of [`MEDIA_TYPE`].
    pub body: Vec<u8>,
    /// It is what is left of something that was there once: `410`.
    pub is_gone: bool,
}

impl Served {
    fn of(document: &impl Write) -> Served {
        Served { body: document.to_document(), is_gone: false }
    }
}

/// Which part of a collection is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// A page; else the collection itself.
    pub is_page: bool,
    /// Older than this.
    pub max_id: Option<i64>,
    /// Newer than this: the page next to it.
    pub min_id: Option<i64>,
    /// Of answers: those of others than the author.
    pub only_other_accounts: bool,
}

impl Part {
    fn page(&self) -> Page {
        Page { max_id: self.max_id, since_id: None, min_id: self.min_id, limit: PAGE }
    }
}

/// Somebody who lives here and was let in; `Gone` once they were. Suspended people are given, too.
fn known(q: &Query<'_>, id: AccountId) -> Result<Arc<AccountView>, Error> {
    let not_there = || Error::from(Refusal::NotFound(Noun::Account));
    let view = accounts::view(q, id)?.filter(|view| view.is_local()).ok_or_else(not_there)?;
    if view.is_deleted {
        return Err(Refusal::Gone(Noun::Account).into());
    }
    let has_come = users::find(q, id)?.is_none_or(|user| user.confirmed_at.is_some() && user.approved_at.is_some());
    if has_come { Ok(view) } else { Err(not_there()) }
}

/// The same without those who are suspended.
fn local(q: &Query<'_>, id: AccountId) -> Result<Arc<AccountView>, Error> {
    let view = known(q, id)?;
    if view.is_suspended { Err(Refusal::NotFound(Noun::Account).into()) } else { Ok(view) }
}

/// An ordered collection that leads to its first page.
fn ordered(id: &str, total: Option<i64>) -> Result<Collection, Fault> {
    Ok(Collection {
        id: Some(uri(id)?),
        is_ordered: true,
        total: total.map(number),
        first: Some(uri(&format!("{id}?page=true"))?),
        ..Collection::default()
    })
}

/// A page of an ordered collection between two keys of its rows, newest first.
fn ordered_page(id: &str, part: &Part, keys: &[i64], items: Vec<Thing>) -> Result<Collection, Fault> {
    let mut own = format!("{id}?");
    for (name, value) in [("max_id", part.max_id), ("min_id", part.min_id)] {
        if let Some(value) = value {
            own.push_str(&format!("{name}={value}&"));
        }
    }
    own.push_str("page=true");
    let link = |name: &str, key: Option<&i64>| key.map(|key| uri(&format!("{id}?{name}={key}&page=true"))).transpose();
    let is_full = i64::try_from(keys.len()).is_ok_and(|n| n >= PAGE);
    Ok(Collection {
        id: Some(uri(&own)?),
        is_ordered: true,
        is_page: true,
        part_of: Some(uri(id)?),
        // Below a page that was reached from below there is always where it came from.
        next: link("max_id", keys.last().filter(|_| is_full || part.min_id.is_some()))?,
        prev: link("min_id", keys.first())?,
        items,
        ..Collection::default()
    })
}

/// Names of things.
fn named(uris: Vec<Uri>) -> Vec<Thing> {
    uris.into_iter().map(Thing::Named).collect()
}

fn number(count: i64) -> u64 {
    u64::try_from(count).unwrap_or(0)
}
