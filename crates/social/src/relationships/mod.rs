//! What accounts do to each other: follow, block, mute, endorse, note. Each verb is one transaction, and doing it twice
//! is the same as doing it once.

mod block;
mod domain;
pub(crate) mod follow;
mod mute;
mod personal;

use std::collections::{BTreeMap, HashSet};

use phiomia_model::{AccountId, Error, Event, NotificationType, Noun, Refusal};
use phiomia_store::{
    Tx,
    db::{
        federation::domains,
        lists, notifications,
        relationships::{self, Party},
    },
};

pub use block::{block, unblock};
pub use domain::{block_domain, part_with_domain, unblock_domain};
pub use follow::{authorize_request, follow, move_followers, reject_request, remove_from_followers, unfollow};
pub use mute::{Mute, end_all_lapsed, end_lapsed, mute, unmute};
pub use personal::{endorse, note, unendorse};
pub use phiomia_store::db::relationships::FollowOptions;

/// Both sides, held until the transaction ends. Unknown, suspended and deleted accounts are not there.
pub(crate) fn pair(tx: &Tx<'_>, me: AccountId, target: AccountId) -> Result<(Party, Party), Error> {
    match relationships::lock_pair(tx, me, target)? {
        (Some(me), Some(target)) if !me.is_gone && !target.is_gone => Ok((me, target)),
        _ => Err(Refusal::NotFound(Noun::Account).into()),
    }
}

/// Both sides for a verb that takes something back or keeps somebody away: that goes for suspended accounts too.
pub(crate) fn pair_even_gone(tx: &Tx<'_>, me: AccountId, target: AccountId) -> Result<(Party, Party), Error> {
    match relationships::lock_pair(tx, me, target)? {
        (Some(me), Some(target)) => Ok((me, target)),
        _ => Err(Refusal::NotFound(Noun::Account).into()),
    }
}

/// Adds a follow and counts it; `false` when it was there before.
fn connect(tx: &Tx<'_>, follower: AccountId, target: AccountId, how: &FollowOptions) -> Result<bool, Error> {
    if !relationships::insert_follow(tx, follower, target, how)? {
        return Ok(false);
    }
    relationships::add_to_counters(tx, follower, 0, 1)?;
    relationships::add_to_counters(tx, target, 1, 0)?;
    counters_changed(tx, follower, target);
    Ok(true)
}

/// Takes a follow away with what hangs on it (the notification, the endorsement, a place on lists); `false` when there
/// was none.
pub(crate) fn disconnect(tx: &Tx<'_>, follower: AccountId, target: AccountId) -> Result<bool, Error> {
    if !relationships::delete_follow(tx, follower, target)? {
        return Ok(false);
    }
    relationships::add_to_counters(tx, follower, 0, -1)?;
    relationships::add_to_counters(tx, target, -1, 0)?;
    relationships::delete_endorsement(tx, follower, target)?;
    lists::forget(tx, follower, target)?;
    notifications::forget(tx, target, follower, NotificationType::Follow, None)?;
    counters_changed(tx, follower, target);
    Ok(true)
}

/// Takes a request away with its notification and its place on lists; `false` when there was none.
pub(crate) fn withdraw(tx: &Tx<'_>, follower: AccountId, target: AccountId) -> Result<bool, Error> {
    if !relationships::delete_follow_request(tx, follower, target)? {
        return Ok(false);
    }
    lists::forget(tx, follower, target)?;
    notifications::forget(tx, target, follower, NotificationType::FollowRequest, None)?;
    Ok(true)
}

/// Ends every follow from and to people who are seen nowhere any more, and every request. What the others lost.
pub(crate) fn cut_off(tx: &Tx<'_>, gone: &[AccountId]) -> Result<Lost, Error> {
    let mut lost = Lost::default();
    let are_gone: HashSet<AccountId> = gone.iter().copied().collect();
    for (follower, target) in domains::follows_of(tx, gone)? {
        if !disconnect(tx, follower, target)? {
            withdraw(tx, follower, target)?;
            continue;
        }
        if are_gone.contains(&follower) {
            lost.0.entry(target).or_default().0 += 1;
        } else {
            lost.0.entry(follower).or_default().1 += 1;
        }
    }
    Ok(lost)
}

/// How many followers people lost, and how many of those whom they followed.
#[derive(Clone, Debug, Default)]
pub struct Lost(pub BTreeMap<AccountId, (i64, i64)>);

fn counters_changed(tx: &Tx<'_>, one: AccountId, other: AccountId) {
    tx.announce(Event::AccountTouched { account: one });
    tx.announce(Event::AccountTouched { account: other });
}

pub(crate) fn relations_changed(tx: &Tx<'_>, account: AccountId) {
    tx.announce(Event::RelationsChanged { account });
}
