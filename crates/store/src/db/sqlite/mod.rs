//! SQLite: reading threads with snapshots, one writing thread with group commit, checkpoints off the request path.

mod reader;
mod upkeep;
mod writer;

use std::{
    fs::OpenOptions,
    iter,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    rc::Rc,
};

use phiomia_model::Fault;
use rusqlite::{OpenFlags, config::DbConfig, types::ValueRef, vtab::array};

use super::{
    error::{Cause, fault},
    sql::Statement,
    value::{Cell, Cells, Row, Value},
};

pub(super) use reader::Readers;
pub(super) use upkeep::spawn as spawn_upkeep;
pub(super) use writer::Writer;

/// Above our number of statements, so that each is prepared once a connection.
const STATEMENTS_CACHED: usize = 1024;

/// How a database file is opened.
#[derive(Clone, Debug)]
pub struct SqliteSettings {
    /// The file; made if missing.
    pub path: PathBuf,
    /// Reading threads, each with its own connection.
    pub readers: usize,
    /// Page cache of each connection, in KiB.
    pub cache_kib: i64,
    /// Bytes of the file mapped into memory by each connection; 0 for none.
    pub mmap_bytes: i64,
}

impl SqliteSettings {
    /// For `path`, with defaults that suit a small machine.
    #[must_use]
    pub fn at(path: impl Into<PathBuf>) -> SqliteSettings {
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        SqliteSettings { path: path.into(), readers: cores.clamp(2, 8), cache_kib: 4096, mmap_bytes: 0 }
    }
}

/// The log is cut to this when it begins anew after it had to grow (behind a backup that read for minutes).
pub(super) const LONGEST_LOG: u64 = 64 << 20;

/// One connection with its cache of prepared statements.
pub struct Connection {
    pub(super) raw: rusqlite::Connection,
}

