//! A whole database in another one, from either engine to either engine, or as lines and back.
//!
//! What there is to copy the database itself says ([`Table`]); a table that a migration adds is copied without a word here.
//! Both sides are read in the order of the primary keys and compared row by row: what differs goes, what is missing comes.
//! So a copy that was cut is continued by running it again, and a copy made beside a running server is brought up to the
//! present by another run.

mod catalog;
mod rows;
mod target;

use std::collections::HashMap;

use phiomia_model::{Error, Fault, Refusal, Time};

use super::{Settings, inspect::Raw, migrate, settings, sql::Sql, sql::Statement};

pub use catalog::{Column, Kind, Table};
pub use rows::Sum;
pub(crate) use rows::hex;
use rows::{Item, Row, Rows, Summing, lend, sum};
use target::Target;

/// Rows written in one transaction, and bytes.
const ROWS_AT_ONCE: usize = 5_000;
const BYTES_AT_ONCE: usize = 4 << 20;
/// How often it is told how far a long table is, in rows.
const TELL_EVERY: u64 = 10_000;
/// What the migrations ask for the version: only ever replaced as a whole.
const VERSIONS: &str = "schema_migrations";
/// The mark of a target that is filled from a backup.
const RESTORING: &str = "a backup";

static MADE_AT: Statement =
    Statement::new("copy::MADE_AT", Sql::Same("select cast(min(applied_at) as bigint) from schema_migrations"));
static SERVING: Statement = Statement::new(
    "copy::SERVING",
    Sql::Same(
        "select count(*) from pg_stat_activity where datname = current_database() and application_name = 'phiomia'
            and pid <> pg_backend_pid()",
    ),
);

/// How far a copy is: the rows of a table that are there by now, and whether these are all.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'a> {
    /// Which table.
    pub table: &'a str,
    /// Rows looked at.
    pub n_rows: u64,
    /// Whether the table is done.
    pub is_done: bool,
}

/// What a copy came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Copied {
    /// Tables compared.
    pub n_tables: u64,
    /// Rows in the target.
    pub n_rows: u64,
    /// Rows of these that this run wrote.
    pub n_written: u64,
    /// Whether it went on from where an earlier run had ended.
    pub is_continued: bool,
}

/// A consistent look at a whole database, while others go on writing into it.
pub struct Snapshot {
    raw: Raw,
    /// Its tables, by name.
    pub tables: Vec<Table>,
    /// The version of its schema.
    pub version: usize,
    made_at: i64,
}

impl Snapshot {
    /// Takes it.
    ///
    /// # Errors
    /// A refusal when the schema is not the one of this program; a fault of the database.
    pub fn take(from: &Settings) -> Result<Snapshot, Error> {
        let raw = target::open(from)?;
        match &raw {
            Raw::Sqlite(connection) => connection.batch("pragma query_only = on; begin")?,
            Raw::Postgres(connection) => connection.batch("begin isolation level repeatable read read only")?,
        }
        let tables = catalog::tables(&raw)?;
        let is_ours = tables.iter().any(|table| table.name == VERSIONS);
        if !is_ours {
            return Err(Refusal::Invalid("the database has no tables of this program".to_owned()).into());
        }
        migrate::look(&raw)?;
        let number = |statement| -> Result<i64, Fault> {
            let found = raw.rows::<(Option<i64>,)>(statement)?;
            Ok(found.first().and_then(|(number,)| *number).unwrap_or_default())
        };
        let version = usize::try_from(number(settings::version_statement())?).unwrap_or_default();
        if version != migrate::NEWEST {
            let newest = migrate::NEWEST;
            let sentence = format!(
                "the database has schema version {version}, and this program {newest}: run `phiomia db migrate` first"
            );
            return Err(Refusal::Invalid(sentence).into());
        }
        let made_at = number(&MADE_AT)?;
        Ok(Snapshot { raw, tables, version, made_at })
    }

