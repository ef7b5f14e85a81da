//! The database that is copied into: found empty or begun, without the constraints that stand in a copy's way until all
//! is there, and marked until then, so that nobody serves from a half of it.

use std::{
    fs::{self, OpenOptions},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
    time::Duration,
};

use phiomia_model::{Error, Fault, Job, Refusal, Time};
use postgres_types::Type;
use rusqlite::types::{ToSqlOutput, ValueRef};

use super::{
    catalog::{Column, Kind, MARKS, Table, literal, quoted},
    rows::{Item, Row},
};
use crate::db::{
    Settings,
    inspect::Raw,
    migrate,
    sql::{Sql, Statement},
    sqlite::broken,
};

static N_TABLES: Statement = Statement::new(
    "copy::N_TABLES",
    Sql::Differs {
        sqlite: "select count(*) from sqlite_schema where type = 'table' and name not like 'sqlite\\_%' escape '\\'",
        postgres: "select count(*) from pg_tables where schemaname = current_schema()",
    },
);
static HAS_MARKS: Statement = Statement::new(
    "copy::HAS_MARKS",
    Sql::Differs {
        sqlite: "select count(*) from sqlite_schema where name = 'copy_marks'",
        postgres: "select count(*) from pg_tables where schemaname = current_schema() and tablename = 'copy_marks'",
    },
);
static FROM: Statement = Statement::new("copy::FROM", Sql::Same("select value from copy_marks where name = 'from'"));
static SET_ASIDE: Statement = Statement::new(
    "copy::SET_ASIDE",
    Sql::Same("select value from copy_marks where name like 'constraint %' order by name"),
);
static REFERENCES: Statement = Statement::new(
    "copy::REFERENCES",
    Sql::Same(
        "select cast(t.relname as text), cast(c.conname as text), pg_get_constraintdef(c.oid)
        from pg_constraint c join pg_class t on t.oid = c.conrelid
        where c.contype = 'f'
            and c.connamespace = (select oid from pg_namespace where nspname = current_schema())",
    ),
);

static ALONE: Statement = Statement::new("copy::ALONE", Sql::Same("select pg_try_advisory_lock(7246105)"));

static DANGLING: Statement =
    Statement::new("copy::DANGLING", Sql::Same("select \"table\" from pragma_foreign_key_check limit 1"));

/// How often it is looked whether another copy has ended.
const TRIES: u32 = 50;

/// A database that is being copied into.
pub(super) struct Target {
    pub(super) writer: Raw,
    /// Looks at a table while the other one writes into it.
    pub(super) reader: Raw,
    /// Whether an earlier run had begun.
    pub(super) is_begun: bool,
}

impl Target {
    /// Takes an empty database, or one into which a copy of the same source (named by `mark`) has begun, and gives it the
    /// tables of a version of the schema.
    pub(super) fn begin(to: &Settings, mark: &str, version: usize, now: Time) -> Result<Target, Error> {
        if let Settings::Sqlite(sqlite) = to {
            make_file(&sqlite.path)?;
        }
        let writer = open(to)?;
        be_alone(&writer)?;
        let is_begun = mark_it(&writer, mark)?;
        match to {
            Settings::Sqlite(sqlite) => migrate::sqlite_to(sqlite, now, version, false)?,
            Settings::Postgres(postgres) => migrate::postgres_to(postgres, now, version, false)?,
        };
        match &writer {
            // What is lost with the power is copied again; a broken file would be worse, and this does not break it.
            Raw::Sqlite(connection) => connection.batch("pragma foreign_keys = off; pragma synchronous = normal")?,
            Raw::Postgres(_) => set_references_aside(&writer)?,
        }
        let reader = open(to)?;
        Ok(Target { writer, reader, is_begun })
    }

    /// Writes rows, all or none.
    pub(super) fn insert(&self, table: &Table, rows: &[Row]) -> Result<(), Fault> {
        let (name, columns) = (quoted(&table.name), table.column_list());
        match &self.writer {
            Raw::Sqlite(connection) => {
                let places = vec!["?"; table.columns.len()].join(", ");
                let sql = format!("insert into {name} ({columns}) values ({places})");
                transaction(&self.writer, || {
                    let failed = |e: rusqlite::Error| broken("writing a table", &e);
                    let mut insert = connection.raw.prepare_cached(&sql).map_err(failed)?;
                    for row in rows {
                        insert.execute(rusqlite::params_from_iter(&row.0)).map_err(failed)?;
                    }
                    Ok(())
                })
            }
            Raw::Postgres(connection) => {
                let sql = format!("copy {name} ({columns}) from stdin (format binary)");
                let types: Vec<Type> = table.columns.iter().map(wire_type).collect();
                let values = rows.iter().map(|row| row.0.iter().map(Item::value).collect::<Vec<_>>());
                transaction(&self.writer, || connection.copy_in(&sql, &types, values))
            }
        }
    }

