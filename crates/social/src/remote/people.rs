//! People elsewhere go, come back under another name, or move.

use phiomia_model::{AccountId, Error, Event, Job};
use phiomia_store::{
    Tx,
    db::{
        accounts,
        federation::actors,
        relationships::{self},
        users,
    },
};

use crate::relationships as verbs;

/// A profile was read anew: what is shown of it changes.
///
/// # Errors
/// The database failed.
pub fn profile_changed(tx: &Tx<'_>, account: AccountId) -> Result<(), Error> {
    tx.announce(Event::AccountTouched { account });
    Ok(())
}

/// An account elsewhere is gone for good: out of sight at once, its posts and relations go piece by piece.
///
/// # Errors
/// The database failed.
pub fn delete(tx: &Tx<'_>, account: AccountId) -> Result<(), Error> {
    let is_here = accounts::view(tx, account)?.is_none_or(|view| view.is_local() || view.is_deleted);
    if is_here {
        return Ok(());
    }
    users::set_deleted(tx, account, Some(tx.now()))?;
    for follower in relationships::local_followers(tx, account, 0, i64::MAX)? {
        verbs::unfollow(tx, follower.account, account)?;
    }
    tx.enqueue(&Job::SweepAccount { account })?;
    tx.announce(Event::AccountTouched { account });
    Ok(())
}

/// Nothing can be delivered to an account elsewhere any more: it follows nobody here, and no longer asks to.
///
/// # Errors
/// The database failed.
pub fn unreachable(tx: &Tx<'_>, account: AccountId) -> Result<(), Error> {
    if accounts::view(tx, account)?.is_none_or(|view| view.is_local()) {
        return Ok(());
    }
    for target in relationships::followed_or_asked(tx, account)? {
        verbs::unfollow(tx, account, target)?;
    }
    Ok(())
}

/// An account elsewhere says that it is `target` now, and `target` says the same: those here who follow it follow on.
///
/// # Errors
/// The database failed.
pub fn moved(tx: &Tx<'_>, account: AccountId, target: AccountId) -> Result<(), Error> {
    actors::set_moved(tx, account, Some(target))?;
    tx.enqueue(&Job::MoveFollowers { account, target })?;
    tx.announce(Event::AccountTouched { account });
    Ok(())
}