    /// Lends the rows of a table, a line of JSON each, in the order of its key.
    ///
    /// # Errors
    /// What `take` gives; a fault of the database.
    pub fn lines(&self, table: &Table, take: &mut dyn FnMut(&[u8]) -> Result<(), Fault>) -> Result<Sum, Fault> {
        let mut summing = Summing::new();
        lend(&self.raw, table, &mut |rows| {
            while let Some(row) = rows.next()? {
                take(summing.add(&row)?)?;
            }
            Ok(())
        })?;
        Ok(summing.sum())
    }
}

/// Makes the target the same as the source. `is_last`: nobody writes into the source any more, and the target is handed
/// over when all its tables were compared by count and checksum; otherwise it stays marked as begun.
///
/// # Errors
/// A refusal when the target is neither empty nor a begun copy of this source; a fault when they are not the same in the
/// end, or of a database.
pub fn copy(
    from: &Settings,
    to: &Settings,
    is_last: bool,
    now: Time,
    tell: &mut dyn FnMut(Progress<'_>),
) -> Result<Copied, Error> {
    let source = Snapshot::take(from)?;
    let mark = format!("the database of {}", source.made_at);
    let target = Target::begin(to, &mark, source.version, now)?;
    if catalog::tables(&target.writer)? != source.tables {
        let sentence = "the copy was begun by another version of this program: make the target anew";
        return Err(Refusal::Invalid(sentence.to_owned()).into());
    }
    let mut copied = Copied { is_continued: target.is_begun, ..Copied::default() };
    for table in &source.tables {
        let (n_rows, n_written) = if table.name == VERSIONS {
            versions(&source, &target, table, is_last)?
        } else {
            table_of(&source, &target, table, tell)?
        };
        copied.n_tables += 1;
        copied.n_rows += n_rows;
        copied.n_written += n_written;
        tell(Progress { table: &table.name, n_rows, is_done: true });
    }
    if is_last {
        target.finish(now)?;
    }
    Ok(copied)
}

/// Whether somebody serves from a PostgreSQL database, as far as it knows. A SQLite database has its lock file for that.
///
/// # Errors
/// A fault of the database.
pub fn is_served(settings: &Settings) -> Result<bool, Fault> {
    match settings {
        Settings::Sqlite(_) => Ok(false),
        Settings::Postgres(_) => {
            let raw = target::open(settings)?;
            Ok(raw.rows::<(i64,)>(&SERVING)?.first().is_some_and(|(n,)| *n > 0))
        }
    }
}

/// The rows that tell the version go over together: a target without them would be migrated once more.
fn versions(source: &Snapshot, target: &Target, table: &Table, is_last: bool) -> Result<(u64, u64), Fault> {
    let mut all = Vec::new();
    lend(&source.raw, table, &mut |rows| {
        while let Some(row) = rows.next()? {
            all.push(row);
        }
        Ok(())
    })?;
    if is_last {
        target.replace(table, &all)?;
    }
    let n = u64::try_from(all.len()).unwrap_or(u64::MAX);
    Ok((n, n))
}

/// Makes one table the same, and compares it when something had to be written. How many rows it has, and how many of them
/// were written.
fn table_of(
    source: &Snapshot,
    target: &Target,
    table: &Table,
    tell: &mut dyn FnMut(Progress<'_>),
) -> Result<(u64, u64), Fault> {
    let mut is_empty = false;
    lend(&target.reader, table, &mut |rows| {
        is_empty = rows.next()?.is_none();
        Ok(())
    })?;
    if !is_empty {
        let struck = strike(source, target, table)?;
        if struck.is_same {
            return Ok((struck.n_rows, 0));
        }
    }
    let (expected, n_written) = fill(source, target, table, tell)?;
    let found = sum(&target.reader, table)?;
    if found != expected {
        return Err(Fault::new(format!(
            "{} is not the same after copying: {} rows there ({}), {} here ({})",
            table.name, expected.n_rows, expected.sha256, found.n_rows, found.sha256
        )));
    }
    Ok((found.n_rows, n_written))
}

/// What a look at both sides of a table gave.
struct Struck {
    is_same: bool,
    n_rows: u64,
}

/// Deletes from the target what is not the same in the source. First of all, for a row that comes may have what only one
/// row can have, and a row that goes may have it still.
fn strike(source: &Snapshot, target: &Target, table: &Table) -> Result<Struck, Fault> {
    let mut struck = Struck { is_same: true, n_rows: 0 };
    let mut keys: Vec<Vec<Item>> = Vec::new();
    side_by_side(source, target, table, &mut |here, there| {
        struck.n_rows += u64::from(here.is_some());
        if here == there {
            return Ok(());
        }
        struck.is_same = false;
        if let Some(there) = there {
            keys.push(there.key(table));
            if keys.len() >= ROWS_AT_ONCE {
                target.delete(table, &keys)?;
                keys.clear();
            }
        }
        Ok(())
    })?;
    if !keys.is_empty() {
        target.delete(table, &keys)?;
    }
    Ok(struck)
}

/// Writes what the target has not. What the source has in all, and how many rows were written.
fn fill(
    source: &Snapshot,
    target: &Target,
    table: &Table,
    tell: &mut dyn FnMut(Progress<'_>),
) -> Result<(Sum, u64), Fault> {
    let mut summing = Summing::new();
    let mut batch = Batch::default();
    let mut n_rows = 0;
    side_by_side(source, target, table, &mut |here, there| {
        let Some(here) = here else { return Ok(()) };
        summing.add(&here)?;
        if there.is_none() {
            batch.push(target, table, here)?;
        }
        n_rows += 1;
        if n_rows % TELL_EVERY == 0 {
            batch.write(target, table)?;
            tell(Progress { table: &table.name, n_rows, is_done: false });
        }
        Ok(())
    })?;
    batch.write(target, table)?;
    Ok((summing.sum(), batch.n_written))
}

/// Goes through both sides in the order of their keys. Rows of the same key come together.
fn side_by_side(
    source: &Snapshot,
    target: &Target,
    table: &Table,
    take: &mut dyn FnMut(Option<Row>, Option<Row>) -> Result<(), Fault>,
) -> Result<(), Fault> {
    lend(&source.raw, table, &mut |ours| lend(&target.reader, table, &mut |theirs| merge(table, ours, theirs, take)))
}

fn merge(
    table: &Table,
    ours: &mut dyn Rows,
    theirs: &mut dyn Rows,
    take: &mut dyn FnMut(Option<Row>, Option<Row>) -> Result<(), Fault>,
) -> Result<(), Fault> {
    use std::cmp::Ordering;
    let mut there = theirs.next()?;
    let mut here = ours.next()?;
    while here.is_some() || there.is_some() {
        let order = match (&here, &there) {
            (Some(here), Some(there)) => here.key(table).cmp(&there.key(table)),
            (Some(_), None) => Ordering::Less,
            _ => Ordering::Greater,
        };
        let goes_here = if order.is_le() { std::mem::replace(&mut here, ours.next()?) } else { None };
        let goes_there = if order.is_ge() { std::mem::replace(&mut there, theirs.next()?) } else { None };
        take(goes_here, goes_there)?;
    }
    Ok(())
}

/// Rows that wait to be written together.
#[derive(Default)]
struct Batch {
    rows: Vec<Row>,
    n_bytes: usize,
    n_written: u64,
}

impl Batch {
    fn push(&mut self, target: &Target, table: &Table, row: Row) -> Result<(), Fault> {
        self.n_bytes += row.n_bytes();
        self.rows.push(row);
        if self.rows.len() >= ROWS_AT_ONCE || self.n_bytes >= BYTES_AT_ONCE {
            self.write(target, table)
        } else {
            Ok(())
        }
    }

    fn write(&mut self, target: &Target, table: &Table) -> Result<(), Fault> {
        if self.rows.is_empty() {
            return Ok(());
        }
        target.insert(table, &self.rows)?;
        self.n_written += u64::try_from(self.rows.len()).unwrap_or(u64::MAX);
        self.rows.clear();
        self.n_bytes = 0;
        Ok(())
    }
}

/// A database that is filled from lines.
pub struct Filling {
    target: Target,
    tables: HashMap<String, Table>,
    batch: Batch,
    /// The table that comes just now, and what came of it.
    at: Option<(Table, Summing)>,
    versions: Vec<Row>,
    sums: HashMap<String, Sum>,
}

impl Filling {
    /// Begins with an empty database, or with one that an earlier try left unfinished: that is emptied.
    ///
    /// # Errors
    /// A refusal when the target is not empty, or when `tables` are not those of that version of the schema.
    pub fn begin(to: &Settings, version: usize, tables: &[Table], now: Time) -> Result<Filling, Error> {
        if version > migrate::NEWEST {
            let newest = migrate::NEWEST;
            let sentence =
                format!("the backup has schema version {version}, this program knows {newest}: use a newer one");
            return Err(Refusal::Invalid(sentence).into());
        }
        let target = Target::begin(to, RESTORING, version, now)?;
        if catalog::tables(&target.writer)? != tables {
            let sentence = format!("the tables of the backup are not those of schema version {version}");
            return Err(Refusal::Invalid(sentence).into());
        }
        let others: Vec<Table> = tables.iter().filter(|table| table.name != VERSIONS).cloned().collect();
        target.clear(&others)?;
        let tables = tables.iter().map(|table| (table.name.clone(), table.clone())).collect();
        let (batch, versions, sums) = (Batch::default(), Vec::new(), HashMap::new());
        Ok(Filling { target, tables, batch, at: None, versions, sums })
    }

    /// Takes a line of a table. All lines of one table come together.
    ///
    /// # Errors
    /// A refusal when it is no row of the table; a fault of the database.
    pub fn line(&mut self, table: &str, line: &[u8]) -> Result<(), Error> {
        if self.at.as_ref().is_none_or(|(at, _)| at.name != table) {
            self.end()?;
            let unknown =
                || Refusal::Invalid(format!("the backup has rows of a table {table}, which it does not name"));
            let table = self.tables.get(table).ok_or_else(unknown)?;
            self.at = Some((table.clone(), Summing::new()));
        }
        let Some((table, summing)) = &mut self.at else { return Ok(()) };
        let row = Row::read(line, table).map_err(|fault| Refusal::Invalid(fault.chain()))?;
        summing.add(&row)?;
        if table.name == VERSIONS {
            self.versions.push(row);
        } else {
            self.batch.push(&self.target, table, row)?;
        }
        Ok(())
    }

    fn end(&mut self) -> Result<(), Fault> {
        let Some((table, summing)) = self.at.take() else { return Ok(()) };
        self.batch.write(&self.target, &table)?;
        self.sums.insert(table.name, summing.sum());
        Ok(())
    }

    /// Compares what came, and what the database now has, with what there should be, and hands the database over.
    ///
    /// # Errors
    /// A refusal that names a table that is not the same; a fault of the database.
    pub fn finish(mut self, expected: &HashMap<String, Sum>, now: Time) -> Result<u64, Error> {
        self.end()?;
        let mut n_rows = 0;
        let mut names: Vec<&String> = self.tables.keys().collect();
        names.sort_unstable();
        for name in names {
            let Some(table) = self.tables.get(name) else { continue };
            if name == VERSIONS {
                self.target.replace(table, &self.versions)?;
            }
            let found = sum(&self.target.reader, table)?;
            if expected.get(name) != Some(&found) {
                return Err(Refusal::Invalid(format!("{name} is not what the backup says that it is")).into());
            }
            n_rows += found.n_rows;
        }
        self.target.finish(now)?;
        Ok(n_rows)
    }
}
