//! The upkeep thread: checkpoints the write-ahead log beside the requests and gives freed pages back to the system.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use phiomia_model::Fault;

use super::{Connection, SqliteSettings};
use crate::db::Shared;

/// Checkpoint above this size of the log ...
const CHECKPOINT_BYTES: u64 = 4 << 20;
/// ... and above this one wait for readers, so that the log begins anew.
const RESTART_BYTES: u64 = 64 << 20;
/// Freed pages given back a round; a few milliseconds of work.
const PAGES_A_ROUND: u32 = 200;

/// Starts the thread. It ends soon after the last `Db` is dropped.
pub(in crate::db) fn spawn(
    settings: &SqliteSettings,
    shared: &Arc<Shared>,
) -> Result<std::thread::JoinHandle<()>, Fault> {
    let connection = Connection::open(settings, false)?;
    let mut log = settings.path.clone().into_os_string();
    log.push("-wal");
    let shared: Weak<Shared> = Arc::downgrade(shared);
    std::thread::Builder::new()
        .name("db-upkeep".to_owned())
        .spawn(move || {
            let mut round = 0_u32;
            while shared.strong_count() > 0 {
                std::thread::sleep(Duration::from_millis(250));
                round = round.wrapping_add(1);
                let size = std::fs::metadata(&log).map_or(0, |m| m.len());
                let outcome = if size > RESTART_BYTES {
                    connection.batch("pragma wal_checkpoint(restart)")
                } else if size > CHECKPOINT_BYTES {
                    connection.batch("pragma wal_checkpoint(passive)")
                } else {
                    Ok(())
                };
                // Once a minute is often enough to shrink the file, and seldom enough to disturb nobody.
                let outcome = outcome.and_then(|()| {
                    if round.is_multiple_of(240) {
                        connection.batch(&format!("pragma incremental_vacuum({PAGES_A_ROUND})"))
                    } else {
                        Ok(())
                    }
                });
                if let Err(fault) = outcome
                    && !fault.is_transient()
                {
                    tracing::warn!("database upkeep: {}", fault.chain());
                }
            }
        })
        .map_err(|e| Fault::because("starting the database's upkeep thread", e))
}
