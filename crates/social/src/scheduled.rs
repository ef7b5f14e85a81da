//! Posts that wait for their time.

use std::time::Duration;

use phiomia_model::{AccountId, Error, Job, Noun, Refusal, ScheduledStatusId, StatusId, Time, status::Draft};
use phiomia_store::{
    Query, Tx,
    db::{
        jobs, media,
        scheduled::{self, ScheduledView},
        statuses as rows,
        users::{self, Standing},
    },
};

use crate::{Social, statuses};

/// How far ahead the time has to be.
const AHEAD: Duration = Duration::from_secs(5 * 60);
const DAY: Duration = Duration::from_secs(86_400);
/// Posts that may wait, of one person.
const MOST: i64 = 300;
/// Posts of one person for one day.
const MOST_A_DAY: i64 = 25;

/// What became of a draft.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Submitted {
    /// It is posted.
    Posted(StatusId),
    /// It waits.
    Waiting(ScheduledStatusId),
}

/// Posts a draft, now or at a time ahead; a time that has passed is now, as in Mastodon. The same idempotency key within
/// an hour gives what it gave before.
///
/// # Errors
/// Refused as by [`statuses::post`], for a time that is too near, and when too many posts wait (`422`).
pub fn submit(
    tx: &Tx<'_>,
    social: &Social,
    me: AccountId,
    draft: &Draft,
    scheduled_at: Option<Time>,
) -> Result<Submitted, Error> {
    if let Some(known) = statuses::given_before(tx, me, draft)? {
        let waiting = ScheduledStatusId(known.0);
        let is_waiting = scheduled::find(tx, waiting)?.is_some_and(|found| found.account == me);
        return Ok(if is_waiting { Submitted::Waiting(waiting) } else { Submitted::Posted(known) });
    }
    let Some(at) = scheduled_at.filter(|at| *at > tx.now()) else {
        return Ok(Submitted::Posted(statuses::post(tx, social, me, draft)?));
    };
    // Who may see it is settled now, so that its author sees it in the list; other defaults are those of its time.
    let visibility = statuses::check(tx, social, me, draft)?;
    check_time(tx, me, ScheduledStatusId(0), at)?;
    let id = scheduled::insert(tx, me, at, &Draft { visibility: Some(visibility), ..draft.clone() })?;
    media::schedule(tx, &draft.media, id)?;
    if let Some(key) = draft.idempotency_key.as_deref() {
        statuses::remember(tx, me, key, StatusId(id.0))?;
    }
    tx.enqueue_at(&Job::Publish { scheduled: id }, at)?;
    Ok(Submitted::Waiting(id))
}

fn check_time(q: &Tx<'_>, me: AccountId, besides: ScheduledStatusId, at: Time) -> Result<(), Error> {
    let mut wrong = Vec::new();
    if at <= q.now().plus(AHEAD) {
        wrong.push("Scheduled at The scheduled date must be in the future".to_owned());
    }
    if scheduled::n_between(q, me, besides, Time(0), Time(i64::MAX))? >= MOST {
        wrong.push(format!("You have exceeded the limit of {MOST} scheduled posts"));
    }
    let day = at.midnight();
    if scheduled::n_between(q, me, besides, day, day.plus(DAY))? >= MOST_A_DAY {
        wrong.push(format!("You have exceeded the limit of {MOST_A_DAY} scheduled posts for today"));
    }
    if wrong.is_empty() { Ok(()) } else { Err(Refusal::validation(&wrong.join(", ")).into()) }
}

/// One of `me`'s waiting posts.
///
/// # Errors
/// Refused when it is not there or not `me`'s (`404`).
pub fn own(q: &Query<'_>, me: AccountId, id: ScheduledStatusId) -> Result<ScheduledView, Error> {
    let found = scheduled::find(q, id)?.filter(|found| found.account == me);
    found.ok_or_else(|| Refusal::NotFound(Noun::Record).into())
}

/// Gives a waiting post another time.
///
/// # Errors
/// Refused when it is not `me`'s (`404`), or for a time that is too near or too full (`422`).
pub fn reschedule(tx: &Tx<'_>, me: AccountId, id: ScheduledStatusId, at: Time) -> Result<(), Error> {
    own(tx, me, id)?;
    check_time(tx, me, id, at)?;
    scheduled::reschedule(tx, id, at)?;
    tx.enqueue_at(&Job::Publish { scheduled: id }, at)?;
    Ok(())
}

/// Cancels a waiting post.
///
/// # Errors
/// Refused when it is not `me`'s (`404`).
pub fn cancel(tx: &Tx<'_>, me: AccountId, id: ScheduledStatusId) -> Result<(), Error> {
    own(tx, me, id)?;
    media::unschedule(tx, id)?;
    scheduled::delete(tx, id)?;
    Ok(())
}

/// Posts what has waited for its time. The waiting post goes in the same transaction, so that it is posted once however
/// often this runs. What can no longer be posted (its author may not act, what it answers is gone) is dropped.
///
/// # Errors
/// The database failed.
pub fn publish(tx: &Tx<'_>, social: &Social, id: ScheduledStatusId) -> Result<(), Error> {
    let Some(waiting) = scheduled::find(tx, id)? else { return Ok(()) };
    // Moved to a later time, for which another job waits; unless it is the clock that went back.
    if waiting.scheduled_at > tx.now() {
        let job = Job::Publish { scheduled: id };
        if !jobs::is_ahead(tx, &job)? {
            tx.enqueue_at(&job, waiting.scheduled_at)?;
        }
        return Ok(());
    }
    scheduled::delete(tx, id)?;
    media::unschedule(tx, id)?;
    let author = waiting.account;
    if users::find(tx, author)?.is_none_or(|user| user.standing() != Standing::Good) {
        return Ok(());
    }
    let key = waiting.draft.idempotency_key.clone();
    // The key stands for the waiting post until now, and for the post from now on.
    let draft = Draft { idempotency_key: None, ..waiting.draft };
    // Looked at before anything is written: a post that is refused halfway would leave its first half.
    match statuses::check(tx, social, author, &draft) {
        Ok(_) => {}
        Err(Error::Refused(_)) => return Ok(()),
        Err(broken) => return Err(broken),
    }
    let posted = statuses::post(tx, social, author, &draft)?;
    if let Some(key) = key {
        rows::replace_idempotent(tx, author, &key, posted)?;
    }
    Ok(())
}
