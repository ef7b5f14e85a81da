//! Somebody elsewhere follows somebody here, or answers.

use phiomia_model::{AccountId, Error, NotificationType, Outgoing, Refusal};
use phiomia_store::{
    Tx,
    db::relationships::{self, FollowOptions},
};

use crate::{
    notifications::notify,
    outgoing::tell,
    relationships::{self as verbs, follow::answer},
};

/// `follower` wants to follow `target`, who lives here. Told again, it is answered again.
///
/// # Errors
/// Refused when one of them is not there.
pub fn follow(tx: &Tx<'_>, follower: AccountId, target: AccountId, uri: &str) -> Result<(), Error> {
    let (theirs, mine) = verbs::pair(tx, follower, target)?;
    let name = Some(uri.to_owned());
    if relationships::is_following(tx, follower, target)? {
        relationships::name_follow(tx, follower, target, uri)?;
        return answer(tx, &mine, &theirs, name, true);
    }
    match verbs::follow(tx, follower, target, &FollowOptions::default()) {
        Ok(()) => {}
        Err(Error::Refused(Refusal::Forbidden(_))) => return answer(tx, &mine, &theirs, name, false),
        Err(other) => return Err(other),
    }
    relationships::name_follow(tx, follower, target, uri)?;
    if relationships::is_following(tx, follower, target)? {
        answer(tx, &mine, &theirs, name, true)?;
    } else {
        // Asked once more, it is news only when nothing told of it before.
        notify(tx, target, follower, NotificationType::FollowRequest, None)?;
    }
    Ok(())
}

/// `target`, who lives elsewhere, lets `follower` follow. Somebody who never asked does not follow by that.
///
/// # Errors
/// Refused when nothing was asked.
pub fn follow_accepted(tx: &Tx<'_>, target: AccountId, follower: AccountId) -> Result<(), Error> {
    verbs::authorize_request(tx, target, follower)
}

/// `target`, who lives elsewhere, does not let `follower` follow, or no longer does.
///
/// # Errors
/// Refused when one of them is unknown.
pub fn follow_rejected(tx: &Tx<'_>, target: AccountId, follower: AccountId) -> Result<(), Error> {
    match verbs::reject_request(tx, target, follower) {
        Err(Error::Refused(Refusal::NotFound(_))) => verbs::remove_from_followers(tx, target, follower),
        done => done,
    }
}

/// Follows that are taken back there at once: nobody makes us say much by listing everybody.
const MOST_CORRECTED: usize = 100;

/// The server of `target`, elsewhere, counts `theirs` among its followers and no other people of here; `before` were its
/// followers here when it was asked. Who is not counted there follows no longer, whose wish they took for granted follows,
/// and for whom there follows without wanting to it is taken back.
/// Source: <https://codeberg.org/fediverse/fep/src/branch/main/fep/8fcf/fep-8fcf.md>.
///
/// # Errors
/// The database failed.
pub fn compare_followers(
    tx: &Tx<'_>,
    target: AccountId,
    before: &[AccountId],
    theirs: &[AccountId],
) -> Result<(), Error> {
    for follower in before.iter().filter(|follower| !theirs.contains(follower)) {
        verbs::unfollow(tx, *follower, target)?;
    }
    for follower in theirs.iter().filter(|follower| !before.contains(follower)).take(MOST_CORRECTED) {
        if relationships::is_following(tx, *follower, target)? {
            continue;
        }
        match verbs::authorize_request(tx, target, *follower) {
            Ok(()) => {}
            Err(Error::Refused(_)) => {
                let number = tx.new_id();
                tell(tx, Outgoing::Unfollowed { account: *follower, target, number })?;
            }
            Err(broken) => return Err(broken),
        }
    }
    Ok(())
}

/// `follower` can no longer be reached: as if it had stopped following.
///
/// # Errors
/// The database failed.
pub fn forget_follower(tx: &Tx<'_>, follower: AccountId, target: AccountId) -> Result<(), Error> {
    verbs::unfollow(tx, follower, target)
}