    /// Deletes the rows of these keys, all or none.
    pub(super) fn delete(&self, table: &Table, keys: &[Vec<Item>]) -> Result<(), Fault> {
        let condition = |(at, column): (usize, &Column)| format!("{} = ${}", quoted(&column.name), at + 1);
        let conditions: Vec<String> = table.key_columns().enumerate().map(condition).collect();
        let sql = format!("delete from {} where {}", quoted(&table.name), conditions.join(" and "));
        transaction(&self.writer, || {
            for key in keys {
                match &self.writer {
                    Raw::Sqlite(connection) => connection
                        .raw
                        .prepare_cached(&sql.replace('$', "?"))
                        .and_then(|mut delete| delete.execute(rusqlite::params_from_iter(key)))
                        .map_err(|e| broken("changing a table", &e))?,
                    Raw::Postgres(connection) => {
                        let values: Vec<_> = key.iter().map(Item::value).collect();
                        usize::try_from(connection.run(&sql, &values)?).unwrap_or(usize::MAX)
                    }
                };
            }
            Ok(())
        })
    }

    /// Puts these rows in the place of all that a small table holds.
    pub(super) fn replace(&self, table: &Table, rows: &[Row]) -> Result<(), Fault> {
        let (name, columns) = (quoted(&table.name), table.column_list());
        let places: Vec<String> = (1..=table.columns.len()).map(|at| format!("${at}")).collect();
        let sql = format!("insert into {name} ({columns}) values ({})", places.join(", "));
        transaction(&self.writer, || {
            self.writer.batch(&format!("delete from {name}"))?;
            for row in rows {
                match &self.writer {
                    Raw::Sqlite(connection) => connection
                        .raw
                        .execute(&sql.replace('$', "?"), rusqlite::params_from_iter(&row.0))
                        .map(|_| ())
                        .map_err(|e| broken("writing a table", &e))?,
                    Raw::Postgres(connection) => {
                        let values: Vec<_> = row.0.iter().map(Item::value).collect();
                        connection.run(&sql, &values).map(|_| ())?;
                    }
                }
            }
            Ok(())
        })
    }

    /// Empties tables: of what the migrations put there, and of what an earlier run that is not continued had written.
    pub(super) fn clear(&self, tables: &[Table]) -> Result<(), Fault> {
        transaction(&self.writer, || {
            for table in tables {
                self.writer.batch(&format!("delete from {}", quoted(&table.name)))?;
            }
            Ok(())
        })
    }

    /// Puts the constraints back, which looks whether all rows satisfy them, leaves the making of the words by which posts
    /// are found to the first server that starts here, and takes the mark away. From then on it is a database as any other.
    pub(super) fn finish(self, now: Time) -> Result<(), Error> {
        let back: Vec<String> = self.writer.rows::<(String,)>(&SET_ASIDE)?.into_iter().map(|(sql,)| sql).collect();
        drop(self.reader);
        if let Raw::Sqlite(_) = &self.writer
            && let Some((table,)) = self.writer.rows::<(String,)>(&DANGLING)?.first()
        {
            return Err(Fault::new(format!("a row of {table} refers to something that is not there")).into());
        }
        transaction(&self.writer, || {
            for sql in back {
                self.writer.batch(&sql)?;
            }
            self.writer.batch(&leave_words(now)?)?;
            self.writer.batch(&format!("drop table {MARKS}"))
        })?;
        match &self.writer {
            Raw::Sqlite(_) => self.writer.batch("pragma synchronous = full; pragma wal_checkpoint(truncate)")?,
            // Until somebody looked at the tables PostgreSQL plans as if they were small.
            Raw::Postgres(_) => self.writer.batch("analyze")?,
        }
        Ok(())
    }
}

