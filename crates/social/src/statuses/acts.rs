//! Favourites, bookmarks and pins. A boost stands for what it boosts, as in Mastodon; each gives the id of what was meant.

use phiomia_model::{
    AccountId, Error, Event, NotificationType, Outgoing, Refusal, StatusId, Visibility, remote::Interaction,
};
use phiomia_store::{
    Tx,
    db::{
        accounts,
        federation::posts,
        notifications,
        statuses::{self, Counter},
    },
};

use super::{
    allowed::{self, Permit},
    approvals, check_not_blocking, own, seen, undone,
};
use crate::{Social, notifications::notify, outgoing::tell};

/// Favourites a post.
///
/// # Errors
/// Refused when `me` may not see it (`404`), or blocks its author, or they do not allow that (`403`).
pub fn favourite(tx: &Tx<'_>, me: AccountId, id: StatusId) -> Result<StatusId, Error> {
    let status = seen(tx, me, id, tx.now())?;
    check_not_blocking(tx, me, status.account)?;
    let permit = allowed::check(tx, me, &status, Interaction::Like)?;
    if statuses::favourite(tx, me, status.id)? {
        if permit == Permit::WhenApproved {
            // To whoever did it, it is done; it counts when the author says yes.
            approvals::ask(tx, me, Interaction::Like, status.id)?;
            return Ok(status.id);
        }
        statuses::count(tx, status.id, Counter::Favourites, 1)?;
        notify(tx, status.account, me, NotificationType::Favourite, Some(status.id))?;
        if !status.is_local {
            tell_favourite(tx, me, status.id, false)?;
        }
        tx.announce(Event::StatusTouched { status: status.id });
    }
    Ok(status.id)
}

/// Takes a favourite back.
///
/// # Errors
/// Refused when there is none and `me` may not see the post (`404`).
pub fn unfavourite(tx: &Tx<'_>, me: AccountId, id: StatusId) -> Result<StatusId, Error> {
    let (status, author) = undone(tx, me, id, |tx, id| statuses::is_favourited(tx, me, id))?;
    if statuses::source(tx, status)?.is_some_and(|row| !row.is_local) {
        tell_favourite(tx, me, status, true)?;
    }
    let was_pending = statuses::favourite_row(tx, me, status)?.is_some_and(|row| row.is_pending);
    if statuses::unfavourite(tx, me, status)? {
        if !was_pending {
            statuses::count(tx, status, Counter::Favourites, -1)?;
        }
        notifications::forget(tx, author, me, NotificationType::Favourite, Some(status))?;
        tx.announce(Event::StatusTouched { status });
    }
    Ok(status)
}

/// Tells the server of a post from elsewhere that somebody here favourited it, or no longer does; before the row goes.
pub(super) fn tell_favourite(tx: &Tx<'_>, me: AccountId, status: StatusId, is_undone: bool) -> Result<(), Error> {
    if accounts::view(tx, me)?.is_some_and(|me| me.is_local())
        && let Some(number) = posts::favourite_number(tx, me, status)?
    {
        tell(tx, Outgoing::Favourited { account: me, status, number, is_undone })?;
    }
    Ok(())
}

/// Bookmarks a post. Nobody else ever knows.
///
/// # Errors
/// Refused when `me` may not see it (`404`).
pub fn bookmark(tx: &Tx<'_>, me: AccountId, id: StatusId) -> Result<StatusId, Error> {
    let status = seen(tx, me, id, tx.now())?;
    statuses::bookmark(tx, me, status.id)?;
    Ok(status.id)
}

/// Removes a bookmark.
///
/// # Errors
/// Refused when there is none and `me` may not see the post (`404`).
pub fn unbookmark(tx: &Tx<'_>, me: AccountId, id: StatusId) -> Result<StatusId, Error> {
    let (status, _) = undone(tx, me, id, |tx, id| statuses::is_bookmarked(tx, me, id))?;
    statuses::unbookmark(tx, me, status)?;
    Ok(status)
}

/// Pins an own post to the profile.
///
/// # Errors
/// Refused when it cannot be seen (`404`), is somebody else's, a boost, or direct, or when enough are pinned (`422`).
/// Source of the sentences: <https://docs.joinmastodon.org/methods/statuses/#pin>.
pub fn pin(tx: &Tx<'_>, social: &Social, me: AccountId, id: StatusId) -> Result<StatusId, Error> {
    let Some(row) = statuses::source(tx, id)?.filter(|row| row.author == me) else {
        // Whoever may see it learns why; for all others it is not there.
        seen(tx, me, id, tx.now())?;
        return Err(Refusal::validation("Someone else's post cannot be pinned").into());
    };
    if row.reblog_of_id.is_some() {
        return Err(Refusal::validation("A boost cannot be pinned").into());
    }
    if row.visibility == Visibility::Direct {
        return Err(Refusal::validation("Posts that are only visible to mentioned users cannot be pinned").into());
    }
    let most = i64::try_from(social.limits.pinned_statuses).unwrap_or(i64::MAX);
    if statuses::n_pins(tx, me, id)? >= most {
        return Err(Refusal::validation("You have already pinned the maximum number of posts").into());
    }
    statuses::pin(tx, me, id)?;
    tell_pin(tx, me, &row, id, false)?;
    Ok(id)
}

/// Unpins an own post.
///
/// # Errors
/// Refused when it is not `me`'s (`404`).
pub fn unpin(tx: &Tx<'_>, me: AccountId, id: StatusId) -> Result<StatusId, Error> {
    let row = own(tx, me, id)?;
    statuses::unpin(tx, me, id)?;
    tell_pin(tx, me, &row, id, true)?;
    Ok(id)
}

/// Pins of followers-only posts are shown to followers; nobody else is told.
fn tell_pin(tx: &Tx<'_>, me: AccountId, row: &statuses::Edited, id: StatusId, is_undone: bool) -> Result<(), Error> {
    if row.is_local && row.visibility.is_open() {
        tell(tx, Outgoing::Pinned { account: me, status: id, is_undone })?;
    }
    Ok(())
}
