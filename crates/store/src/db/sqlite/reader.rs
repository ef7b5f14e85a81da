//! Reading threads: each takes the next waiting closure and runs it on a snapshot.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use phiomia_model::{Error, Fault};

use super::{Connection, SqliteSettings};
use crate::db::{
    Shared,
    act::ReadAct,
    query::{Engine, Query},
};

/// Starts the threads. They end when the last `Db` is dropped.
pub(in crate::db) fn spawn(
    settings: &SqliteSettings,
    shared: &Arc<Shared>,
    acts: &flume::Receiver<Box<dyn ReadAct>>,
) -> Result<Vec<std::thread::JoinHandle<()>>, Fault> {
    (0..settings.readers)
        .map(|n| {
            let connection = Connection::open(settings, true)?;
            let (acts, shared) = (acts.clone(), shared.clone());
            std::thread::Builder::new()
                .name(format!("db-read-{n}"))
                .spawn(move || {
                    for act in acts {
                        run(&connection, &shared, act);
                    }
                })
                .map_err(|e| Fault::because("starting a database thread", e))
        })
        .collect()
}

fn run(connection: &Connection, shared: &Shared, mut act: Box<dyn ReadAct>) {
    if act.is_abandoned() {
        return;
    }
    let query =
        Query { engine: Engine::Sqlite(connection), n_statements: &shared.n_statements, cached: shared.cached() };
    let outcome = connection.control("begin").map_err(Error::from).and_then(|()| {
        let outcome = catch_unwind(AssertUnwindSafe(|| act.run(&query)))
            .unwrap_or_else(|panic| Err(crate::db::act::panicked(&*panic)));
        // Nothing was written: ending the snapshot cannot lose anything.
        if connection.control("commit").is_err() {
            let _ = connection.control("rollback");
        }
        outcome
    });
    act.answer(outcome);
}