impl Connection {
    /// Opens the file. A reader cannot write, whatever statement it is given.
    pub(super) fn open(settings: &SqliteSettings, is_reader: bool) -> Result<Connection, Fault> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let raw = rusqlite::Connection::open_with_flags(&settings.path, flags)
            .map_err(|e| broken("opening the database file", &e))?;
        let set = |sql: &str| raw.execute_batch(sql).map_err(|e| broken("setting up the database connection", &e));
        // A second process (the command line) may hold the write lock for a moment.
        raw.busy_timeout(std::time::Duration::from_secs(10)).map_err(|e| broken("setting the busy timeout", &e))?;
        // Each page that an act changes is remembered as it was until the batch is written, in memory by this: in files a post
        // would cost a quarter more. So no act may change a large part of the database.
        set("pragma auto_vacuum = incremental; pragma journal_mode = wal; pragma synchronous = full; \
             pragma foreign_keys = on; pragma temp_store = memory; pragma recursive_triggers = on;")?;
        set(&format!("pragma cache_size = -{}; pragma mmap_size = {};", settings.cache_kib, settings.mmap_bytes))?;
        array::load_module(&raw).map_err(|e| broken("setting up the database connection", &e))?;
        if is_reader {
            set("pragma query_only = on")?;
        } else {
            set(&format!("pragma journal_size_limit = {LONGEST_LOG}"))?;
        }
        raw.set_prepared_statement_cache_capacity(STATEMENTS_CACHED);
        // Without this guarantee SQLite, built with statistics, plans a prepared statement anew each time it is bound to
        // other values: more work than most of our statements are.
        raw.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
            .map_err(|e| broken("setting up the database connection", &e))?;
        Ok(Connection { raw })
    }

    /// Whether a transaction is open: SQLite itself ends one when the disk fails.
    pub(super) fn is_in_transaction(&self) -> bool {
        !self.raw.is_autocommit()
    }

    pub(super) fn batch(&self, sql: &str) -> Result<(), Fault> {
        self.raw.execute_batch(sql).map_err(|e| broken(sql.split_whitespace().next().unwrap_or("batch"), &e))
    }

    /// Gives up to so many freed pages back to the file system; how many are left. One page goes with each row of the
    /// pragma's answer: who runs it without reading on gives back one.
    pub(super) fn give_back(&self, n_pages: u32) -> Result<u32, Fault> {
        let run = || {
            let mut prepared = self.raw.prepare(&format!("pragma incremental_vacuum({n_pages})"))?;
            let mut rows = prepared.raw_query();
            while rows.next()?.is_some() {}
            self.raw.query_row("pragma freelist_count", [], |row| row.get(0))
        };
        run().map_err(|e| broken("giving back freed pages", &e))
    }

    /// Gives back the memory of the pages it keeps.
    pub(super) fn forget_pages(&self) -> Result<(), Fault> {
        self.batch("pragma shrink_memory")
    }

    /// Like [`Connection::batch`] for the few statements of every transaction: prepared once.
    pub(super) fn control(&self, sql: &'static str) -> Result<(), Fault> {
        let run = || self.raw.prepare_cached(sql)?.raw_execute();
        run().map(|_| ()).map_err(|e| broken(sql, &e))
    }

    pub(super) fn each(
        &self,
        statement: &Statement,
        values: &[Value<'_>],
        take: &mut dyn FnMut(&mut Row<'_>) -> Result<bool, Fault>,
    ) -> Result<(), Fault> {
        let failed = |e: rusqlite::Error| broken(statement.name, &e);
        let mut prepared = self.prepared(statement, values).map_err(failed)?;
        let mut rows = prepared.raw_query();
        while let Some(row) = rows.next().map_err(failed)? {
            if !take(&mut Row { cells: row, at: 0, statement: statement.name })? {
                break;
            }
        }
        Ok(())
    }

    pub(super) fn execute(&self, statement: &Statement, values: &[Value<'_>]) -> Result<u64, Fault> {
        let run = || self.prepared(statement, values)?.raw_execute();
        run().map(|n| u64::try_from(n).unwrap_or_default()).map_err(|e| broken(statement.name, &e))
    }

    /// A statement with its values, ready to be run.
    fn prepared(&self, statement: &Statement, values: &[Value<'_>]) -> rusqlite::Result<rusqlite::CachedStatement<'_>> {
        let of_one = statement.sqlite_of_one().filter(|_| values.iter().all(is_short));
        let lists = if of_one.is_some() { Lists::Values } else { Lists::Tables };
        let text = of_one.unwrap_or_else(|| statement.sqlite());
        let mut prepared = self.raw.prepare_cached(text)?;
        bind(&mut prepared, values, lists)?;
        Ok(prepared)
    }

    /// Prepares a statement without running it.
    pub(super) fn check(&self, statement: &Statement) -> Result<(), Fault> {
        let mut texts = iter::once(statement.sqlite()).chain(statement.sqlite_of_one());
        texts.try_for_each(|text| self.raw.prepare(text).map(drop)).map_err(|e| broken(statement.name, &e))
    }

    /// How SQLite would run it, a line a step: for long lists, then for those of one.
    pub(super) fn explain(&self, statement: &Statement) -> Result<Vec<String>, Fault> {
        let failed = |e: rusqlite::Error| broken(statement.name, &e);
        let mut lines = Vec::new();
        for text in iter::once(statement.sqlite()).chain(statement.sqlite_of_one()) {
            let mut prepared = self.raw.prepare(&format!("explain query plan {text}")).map_err(failed)?;
            let mut rows = prepared.raw_query();
            while let Some(row) = rows.next().map_err(failed)? {
                lines.push(row.get::<_, String>(3).map_err(failed)?);
            }
        }
        Ok(lines)
    }

    /// A consistent copy into a new file, while others go on reading and writing.
    pub(super) fn backup(&self, to: &Path) -> Result<(), Fault> {
        let path = to.to_str().ok_or_else(|| Fault::new("the backup's path is not UTF-8"))?;
        // It holds everybody's secrets, wherever it is put. SQLite fills an empty file as it would make one.
        let options = &mut OpenOptions::new();
        let made = options.write(true).create_new(true).mode(0o600).open(to);
        made.map_err(|e| Fault::because(format!("making {}", to.display()), e))?;
        self.raw.execute("vacuum into ?1", [path]).map(|_| ()).map_err(|e| broken("writing the backup", &e))
    }
}

impl Cells for rusqlite::Row<'_> {
    fn cell(&self, index: usize) -> Option<Cell<'_>> {
        Some(match self.get_ref(index).ok()? {
            ValueRef::Null => Cell::Null,
            ValueRef::Integer(n) => Cell::Int(n),
            ValueRef::Text(t) => Cell::Text(std::str::from_utf8(t).ok()?),
            ValueRef::Blob(b) => Cell::Bytes(b),
            ValueRef::Real(_) => return None,
        })
    }
}

/// How the lists of a statement are given.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lists {
    /// As tables in memory.
    Tables,
    /// As single values.
    Values,
}

/// Whether it may be given as a single value: an empty list as one that no id is; there is no such text.
fn is_short(value: &Value<'_>) -> bool {
    match value {
        Value::Ids(list) => list.len() <= 1,
        Value::Texts(list) => list.len() == 1,
        _ => true,
    }
}

/// Equal to no id. Null would do for `in ids($1)`, but not for its negation.
const NO_ID: i64 = i64::MIN;

fn bind(prepared: &mut rusqlite::Statement<'_>, values: &[Value<'_>], lists: Lists) -> rusqlite::Result<()> {
    for (index, value) in values.iter().enumerate() {
        let at = index + 1;
        match *value {
            Value::Null => prepared.raw_bind_parameter(at, rusqlite::types::Null)?,
            Value::Int(n) => prepared.raw_bind_parameter(at, n)?,
            Value::Bool(b) => prepared.raw_bind_parameter(at, b)?,
            Value::Text(t) => prepared.raw_bind_parameter(at, t)?,
            Value::Bytes(b) => prepared.raw_bind_parameter(at, b)?,
            Value::Ids(list) if lists == Lists::Values => {
                prepared.raw_bind_parameter(at, list.first().copied().unwrap_or(NO_ID))?;
            }
            Value::Texts(list) if lists == Lists::Values => {
                prepared.raw_bind_parameter(at, list.first().map_or("", String::as_str))?;
            }
            Value::Ids(list) => prepared.raw_bind_parameter(at, table(list.iter().copied()))?,
            Value::Texts(list) => prepared.raw_bind_parameter(at, table(list.iter().cloned()))?,
            // Rows are given one by one.
            Value::Column(_) => return Err(rusqlite::Error::InvalidParameterCount(values.len(), at)),
        }
    }
    Ok(())
}

