//! Not hearing somebody, without their knowing.

use std::time::Duration;

use phiomia_model::{AccountId, Error, Job};
use phiomia_store::{
    Tx,
    db::{notifications, relationships},
};

use super::{pair_even_gone, relations_changed};

/// How somebody is muted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mute {
    /// Their notifications go too.
    pub hides_notifications: bool,
    /// How long; zero for good.
    pub duration: Duration,
}

impl Default for Mute {
    fn default() -> Mute {
        Mute { hides_notifications: true, duration: Duration::ZERO }
    }
}

/// `me` mutes `target`, or changes how. Their posts leave the home feed; with `hides_notifications` what `me` was told
/// about them goes too. Muting oneself does nothing.
///
/// # Errors
/// Refused when `target` is unknown (`404`).
pub fn mute(tx: &Tx<'_>, me: AccountId, target: AccountId, how: Mute) -> Result<(), Error> {
    if me == target {
        return Ok(());
    }
    pair_even_gone(tx, me, target)?;
    let expires_at = (!how.duration.is_zero()).then(|| tx.now().plus(how.duration));
    relationships::set_mute(tx, me, target, how.hides_notifications, expires_at)?;
    if how.hides_notifications {
        notifications::forget_sender(tx, me, target)?;
    }
    tx.enqueue(&Job::SweepHome { account: me, author: target })?;
    if let Some(at) = expires_at {
        tx.enqueue_at(&Job::EndMute { account: me, target }, at)?;
    }
    relations_changed(tx, me);
    Ok(())
}

/// `me` no longer mutes `target`.
///
/// # Errors
/// Refused when `target` is unknown (`404`).
pub fn unmute(tx: &Tx<'_>, me: AccountId, target: AccountId) -> Result<(), Error> {
    pair_even_gone(tx, me, target)?;
    if relationships::delete_mute(tx, me, target)? {
        ended(tx, me, target)?;
    }
    Ok(())
}

/// Ends a mute whose time is over; one that was made longer meanwhile stays. The work of [`Job::EndMute`].
///
/// # Errors
/// The database failed.
pub fn end_lapsed(tx: &Tx<'_>, me: AccountId, target: AccountId) -> Result<(), Error> {
    if relationships::delete_lapsed_mute(tx, me, target)? {
        ended(tx, me, target)?;
    }
    Ok(())
}

/// Ends every mute whose time is over, should the job of one have been lost. Part of [`Job::Tidy`].
///
/// # Errors
/// The database failed.
pub fn end_all_lapsed(tx: &Tx<'_>) -> Result<(), Error> {
    for (me, target) in relationships::delete_lapsed_mutes(tx)? {
        ended(tx, me, target)?;
    }
    Ok(())
}

fn ended(tx: &Tx<'_>, me: AccountId, target: AccountId) -> Result<(), Error> {
    if relationships::is_following(tx, me, target)? {
        tx.enqueue(&Job::MergeHome { account: me, author: target })?;
    }
    relations_changed(tx, me);
    Ok(())
}
