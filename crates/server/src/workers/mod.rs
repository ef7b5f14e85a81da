//! Work that was left for later: takes jobs from the table and runs them in their rooms.
//!
//! Nothing is in memory only: a job is a row, leased while it runs. Whatever becomes of this process, the row is there.

mod dispatch;
mod lane;
mod retention;
mod trim;
mod upkeep;
mod verdict;

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures_util::future::BoxFuture;
use phiomia_api::Api;
use phiomia_federation::Federation;
use phiomia_model::{Error, Fault, Job, JobId, job::Lane};
use phiomia_store::{
    Db, Entropy,
    db::{Together, jobs},
};
use tokio::{sync::watch, task::JoinSet};

use crate::{backups::Backups, mail::Post};

pub use retention::Retention;

/// What runs a job.
pub type Run = Arc<dyn Fn(Job) -> BoxFuture<'static, Result<(), Error>> + Send + Sync>;

/// How fast the workers go; tests go faster.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// How long a job is in our hands before others may take it.
    pub lease: Duration,
    /// How often that is prolonged.
    pub heartbeat: Duration,
    /// The longest time without a look at the table.
    pub poll: Duration,
    /// How long a job waits that could not be tried (the database was away, the disk full).
    pub postponed: Duration,
}

impl Pace {
    /// The usual one with another lease.
    #[must_use]
    pub fn with_lease(lease: Duration) -> Pace {
        Pace { lease, heartbeat: lease / 4, ..Pace::default() }
    }
}

impl Default for Pace {
    fn default() -> Pace {
        Pace {
            lease: Duration::from_secs(60),
            heartbeat: Duration::from_secs(15),
            poll: Duration::from_secs(1),
            postponed: Duration::from_secs(5),
        }
    }
}

/// How many work, and under which name.
#[derive(Clone, Debug)]
pub struct Crew {
    /// Names this process in leases.
    name: String,
    entropy: Entropy,
    at_once: AtOnce,
}

/// How many jobs of each lane run at the same time.
#[derive(Clone, Copy, Debug)]
pub struct AtOnce {
    /// Feeds.
    pub feeds: usize,
    /// Activities in and out.
    pub federation: usize,
    /// What is fetched from other servers.
    pub fetch: usize,
    /// Tidying up.
    pub upkeep: usize,
}

impl Crew {
    /// So many jobs of each lane at the same time. The name is one no other process has, also after a restart with the
    /// same process number.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn new(entropy: Entropy, at_once: AtOnce) -> Result<Crew, Fault> {
        let mut random = [0_u8; 8];
        entropy.fill(&mut random)?;
        let name = format!("{}-{:016x}", std::process::id(), u64::from_le_bytes(random));
        Ok(Crew { name, entropy, at_once })
    }

    const fn at_once(&self, lane: Lane) -> usize {
        match lane {
            Lane::Feeds => self.at_once.feeds,
            Lane::Federation => self.at_once.federation,
            // What somebody did first is told first.
            Lane::Outgoing => 1,
            // One takes a processor and much memory.
            Lane::Media => 1,
            Lane::Fetch => self.at_once.fetch,
            Lane::Upkeep => self.at_once.upkeep,
            Lane::Backup => 1,
        }
    }
}

/// The workers of this process.
pub struct Workers {
    house: Arc<House>,
    stop: watch::Sender<bool>,
    lanes: JoinSet<()>,
    /// Heartbeat, gauges, daily work: ended with this.
    helpers: JoinSet<()>,
}

impl Workers {
    /// Starts the lanes with the jobs of all rooms, and what goes on beside them. Without `retention` posts of other
    /// servers stay for ever.
    #[must_use]
    pub fn start(
        api: &Api,
        crew: Crew,
        pace: Pace,
        post: Post,
        federation: Federation,
        backups: Option<Backups>,
        retention: Option<Retention>,
    ) -> Workers {
        let schedule = backups.as_ref().and_then(Backups::schedule);
        let run = dispatch::rooms(api.clone(), post, federation, backups, retention);
        let mut workers = Workers::with(api.db.clone(), crew, run, pace);
        workers.helpers.spawn(upkeep::gauges(workers.house.clone()));
        workers.helpers.spawn(upkeep::daily(workers.house.clone()));
        workers.helpers.spawn(upkeep::clock(workers.house.clone()));
        if let Some(schedule) = schedule {
            workers.helpers.spawn(upkeep::backups(workers.house.clone(), schedule));
        }
        workers
    }

    /// Starts the lanes alone, with other work and at another pace.
    #[must_use]
    pub fn with(db: Db, crew: Crew, run: Run, pace: Pace) -> Workers {
        let house = Arc::new(House { db, crew, run, pace, in_hand: Mutex::default(), done: Together::default() });
        let (stop, stopping) = watch::channel(false);
        let mut lanes = JoinSet::new();
        for lane in Lane::ALL {
            lanes.spawn(lane::work(house.clone(), lane, stopping.clone()));
        }
        let mut helpers = JoinSet::new();
        helpers.spawn(upkeep::heartbeat(house.clone()));
        Workers { house, stop, lanes, helpers }
    }

    /// Takes no more jobs, waits for those in hand, and gives back what is not done after `patience`.
    pub async fn stop(mut self, patience: Duration) {
        self.stop.send_replace(true);
        let done = async { while self.lanes.join_next().await.is_some() {} };
        if tokio::time::timeout(patience, done).await.is_err() {
            tracing::warn!("some jobs are not done after {} s; they run again at the next start", patience.as_secs());
            self.lanes.shutdown().await;
        }
        self.helpers.shutdown().await;
        let name = self.house.crew.name.clone();
        if let Err(error) = self.house.db.write(move |tx| Ok(jobs::release(tx, &name)?)).await {
            tracing::warn!("jobs in hand stay leased for a while: {}", told(&error));
        }
    }
}

/// What the lanes and helpers share.
struct House {
    db: Db,
    crew: Crew,
    run: Run,
    pace: Pace,
    /// Ids of the jobs that run.
    in_hand: Mutex<HashSet<i64>>,
    /// Jobs that are done: crossed off together, for where many small ones run beside each other there would be as many
    /// transactions for this as for their work.
    done: Together<JobId, ()>,
}

impl House {
    /// Takes note that a job runs; `None` when it does already.
    fn take(self: &Arc<House>, job: i64) -> Option<InHand> {
        let is_new = self.in_hand.lock().unwrap_or_else(PoisonError::into_inner).insert(job);
        is_new.then(|| InHand { house: self.clone(), job })
    }

    fn in_hand(&self) -> Vec<i64> {
        self.in_hand.lock().unwrap_or_else(PoisonError::into_inner).iter().copied().collect()
    }
}

/// A job that runs; when dropped it does no more.
struct InHand {
    house: Arc<House>,
    job: i64,
}

impl Drop for InHand {
    fn drop(&mut self) {
        self.house.in_hand.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.job);
    }
}

/// An error for the operator, in one line.
fn told(error: &Error) -> String {
    match error {
        Error::Refused(refusal) => refusal.to_string(),
        Error::Broken(fault) => fault.chain(),
    }
}