/// A list as `rarray` reads it.
fn table<T: Into<rusqlite::types::Value>>(list: impl Iterator<Item = T>) -> Rc<Vec<rusqlite::types::Value>> {
    Rc::new(list.map(Into::into).collect())
}

pub(super) fn broken(doing: &str, error: &rusqlite::Error) -> Fault {
    use rusqlite::{ErrorCode, ffi};
    let cause = match error {
        rusqlite::Error::SqliteFailure(code, _) => {
            // After a failed fsync nobody knows what is on the disk: the process must not go on as if it knew.
            if matches!(code.extended_code, ffi::SQLITE_IOERR_FSYNC | ffi::SQLITE_IOERR_DIR_FSYNC) {
                tracing::error!("the disk refused to store the database durably ({error}); stopping at once");
                std::process::abort();
            }
            match (code.code, code.extended_code) {
                (
                    _,
                    ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY | ffi::SQLITE_CONSTRAINT_ROWID,
                ) => Cause::Taken,
                (ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked, _) => Cause::Contention,
                (ErrorCode::DiskFull | ErrorCode::SystemIoFailure | ErrorCode::CannotOpen | ErrorCode::ReadOnly, _) => {
                    Cause::Away
                }
                _ => Cause::Other,
            }
        }
        _ => Cause::Other,
    };
    fault(doing, cause, error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::sql::Sql;

    static THESE: Statement =
        Statement::new("these", Sql::Single(&Sql::Same("select id from a where id in ids($1) order by id")));
    static OTHERS: Statement =
        Statement::new("others", Sql::Single(&Sql::Same("select id from a where not (id in ids($1)) order by id")));
    static NAMED: Statement =
        Statement::new("named", Sql::Single(&Sql::Same("select id from a where name in texts($1) order by id")));

    #[test]
    fn lists_of_none_one_and_many_find_what_they_name() -> Result<(), Fault> {
        let raw = rusqlite::Connection::open_in_memory().map_err(|e| broken("opening", &e))?;
        array::load_module(&raw).map_err(|e| broken("setting up", &e))?;
        let connection = Connection { raw };
        connection.batch("create table a (id integer, name text)")?;
        connection.batch("insert into a values (1, 'x'), (2, ''), (3, null)")?;
        let found = |statement: &Statement, list: Value<'_>| {
            let mut found: Vec<i64> = Vec::new();
            let mut take = |row: &mut Row<'_>| {
                found.push(row.next()?);
                Ok(true)
            };
            connection.each(statement, &[list], &mut take).map(|()| found)
        };
        for (ids, these, others) in
            [(vec![], vec![], vec![1, 2, 3]), (vec![2], vec![2], vec![1, 3]), (vec![3, 1], vec![1, 3], vec![2])]
        {
            assert_eq!(found(&THESE, Value::Ids(&ids))?, these, "{ids:?}");
            assert_eq!(found(&OTHERS, Value::Ids(&ids))?, others, "{ids:?}");
        }
        for (names, these) in [(vec![], vec![]), (vec!["x"], vec![1]), (vec![""], vec![2]), (vec!["x", ""], vec![1, 2])]
        {
            let names: Vec<String> = names.into_iter().map(ToOwned::to_owned).collect();
            assert_eq!(found(&NAMED, Value::Texts(&names))?, these, "{names:?}");
        }
        Ok(())
    }
}
