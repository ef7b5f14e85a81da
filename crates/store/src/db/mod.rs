//! The database: plain SQL in synchronous closures on database threads, two engines behind one small facade.
//!
//! ```no_run
//! # async fn f(db: phiomia_store::Db) -> Result<(), phiomia_model::Error> {
//! // one hop to a database thread, a consistent snapshot inside, no await between queries
//! let n = db.read(|q| Ok(phiomia_store::db::jobs::counts(q)?)).await?;
//! // one transaction; rows, jobs and events commit together; answered when it is on stable storage
//! db.write(|tx| Ok(tx.enqueue(&phiomia_model::Job::Tidy)?)).await?;
//! # Ok(()) }
//! ```

#[macro_use]
mod names;

pub mod accounts;
mod act;
pub mod activity;
pub mod announcements;
pub mod apps;
pub mod by_id;
mod cache;
pub mod cards;
pub mod certificates;
pub mod codes;
pub mod conversations;
pub mod copy;
pub mod defaults;
pub mod discovery;
pub mod emojis;
mod error;
pub mod featured_tags;
pub mod federation;
pub mod filters;
pub mod followed_tags;
pub mod foreign_events;
pub mod inspect;
pub mod jobs;
mod json;
mod keyset;
pub mod links;
pub mod lists;
mod made;
pub mod markers;
pub mod media;
mod migrate;
pub mod moderation;
pub mod named_files;
pub mod notifications;
pub mod passkeys;
mod postgres;
pub mod promoted;
mod query;
mod queues;
pub mod rate_buckets;
mod registry;
pub mod relationships;
pub mod remote_files;
pub mod reports;
mod restore;
pub mod retention;
pub mod scheduled;
pub mod search;
pub mod second_factor;
pub mod server;
pub mod sessions;
pub mod settings;
pub mod severances;
mod sql;
mod sqlite;
pub mod statuses;
pub mod streams;
pub mod tags;
pub mod terms;
pub mod timelines;
mod together;
pub mod tokens;
pub mod users;
mod value;
pub mod visibility;
mod waiting;

use std::{
    any::Any,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use phiomia_model::{Error, Event, Fault, Refusal, StatusId, job::Lane};
use tokio::sync::{Notify, mpsc};

pub use made::Made;
pub use migrate::Migrated;
pub use postgres::{Iam, PostgresSettings, SslMode};
pub use query::{Query, Tx};
pub use registry::statements;
pub use restore::restore;
pub use sqlite::SqliteSettings;
pub use together::Together;
pub(crate) use value::{Cell, FromCell, ToValue, Value};

use crate::{
    clock::{Clock, IdMaker},
    secret::SecretHash,
};
use act::{Act, ReadAct, Reading, WriteAct, Writing};
use query::Aftermath;
use queues::{MOST_WAITING, Queues};
use tokens::TokenView;
use waiting::Waiting;

/// How far posts may be ahead of the clock without a word.
const CLOCK_DOUBT: Duration = Duration::from_secs(10);
/// How often a command looks whether the server has heard it.
const REVOCATION_LOOK: Duration = Duration::from_millis(25);

/// Which database, chosen by configuration.
#[derive(Clone, Debug)]
pub enum Settings {
    /// A file of ours.
    Sqlite(SqliteSettings),
    /// A server of theirs.
    Postgres(Box<PostgresSettings>),
}

/// Who opens the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opener {
    /// The server: announced events go to its receiver.
    Server,
    /// A command beside it: events are left in a table, where the server finds them within half a second.
    Command,
}

/// The database. Cheap to clone; the threads end when the last clone is dropped.
#[derive(Clone)]
pub struct Db {
    queues: Queues,
    settings: Arc<Settings>,
    shared: Arc<Shared>,
    threads: Arc<Threads>,
}

/// What the threads have in common.
pub(crate) struct Shared {
    clock: Clock,
    ids: Arc<IdMaker>,
    is_server: bool,
    n_statements: AtomicU64,
    events: mpsc::UnboundedSender<Event>,
    jobs_waiting: Waiting,
    deliveries_waiting: Arc<Notify>,
    /// A command took access away, which the running server has to hear of.
    has_revoked: AtomicBool,
    /// Jobs and deliveries are done by other processes, which have to hear of them.
    works_elsewhere: AtomicBool,
    /// Only in a server: a command does not hear what others change.
    cache: Option<cache::ViewCache>,
}

