//! Posts of people here, what was done with them, and what is left of them.

use phiomia_activitypub::{Collection, QuoteAuthorization, Tombstone, note::InteractionAuthorization};
use phiomia_model::{AccountId, Error, Fault, Noun, QuoteState, Refusal, StatusId, Time, Viewer, remote::Interaction};
use phiomia_store::{
    Query,
    db::{
        federation::received,
        relationships,
        statuses::{self, StatusView},
    },
};

use super::{Served, local, number};
use crate::{
    Federation,
    build::{self, uri},
};

/// A post. One that is gone is told to be gone to those who could have known it: if it was for everybody.
///
/// # Errors
/// `NotFound`, `Gone` for its author; a fault.
pub async fn note(federation: &Federation, author: AccountId, id: StatusId, viewer: Viewer) -> Result<Served, Error> {
    let (addresses, now) = (federation.addresses.clone(), federation.db.clock().now());
    let act = move |q: &Query<'_>| {
        let view = match open(q, author, id, viewer, now) {
            Ok(view) if view.reblog.is_none() => view,
            Ok(_) => return Err(Refusal::NotFound(Noun::Status).into()),
            Err(error @ Error::Refused(Refusal::NotFound(Noun::Status))) => {
                let own = addresses.status_uri(author, id);
                return if received::is_buried(q, &own)? { Ok(tombstone(&own)?) } else { Err(error) };
            }
            Err(error) => return Err(error),
        };
        let facts = build::facts(q, &[&view])?;
        Ok(Served::of(&build::note(&view, &facts, &addresses)?))
    };
    federation.db.read(act).await
}

/// That somebody here posted or boosted something.
///
/// # Errors
/// `NotFound`, `Gone` for its author; a fault.
pub async fn activity(
    federation: &Federation,
    author: AccountId,
    id: StatusId,
    viewer: Viewer,
) -> Result<Served, Error> {
    let (addresses, now) = (federation.addresses.clone(), federation.db.clock().now());
    let act = move |q: &Query<'_>| {
        let view = open(q, author, id, viewer, now)?;
        let facts = build::facts(q, &[&view])?;
        Ok(Served::of(&build::activity(&view, &facts, &addresses)?))
    };
    federation.db.read(act).await
}

/// How many favourited a post; not who.
///
/// # Errors
/// `NotFound`, `Gone` for its author; a fault.
pub async fn likes(federation: &Federation, author: AccountId, id: StatusId, viewer: Viewer) -> Result<Served, Error> {
    counted(federation, author, id, viewer, "likes", |view| view.body.favourites_count).await
}

/// How many boosted a post; not who.
///
/// # Errors
/// `NotFound`, `Gone` for its author; a fault.
pub async fn shares(federation: &Federation, author: AccountId, id: StatusId, viewer: Viewer) -> Result<Served, Error> {
    counted(federation, author, id, viewer, "shares", |view| view.body.reblogs_count).await
}

async fn counted(
    federation: &Federation,
    author: AccountId,
    id: StatusId,
    viewer: Viewer,
    name: &'static str,
    count: fn(&StatusView) -> i64,
) -> Result<Served, Error> {
    let now = federation.db.clock().now();
    let act = move |q: &Query<'_>| {
        let view = open(q, author, id, viewer, now)?;
        let own = uri(&format!("{}/{name}", view.body.uri))?;
        Ok(Served::of(&Collection { id: Some(own), total: Some(number(count(&view))), ..Collection::default() }))
    };
    federation.db.read(act).await
}

