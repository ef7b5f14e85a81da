//! A post goes: out of sight at once, the rest piece by piece.

use phiomia_model::{AccountId, Error, Event, Job, Outgoing, StatusId, Visibility};
use phiomia_store::{
    Tx,
    db::{
        accounts, announcements, featured_tags,
        federation::{purge, received},
        media as rows, retention,
        statuses::{self, Counter, Edited},
        tags, timelines,
    },
};

use super::{own, quotes};
use crate::{conversations, media, outgoing::tell};

/// Whether other servers are told of each post that goes. With an account they hear of the account alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tells {
    Each,
    Nothing,
}

/// How many boosts or posts one run of a sweep takes, so that it stands before nobody for long.
const BATCH: i64 = 100;

/// What was deleted, for an author who wants to write it anew.
#[derive(Clone, Debug)]
pub struct Deleted {
    /// The raw text.
    pub text: String,
}

/// Deletes `me`'s post. It is gone by every route when this commits.
///
/// # Errors
/// Refused when it is not `me`'s (`404`).
pub fn delete(tx: &Tx<'_>, me: AccountId, id: StatusId) -> Result<Deleted, Error> {
    let row = own(tx, me, id)?;
    remove(tx, id, &row, Tells::Each)?;
    // For writing it anew; what is not attached again goes after a day.
    rows::loosen(tx, id)?;
    Ok(Deleted { text: row.text })
}

/// The same, and what it shows goes with it.
///
/// # Errors
/// As [`delete`].
pub fn delete_with_media(tx: &Tx<'_>, me: AccountId, id: StatusId) -> Result<Deleted, Error> {
    let row = own(tx, me, id)?;
    remove(tx, id, &row, Tells::Each)?;
    media::drop_of(tx, id)?;
    Ok(Deleted { text: row.text })
}

/// Takes a status out of sight, moves the counters back, tells the streams, and leaves the rest to a job.
pub(crate) fn remove(tx: &Tx<'_>, id: StatusId, row: &Edited, tells: Tells) -> Result<(), Error> {
    if !take_out(tx, id, row)? {
        return Ok(());
    }
    let is_told = row.is_local && tells == Tells::Each && tell(tx, Outgoing::Deleted { status: id })?;
    // Whoever tells it needs the rows that the sweep takes away, and leaves the sweep for afterwards.
    if !is_told {
        tx.enqueue(&Job::SweepStatus { status: id })?;
    }
    Ok(())
}

/// The same without the job: what hangs on it is still there. `false`: it was out of sight already.
fn take_out(tx: &Tx<'_>, id: StatusId, row: &Edited) -> Result<bool, Error> {
    if !statuses::mark_deleted(tx, id)? {
        return Ok(false);
    }
    received::bury_own(tx, id)?;
    if row.visibility != Visibility::Direct {
        accounts::count_statuses(tx, row.author, -1)?;
        tx.announce(Event::AccountTouched { account: row.author });
    }
    // What its author alone knows of was never counted.
    let is_out = !row.is_unapproved();
    if let Some(parent) = row.in_reply_to_id
        && row.visibility.is_open()
        && is_out
    {
        statuses::count(tx, parent, Counter::Replies, -1)?;
        tx.announce(Event::StatusTouched { status: parent });
    }
    if let Some(original) = row.reblog_of_id.filter(|_| is_out) {
        statuses::count(tx, original, Counter::Reblogs, -1)?;
        tx.announce(Event::StatusTouched { status: original });
    }
    quotes::withdraw(tx, id)?;
    if row.visibility == Visibility::Direct {
        conversations::withdraw(tx, id)?;
    }
    if row.visibility.is_open() {
        featured_tags::uncount(tx, row.author, id)?;
    }
    timelines::remove_home(tx, row.author, id)?;
    let mentioned = statuses::mentioned(tx, id)?;
    tx.announce(Event::StatusDeleted {
        status: id,
        author: row.author,
        visibility: row.visibility,
        tags: tags::of_status(tx, id)?,
        mentioned: mentioned.into_iter().filter(|(_, is_local)| *is_local).map(|(account, _)| account).collect(),
        is_reblog: row.reblog_of_id.is_some(),
        is_local: row.is_local,
    });
    Ok(true)
}

/// Takes a post away with everything that hangs on it, in one go; nobody elsewhere is told, and it may come again. `false`:
/// it has `most` boosts or more, of which so many are gone now.
pub(crate) fn erase(tx: &Tx<'_>, post: purge::Post, most: i64) -> Result<bool, Error> {
    let boosts = purge::boosts(tx, post.0, most)?;
    for boost in &boosts {
        erase_one(tx, *boost)?;
    }
    let is_last = i64::try_from(boosts.len()).is_ok_and(|n| n < most);
    if is_last {
        erase_one(tx, post)?;
    }
    Ok(is_last)
}

fn erase_one(tx: &Tx<'_>, (id, conversation): purge::Post) -> Result<(), Error> {
    if let Some(row) = statuses::source(tx, id)? {
        take_out(tx, id, &row)?;
    }
    statuses::erase(tx, id)?;
    match conversation {
        Some(conversation) => Ok(retention::forget_conversation(tx, conversation)?),
        None => Ok(()),
    }
}

/// Takes away what hangs on a deleted status: boosts of it first, a batch a run, then its rows.
/// Running it again is harmless.
///
/// # Errors
/// The database failed.
pub fn sweep(tx: &Tx<'_>, id: StatusId) -> Result<(), Error> {
    if !statuses::is_deleted(tx, id)? {
        return Ok(());
    }
    let boosts = statuses::reblogs_batch(tx, id, BATCH)?;
    for (boost, _) in &boosts {
        if let Some(row) = statuses::source(tx, *boost)? {
            remove(tx, *boost, &row, Tells::Nothing)?;
        }
    }
    if boosts.is_empty() {
        statuses::erase(tx, id)?;
    }
    if !boosts.is_empty() || statuses::is_deleted(tx, id)? {
        // Boosts are swept by jobs of their own; this one comes back when they are done.
        tx.enqueue_at(&Job::SweepStatus { status: id }, tx.now().plus(std::time::Duration::from_secs(5)))?;
    }
    Ok(())
}

/// Deletes the posts of an account, a batch a run.
///
/// # Errors
/// The database failed.
pub fn sweep_account(tx: &Tx<'_>, account: AccountId) -> Result<(), Error> {
    announcements::leave(tx, account)?;
    let has_more = media::sweep(tx, account)?;
    let batch = statuses::deleted_batch(tx, account, BATCH)?;
    for id in &batch {
        if let Some(row) = statuses::source(tx, *id)? {
            remove(tx, *id, &row, Tells::Nothing)?;
        }
    }
    if !batch.is_empty() || has_more {
        tx.enqueue(&Job::SweepAccount { account })?;
    }
    Ok(())
}
