//! A database thread: takes the next closure, read or write, and runs it on its connection; connects anew when needed.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use flume::TrySendError;
use phiomia_model::{Error, Fault, Refusal};

use super::{
    Connection, PostgresSettings,
    connection::Mark,
    outage::{Outage, Waiting},
    replica::{Health, Look, Position, Replica, Surveyor, Unfit, catch_up},
};
use crate::db::{
    Shared,
    act::{ReadAct, WriteAct, panicked},
    cache::{Cached, Moment},
    error::{Cause, cause, fault},
    query::{Engine, Query, Tx},
};

/// How long it is asked whether a commit happened whose answer was lost.
const LONGEST_DOUBT: Duration = Duration::from_secs(30);
/// A read that failed sooner than this is tried once more, on a new connection.
const SUDDEN: Duration = Duration::from_secs(1);
/// How long an answer is waited for on a connection from before, while the database is known to be away.
const BRIEF: Duration = Duration::from_secs(1);
/// When whoever hears that the database is away may ask again.
const RETRY_AFTER: Duration = Duration::from_secs(5);
/// The longest pause between two tries of a write.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// How often a write that lost a race is run again.
const MOST_RACES: u32 = 10;

/// What a thread does next.
pub(in crate::db) enum Work {
    Read(ReadAct),
    Write(WriteAct),
    /// A read for the replica.
    Look(Look),
}

/// The threads and the ways to them: each thread waits at one queue alone. (Waiting at two with the library's selector
/// loses a wake-up now and then.)
pub(in crate::db) struct Crew {
    pub(in crate::db) work: flume::Sender<Work>,
    pub(in crate::db) replica: Option<Replica>,
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
    let mut start = |name: String, run: Box<dyn FnOnce() + Send>| -> Result<(), Fault> {
        let started = thread::Builder::new().name(name).spawn(run);
        threads.push(started.map_err(|e| Fault::because("starting a database thread", e))?);
        Ok(())
    };
    let outage = Arc::new(Outage::new("the database", "everything waits for it", settings.connections));
    let (work, waiting) = flume::bounded(most_waiting);
    for n in 0..settings.connections.max(1) {
        let worker = Worker::new(settings, &settings.config, shared, &outage, None);
        let waiting = waiting.clone();
        start(format!("db-{n}"), Box::new(move || worker.run(&waiting)))?;
    }
    let replica = match &settings.replica {
        None => None,
        Some(config) => {
            let (reads, waiting) = flume::bounded(most_waiting);
            let (positions, asked) = flume::bounded(most_waiting);
            let away = Arc::new(Outage::new("the replica", "the primary is read instead", settings.connections));
            let replica = Replica { reads, positions, health: Arc::default() };
            for n in 0..settings.connections.max(1) {
                let beside = Beside { health: replica.health.clone(), primary: work.clone(), replayed: 0 };
                let worker = Worker::new(settings, config, shared, &away, Some(beside));
                let waiting = waiting.clone();
                start(format!("db-replica-{n}"), Box::new(move || worker.run(&waiting)))?;
            }
            let surveyor = Surveyor { settings: settings.clone(), outage, connection: None };
            start("db-position".to_owned(), Box::new(move || surveyor.run(&asked)))?;
            Some(replica)
        }
    };
    Ok(Crew { work, replica, threads })
}

struct Worker {
    settings: PostgresSettings,
    config: tokio_postgres::Config,
    shared: Arc<Shared>,
    outage: Arc<Outage>,
    /// For a thread that reads from the replica.
    beside: Option<Beside>,
    connection: Option<Connection>,
    /// Of this thread alone, in all processes: it marks its transactions with it.
    id: i64,
    n_transactions: i64,
}

/// What a thread has that reads from the replica.
struct Beside {
    health: Arc<Health>,
    /// Where reads go that the replica is not fit for.
    primary: flume::Sender<Work>,
    /// How far the replica was when this thread last looked.
    replayed: i64,
}

impl Worker {
    fn new(
        settings: &PostgresSettings,
        config: &tokio_postgres::Config,
        shared: &Arc<Shared>,
        outage: &Arc<Outage>,
        beside: Option<Beside>,
    ) -> Worker {
        Worker {
            settings: settings.clone(),
            config: config.clone(),
            shared: shared.clone(),
            outage: outage.clone(),
            beside,
            connection: None,
            id: shared.ids.next(shared.clock.now()),
            n_transactions: 0,
        }
    }

    fn run(mut self, work: &flume::Receiver<Work>) {
        for work in work {
            match work {
                Work::Read(act) => self.read(act),
                Work::Write(act) => self.write(act),
                Work::Look(look) => self.look(look),
            }
        }
    }

    fn connection(&mut self) -> Result<&Connection, Fault> {
        if self.connection.as_ref().is_none_or(Connection::is_closed) {
            self.connection = None;
            if !self.outage.may_ask() {
                return Err(fault("connecting to PostgreSQL", Cause::Away, "it is away".to_owned()));
            }
            let opened = Connection::open(&self.settings, &self.config);
            self.outage.asked(&opened);
            self.connection = Some(opened?);
        }
        let connection = self.connection.as_ref().ok_or_else(|| Fault::new("no database connection"))?;
        let patience = self.settings.answer_timeout;
        connection.set_patience(if self.outage.is_on() { patience.min(BRIEF) } else { patience });
        Ok(connection)
    }

