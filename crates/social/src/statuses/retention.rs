//! Posts of other servers that nobody here touched go after a while: each can be fetched again from where it is.
//!
//! Whoever answered, boosted, quoted, favourited, bookmarked, pinned, voted or is named here holds a post, and so does a
//! thread in which somebody here takes part. Posts are gone through from the newest down, so that an answer goes before
//! what it answers: what is left of answers, boosts and quotes holds the rest.

use std::{collections::HashSet, time::Duration};

use phiomia_model::{Error, Event, Job, StatusId, Time, id};
use phiomia_store::{
    Query, Tx,
    db::{
        featured_tags, retention as rows,
        statuses::{self, Counter},
    },
};

pub use phiomia_store::db::retention::Untouched;

use super::quotes;

/// Which posts go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// What was written, or came here, later than this stays.
    pub before: Time,
    /// Also posts of people who are followed from here.
    pub with_followed: bool,
}

impl Bounds {
    /// Of a number of days before `now`.
    #[must_use]
    pub fn of_days(now: Time, days: u64, with_followed: bool) -> Bounds {
        Bounds { before: now.minus(Duration::from_secs(days.saturating_mul(86_400))), with_followed }
    }

    /// Where going down begins.
    #[must_use]
    pub fn top(&self) -> StatusId {
        StatusId(id::first_of(self.before))
    }
}

/// What of a window goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Going {
    /// Where the next window begins; `None`: this was the last.
    pub next: Option<StatusId>,
    /// The newest first.
    pub posts: Vec<Untouched>,
}

/// What of the `most` posts below an id goes. `gone`: what would be gone already, if this is for looking alone.
///
/// # Errors
/// The database failed.
pub fn look(
    q: &Query<'_>,
    bounds: &Bounds,
    below: StatusId,
    most: i64,
    gone: &HashSet<StatusId>,
) -> Result<Going, Error> {
    let Some(last) = rows::window(q, below, most)? else { return Ok(Going { next: None, posts: Vec::new() }) };
    let found = rows::untouched(q, last..below, bounds.before, bounds.with_followed)?;
    if found.is_empty() {
        return Ok(Going { next: Some(last), posts: found });
    }
    let ids: Vec<i64> = found.iter().map(|post| post.id.0).collect();
    let dependents = rows::dependents(q, &ids)?;
    let reported = rows::reported(q)?;
    let mut going: HashSet<StatusId> = HashSet::new();
    let mut posts = Vec::new();
    for post in found {
        let held = |of: StatusId| {
            let mut hanging = dependents.iter().filter(move |(on, _)| *on == of).map(|(_, by)| by);
            hanging.any(|by| !going.contains(by) && !gone.contains(by))
        };
        if reported.contains(&post.id) || held(post.id) {
            continue;
        }
        going.insert(post.id);
        posts.push(post);
    }
    Ok(Going { next: Some(last), posts })
}

/// Removes what of the `most` posts below an id goes: which these were, and where the next window begins.
///
/// # Errors
/// The database failed.
pub fn prune(
    tx: &Tx<'_>,
    bounds: &Bounds,
    below: StatusId,
    most: i64,
) -> Result<(Vec<Untouched>, Option<StatusId>), Error> {
    let going = look(tx, bounds, below, most, &HashSet::new())?;
    for post in &going.posts {
        forget(tx, post)?;
    }
    Ok((going.posts, going.next))
}

/// Takes a post away as if it had never come: nobody is told, and it may come again.
fn forget(tx: &Tx<'_>, post: &Untouched) -> Result<(), Error> {
    let Some(row) = statuses::source(tx, post.id)? else { return Ok(()) };
    if let Some(parent) = row.in_reply_to_id.filter(|_| row.visibility.is_open()) {
        // When it comes again it is counted again.
        statuses::count(tx, parent, Counter::Replies, -1)?;
        tx.announce(Event::StatusTouched { status: parent });
    }
    quotes::withdraw(tx, post.id)?;
    if row.visibility.is_open() {
        featured_tags::uncount(tx, row.author, post.id)?;
    }
    statuses::mark_deleted(tx, post.id)?;
    statuses::erase(tx, post.id)?;
    if statuses::is_deleted(tx, post.id)? {
        tx.enqueue(&Job::SweepStatus { status: post.id })?;
    } else if let Some(conversation) = post.conversation {
        rows::forget_conversation(tx, conversation)?;
    }
    tx.announce(Event::StatusTouched { status: post.id });
    Ok(())
}
