//! The writing thread: takes every waiting closure, runs each in a savepoint of one transaction, commits once,
//! then answers all. One fsync serves everybody who was waiting.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use phiomia_model::{Error, Fault};

use super::{Connection, SqliteSettings};
use crate::db::{
    Shared,
    act::{WriteAct, panicked},
    error::{Cause, cause},
    query::{Aftermath, Engine, Query, Tx},
};

/// At most this many closures share a commit ...
const MOST_ACTS: usize = 256;
/// ... and none begins after this long, so that the first one is not kept waiting.
const LONGEST_GATHERING: Duration = Duration::from_millis(20);
/// How often an act is run again after its key was taken by another process.
const MOST_RETRIES: usize = 5;

/// The connection that writes.
pub(in crate::db) struct Writer(Mutex<Connection>);

impl Writer {
    /// # Errors
    /// When the file cannot be opened.
    pub(in crate::db) fn open(settings: &SqliteSettings, is_server: bool) -> Result<Arc<Writer>, Fault> {
        let connection = Connection::open(settings, false)?;
        if is_server {
            // Checkpoints belong to the upkeep thread; one here would make a person wait for two more fsyncs.
            connection.batch("pragma wal_autocheckpoint = 0")?;
        }
        Ok(Arc::new(Writer(Mutex::new(connection))))
    }

    /// Starts the thread. It ends when the last `Db` is dropped, after everything waiting is written.
    pub(in crate::db) fn spawn(
        self: &Arc<Self>,
        shared: &Arc<Shared>,
        acts: flume::Receiver<WriteAct>,
    ) -> Result<std::thread::JoinHandle<()>, Fault> {
        let (writer, shared) = (self.clone(), shared.clone());
        std::thread::Builder::new()
            .name("db-write".to_owned())
            .spawn(move || {
                while let Ok(first) = acts.recv() {
                    let connection = writer.0.lock().unwrap_or_else(PoisonError::into_inner);
                    batch(&connection, &shared, first, &acts);
                }
            })
            .map_err(|e| Fault::because("starting the database's writing thread", e))
    }

    /// Gives back the memory of the pages it keeps, unless it is at work.
    pub(super) fn forget_pages(&self) -> Result<(), Fault> {
        self.0.try_lock().map_or(Ok(()), |connection| connection.forget_pages())
    }
}

fn batch(connection: &Connection, shared: &Shared, first: WriteAct, waiting: &flume::Receiver<WriteAct>) {
    if let Err(fault) = connection.control("begin immediate") {
        first.answer(Err(fault.into()));
        return;
    }
    let begun = Instant::now();
    let mut done: Vec<(WriteAct, Result<(), Error>)> = Vec::new();
    let mut aftermath = Aftermath::default();
    let mut next = Some(first);
    while let Some(mut act) = next.take() {
        let outcome = one(connection, shared, &mut act, &mut aftermath);
        done.push((act, outcome));
        if !connection.is_in_transaction() {
            // SQLite took everything back by itself (disk full, I/O error): nothing of this batch may go on.
            abandon(done);
            return;
        }
        if done.len() < MOST_ACTS && begun.elapsed() < LONGEST_GATHERING {
            next = waiting.try_recv().ok();
        }
    }
    shared.record_batch(done.len());
    let any = done.iter().any(|(_, outcome)| outcome.is_ok());
    match connection.control(if any { "commit" } else { "rollback" }) {
        Ok(()) => {
            shared.committed(aftermath);
            for (act, outcome) in done {
                act.answer(outcome);
            }
        }
        Err(fault) => {
            let _ = connection.control("rollback");
            let transient = fault.is_transient();
            let text = fault.chain();
            tracing::error!("a commit failed, {} acts were not written: {text}", done.len());
            for (act, outcome) in done {
                let failed = Fault::new(format!("committing: {text}"));
                let failed = if transient { failed.transient() } else { failed };
                act.answer(outcome.and(Err(failed.into())));
            }
        }
    }
}

/// Answers a batch whose transaction is gone: what failed with its own error, what had succeeded as not written.
fn abandon(done: Vec<(WriteAct, Result<(), Error>)>) {
    tracing::error!("the database took a transaction back by itself, {} acts were not written", done.len());
    for (act, outcome) in done {
        let lost = Fault::new("the database took the transaction back").transient();
        act.answer(outcome.and(Err(lost.into())));
    }
}

/// One act in its own savepoint: when it fails, only its own rows are taken back.
fn one(connection: &Connection, shared: &Shared, act: &mut WriteAct, aftermath: &mut Aftermath) -> Result<(), Error> {
    for attempt in 1.. {
        connection.control("savepoint act")?;
        let query = Query { engine: Engine::Sqlite(connection), n_statements: &shared.n_statements, cached: None };
        let tx = Tx::new(query, shared.clock.now(), &shared.ids);
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            act.run(&tx)?;
            shared.keep_for_server(&tx)
        }))
        .unwrap_or_else(|panic| Err(panicked(&*panic)));
        match outcome {
            Ok(()) => {
                connection.control("release act")?;
                aftermath.add(tx.finish());
                return Ok(());
            }
            Err(error) => {
                if !connection.is_in_transaction() {
                    return Err(error);
                }
                if let Err(fault) =
                    connection.control("rollback to act").and_then(|()| connection.control("release act"))
                {
                    // What the act wrote stands among the others' rows: they go with it.
                    let _ = connection.control("rollback");
                    return Err(fault.into());
                }
                let was_taken = matches!(&error, Error::Broken(fault) if cause(fault) == Cause::Taken);
                if !was_taken || attempt >= MOST_RETRIES {
                    return Err(error);
                }
            }
        }
    }
    Ok(())
}
