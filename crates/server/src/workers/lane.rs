//! One lane: takes what is due, runs as much at the same time as the lane allows, and writes down what became of it.

use std::{any::Any, panic::AssertUnwindSafe, pin::pin, sync::Arc, time::Duration};

use futures_util::FutureExt as _;
use phiomia_model::{Error, Fault, Job, JobId, job::Lane};
use phiomia_store::{
    Db,
    db::jobs::{self, Claimed},
};
use tokio::{sync::watch, task::JoinSet, time::Instant};

use super::{
    House, InHand, told,
    verdict::{self, Verdict},
};

/// The shortest pause, so that a job due "now" by another clock is not asked for in a circle.
const SHORTEST_PAUSE: Duration = Duration::from_millis(10);

/// Works until told to stop, then waits for what is in hand.
pub(super) async fn work(house: Arc<House>, lane: Lane, mut stop: watch::Receiver<bool>) {
    let waiting = house.db.jobs_waiting(lane);
    let mut tasks: JoinSet<bool> = JoinSet::new();
    // As many were due as were asked for: there are more.
    let mut is_behind = false;
    // Nothing is due before. Only news, a job that is to be tried again, and time change that.
    let mut look_at = Instant::now();
    // Listening goes on between two looks, so that a job left in between is not missed.
    let mut news = pin!(waiting.notified());
    news.as_mut().enable();
    loop {
        while let Some(done) = tasks.try_join_next() {
            if done.is_ok_and(|is_done| !is_done) {
                look_at = Instant::now();
            }
        }
        if *stop.borrow() {
            break;
        }
        let at_once = house.crew.at_once(lane);
        let n_free = at_once.saturating_sub(tasks.len());
        // Taking one at a time would cost a transaction for each.
        let enough = if is_behind { (at_once / 4).max(1) } else { 1 };
        let pause = look_at.saturating_duration_since(Instant::now());
        let pause = if n_free < enough {
            house.pace.poll
        } else if pause.is_zero() {
            let pause = begin(&house, lane, n_free, &mut is_behind, &mut tasks, &stop).await;
            look_at = Instant::now() + pause;
            pause
        } else {
            pause
        };
        tokio::select! {
            // An error means that whoever could say "stop" is gone.
            stopped = stop.changed() => if stopped.is_err() { break },
            () = news.as_mut(), if n_free > 0 => {
                news.set(waiting.notified());
                news.as_mut().enable();
                look_at = Instant::now();
            }
            Some(done) = tasks.join_next(), if !tasks.is_empty() => {
                if is_behind || done.is_ok_and(|is_done| !is_done) {
                    look_at = Instant::now();
                }
            }
            () = tokio::time::sleep(pause) => {}
        }
    }
    while tasks.join_next().await.is_some() {}
}

/// Begins what is due and gives how long to wait for more.
async fn begin(
    house: &Arc<House>,
    lane: Lane,
    n_free: usize,
    is_behind: &mut bool,
    tasks: &mut JoinSet<bool>,
    stop: &watch::Receiver<bool>,
) -> Duration {
    let taken = claim(house, lane, n_free, *is_behind).await;
    *is_behind = matches!(&taken, Ok(Taken::Jobs(claimed)) if claimed.len() >= n_free);
    match taken {
        Ok(Taken::Jobs(claimed)) => {
            for job in claimed {
                // A lease of ours that lapsed while the database was away: it still runs.
                let Some(in_hand) = house.take(job.id.0) else { continue };
                tasks.spawn(one(in_hand, lane, job, stop.clone()));
            }
            SHORTEST_PAUSE
        }
        Ok(Taken::NothingBefore(pause)) => pause.clamp(SHORTEST_PAUSE, house.pace.poll),
        Err(error) => {
            tracing::debug!(lane = lane.word(), "no jobs can be taken just now: {}", told(&error));
            house.pace.poll
        }
    }
}

enum Taken {
    Jobs(Vec<Claimed>),
    /// Nothing is due for so long.
    NothingBefore(Duration),
}

/// Looks before it takes, unless there is surely something: a look costs no commit.
async fn claim(house: &House, lane: Lane, n_free: usize, is_behind: bool) -> Result<Taken, Error> {
    if !is_behind {
        let due = house.db.read(move |q| Ok(jobs::next_due(q, lane)?)).await?;
        let now = house.db.clock().now();
        match due {
            None => return Ok(Taken::NothingBefore(house.pace.poll)),
            Some(due) if due > now => {
                let micros = u64::try_from(due.0.saturating_sub(now.0)).unwrap_or_default();
                return Ok(Taken::NothingBefore(Duration::from_micros(micros)));
            }
            Some(_) => {}
        }
    }
    let (most, lease, name) = (i64::try_from(n_free).unwrap_or(1), house.pace.lease, house.crew.name.clone());
    house.db.write(move |tx| Ok(Taken::Jobs(jobs::claim(tx, lane, most, lease, &name)?))).await
}