impl Shared {
    /// A clock that is behind what was written yesterday would put new posts below old ones.
    fn begin_ids_after(&self, newest_post: i64) {
        self.ids.begin_after(newest_post);
        let ahead = StatusId(newest_post).time().since(self.clock.now());
        if self.is_server && ahead > CLOCK_DOUBT {
            tracing::warn!(
                "the newest post is dated {} s after what the clock of this machine says now: new posts come after it all \
                 the same; `phiomia doctor` says whether the clock is right",
                ahead.as_secs()
            );
        }
    }

    fn cached(&self) -> Option<cache::Cached<'_>> {
        self.cache.as_ref().map(|cache| cache::Cached { cache, began: cache.moment() })
    }

    /// Called after a commit and before its answers, so that a caller who hears "done" finds the caches already dropped.
    fn committed(&self, aftermath: Aftermath) {
        for event in aftermath.events {
            if let Some(cache) = &self.cache {
                cache.hear(&event);
            }
            // The receiver is gone only while the process ends.
            let _ = self.events.send(event);
        }
        if (!aftermath.lanes.is_empty() || aftermath.has_deliveries) && self.works_elsewhere.load(Ordering::Relaxed) {
            let _ = self.events.send(Event::WorkLeft);
        }
        for lane in aftermath.lanes {
            self.jobs_waiting.of(lane).notify_waiters();
        }
        if aftermath.has_deliveries {
            self.deliveries_waiting.notify_waiters();
        }
    }

    /// A command's events commit with its rows, for the running server to find.
    fn keep_for_server(&self, tx: &Tx<'_>) -> Result<(), Error> {
        if self.is_server {
            return Ok(());
        }
        for event in tx.events() {
            self.has_revoked.fetch_or(matches!(event, Event::TokensRevoked { .. }), Ordering::Relaxed);
            foreign_events::insert(tx, &event)?;
        }
        Ok(())
    }

    #[expect(clippy::unused_self, reason = "reads as what it is: the shared state takes note of a batch")]
    fn record_batch(&self, n_acts: usize) {
        metrics::counter!("phiomia_database_commits_total").increment(1);
        metrics::counter!("phiomia_database_acts_total").increment(u64::try_from(n_acts).unwrap_or_default());
    }
}

/// Joins the threads when the last `Db` goes, so that a process does not end in the middle of a write.
struct Threads(std::sync::Mutex<Vec<std::thread::JoinHandle<()>>>);

/// An opened database and what comes out of it.
pub struct Opened {
    /// The database.
    pub db: Db,
    /// What committed transactions announced, in order.
    pub events: mpsc::UnboundedReceiver<Event>,
    /// What the migrations did.
    pub migrated: Migrated,
}

