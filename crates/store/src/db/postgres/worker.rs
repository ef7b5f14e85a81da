//! A database thread: takes the next closure, read or write, and runs it on its connection; connects anew when needed.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use phiomia_model::{Error, Fault, Refusal};

use super::{Connection, PostgresSettings, connection::Mark};
use crate::db::{
    Shared,
    act::{ReadAct, WriteAct, panicked},
    error::{Cause, cause},
    query::{Engine, Query, Tx},
};

/// How long a write waits for a database that is away (a failover takes about this long).
const LONGEST_FAILOVER: Duration = Duration::from_secs(30);
/// How often a write that lost a race is run again.
const MOST_RACES: u32 = 10;

/// What a thread does next.
pub(in crate::db) enum Work {
    Read(Box<dyn ReadAct>),
    Write(Box<dyn WriteAct>),
}

/// The threads and the two ways to them, which are one and the same where there is no replica: each thread waits at one
/// queue alone. (Waiting at two with the library's selector loses a wake-up now and then.)
pub(in crate::db) struct Crew {
    pub(in crate::db) reads: flume::Sender<Work>,
    pub(in crate::db) writes: flume::Sender<Work>,
    pub(in crate::db) threads: Vec<thread::JoinHandle<()>>,
}

/// Starts the threads. They end when the last `Db` is dropped, after everything waiting is written. Each queue holds
/// up to `most_waiting` closures.
pub(in crate::db) fn spawn(
    settings: &PostgresSettings,
    shared: &Arc<Shared>,
    most_waiting: usize,
) -> Result<Crew, Fault> {
    let mut threads = Vec::new();
    let mut begin = |name: &str, config: &tokio_postgres::Config| -> Result<flume::Sender<Work>, Fault> {
        let (sender, work) = flume::bounded(most_waiting);
        for n in 0..settings.connections.max(1) {
            let (settings, config, shared) = (settings.clone(), config.clone(), shared.clone());
            let id = shared.ids.next(shared.clock.now());
            let worker = Worker { settings, config, shared, connection: None, id, n_transactions: 0 };
            let work = work.clone();
            let started = thread::Builder::new().name(format!("{name}-{n}")).spawn(move || worker.run(&work));
            threads.push(started.map_err(|e| Fault::because("starting a database thread", e))?);
        }
        Ok(sender)
    };
    let writes = begin("db", &settings.config)?;
    let reads = match &settings.replica {
        // With a replica the primary's threads only write.
        Some(replica) => begin("db-replica", replica)?,
        None => writes.clone(),
    };
    Ok(Crew { reads, writes, threads })
}

struct Worker {
    settings: PostgresSettings,
    config: tokio_postgres::Config,
    shared: Arc<Shared>,
    connection: Option<Connection>,
    /// Of this thread alone, in all processes: it marks its transactions with it.
    id: i64,
    n_transactions: i64,
}

impl Worker {
    fn run(mut self, work: &flume::Receiver<Work>) {
        for work in work {
            match work {
                Work::Read(act) => self.read(act),
                Work::Write(act) => self.write(act),
            }
        }
    }

    fn connection(&mut self) -> Result<&Connection, Fault> {
        if self.connection.as_ref().is_none_or(Connection::is_closed) {
            self.connection = Some(Connection::open(&self.settings, &self.config)?);
        }
        self.connection.as_ref().ok_or_else(|| Fault::new("no database connection"))
    }

    fn read(&mut self, mut act: Box<dyn ReadAct>) {
        if act.is_abandoned() {
            return;
        }
        for is_last in [false, true] {
            let outcome = self.try_read(&mut *act);
            // An idle connection may have been closed by the other side: once more on a new one.
            if !is_last
                && let Err(Error::Broken(fault)) = &outcome
                && cause(fault) == Cause::Away
            {
                self.connection = None;
                continue;
            }
            act.answer(outcome);
            if let Some(connection) = &self.connection {
                connection.let_go();
            }
            return;
        }
    }

    fn try_read(&mut self, act: &mut dyn ReadAct) -> Result<(), Error> {
        let shared = self.shared.clone();
        // A replica may lag behind what the cache was told.
        let cached = self.settings.replica.is_none().then(|| shared.cached()).flatten();
        let connection = self.connection()?;
        connection.begin_read();
        let query = Query { engine: Engine::Postgres(connection), n_statements: &shared.n_statements, cached };
        catch_unwind(AssertUnwindSafe(|| act.run(&query))).unwrap_or_else(|panic| Err(panicked(&*panic)))
    }

    /// Ends whatever transaction is open; a connection that cannot do that is thrown away.
    fn end(&mut self) {
        if self.connection.as_ref().is_some_and(|c| c.roll_back().is_err()) {
            self.connection = None;
        }
    }

    fn write(&mut self, mut act: Box<dyn WriteAct>) {
        let begun = Instant::now();
        let mut n_races = 0;
        let mut wait = Duration::from_millis(50);
        let outcome = loop {
            let outcome = self.try_write(&mut *act);
            let Err(Error::Broken(fault)) = &outcome else { break outcome };
            match cause(fault) {
                Cause::Taken | Cause::Contention if n_races < MOST_RACES => {
                    n_races += 1;
                    thread::sleep(Duration::from_millis(u64::from(n_races) * 3));
                }
                Cause::Away if begun.elapsed() < LONGEST_FAILOVER => {
                    tracing::warn!("the database is away, trying again: {}", fault.chain());
                    self.connection = None;
                    thread::sleep(wait);
                    wait = (wait * 2).min(Duration::from_secs(2));
                }
                Cause::Away => {
                    tracing::error!("the database stayed away: {}", fault.chain());
                    break Err(Refusal::Unavailable { retry_after: Duration::from_secs(30) }.into());
                }
                _ => break outcome,
            }
        };
        self.shared.record_batch(1);
        act.answer(outcome);
    }

    fn try_write(&mut self, act: &mut dyn WriteAct) -> Result<(), Error> {
        let shared = self.shared.clone();
        self.n_transactions += 1;
        let mark = Mark { worker: self.id, n: self.n_transactions, at: shared.clock.now() };
        let connection = self.connection()?;
        connection.begin_write(mark);
        let query = Query { engine: Engine::Postgres(connection), n_statements: &shared.n_statements, cached: None };
        let tx = Tx::new(query, shared.clock.now(), &shared.ids);
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            act.run(&tx)?;
            shared.keep_for_server(&tx)
        }))
        .unwrap_or_else(|panic| Err(panicked(&*panic)));
        let aftermath = tx.finish();
        if outcome.is_ok() && connection.has_failed() {
            self.end();
            return Err(Fault::new("a closure went on after one of its statements had failed").into());
        }
        if let Err(error) = outcome {
            self.end();
            return Err(error);
        }
        if let Err(fault) = connection.commit() {
            self.connection = None;
            if cause(&fault) != Cause::Away {
                return Err(fault.into());
            }
            // Nobody told us whether it was written. The mark in it knows.
            if !self.was_committed(&mark)? {
                return Err(fault.into());
            }
        }
        self.shared.committed(aftermath);
        Ok(())
    }

    fn was_committed(&mut self, mark: &Mark) -> Result<bool, Fault> {
        let begun = Instant::now();
        loop {
            match self.connection().and_then(|c| c.is_marked(mark)) {
                Ok(is_marked) => return Ok(is_marked),
                Err(fault) if begun.elapsed() > LONGEST_FAILOVER => return Err(fault),
                Err(_) => self.connection = None,
            }
            thread::sleep(Duration::from_millis(200));
        }
    }
}
