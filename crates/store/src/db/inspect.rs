//! Looking at a database from outside of its threads: for tests, `db check` and the doctor.

use std::collections::BTreeMap;

use phiomia_model::{Error, Fault};

use super::{
    Settings, postgres,
    sql::{Planning, Sql, Statement},
    sqlite, statements,
    value::{FromRow, Value},
};

/// A connection of its own.
pub(super) enum Raw {
    Sqlite(sqlite::Connection),
    Postgres(Box<postgres::Connection>),
}

impl Raw {
    pub(super) fn open(settings: &Settings) -> Result<Raw, Fault> {
        match settings {
            Settings::Sqlite(s) => sqlite::Connection::open(s, false).map(Raw::Sqlite),
            Settings::Postgres(s) => postgres::Connection::primary(s).map(|c| Raw::Postgres(Box::new(c))),
        }
    }
    pub(super) fn rows<T: FromRow>(&self, statement: &Statement) -> Result<Vec<T>, Fault> {
        let mut all = Vec::new();
        let mut take = |row: &mut super::value::Row<'_>| {
            all.push(T::from_row(row)?);
            Ok(true)
        };
        match self {
            Raw::Sqlite(c) => c.each(statement, &[] as &[Value<'_>], &mut take)?,
            Raw::Postgres(c) => c.each(statement, &[], &mut take)?,
        }
        Ok(all)
    }
    pub(super) fn batch(&self, sql: &str) -> Result<(), Fault> {
        match self {
            Raw::Sqlite(c) => c.batch(sql),
            Raw::Postgres(c) => c.batch(sql),
        }
    }
}

/// Prepares every statement of the room; gives those that fail with the reason.
#[must_use]
pub fn prepare_all(settings: &Settings) -> Vec<String> {
    let raw = match Raw::open(settings) {
        Ok(raw) => raw,
        Err(fault) => return vec![fault.chain()],
    };
    let check = |statement: &&'static Statement| {
        let outcome = match &raw {
            Raw::Sqlite(c) => c.check(statement),
            Raw::Postgres(c) => c.check(statement),
        };
        outcome.err().map(|fault| fault.chain())
    };
    statements().iter().filter_map(check).collect()
}

/// How the engine would run each statement whose name ends in one of `names`, a line a step. PostgreSQL is asked for the
/// plan that holds for any parameters, and told to read a whole table only where nothing else is possible, so that a small
/// test database shows what a large one would do.
///
/// # Errors
/// The database failed.
pub fn plans(settings: &Settings, names: &[&str]) -> Result<BTreeMap<&'static str, Vec<String>>, Fault> {
    let raw = Raw::open(settings)?;
    if let Raw::Postgres(connection) = &raw {
        // Of the nulls that stand for parameters it would know that nothing is found.
        connection.batch("set plan_cache_mode = force_generic_plan; set enable_seqscan = off")?;
    }
    let wanted = |s: &&&Statement| names.iter().any(|n| s.name.ends_with(n));
    let plan = |(at, statement): (usize, &&'static Statement)| match &raw {
        Raw::Sqlite(connection) => Ok((statement.name, connection.explain(statement)?)),
        Raw::Postgres(connection) => Ok((statement.name, connection.explain(statement, at)?)),
    };
    statements().iter().filter(wanted).enumerate().map(plan).collect()
}

/// The names of the statements that PostgreSQL plans once for a connection.
#[must_use]
pub fn planned_once() -> Vec<&'static str> {
    statements()
        .iter()
        .filter(|statement| statement.planning() == Planning::Once)
        .map(|statement| statement.name)
        .collect()
}

/// Runs SQL without parameters.
///
/// # Errors
/// The database failed.
pub fn run(settings: &Settings, sql: &str) -> Result<(), Fault> {
    Raw::open(settings)?.batch(sql)
}

static COLUMNS: Statement = Statement::new(
    "inspect::COLUMNS",
    Sql::Differs {
        sqlite: "select m.name, c.name, lower(c.type), c.\"notnull\" = 0 and c.pk = 0
            from sqlite_schema m, pragma_table_info(m.name) c where m.type = 'table' and m.name not like 'sqlite_%'
            order by 1, 2",
        postgres: "select cast(table_name as text), cast(column_name as text), cast(data_type as text),
                is_nullable = 'YES'
            from information_schema.columns where table_schema = current_schema() order by 1, 2",
    },
);

static INDEXES: Statement = Statement::new(
    "inspect::INDEXES",
    Sql::Differs {
        sqlite: "select name, tbl_name from sqlite_schema where type = 'index' and sql is not null order by 1",
        postgres: "select cast(indexname as text), cast(tablename as text) from pg_indexes
            where schemaname = current_schema() and indexname not like '%\\_pkey' and indexname not like '%\\_key'
            order by 1",
    },
);

/// Table to column to (type, may be null). `blob` and `bytea` are both `bytes`, SQLite's `integer` is `bigint`.
pub type Schema = BTreeMap<String, BTreeMap<String, (String, bool)>>;

/// The tables as they are.
///
/// # Errors
/// The database failed.
pub fn columns(settings: &Settings) -> Result<Schema, Fault> {
    let mut schema = Schema::new();
    for (table, column, kind, may_be_null) in Raw::open(settings)?.rows::<(String, String, String, bool)>(&COLUMNS)? {
        let kind = match kind.as_str() {
            "blob" | "bytea" => "bytes".to_owned(),
            // SQLite's word for a key that is the row's own number, as large as a `bigint`.
            "integer" => "bigint".to_owned(),
            _ => kind,
        };
        schema.entry(table).or_default().insert(column, (kind, may_be_null));
    }
    Ok(schema)
}

