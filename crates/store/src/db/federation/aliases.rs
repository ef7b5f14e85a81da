//! Under which other names in the network an account is known: who moves here shows the old one, who moves away the new.

use phiomia_model::{AccountId, Fault};

use crate::db::{
    query::{Query, Tx},
    sql::{Sql, queries},
};

queries! {
    OF = Sql::Same("select uri from aliases where account_id = $1 order by created_at, uri");
    ADD = Sql::Same("insert into aliases (account_id, uri, created_at) values ($1, $2, $3)
        on conflict (account_id, uri) do nothing");
    REMOVE = Sql::Same("delete from aliases where account_id = $1 and uri = $2");
}

/// The other names of somebody here, in the order they were added.
///
/// # Errors
/// The database failed.
pub fn of(q: &Query<'_>, account: AccountId) -> Result<Vec<String>, Fault> {
    q.column(&OF, (account,))
}

/// Adds another name.
///
/// # Errors
/// The database failed.
pub fn add(tx: &Tx<'_>, account: AccountId, uri: &str) -> Result<(), Fault> {
    tx.execute(&ADD, (account, uri, tx.now())).map(|_| ())
}

/// Takes another name away; whether it was there.
///
/// # Errors
/// The database failed.
pub fn remove(tx: &Tx<'_>, account: AccountId, uri: &str) -> Result<bool, Fault> {
    Ok(tx.execute(&REMOVE, (account, uri))? > 0)
}