    /// The connection is of no use any more.
    fn give_up(&mut self, fault: &Fault) {
        if self.connection.take().is_some_and(|connection| connection.is_stuck()) {
            self.outage.note(fault);
        }
    }

    fn read(&mut self, mut act: ReadAct) {
        if act.is_abandoned() {
            return;
        }
        let begun = Instant::now();
        for is_last in [false, true] {
            let outcome = self.try_read(&mut act);
            // An idle connection may have been closed by the other side: once more on a new one.
            if !is_last
                && begun.elapsed() < SUDDEN
                && let Err(Error::Broken(fault)) = &outcome
                && cause(fault) == Cause::Away
            {
                self.give_up(fault);
                continue;
            }
            if let Err(Error::Broken(fault)) = &outcome
                && self.connection.as_ref().is_some_and(Connection::is_stuck)
            {
                self.give_up(fault);
            }
            act.answer(outcome);
            if let Some(connection) = &self.connection {
                connection.let_go();
            }
            return;
        }
    }

    /// Reads from the replica, or leaves it to the primary.
    fn look(&mut self, look: Look) {
        let Look { mut act, position, moment } = look;
        if act.is_abandoned() {
            return;
        }
        let outcome = self.try_look(&mut act, position, moment);
        let Some(beside) = &self.beside else { return };
        match outcome {
            Ok(outcome) => {
                beside.health.note_fit();
                act.answer(outcome);
                if let Some(connection) = &self.connection {
                    connection.let_go();
                }
            }
            Err(unfit) => {
                beside.health.note(&unfit);
                if let Err(TrySendError::Full(Work::Read(act))) = beside.primary.try_send(Work::Read(act)) {
                    act.answer(Err(Refusal::Unavailable { retry_after: RETRY_AFTER }.into()));
                }
            }
        }
    }

    fn try_look(
        &mut self,
        act: &mut ReadAct,
        position: Position,
        moment: Option<Moment>,
    ) -> Result<Result<(), Error>, Unfit> {
        let is_new = self.connection.as_ref().is_none_or(Connection::is_closed);
        // Behind the same address another copy may stand by now.
        let mut replayed = self.beside.as_ref().filter(|_| !is_new).map_or(0, |beside| beside.replayed);
        let shared = self.shared.clone();
        let connection = self.connection().map_err(Unfit::Away)?;
        catch_up(connection, position, &mut replayed)?;
        connection.begin_read();
        // What is seen is at least as new as what the cache had heard.
        let began = moment.filter(|_| matches!(position, Position::At(_)));
        let cached = shared.cache.as_ref().zip(began).map(|(cache, began)| Cached { cache, began });
        let query = Query { engine: Engine::Postgres(connection), n_statements: &shared.n_statements, cached };
        let outcome = catch_unwind(AssertUnwindSafe(|| act.run(&query))).unwrap_or_else(|panic| Err(panicked(&*panic)));
        if let Some(beside) = &mut self.beside {
            beside.replayed = replayed;
        }
        match outcome {
            // Contention: what the primary did was in the way of reading there.
            Err(Error::Broken(fault)) if matches!(cause(&fault), Cause::Away | Cause::Contention) => {
                self.give_up(&fault);
                Err(Unfit::Away(fault))
            }
            outcome => Ok(outcome),
        }
    }

    fn try_read(&mut self, act: &mut ReadAct) -> Result<(), Error> {
        let shared = self.shared.clone();
        let cached = shared.cached();
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

    fn write(&mut self, mut act: WriteAct) {
        let begun = Instant::now();
        let outage = self.outage.clone();
        let mut place: Option<Waiting<'_>> = None;
        let mut n_races = 0;
        let mut wait = Duration::from_millis(50);
        let outcome = loop {
            let outcome = self.try_write(&mut act);
            let Err(Error::Broken(fault)) = &outcome else { break outcome };
            match cause(fault) {
                Cause::Taken | Cause::Contention if n_races < MOST_RACES => {
                    n_races += 1;
                    thread::sleep(Duration::from_millis(u64::from(n_races) * 3));
                }
                Cause::Away => {
                    tracing::debug!("a write waits for the database: {}", fault.chain());
                    self.give_up(fault);
                    place = match place {
                        None => outage.wait(begun),
                        Some(place) => place.may_go_on(begun).then_some(place),
                    };
                    if place.is_none() {
                        break Err(Refusal::Unavailable { retry_after: RETRY_AFTER }.into());
                    }
                    thread::sleep(wait);
                    wait = (wait * 2).min(LONGEST_PAUSE);
                }
                _ => break outcome,
            }
        };
        self.shared.record_batch(1);
        act.answer(outcome);
    }

    fn try_write(&mut self, act: &mut WriteAct) -> Result<(), Error> {
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
            self.give_up(&fault);
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
                Err(fault) if begun.elapsed() > LONGEST_DOUBT => return Err(fault),
                Err(_) => self.connection = None,
            }
            thread::sleep(Duration::from_millis(200));
        }
    }
}