impl Db {
    /// Opens and migrates the database, and starts its threads.
    ///
    /// # Errors
    /// A fault when it cannot be reached or written; a refusal when a newer version of the program made it.
    pub fn open(settings: Settings, clock: Clock, opener: Opener) -> Result<Opened, Error> {
        let mut salt = [0_u8; 2];
        aws_lc_rs::rand::fill(&mut salt).map_err(|_| Fault::new("the system gave no random bytes"))?;
        let (events, received) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            clock,
            ids: Arc::new(IdMaker::new(u16::from_le_bytes(salt))),
            is_server: opener == Opener::Server,
            n_statements: AtomicU64::new(0),
            events,
            jobs_waiting: Waiting::new(),
            deliveries_waiting: Arc::new(Notify::new()),
            has_revoked: AtomicBool::new(false),
            works_elsewhere: AtomicBool::new(false),
            cache: (opener == Opener::Server).then(cache::ViewCache::new),
        });
        let (migrated, queues, threads) = match &settings {
            Settings::Sqlite(sqlite) => {
                let migrated = migrate::sqlite(sqlite, shared.clock.now())?;
                let (reads, read_acts) = flume::bounded(MOST_WAITING);
                let (writes, write_acts) = flume::bounded(MOST_WAITING);
                let readers = sqlite::Readers::open(sqlite)?;
                let writer = sqlite::Writer::open(sqlite, shared.is_server)?;
                let mut threads = readers.spawn(&shared, &read_acts)?;
                threads.push(writer.spawn(&shared, write_acts)?);
                if shared.is_server {
                    // Not joined: it sleeps most of the time and holds nothing open that matters.
                    drop(sqlite::spawn_upkeep(sqlite, &shared, &readers, &writer)?);
                }
                (migrated, Queues::Sqlite { reads, writes, readers }, threads)
            }
            Settings::Postgres(postgres) => {
                let migrated = migrate::postgres(postgres, shared.clock.now())?;
                let crew = postgres::spawn(postgres, &shared, MOST_WAITING)?;
                (migrated, Queues::Postgres { work: crew.work, replica: crew.replica }, crew.threads)
            }
        };
        shared.begin_ids_after(migrated.newest_post);
        let threads = Arc::new(Threads(std::sync::Mutex::new(threads)));
        let db = Db { queues, settings: Arc::new(settings), shared, threads };
        Ok(Opened { db, events: received, migrated })
    }

    /// Runs a closure on a consistent snapshot.
    ///
    /// # Errors
    /// What the closure gives, or a fault of the database.
    pub async fn read<T, F>(&self, closure: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnMut(&Query<'_>) -> Result<T, Error> + Send + 'static,
    {
        Act::<F, T>::returned(self.run_read(Box::new(Act::<F, T>::new(closure))).await?)
    }

    /// The same for a few rows that are found by their keys. On SQLite it runs at once where it is asked for, which is
    /// less work than going to a thread and back; for a second after one that had to wait for the disk it goes the long
    /// way.
    ///
    /// # Errors
    /// As [`Db::read`].
    pub async fn read_in_place<T, F>(&self, closure: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnMut(&Query<'_>) -> Result<T, Error> + Send + 'static,
    {
        let mut act = Act::<F, T>::new(closure);
        match self.queues.run_in_place(&self.shared, &mut act) {
            Some(outcome) => outcome.and_then(|()| act.given()),
            None => Act::<F, T>::returned(self.run_read(Box::new(act)).await?),
        }
    }

    async fn run_read(&self, work: Box<dyn Reading>) -> Result<Box<dyn Any + Send>, Error> {
        let moment = self.shared.cache.as_ref().map(cache::ViewCache::moment);
        let (act, answer) = ReadAct::new(work);
        self.queues.read(act, moment).await?;
        answer.await.unwrap_or_else(|_| Err(stopped().into()))
    }

    async fn run_write(&self, work: Box<dyn Writing>) -> Result<Box<dyn Any + Send>, Error> {
        let (act, answer) = WriteAct::new(work);
        self.queues.write(act).await?;
        answer.await.unwrap_or_else(|_| Err(stopped().into()))
    }

    /// The token with this hash, as `tokens::find`: from memory when its use was noted on `day` already and nothing was
    /// heard of it or its holder since.
    ///
    /// # Errors
    /// The database failed.
    pub async fn token(&self, hash: SecretHash, day: i64) -> Result<Option<TokenView>, Error> {
        let known = self.shared.cache.as_ref().and_then(|cache| cache.token(&hash));
        match known.filter(|token| token.last_used_day >= Some(day)) {
            Some(known) => Ok(Some(known)),
            None => self.read_in_place(move |q| Ok(tokens::find(q, &hash)?)).await,
        }
    }

    /// Runs a closure in one transaction. Answered when it is on stable storage.
    /// The closure may be run again from its beginning (contention, failover), so it does nothing outside of `tx`.
    ///
    /// # Errors
    /// What the closure gives (nothing is written then), or a fault of the database.
    pub async fn write<T, F>(&self, closure: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnMut(&Tx<'_>) -> Result<T, Error> + Send + 'static,
    {
        Act::<F, T>::returned(self.run_write(Box::new(Act::<F, T>::new(closure))).await?)
    }

    /// The clock transactions are dated by.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.shared.clock
    }

    /// Drops what an event of another process made stale. Events of this process have done so already.
    pub fn hear(&self, event: &Event) {
        if *event == Event::WorkLeft {
            self.shared.jobs_waiting.wake_all();
            self.shared.deliveries_waiting.notify_waiters();
        }
        if let Some(cache) = &self.shared.cache {
            cache.hear(event);
        }
    }

    /// For a command: waits until the running server knows what access was taken away, so that it is worth nothing when
    /// the command is done. Gives up after `patience`: there may be no server.
    ///
    /// # Errors
    /// The database failed.
    pub async fn until_revocations_are_heard(&self, patience: Duration) -> Result<(), Error> {
        let begun = Instant::now();
        while self.shared.has_revoked.load(Ordering::Relaxed) && begun.elapsed() < patience {
            if !self.read(|q| Ok(foreign_events::has_revocations(q)?)).await? {
                break;
            }
            tokio::time::sleep(REVOCATION_LOOK).await;
        }
        Ok(())
    }

    /// From now on other processes do what is left for later here, and are told of it. Where nobody tells them they look
    /// every second.
    pub fn work_is_done_elsewhere(&self) {
        self.shared.works_elsewhere.store(true, Ordering::Relaxed);
    }

    /// Drops everything kept in memory: events of other processes may have been missed.
    pub fn forget(&self) {
        if let Some(cache) = &self.shared.cache {
            cache.forget();
        }
    }

    /// Woken when a transaction of this process left jobs in a lane.
    #[must_use]
    pub fn jobs_waiting(&self, lane: Lane) -> Arc<Notify> {
        self.shared.jobs_waiting.of(lane).clone()
    }

    /// Woken when a transaction of this process left something to send to other servers.
    #[must_use]
    pub fn deliveries_waiting(&self) -> Arc<Notify> {
        self.shared.deliveries_waiting.clone()
    }

    /// Statements run since the start, for tests that count them.
    #[must_use]
    pub fn n_statements(&self) -> u64 {
        self.shared.n_statements.load(Ordering::Relaxed)
    }

    /// `SQLite` or `PostgreSQL`, for people.
    #[must_use]
    pub fn engine_name(&self) -> &'static str {
        match *self.settings {
            Settings::Sqlite(_) => "SQLite",
            Settings::Postgres(_) => "PostgreSQL",
        }
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// A fault when it does not.
    pub async fn ping(&self) -> Result<(), Error> {
        self.read_in_place(|q| Ok(settings::version(q).map(|_| ())?)).await
    }

    /// Ends the threads after everything that waits is done. For the last clone of a stopping process.
    pub fn close(self) {
        let Db { queues, threads, .. } = self;
        drop(queues);
        if let Some(threads) = Arc::into_inner(threads) {
            let threads = threads.0.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
            for thread in threads {
                let _ = thread.join();
            }
        }
    }
}

/// Throws away what only the engines themselves remember. Part of `Job::Tidy`.
///
/// # Errors
/// The database failed.
pub fn tidy(tx: &Tx<'_>) -> Result<(), Fault> {
    activity::forget_old(tx)?;
    federation::tidy(tx)?;
    moderation::sign_ups::tidy(tx)?;
    postgres::forget_marks(tx, tx.now().minus(Duration::from_secs(86_400)))
}

/// Brings the database to the newest schema without starting anything.
///
/// # Errors
/// As [`Db::open`].
pub fn migrate(settings: &Settings, clock: &Clock) -> Result<Migrated, Error> {
    match settings {
        Settings::Sqlite(sqlite) => migrate::sqlite(sqlite, clock.now()),
        Settings::Postgres(postgres) => migrate::postgres(postgres, clock.now()),
    }
}

/// Writes a consistent copy of a SQLite database into a new file while others go on.
///
/// # Errors
/// A refusal on PostgreSQL, where `pg_dump` does this, or when the file exists; a fault of the disk.
pub fn backup(settings: &Settings, to: &Path) -> Result<(), Error> {
    match settings {
        Settings::Sqlite(sqlite) => migrate::backup(sqlite, to),
        Settings::Postgres(_) => {
            Err(Refusal::Invalid("a PostgreSQL database is backed up with pg_dump".to_owned()).into())
        }
    }
}

fn stopped() -> Fault {
    Fault::new("the database threads have stopped").transient()
}
