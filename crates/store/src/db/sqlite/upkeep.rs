//! The upkeep thread: checkpoints the write-ahead log beside the requests, gives freed pages back to the file system and,
//! when there is little to do, the memory of pages that connections keep.

use std::{
    sync::{Arc, Weak, atomic::Ordering},
    time::Duration,
};

use phiomia_model::Fault;

use super::{Connection, LONGEST_LOG, Readers, SqliteSettings, Writer};
use crate::db::Shared;

/// Checkpoint above this size of the log; above [`LONGEST_LOG`] wait for readers, so that it begins anew.
const CHECKPOINT_BYTES: u64 = 4 << 20;
/// Longest pause of writers for that, in milliseconds.
const LONGEST_PAUSE_MS: u32 = 20;
/// Freed pages given back at a time; a few milliseconds of work.
const PAGES_AT_A_TIME: u32 = 200;
/// Free pages that nobody hurries about: what is written next takes them.
const SPARE_PAGES: u32 = 256;
/// Rounds until it is looked for freed pages again: a minute.
const REST_ROUNDS: u32 = 240;

/// Rounds after which it is looked whether there is little to do: five seconds.
const LOOK_ROUNDS: u32 = 20;
/// Statements in so many rounds that are little: a server that looks for work, and somebody who opens a page.
const LITTLE: u64 = 200;

/// Starts the thread. It ends soon after the last `Db` is dropped.
pub(in crate::db) fn spawn(
    settings: &SqliteSettings,
    shared: &Arc<Shared>,
    readers: &Arc<Readers>,
    writer: &Arc<Writer>,
) -> Result<std::thread::JoinHandle<()>, Fault> {
    let connection = Connection::open(settings, false)?;
    // To begin the log anew it keeps writers out while it waits for readers, and a backup reads for minutes.
    connection.batch(&format!("pragma busy_timeout = {LONGEST_PAUSE_MS}"))?;
    let mut log = settings.path.clone().into_os_string();
    log.push("-wal");
    let mut quiet = Quiet {
        shared: Arc::downgrade(shared),
        readers: Arc::downgrade(readers),
        writer: Arc::downgrade(writer),
        n_before: 0,
        rounds: 0,
    };
    std::thread::Builder::new()
        .name("db-upkeep".to_owned())
        .spawn(move || {
            let mut rest = REST_ROUNDS;
            while quiet.shared.strong_count() > 0 {
                std::thread::sleep(Duration::from_millis(250));
                let size = std::fs::metadata(&log).map_or(0, |m| m.len());
                let outcome = if size > LONGEST_LOG {
                    connection.batch("pragma wal_checkpoint(restart)")
                } else if size > CHECKPOINT_BYTES {
                    connection.batch("pragma wal_checkpoint(passive)")
                } else {
                    Ok(())
                };
                // Once a minute is often enough to look whether the file can shrink, and seldom enough to disturb nobody;
                // while much is free, some of it goes in every round.
                rest = rest.saturating_sub(1);
                let outcome = outcome.and_then(|()| {
                    if rest == 0 {
                        let n_left = connection.give_back(PAGES_AT_A_TIME);
                        rest = if n_left.as_ref().is_ok_and(|n| *n > SPARE_PAGES) { 1 } else { REST_ROUNDS };
                        n_left.map(|_| ())
                    } else {
                        Ok(())
                    }
                });
                let outcome = outcome.and_then(|()| quiet.look(&connection));
                if let Err(fault) = outcome
                    && !fault.is_transient()
                {
                    tracing::warn!("database upkeep: {}", fault.chain());
                }
            }
        })
        .map_err(|e| Fault::because("starting the database's upkeep thread", e))
}

/// Whether there is little to do: then no connection keeps pages, so that a server that nobody uses takes the memory of
/// one that has just begun. What is read next comes from the system's memory of the file.
struct Quiet {
    shared: Weak<Shared>,
    readers: Weak<Readers>,
    writer: Weak<Writer>,
    n_before: u64,
    rounds: u32,
}

impl Quiet {
    fn look(&mut self, upkeep: &Connection) -> Result<(), Fault> {
        self.rounds += 1;
        let Some(shared) = self.shared.upgrade().filter(|_| self.rounds >= LOOK_ROUNDS) else { return Ok(()) };
        let n = shared.n_statements.load(Ordering::Relaxed);
        let n_since = n.saturating_sub(self.n_before);
        (self.n_before, self.rounds) = (n, 0);
        if n_since > LITTLE {
            return Ok(());
        }
        upkeep.forget_pages()?;
        self.readers.upgrade().map_or(Ok(()), |readers| readers.forget_pages())?;
        self.writer.upgrade().map_or(Ok(()), |writer| writer.forget_pages())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test shall fail loudly")]
    use super::*;

    #[test]
    fn a_log_that_had_to_grow_is_short_again_when_it_begins_anew() {
        let path = std::env::temp_dir().join(format!("phiomia-log-{}.db", std::process::id()));
        let remove =
            || ["", "-wal", "-shm"].map(|end| std::fs::remove_file(format!("{}{end}", path.display())).is_ok());
        remove();
        let settings = SqliteSettings::at(&path);
        let writer = Connection::open(&settings, false).unwrap();
        writer.batch("pragma wal_autocheckpoint = 0; create table heavy (id integer primary key, stuff blob)").unwrap();
        let write = |n: u32| {
            let all = format!("with recursive n(i) as (select 1 union all select i + 1 from n where i < {n})");
            writer.batch(&format!("{all} insert into heavy (stuff) select zeroblob(80000) from n")).unwrap();
        };
        let log = || std::fs::metadata(format!("{}-wal", path.display())).unwrap().len();
        let reader = Connection::open(&settings, true).unwrap();
        reader.batch("begin; select * from heavy").unwrap();
        write(1_000);
        assert!(log() > LONGEST_LOG);
        reader.batch("commit").unwrap();
        writer.batch("pragma wal_checkpoint(restart)").unwrap();
        write(1);
        assert!(log() <= LONGEST_LOG, "{} bytes", log());
        drop((reader, writer));
        remove();
    }

    #[test]
    fn freed_pages_go_back_to_the_file_system_some_at_a_time() {
        let path = std::env::temp_dir().join(format!("phiomia-pages-{}.db", std::process::id()));
        let _ = std::fs::remove_file(&path);
        let connection = Connection::open(&SqliteSettings::at(&path), false).unwrap();
        connection.batch("create table heavy (id integer primary key, stuff blob)").unwrap();
        connection
            .batch(
                "with recursive n(i) as (select 1 union all select i + 1 from n where i < 400)
                insert into heavy (stuff) select zeroblob(8000) from n",
            )
            .unwrap();
        connection.batch("delete from heavy").unwrap();
        connection.batch("pragma wal_checkpoint(truncate)").unwrap();
        let full = std::fs::metadata(&path).unwrap().len();
        let first = connection.give_back(200).unwrap();
        let second = connection.give_back(200).unwrap();
        assert_eq!(first - second, 200);
        while connection.give_back(200).unwrap() > 0 {}
        connection.batch("pragma wal_checkpoint(truncate)").unwrap();
        let small = std::fs::metadata(&path).unwrap().len();
        assert!(full > 3_000_000 && small < 100_000, "{full} bytes, then {small}");
        drop(connection);
        for end in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{end}", path.display()));
        }
    }
}
