//! Keeping somebody away.

use phiomia_model::{AccountId, Error};
use phiomia_store::{
    Tx,
    db::{notifications, relationships},
};

use super::{disconnect, follow::sweep_home_of, pair_even_gone, relations_changed, withdraw};

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
    let were_connected = [
        disconnect(tx, me, target)?,
        disconnect(tx, target, me)?,
        withdraw(tx, me, target)?,
        withdraw(tx, target, me)?,
    ];
    let is_new = relationships::insert_block(tx, me, target)?;
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
    pair_even_gone(tx, me, target)?;
    if relationships::delete_block(tx, me, target)? {
        relations_changed(tx, me);
        relations_changed(tx, target);
    }
    Ok(())
}
