//! Keeping somebody away.

use phiomia_model::{AccountId, Error, Outgoing};
use phiomia_store::{
    Tx,
    db::{federation::posts, notifications, relationships},
};

use super::{
    disconnect,
    follow::{answer, number_of, sweep_home_of},
    pair_even_gone, relations_changed, withdraw,
};
use crate::outgoing::tell;

/// `me` blocks `target`: neither follows or asks the other any more, what `me` was told about them is gone, and so are
/// their posts from each other's home. Blocking oneself does nothing.
///
/// # Errors
/// Refused when `target` is unknown (`404`).
pub fn block(tx: &Tx<'_>, me: AccountId, target: AccountId) -> Result<(), Error> {
    if me == target {
        return Ok(());
    }
    let (mine, theirs) = pair_even_gone(tx, me, target)?;
    let (number, name) = (number_of(tx, &mine, &theirs)?, relationships::follow_name(tx, target, me)?);
    let were_connected = [
        disconnect(tx, me, target)?,
        withdraw(tx, me, target)?,
        disconnect(tx, target, me)?,
        withdraw(tx, target, me)?,
    ];
    let is_new = relationships::insert_block(tx, me, target)?;
    let [has_followed, has_asked, was_followed, was_asked] = were_connected;
    if let Some(number) = number.filter(|_| has_followed || has_asked) {
        tell(tx, Outgoing::Unfollowed { account: me, target, number })?;
    }
    if was_followed || was_asked {
        answer(tx, &mine, &theirs, name, false)?;
    }
    if is_new && mine.is_local && !theirs.is_local {
        let number = posts::block_number(tx, me, target)?.unwrap_or_default();
        tell(tx, Outgoing::Blocked { account: me, target, number, is_undone: false })?;
    }
    if is_new || were_connected.contains(&true) {
        notifications::forget_sender(tx, me, target)?;
        sweep_home_of(tx, &mine, target)?;
        sweep_home_of(tx, &theirs, me)?;
        relations_changed(tx, me);
        relations_changed(tx, target);
    }
    Ok(())
}

/// `me` no longer blocks `target`. What the block took away does not come back.
///
/// # Errors
/// Refused when `target` is unknown (`404`).
pub fn unblock(tx: &Tx<'_>, me: AccountId, target: AccountId) -> Result<(), Error> {
    let (mine, theirs) = pair_even_gone(tx, me, target)?;
    let number = posts::block_number(tx, me, target)?.unwrap_or_default();
    if relationships::delete_block(tx, me, target)? {
        if mine.is_local && !theirs.is_local {
            tell(tx, Outgoing::Blocked { account: me, target, number, is_undone: true })?;
        }
        relations_changed(tx, me);
        relations_changed(tx, target);
    }
    Ok(())
}