impl rusqlite::ToSql for Item {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Item::Null => ValueRef::Null,
            Item::Int(n) => ValueRef::Integer(*n),
            Item::Bool(b) => ValueRef::Integer(i64::from(*b)),
            Item::Text(text) => ValueRef::Text(text.as_bytes()),
            Item::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

/// Makes an empty file, for nobody but us: it will hold everybody's secrets, wherever it is put.
fn make_file(path: &Path) -> Result<(), Fault> {
    let failed = |e: std::io::Error| Fault::because(format!("making {}", path.display()), e);
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    let opened = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path);
    opened.map(drop).map_err(failed)
}

/// A connection that nobody takes for a server's.
pub(super) fn open(settings: &Settings) -> Result<Raw, Fault> {
    let raw = Raw::open(settings)?;
    if let Raw::Postgres(connection) = &raw {
        connection.batch("set application_name = 'phiomia copy'")?;
    }
    Ok(raw)
}

fn wire_type(column: &Column) -> Type {
    match column.kind {
        Kind::Int => Type::INT8,
        Kind::Bool => Type::BOOL,
        Kind::Text => Type::TEXT,
        Kind::Bytes => Type::BYTEA,
    }
}

/// Runs `work` in a transaction of the connection.
fn transaction(raw: &Raw, work: impl FnOnce() -> Result<(), Fault>) -> Result<(), Fault> {
    raw.batch("begin")?;
    let done = work().and_then(|()| raw.batch("commit"));
    if done.is_err() {
        // It is gone already when the connection is.
        let _ = raw.batch("rollback");
    }
    done
}

/// Held until the connection ends. That of a copy that was killed ends a moment later.
fn be_alone(writer: &Raw) -> Result<(), Error> {
    if matches!(writer, Raw::Sqlite(_)) {
        return Ok(());
    }
    for _ in 0..TRIES {
        if writer.rows::<(bool,)>(&ALONE)?.first().is_some_and(|(is_alone,)| *is_alone) {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    Err(refused("another copy into this database is running"))
}

/// Marks an empty database; whether it bore that mark already.
fn mark_it(writer: &Raw, mark: &str) -> Result<bool, Error> {
    let count =
        |statement| -> Result<i64, Fault> { Ok(writer.rows::<(i64,)>(statement)?.first().map_or(0, |(n,)| *n)) };
    if count(&HAS_MARKS)? > 0 {
        let found = writer.rows::<(String,)>(&FROM)?;
        if found.first().is_some_and(|(from,)| from == mark) {
            return Ok(true);
        }
        return Err(refused("into the target the copy of another database has begun: make the target anew"));
    }
    if count(&N_TABLES)? > 0 {
        return Err(refused("the target is not empty: name a database without tables, or a file that is not there"));
    }
    transaction(writer, || {
        writer.batch(&format!("create table {MARKS} (name text primary key, value text not null)"))?;
        writer.batch(&format!("insert into {MARKS} (name, value) values ('from', {})", literal(mark)))
    })?;
    Ok(false)
}

/// Takes away what says that rows refer to rows, and keeps it to be put back: posts answer posts, and no order of rows
/// would satisfy that everywhere. One look at the end also costs less than one at each row.
fn set_references_aside(writer: &Raw) -> Result<(), Fault> {
    let all = writer.rows::<(String, String, String)>(&REFERENCES)?;
    transaction(writer, || {
        for (table, constraint, definition) in all {
            let (of, name) = (quoted(&table), quoted(&constraint));
            let back = format!("alter table {of} add constraint {name} {definition}");
            let place = literal(&format!("constraint {table} {constraint}"));
            writer.batch(&format!("insert into {MARKS} (name, value) values ({place}, {})", literal(&back)))?;
            writer.batch(&format!("alter table {of} drop constraint {name}"))?;
        }
        Ok(())
    })
}

fn leave_words(now: Time) -> Result<String, Fault> {
    let job = Job::IndexWords { after: phiomia_model::StatusId(0) };
    let payload = serde_json::to_string(&job).map_err(|e| Fault::because("writing a job", e))?;
    Ok(format!(
        "insert into jobs (id, lane, priority, kind, payload, run_at, created_at)
            select coalesce(max(id), 0) + 1, {}, {}, {}, {}, {now}, {now} from jobs",
        literal(job.lane().word()),
        job.priority(),
        literal(job.kind()),
        literal(&payload),
        now = now.0,
    ))
}

fn refused(sentence: &str) -> Error {
    Refusal::Invalid(sentence.to_owned()).into()
}
