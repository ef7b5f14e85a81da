//! Putting a copy of a SQLite database in the place of the present one.

use std::{
    ffi::OsString,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use phiomia_model::{Error, Fault, Refusal};
use rusqlite::OpenFlags;

use super::{Settings, inspect, migrate, sqlite};
use crate::clock::Clock;

/// Replaces the database by what `from` holds, after a look at whether it is whole and one of ours. What was there
/// stays beside it under the name that is given back. Nobody else may have the database open.
///
/// # Errors
/// A refusal on PostgreSQL, where `pg_restore` does this, and when `from` is no database of ours, is damaged, or comes
/// from a newer version; a fault of the disk.
pub fn restore(settings: &Settings, from: &Path, clock: &Clock) -> Result<Option<PathBuf>, Error> {
    let Settings::Sqlite(sqlite) = settings else {
        return Err(refused("a PostgreSQL database is restored with pg_restore".to_owned()));
    };
    let path = &sqlite.path;
    let copy = path.with_extension("restoring");
    let done = copy_and_check(from, &copy).and_then(|()| replace(path, &copy, clock));
    // Renamed by now, or worth nothing.
    for left in [copy.clone(), beside(&copy, "-wal"), beside(&copy, "-shm")] {
        let _ = fs::remove_file(left);
    }
    done
}

/// A copy through SQLite and not of the file's bytes, for there may be a log beside it that belongs to it.
fn copy_and_check(from: &Path, copy: &Path) -> Result<(), Error> {
    if !from.is_file() {
        return Err(refused(format!("there is no file {}", from.display())));
    }
    if copy.exists() {
        fs::remove_file(copy).map_err(|e| Fault::because("removing what an earlier try left", e))?;
    }
    let no_database = |_| refused(format!("{} is no SQLite database", from.display()));
    let raw = rusqlite::Connection::open_with_flags(from, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(no_database)?;
    raw.query_row("select count(*) from sqlite_schema", [], |_| Ok(())).map_err(no_database)?;
    sqlite::Connection { raw }.backup(copy)?;
    let settings = Settings::Sqlite(sqlite::SqliteSettings::at(copy));
    migrate::check_copy(copy)?;
    let damage = inspect::damage(&settings)?;
    if let Some(first) = damage.first() {
        return Err(refused(format!("{} is damaged: {first}", from.display())));
    }
    Ok(())
}

fn replace(path: &Path, copy: &Path, clock: &Clock) -> Result<Option<PathBuf>, Error> {
    let failed = |e: io::Error| Fault::because("replacing the database", e);
    File::open(copy).and_then(|file| file.sync_all()).map_err(failed)?;
    let kept = if path.exists() { Some(set_aside(path, clock)?) } else { None };
    fs::rename(copy, path).map_err(failed)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)?;
    Ok(kept)
}

/// Gives the present database a second name. Its log is written into it first: a log that stayed would be taken for
/// that of the new one.
fn set_aside(path: &Path, clock: &Clock) -> Result<PathBuf, Error> {
    let kept = path.with_extension(format!("before-restore-{}.sqlite3", clock.now().as_millis()));
    // A database so broken that it does not open is set aside with its log.
    let opened = sqlite::Connection::open(&sqlite::SqliteSettings::at(path), false);
    let is_whole = opened.and_then(|connection| connection.batch("pragma wal_checkpoint(truncate)")).is_ok();
    let log = beside(path, "-wal");
    if log.exists() {
        if is_whole {
            return Err(refused("another program has the database open".to_owned()));
        }
        fs::rename(&log, beside(&kept, "-wal")).map_err(|e| Fault::because("setting the log aside", e))?;
    }
    fs::hard_link(path, &kept).map_err(|e| Fault::because("keeping the present database", e))?;
    Ok(kept)
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name: OsString = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

fn refused(sentence: String) -> Error {
    Refusal::Invalid(sentence).into()
}
