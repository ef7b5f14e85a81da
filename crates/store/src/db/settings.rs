//! Server settings that are changed while running, and the schema's version.

use phiomia_model::{Fault, Time};

use super::{
    query::{Query, Tx},
    sql::{Sql, queries},
};

queries! {
    ALL_SETTINGS = Sql::Same("select name, value from settings order by name");
    ONE = Sql::Same("select value from settings where name = $1");
    SET = Sql::Same("insert into settings (name, value, updated_at) values ($1, $2, $3)
        on conflict (name) do update set value = excluded.value, updated_at = excluded.updated_at");
    WRITTEN_AT = Sql::Same("select coalesce((select updated_at from settings where name = $1),
        (select min(applied_at) from schema_migrations))");
    VERSION = Sql::Same("select cast(max(version) as bigint) from schema_migrations");
}

/// Every setting that was ever set, by name.
///
/// # Errors
/// The database failed.
pub fn all(q: &Query<'_>) -> Result<Vec<(String, String)>, Fault> {
    q.rows(&ALL_SETTINGS, ())
}

/// One setting; `None` when it was never set.
///
/// # Errors
/// The database failed.
pub fn get(q: &Query<'_>, name: &str) -> Result<Option<String>, Fault> {
    q.value(&ONE, (name,))
}

/// Sets one.
///
/// # Errors
/// The database failed.
pub fn set(tx: &Tx<'_>, name: &str, value: &str) -> Result<(), Fault> {
    tx.execute(&SET, (name, value, tx.now())).map(|_| ())
}

/// The newest migration that ran.
///
/// # Errors
/// The database failed.
pub fn version(q: &Query<'_>) -> Result<i64, Fault> {
    Ok(q.value::<Option<i64>>(&VERSION, ())?.flatten().unwrap_or_default())
}

/// For the migrations, which ask before anything else is there.
pub(super) fn version_statement() -> &'static super::sql::Statement {
    &VERSION
}

/// When a setting was last changed; for one that never was, when the database was made.
///
/// # Errors
/// The database failed.
pub fn written_at(q: &Query<'_>, name: &str) -> Result<Time, Fault> {
    Ok(q.value::<Option<Time>>(&WRITTEN_AT, (name,))?.flatten().unwrap_or(Time(0)))
}