/// The stamp that allows `quoting` to quote a post of `author`, as long as it does.
/// Source: <https://codeberg.org/fediverse/fep/src/branch/main/fep/044f/fep-044f.md>.
///
/// # Errors
/// `NotFound`, `Gone` for its author; a fault.
pub async fn quote_authorization(
    federation: &Federation,
    author: AccountId,
    quoting: StatusId,
    viewer: Viewer,
) -> Result<Served, Error> {
    let (addresses, now) = (federation.addresses.clone(), federation.db.clock().now());
    let act = move |q: &Query<'_>| {
        let not_there = || Error::from(Refusal::NotFound(Noun::Record));
        let account = local(q, author)?;
        let quote = statuses::quote_of(q, quoting)?.filter(|quote| quote.state == QuoteState::Accepted);
        let quote = quote.filter(|quote| quote.quoted_author == Some(author)).ok_or_else(not_there)?;
        let quoted = quote.quoted.ok_or_else(not_there)?;
        let quoted = statuses::visible(q, quoted, viewer, now)?.ok_or_else(not_there)?;
        let by = statuses::visible(q, quoting, Viewer::Account(author), now)?.ok_or_else(not_there)?;
        Ok(Served::of(&QuoteAuthorization {
            id: uri(&addresses.stamp_uri(author, quoting))?,
            author: uri(&account.uri)?,
            quoted: uri(&quoted.uri)?,
            quoting: uri(&by.uri)?,
        }))
    };
    federation.db.read(act).await
}

/// The stamp that allows an answer to, a favourite or a boost of a post of `author`, as long as that is there and its
/// author is not kept away.
/// Source: <https://docs.gotosocial.org/en/latest/federation/interaction_controls/>.
///
/// # Errors
/// `NotFound`, `Gone` for its author; a fault.
pub async fn interaction_authorization(
    federation: &Federation,
    author: AccountId,
    what: Interaction,
    number: i64,
    viewer: Viewer,
) -> Result<Served, Error> {
    let (addresses, now) = (federation.addresses.clone(), federation.db.clock().now());
    let act = move |q: &Query<'_>| {
        let not_there = || Error::from(Refusal::NotFound(Noun::Record));
        let account = local(q, author)?;
        let (target, who, interacting) = interacted(q, author, what, number, now)?.ok_or_else(not_there)?;
        let target = statuses::visible(q, target, viewer, now)?.filter(|body| body.account == author);
        let target = target.ok_or_else(not_there)?;
        if relationships::is_blocked_either_way(q, author, who)? {
            return Err(not_there());
        }
        Ok(Served::of(&InteractionAuthorization {
            id: uri(&addresses.approval_uri(author, what, number))?,
            what,
            author: uri(&account.uri)?,
            target: uri(&target.uri)?,
            interacting: uri(&interacting)?,
        }))
    };
    federation.db.read(act).await
}

/// What was done: with which post, by whom, and its name in the network.
fn interacted(
    q: &Query<'_>,
    author: AccountId,
    what: Interaction,
    number: i64,
    now: Time,
) -> Result<Option<(StatusId, AccountId, String)>, Error> {
    if what == Interaction::Like {
        let row = statuses::favourite_by_number(q, number)?;
        return Ok(row.and_then(|row| Some((row.status, row.account, row.uri?))));
    }
    let body = statuses::visible(q, StatusId(number), Viewer::Account(author), now)?;
    Ok(body.and_then(|body| {
        let target = if what == Interaction::Reply { body.in_reply_to_id } else { body.reblog_of_id };
        Some((target?, body.account, body.uri.clone()))
    }))
}

/// The page of a post that the viewer may see.
///
/// # Errors
/// `NotFound`, `Gone` for its author; a fault.
pub async fn page_of_status(
    federation: &Federation,
    author: AccountId,
    id: StatusId,
    viewer: Viewer,
) -> Result<String, Error> {
    let now = federation.db.clock().now();
    let act = move |q: &Query<'_>| {
        let view = open(q, author, id, viewer, now)?;
        Ok(view.body.url.clone().unwrap_or_else(|| view.body.uri.clone()))
    };
    federation.db.read(act).await
}

/// A post or boost of somebody here that the viewer may see, at the address that names its author.
pub(super) fn open(
    q: &Query<'_>,
    author: AccountId,
    id: StatusId,
    viewer: Viewer,
    now: Time,
) -> Result<StatusView, Error> {
    local(q, author)?;
    let view = statuses::view(q, id, viewer, now)?.filter(|view| view.author.id == author);
    Ok(view.ok_or(Refusal::NotFound(Noun::Status))?)
}

fn tombstone(id: &str) -> Result<Served, Fault> {
    let tombstone = Tombstone { id: uri(id)?, deleted: None };
    Ok(Served { is_gone: true, ..Served::of(&tombstone) })
}
