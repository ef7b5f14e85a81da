//! Reading threads: each takes the next waiting closure and runs it on a snapshot. A brief read does not wait for one: it
//! borrows the connection of a thread that has nothing to do.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use phiomia_model::{Error, Fault};

use super::{Connection, SqliteSettings};
use crate::db::{
    Shared,
    act::{ReadAct, Reading},
    query::{Engine, Query},
};

/// A brief read that takes longer had to wait for the disk.
const BRIEF: Duration = Duration::from_millis(2);
/// How long nobody reads in place after that: whoever reads in place keeps all others of the same thread waiting.
const REST: Duration = Duration::from_secs(1);

/// The connections that read, one for each thread.
pub(in crate::db) struct Readers {
    connections: Vec<Mutex<Connection>>,
    opened: Instant,
    /// Milliseconds after `opened`.
    rests_until: AtomicU64,
}

impl Readers {
    /// # Errors
    /// When the file cannot be opened.
    pub(in crate::db) fn open(settings: &SqliteSettings) -> Result<Arc<Readers>, Fault> {
        let open = |_| Connection::open(settings, true).map(Mutex::new);
        let connections = (0..settings.readers).map(open).collect::<Result<_, _>>()?;
        Ok(Arc::new(Readers { connections, opened: Instant::now(), rests_until: AtomicU64::new(0) }))
    }

    /// Starts the threads. They end when the last `Db` is dropped.
    pub(in crate::db) fn spawn(
        self: &Arc<Self>,
        shared: &Arc<Shared>,
        acts: &flume::Receiver<ReadAct>,
    ) -> Result<Vec<std::thread::JoinHandle<()>>, Fault> {
        (0..self.connections.len())
            .map(|n| {
                let (readers, acts, shared) = (self.clone(), acts.clone(), shared.clone());
                std::thread::Builder::new()
                    .name(format!("db-read-{n}"))
                    .spawn(move || {
                        let Some(connection) = readers.connections.get(n) else { return };
                        for mut act in acts {
                            if act.is_abandoned() {
                                continue;
                            }
                            let connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
                            let outcome = run(&connection, &shared, act.work());
                            drop(connection);
                            act.answer(outcome);
                        }
                    })
                    .map_err(|e| Fault::because("starting a database thread", e))
            })
            .collect()
    }

    /// Gives back the memory of the pages that connections keep which are not at work.
    pub(super) fn forget_pages(&self) -> Result<(), Fault> {
        let mut resting = self.connections.iter().filter_map(|connection| connection.try_lock().ok());
        resting.try_for_each(|connection| connection.forget_pages())
    }

    /// Runs a read on the caller's thread. `None`: it has to wait for a thread, because all connections are in use or the
    /// disk is slow just now.
    pub(in crate::db) fn run_in_place(&self, shared: &Shared, act: &mut dyn Reading) -> Option<Result<(), Error>> {
        let begun = self.opened.elapsed();
        if begun < Duration::from_millis(self.rests_until.load(Ordering::Relaxed)) {
            return None;
        }
        let connection = self.connections.iter().rev().find_map(|connection| connection.try_lock().ok())?;
        let outcome = run(&connection, shared, act);
        drop(connection);
        let ended = self.opened.elapsed();
        if ended.saturating_sub(begun) > BRIEF {
            let until = u64::try_from((ended + REST).as_millis()).unwrap_or(u64::MAX);
            self.rests_until.store(until, Ordering::Relaxed);
        }
        Some(outcome)
    }
}

fn run(connection: &Connection, shared: &Shared, act: &mut dyn Reading) -> Result<(), Error> {
    let query =
        Query { engine: Engine::Sqlite(connection), n_statements: &shared.n_statements, cached: shared.cached() };
    connection.control("begin")?;
    let outcome = catch_unwind(AssertUnwindSafe(|| act.run(&query)))
        .unwrap_or_else(|panic| Err(crate::db::act::panicked(&*panic)));
    // Nothing was written: ending the snapshot cannot lose anything.
    if connection.control("commit").is_err() {
        let _ = connection.control("rollback");
    }
    outcome
}
