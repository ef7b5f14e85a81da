//! Server settings that are changed while running, and the schema's version.

use phiomia_model::Fault;

use super::{
    query::{Query, Tx},
    sql::{Sql, queries},
};

queries! {
    ALL_SETTINGS = Sql::Same("select name, value from settings order by name");
    ONE = Sql::Same("select value from settings where name = $1");
    SET = Sql::Same("insert into settings (name, value) values ($1, $2)
        on conflict (name) do update set value = excluded.value");
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
    tx.execute(&SET, (name, value)).map(|_| ())
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