/// Named index to its table.
///
/// # Errors
/// The database failed.
pub fn indexes(settings: &Settings) -> Result<BTreeMap<String, String>, Fault> {
    Ok(Raw::open(settings)?.rows::<(String, String)>(&INDEXES)?.into_iter().collect())
}

static INTEGRITY: Statement =
    Statement::new("inspect::INTEGRITY", Sql::Same("select integrity_check from pragma_integrity_check"));
static FOREIGN_KEYS: Statement = Statement::new(
    "inspect::FOREIGN_KEYS",
    Sql::Same("select \"table\", coalesce(cast(rowid as text), '?') from pragma_foreign_key_check"),
);

/// What is wrong with the file itself; empty when all is well. PostgreSQL looks after its own files.
///
/// # Errors
/// The database failed.
pub fn damage(settings: &Settings) -> Result<Vec<String>, Error> {
    let raw = Raw::open(settings)?;
    if matches!(raw, Raw::Postgres(_)) {
        return Ok(Vec::new());
    }
    let mut lines: Vec<String> =
        raw.rows::<(String,)>(&INTEGRITY)?.into_iter().map(|(l,)| l).filter(|l| l != "ok").collect();
    for (table, row) in raw.rows::<(String, String)>(&FOREIGN_KEYS)? {
        lines.push(format!("row {row} of {table} refers to something that is not there"));
    }
    Ok(lines)
}

static HAS_SCHEMA: Statement = Statement::new(
    "inspect::HAS_SCHEMA",
    Sql::Differs {
        sqlite: "select count(*) from sqlite_schema where name = 'schema_migrations'",
        postgres: "select count(*) from information_schema.tables
            where table_name = 'schema_migrations' and table_schema = current_schema()",
    },
);
static ENGINE_VERSION: Statement = Statement::new(
    "inspect::ENGINE_VERSION",
    Sql::Differs { sqlite: "select sqlite_version()", postgres: "select current_setting('server_version_num')" },
);
static BACKEND: Statement = Statement::new(
    "inspect::BACKEND",
    Sql::Differs { sqlite: "select 0", postgres: "select cast(pg_backend_pid() as bigint)" },
);

/// What kind of database it is, before anything is changed in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The version of its schema; 0 for a new one.
    pub schema: usize,
    /// The version that this program would bring it to.
    pub newest: usize,
    /// `3.50.1`, or PostgreSQL's number: `150012`.
    pub engine: String,
}

/// Looks without changing anything.
///
/// # Errors
/// The database failed.
pub fn standing(settings: &Settings) -> Result<Standing, Fault> {
    let raw = Raw::open(&unprepared(settings))?;
    let has_schema = raw.rows::<(i64,)>(&HAS_SCHEMA)?.first().is_some_and(|(n,)| *n > 0);
    let schema = match has_schema {
        true => raw.rows::<(Option<i64>,)>(super::settings::version_statement())?.first().and_then(|(n,)| *n),
        false => None,
    };
    let engine = raw.rows::<(String,)>(&ENGINE_VERSION)?.into_iter().next().map(|(version,)| version);
    Ok(Standing {
        schema: schema.and_then(|n| usize::try_from(n).ok()).unwrap_or_default(),
        newest: super::migrate::newest(),
        engine: engine.unwrap_or_default(),
    })
}

/// What is between us and PostgreSQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pooler {
    /// A connection is one for as long as it is open.
    None,
    /// A connection is another one in each transaction.
    Transactions {
        /// Whether a statement that was prepared in one transaction is there in the next.
        keeps_prepared: bool,
    },
}

/// Looks by two connections: what one of them has just used the other one takes.
///
/// # Errors
/// The database failed.
pub fn pooler(settings: &Settings) -> Result<Pooler, Fault> {
    let Settings::Postgres(settings) = settings else { return Ok(Pooler::None) };
    let prepared = postgres::PostgresSettings { prepared_statements: true, ..*settings.clone() };
    let [one, other] = [postgres::Connection::primary(&prepared)?, postgres::Connection::primary(&prepared)?];
    let backend = |connection: &postgres::Connection| {
        let mut found = 0_i64;
        connection.each(&BACKEND, &[], &mut |row| {
            found = row.next()?;
            Ok(false)
        })?;
        Ok::<_, Fault>(found)
    };
    one.batch("begin")?;
    let Ok(first) = backend(&one) else {
        // A name that we have not used yet is taken: somebody else prepared it on the same connection.
        return Ok(Pooler::Transactions { keeps_prepared: false });
    };
    one.batch("commit")?;
    other.batch("begin")?;
    one.batch("begin")?;
    let second = backend(&one);
    one.batch("rollback")?;
    other.batch("rollback")?;
    Ok(match second {
        Ok(second) if second == first => Pooler::None,
        Ok(_) => Pooler::Transactions { keeps_prepared: true },
        Err(_) => Pooler::Transactions { keeps_prepared: false },
    })
}

/// A way in that works through every pooler.
fn unprepared(settings: &Settings) -> Settings {
    match settings {
        Settings::Sqlite(sqlite) => Settings::Sqlite(sqlite.clone()),
        Settings::Postgres(s) => {
            let settings = postgres::PostgresSettings { prepared_statements: false, ..*s.clone() };
            Settings::Postgres(Box::new(settings))
        }
    }
}
