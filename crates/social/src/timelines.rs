//! Home feeds: written by jobs after somebody posted, rebuilt when somebody comes back.

use std::time::Duration;

use phiomia_model::{AccountId, Error, Event, Job, NotificationType, StatusId, Time, Visibility};
use phiomia_store::{
    Query, Tx,
    db::{statuses, timelines, timelines::FanOut},
};

use crate::notifications::notify;

/// Feeds of people who did not look for so long are not written; they are rebuilt when they come back.
const AWAY: Duration = Duration::from_secs(14 * 86_400);
/// A look at the home feed is written down at most this often.
const SEEN_EVERY: Duration = Duration::from_secs(3_600);
/// Feeds named in one event.
const ACCOUNTS_PER_EVENT: usize = 500;

/// Writes a status into the feeds of the author's local followers, wakes their streams, and rings the bells.
/// Running it again is harmless: rows and notifications are there once.
///
/// # Errors
/// The database failed.
pub fn fan_out(tx: &Tx<'_>, status: StatusId) -> Result<(), Error> {
    // Deleted before its turn came.
    let Some(row) = statuses::source(tx, status)? else { return Ok(()) };
    let reblog_of = match row.reblog_of_id {
        None => None,
        Some(original) => match statuses::author_and_policy(tx, original)? {
            Some((author, _)) => Some((original, author)),
            None => return Ok(()),
        },
    };
    let gained = timelines::fan_out(
        tx,
        &FanOut {
            status,
            author: row.author,
            reblog_of,
            answered: row.in_reply_to_account_id,
            language: row.language.as_deref(),
            mentioned_only: row.visibility == Visibility::Direct,
            seen_since: tx.now().minus(AWAY),
        },
    )?;
    for accounts in gained.chunks(ACCOUNTS_PER_EVENT) {
        tx.announce(Event::HomeGained { accounts: accounts.to_vec(), status });
    }
    let is_news = row.visibility != Visibility::Direct
        && row.in_reply_to_account_id.is_none_or(|answered| answered == row.author);
    if is_news && reblog_of.is_none() {
        for follower in timelines::bells(tx, row.author)? {
            notify(tx, follower, row.author, NotificationType::Status, Some(status))?;
        }
    }
    Ok(())
}

/// Whether looking at the home feed has to be written down, and whether the feed has to be rebuilt first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// Nothing to do.
    Fresh,
    /// Write it down.
    Due,
    /// Rebuild the feed: nothing was written into it for too long.
    Rebuild,
}

/// What a look at the home feed asks for.
///
/// # Errors
/// The database failed.
pub fn look(q: &Query<'_>, viewer: AccountId, now: Time) -> Result<Look, Error> {
    let Some(seen) = timelines::home_seen_at(q, viewer)? else { return Ok(Look::Fresh) };
    Ok(if seen < now.minus(AWAY) {
        Look::Rebuild
    } else if seen < now.minus(SEEN_EVERY) {
        Look::Due
    } else {
        Look::Fresh
    })
}

/// Writes a look at the home feed down, and rebuilds the feed of somebody who was away.
///
/// # Errors
/// The database failed.
pub fn note_look(tx: &Tx<'_>, viewer: AccountId) -> Result<(), Error> {
    if look(tx, viewer, tx.now())? == Look::Rebuild {
        rebuild(tx, viewer)?;
    }
    timelines::see_home(tx, viewer)?;
    Ok(())
}

/// Fills a feed from the posts of the last two weeks.
///
/// # Errors
/// The database failed.
pub fn rebuild(tx: &Tx<'_>, feed: AccountId) -> Result<(), Error> {
    timelines::rebuild(tx, feed, tx.now().minus(AWAY))?;
    Ok(())
}

/// Puts the newest posts of an author into a feed that follows them.
///
/// # Errors
/// The database failed.
pub fn merge(tx: &Tx<'_>, feed: AccountId, author: AccountId) -> Result<(), Error> {
    timelines::merge(tx, feed, author, tx.now().minus(AWAY))?;
    Ok(())
}

/// Takes somebody's posts out of a feed.
///
/// # Errors
/// The database failed.
pub fn sweep(tx: &Tx<'_>, feed: AccountId, author: AccountId) -> Result<(), Error> {
    timelines::sweep(tx, feed, author)?;
    Ok(())
}

/// Cuts feeds that have grown too long; comes back while there are more.
///
/// # Errors
/// The database failed.
pub fn trim(tx: &Tx<'_>) -> Result<(), Error> {
    if timelines::trim(tx)? {
        tx.enqueue(&Job::Tidy)?;
    }
    Ok(())
}
