//! Where an activity about a post goes.

use std::collections::BTreeSet;

use phiomia_model::{AccountId, Fault, StatusId, Visibility};
use phiomia_store::{
    Query,
    db::{
        federation::{
            actors::{self, Inbox},
            posts,
            relays::{self, Relay},
        },
        statuses,
    },
};

/// Who gets a post: followers, unless it is direct; whom it names; whose post it answers, boosts or quotes.
pub(super) fn of_post(
    q: &Query<'_>,
    author: AccountId,
    visibility: Visibility,
    status: StatusId,
    more: &[AccountId],
) -> Result<Vec<Inbox>, Fault> {
    let mut inboxes: BTreeSet<Inbox> = BTreeSet::new();
    if visibility != Visibility::Direct {
        inboxes.extend(actors::followers_inboxes(q, author)?);
    }
    let named = statuses::mentioned(q, status)?.into_iter().filter(|(_, is_local)| !is_local).map(|(id, _)| id);
    let people: Vec<AccountId> = named.chain(more.iter().copied()).collect();
    inboxes.extend(actors::inboxes_of(q, &people)?);
    Ok(inboxes.into_iter().collect())
}

/// Relays hear of every change and the end of a post for everybody.
pub(super) fn of_relays(q: &Query<'_>, visibility: Visibility) -> Result<Vec<Inbox>, Fault> {
    if visibility != Visibility::Public {
        return Ok(Vec::new());
    }
    Ok(relays::accepted(q)?.iter().map(Relay::at).collect())
}

/// Who hears of a change or the end of a post: who got it, and everybody elsewhere who did something with it.
pub(super) fn of_known_post(
    q: &Query<'_>,
    author: AccountId,
    visibility: Visibility,
    status: StatusId,
    more: &[AccountId],
) -> Result<Vec<Inbox>, Fault> {
    let mut people = posts::involved(q, status)?;
    people.extend_from_slice(more);
    of_post(q, author, visibility, status, &people)
}