/// Runs one job and writes down what became of it; `false` when it is not done.
async fn one(in_hand: InHand, lane: Lane, claimed: Claimed, stop: watch::Receiver<bool>) -> bool {
    let house = &in_hand.house;
    let id = claimed.id;
    let kind = claimed.job.as_ref().map_or("unknown", Job::kind);
    let verdict = match (verdict::before(claimed.crashes), claimed.job) {
        (Some(verdict), _) => verdict,
        (None, Err(payload)) => {
            Verdict::Park { error: format!("this version does not know the job {payload}"), has_failed: false }
        }
        (None, Ok(job)) => {
            let outcome = run(house, job).await;
            if let Err(Error::Refused(refusal)) = &outcome {
                tracing::debug!(job.id = %id, "job {id} ({kind}) was refused: {refusal}");
            }
            verdict::after(&outcome, claimed.attempts, jitter(house), house.pace.postponed)
        }
    };
    metrics::counter!("phiomia_jobs_run_total", "lane" => lane.word(), "kind" => kind, "outcome" => verdict.word())
        .increment(1);
    match &verdict {
        Verdict::Done => {}
        Verdict::Retry { wait, error } => {
            let n = claimed.attempts.saturating_add(1);
            tracing::warn!(job.id = %id, "job {id} ({kind}) failed for the {n}. time, again in {} s: {error}", wait.as_secs());
        }
        Verdict::Postpone { wait, error } => {
            tracing::info!(job.id = %id, "job {id} ({kind}) waits {} s: {error}", wait.as_secs());
        }
        Verdict::Park { error, has_failed } => tracing::error!(
            job.id = %id,
            "job {id} ({kind}) is set aside after {} failures and {} crashes, see `phiomia jobs`: {error}",
            claimed.attempts.saturating_add(i64::from(*has_failed)),
            claimed.crashes
        ),
    }
    settle(&in_hand, claimed.id, &verdict, stop).await;
    matches!(verdict, Verdict::Done)
}

/// Runs a job; a panic in it is a fault of it alone.
async fn run(house: &House, job: Job) -> Result<(), Error> {
    // The work is begun inside, so that a panic before its first await is caught too.
    let work = AssertUnwindSafe(async { (house.run)(job).await });
    work.catch_unwind().await.unwrap_or_else(|panic| Err(Fault::new(panic_words(panic.as_ref())).into()))
}

/// Writes the verdict down, again and again while the database is away or full: the job keeps its place in the lane
/// meanwhile, so nothing else is begun that could not be written down either.
async fn settle(in_hand: &InHand, job: JobId, verdict: &Verdict, mut stop: watch::Receiver<bool>) {
    let house = &in_hand.house;
    let mut was_told = false;
    loop {
        let verdict = verdict.clone();
        let written = match verdict {
            Verdict::Done => finish(house, job).await,
            failed => write_down(&house.db, job, failed).await,
        };
        let Err(error) = written else { return };
        if !was_told {
            was_told = true;
            tracing::warn!(job.id = %job, "what became of job {job} cannot be written down yet: {}", told(&error));
        }
        // Not written in the end: the lease lapses and the job runs again, which is harmless.
        if !error.is_transient() || *stop.borrow() {
            return;
        }
        tokio::select! {
            _ = stop.changed() => {}
            () = tokio::time::sleep(house.pace.poll) => {}
        }
    }
}

/// Returns when it is on stable storage that a job is done.
async fn finish(house: &House, job: JobId) -> Result<(), Error> {
    let finishing = |done: Vec<Arc<JobId>>| {
        house.db.write(move |tx| {
            let ids: Vec<JobId> = done.iter().map(|job| **job).collect();
            jobs::finish(tx, &ids)?;
            Ok(vec![(); ids.len()])
        })
    };
    house.done.ask(job, finishing).await
}

/// Writes down that a job is not done.
async fn write_down(db: &Db, job: JobId, verdict: Verdict) -> Result<(), Error> {
    db.write(move |tx| {
        match &verdict {
            Verdict::Done => jobs::finish(tx, &[job])?,
            Verdict::Retry { wait, error } => jobs::retry(tx, job, tx.now().plus(*wait), error)?,
            Verdict::Postpone { wait, error } => jobs::postpone(tx, job, tx.now().plus(*wait), error)?,
            Verdict::Park { error, has_failed } => {
                if *has_failed {
                    jobs::retry(tx, job, tx.now(), error)?;
                }
                jobs::park(tx, job, error)?;
            }
        }
        Ok(())
    })
    .await
}

fn panic_words(panic: &(dyn Any + Send)) -> String {
    let words = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("the job panicked: {}", words.unwrap_or("unknown panic"))
}

fn jitter(house: &House) -> u8 {
    let mut byte = [128_u8];
    // Without random bytes everybody waits the same; no reason to fail a job.
    let _ = house.crew.entropy.fill(&mut byte);
    let [byte] = byte;
    byte
}
