//! The job table: leased, not popped, so that the work of a crashed process is done by the next.

use std::time::Duration;

use phiomia_model::{Fault, Job, JobId, Time, job::Lane};

use super::{
    query::{Query, Tx},
    sql::{Sql, queries},
    value::{FromRow, Row, Value},
};

/// A job that failed this often is parked.
pub const MOST_ATTEMPTS: i64 = 25;
/// A job that was in hand in this many crashes is parked: it may be what crashes us.
pub const MOST_CRASHES: i64 = 8;

/// Jobs of a moment that somebody named. All others wait for as long as it takes, whatever the clock says.
const OF_A_MOMENT: [&str; 5] = ["publish", "close_poll", "end_mute", "look_at_announcement", "back_up"];

queries! {
    INSERT = Sql::Once(&Sql::Same("insert into jobs (id, lane, priority, kind, payload, run_at, created_at)
        rows($1 bigint, $2 text, $3 bigint, $4 text, $5 text, $6 bigint, $7 bigint)"));
    // `run_at` is moved to the end of the lease, so that one index answers "due and in nobody's hands". One priority at
    // a time: then the index gives the due ones alone, however many wait for a later time.
    CLAIM = Sql::Differs {
        sqlite: "update jobs set run_at = $5, crashes = crashes + (leased_by is not null), leased_by = $6
            where id in (select id from jobs where lane = $1 and priority = $2 and run_at <= $3 and parked_at is null
                order by run_at, id limit $4)
            returning id, payload, attempts, crashes",
        postgres: "update jobs set run_at = $5, crashes = crashes + (leased_by is not null)::int, leased_by = $6
            where id in (select id from jobs where lane = $1 and priority = $2 and run_at <= $3 and parked_at is null
                order by run_at, id limit $4 for update skip locked)
            returning id, payload, attempts, crashes",
    };
    RENEW = Sql::Same("update jobs set run_at = $3 where id in ids($1) and leased_by = $2");
    FINISH = Sql::Same("delete from jobs where id in ids($1)");
    RETRY = Sql::Same("update jobs set run_at = $2, attempts = attempts + 1, leased_by = null, last_error = $3 where id = $1");
    POSTPONE = Sql::Same("update jobs set run_at = $2, leased_by = null, last_error = $3 where id = $1");
    PARK = Sql::Same("update jobs set parked_at = $2, leased_by = null, last_error = $3 where id = $1");
    RELEASE = Sql::Same("update jobs set run_at = $2, leased_by = null where leased_by = $1");
    // A database file has one server: whatever is leased when it starts was in hand when the last one died.
    ADOPT = Sql::Same("update jobs set run_at = $1, crashes = crashes + 1, leased_by = null where leased_by is not null");
    COUNTS = Sql::Same("select lane, kind, count(*), sum(case when leased_by is not null then 1 else 0 end),
            sum(case when parked_at is not null then 1 else 0 end), min(run_at)
        from jobs group by lane, kind order by lane, kind");
    PARKED = Sql::Same("select id, kind, payload, attempts, crashes, last_error, parked_at from jobs
        where parked_at is not null order by id limit $1");
    UNPARK = Sql::Same("update jobs set parked_at = null, attempts = 0, crashes = 0, run_at = $1 where parked_at is not null");
    UNPARK_ONE = Sql::Same("update jobs set parked_at = null, attempts = 0, crashes = 0, run_at = $2
        where id = $1 and parked_at is not null");
    DISCARD = Sql::Same("delete from jobs where id = $1 and parked_at is not null");
    // One priority at a time: then each is the first entry of the index.
    NEXT_DUE = Sql::Same("select min(run_at) from (
        select min(run_at) as run_at from jobs where lane = $1 and priority = $2 and parked_at is null
        union all select min(run_at) from jobs where lane = $1 and priority = $3 and parked_at is null
        union all select min(run_at) from jobs where lane = $1 and priority = $4 and parked_at is null) t");
    IS_PENDING = Sql::Same("select 1 from jobs where lane = $1 and priority = $2 and payload = $3 and parked_at is null limit 1");
    MORE_THAN = Sql::Same("select 1 from jobs where lane = $1 and priority = $2 and parked_at is null limit 1 offset $3");
    IS_AHEAD = Sql::Same("select 1 from jobs where lane = $1 and priority = $2 and run_at > $4 and payload = $3
            and leased_by is null and parked_at is null limit 1");
    // Not what is due already, what failed and waits for another try, or what somebody has in hand.
    MOVE = Sql::Same("update jobs set run_at = $2 where kind = $1 and run_at > $3 and run_at <> $2 and attempts = 0
            and leased_by is null and parked_at is null");
    // Not those of a moment that somebody named, nor what somebody has in hand and prolongs.
    CLOCK_WENT_BACK = Sql::Same("update jobs set run_at = case when run_at - $2 > $1 then run_at - $2 else $1 end
        where run_at > $1 and leased_by is null and parked_at is null and not (kind in texts($3))");
    WAITING_OF_KIND = Sql::Same("select 1 from jobs where kind = $1 and parked_at is null limit 1");
}

/// Their order is that of the list.
pub(super) fn insert(tx: &Tx<'_>, jobs: &[Job], run_at: Time) -> Result<(), Fault> {
    let payloads: Result<Vec<String>, _> = jobs.iter().map(serde_json::to_string).collect();
    let payloads = payloads.map_err(|e| Fault::because("writing a job", e))?;
    let rows = jobs.iter().zip(&payloads).map(|(job, payload)| {
        [
            Value::Int(tx.new_id()),
            Value::Text(job.lane().word()),
            Value::Int(job.priority()),
            Value::Text(job.kind()),
            Value::Text(payload),
            Value::Int(run_at.0),
            Value::Int(tx.now().0),
        ]
    });
    tx.execute_each(&INSERT, &rows.collect::<Vec<_>>(), &[])
}

/// A job in somebody's hands.
#[derive(Debug)]
pub struct Claimed {
    /// Its row.
    pub id: JobId,
    /// What is to be done; `Err` with the text when this version does not know it.
    pub job: Result<Job, String>,
    /// How often it failed before.
    pub attempts: i64,
    /// How many processes died with it in their hands.
    pub crashes: i64,
}

impl FromRow for Claimed {
    fn from_row(row: &mut Row<'_>) -> Result<Claimed, Fault> {
        let id = row.next()?;
        let payload: String = row.next()?;
        let job = serde_json::from_str(&payload).map_err(|_| payload);
        Ok(Claimed { id, job, attempts: row.next()?, crashes: row.next()? })
    }
}

/// Takes up to `most` due jobs of a lane for `lease`; `worker` names this process.
///
/// # Errors
/// The database failed.
pub fn claim(tx: &Tx<'_>, lane: Lane, most: i64, lease: Duration, worker: &str) -> Result<Vec<Claimed>, Fault> {
    let mut claimed: Vec<Claimed> = Vec::new();
    for priority in lane.priorities() {
        let left = most - i64::try_from(claimed.len()).unwrap_or(most);
        if left <= 0 {
            break;
        }
        let values = (lane.word(), *priority, tx.now(), left, tx.now().plus(lease), worker);
        claimed.extend(tx.rows::<Claimed>(&CLAIM, values)?);
    }
    Ok(claimed)
}

/// Prolongs leases of this process.
///
/// # Errors
/// The database failed.
pub fn renew(tx: &Tx<'_>, jobs: &[i64], lease: Duration, worker: &str) -> Result<(), Fault> {
    tx.execute(&RENEW, (jobs, worker, tx.now().plus(lease))).map(|_| ())
}

/// The jobs are done.
///
/// # Errors
/// The database failed.
pub fn finish(tx: &Tx<'_>, jobs: &[JobId]) -> Result<(), Fault> {
    let ids: Vec<i64> = jobs.iter().map(|job| job.0).collect();
    tx.execute(&FINISH, (&ids,)).map(|_| ())
}

/// The job failed and is tried again at `run_at`.
///
/// # Errors
/// The database failed.
pub fn retry(tx: &Tx<'_>, job: JobId, run_at: Time, error: &str) -> Result<(), Fault> {
    tx.execute(&RETRY, (job, run_at, error)).map(|_| ())
}

/// The job could not be tried just now, through no fault of its own, and waits until `run_at`.
///
/// # Errors
/// The database failed.
pub fn postpone(tx: &Tx<'_>, job: JobId, run_at: Time, error: &str) -> Result<(), Fault> {
    tx.execute(&POSTPONE, (job, run_at, error)).map(|_| ())
}

/// The job is set aside for a person to look at.
///
/// # Errors
/// The database failed.
pub fn park(tx: &Tx<'_>, job: JobId, error: &str) -> Result<(), Fault> {
    tx.execute(&PARK, (job, tx.now(), error)).map(|_| ())
}

/// Gives back everything this process holds: it stops in order.
///
/// # Errors
/// The database failed.
pub fn release(tx: &Tx<'_>, worker: &str) -> Result<(), Fault> {
    tx.execute(&RELEASE, (worker, tx.now())).map(|_| ())
}

/// Takes back what a dead process held. Only where one server owns the database.
///
/// # Errors
/// The database failed.
pub fn adopt(tx: &Tx<'_>) -> Result<u64, Fault> {
    tx.execute(&ADOPT, (tx.now(),))
}

/// How many jobs of one kind there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Count {
    /// The lane's word.
    pub lane: String,
    /// The job's kind.
    pub kind: String,
    /// All of them.
    pub n_all: i64,
    /// In somebody's hands.
    pub n_leased: i64,
    /// Set aside.
    pub n_parked: i64,
    /// When the first is due.
    pub first_due: Time,
}

impl FromRow for Count {
    fn from_row(row: &mut Row<'_>) -> Result<Count, Fault> {
        Ok(Count {
            lane: row.next()?,
            kind: row.next()?,
            n_all: row.next()?,
            n_leased: row.next()?,
            n_parked: row.next()?,
            first_due: row.next()?,
        })
    }
}

/// Counts by lane and kind.
///
/// # Errors
/// The database failed.
pub fn counts(q: &Query<'_>) -> Result<Vec<Count>, Fault> {
    q.rows(&COUNTS, ())
}

/// A job set aside.
#[derive(Clone, Debug)]
pub struct Parked {
    /// Its row.
    pub id: JobId,
    /// Its kind.
    pub kind: String,
    /// What was to be done, as JSON.
    pub payload: String,
    /// How often it failed.
    pub attempts: i64,
    /// How many processes died with it.
    pub crashes: i64,
    /// The last error.
    pub last_error: Option<String>,
    /// Since when.
    pub parked_at: Time,
}

impl FromRow for Parked {
    fn from_row(row: &mut Row<'_>) -> Result<Parked, Fault> {
        Ok(Parked {
            id: row.next()?,
            kind: row.next()?,
            payload: row.next()?,
            attempts: row.next()?,
            crashes: row.next()?,
            last_error: row.next()?,
            parked_at: row.next()?,
        })
    }
}

/// What is set aside, oldest first.
///
/// # Errors
/// The database failed.
pub fn parked(q: &Query<'_>, most: i64) -> Result<Vec<Parked>, Fault> {
    q.rows(&PARKED, (most,))
}

/// Puts one parked job back, or all; how many.
///
/// # Errors
/// The database failed.
pub fn unpark(tx: &Tx<'_>, job: Option<JobId>) -> Result<u64, Fault> {
    match job {
        Some(job) => tx.execute(&UNPARK_ONE, (job, tx.now())),
        None => tx.execute(&UNPARK, (tx.now(),)),
    }
}

/// Throws a parked job away; whether it was there.
///
/// # Errors
/// The database failed.
pub fn discard(tx: &Tx<'_>, job: JobId) -> Result<bool, Fault> {
    Ok(tx.execute(&DISCARD, (job,))? > 0)
}

/// The clock went back by so much: what was to wait a while still waits no longer than that. How many jobs.
///
/// # Errors
/// The database failed.
pub fn clock_went_back(tx: &Tx<'_>, by: Duration) -> Result<u64, Fault> {
    let by = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
    tx.execute(&CLOCK_WENT_BACK, (tx.now(), by, &OF_A_MOMENT.map(str::to_owned)[..]))
}

/// When the first job of a lane is due; leased ones count with the end of their lease.
///
/// # Errors
/// The database failed.
pub fn next_due(q: &Query<'_>, lane: Lane) -> Result<Option<Time>, Fault> {
    let all = lane.priorities();
    // A lane with fewer is asked twice for its last.
    let nth = |n: usize| all.get(n).or(all.last()).copied().unwrap_or_default();
    Ok(q.value::<Option<Time>>(&NEXT_DUE, (lane.word(), nth(0), nth(1), nth(2)))?.flatten())
}

/// Whether more than so many jobs wait beside one like this: in its lane, with its priority.
///
/// # Errors
/// The database failed.
pub fn is_crowded(q: &Query<'_>, job: &Job, most: i64) -> Result<bool, Fault> {
    q.exists(&MORE_THAN, (job.lane().word(), job.priority(), most))
}

/// Whether a job of this kind is waiting or running.
///
/// # Errors
/// The database failed.
pub fn is_waiting(q: &Query<'_>, kind: &str) -> Result<bool, Fault> {
    q.exists(&WAITING_OF_KIND, (kind,))
}

/// Has a job that comes again and again run at a moment: a new one, or the one that is waiting for another moment.
///
/// # Errors
/// The database failed.
pub fn plan(tx: &Tx<'_>, job: &Job, run_at: Time) -> Result<(), Fault> {
    if is_waiting(tx, job.kind())? {
        return tx.execute(&MOVE, (job.kind(), run_at, tx.now())).map(drop);
    }
    tx.enqueue_at(job, run_at)
}

/// Whether exactly this job is waiting or running.
///
/// # Errors
/// The database failed.
pub fn is_pending(q: &Query<'_>, job: &Job) -> Result<bool, Fault> {
    let payload = serde_json::to_string(job).map_err(|e| Fault::because("writing a job", e))?;
    q.exists(&IS_PENDING, (job.lane().word(), job.priority(), payload))
}

/// Whether exactly this job waits for a later time, in nobody's hands.
///
/// # Errors
/// The database failed.
pub fn is_ahead(tx: &Tx<'_>, job: &Job) -> Result<bool, Fault> {
    let payload = serde_json::to_string(job).map_err(|e| Fault::because("writing a job", e))?;
    tx.exists(&IS_AHEAD, (job.lane().word(), job.priority(), payload, tx.now()))
}
