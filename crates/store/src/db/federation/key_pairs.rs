//! Our own key pairs, sealed. One for each local account that was ever asked for, and one for the server itself.

use std::time::Duration;

use phiomia_model::{AccountId, Fault};

use crate::db::{
    query::{Query, Tx},
    sql::{Sql, queries},
};

/// Stands for the server's own actor, which signs what no person does.
pub const SERVER: AccountId = AccountId(0);

queries! {
    FIND = Sql::Same("select private_key, public_pem from key_pairs where account_id = $1");
    PUBLIC = Sql::Same("select public_pem from key_pairs where account_id = $1");
    KEEP = Sql::Same("insert into key_pairs (account_id, private_key, public_pem, created_at) values ($1, $2, $3, $4)
        on conflict (account_id) do nothing");
    REPLACE = Sql::Same("insert into key_pairs (account_id, private_key, public_pem, created_at) values ($1, $2, $3, $4)
        on conflict (account_id) do update set private_key = excluded.private_key, public_pem = excluded.public_pem,
            created_at = excluded.created_at");
    TIDY = Sql::Same("delete from key_pairs where exists (select 1 from accounts a
        where a.id = key_pairs.account_id and a.deleted_at < $1)");
}

/// A key pair as it is kept.
#[derive(Clone)]
pub struct KeyPair {
    /// PKCS#8 in DER, sealed.
    pub sealed: Vec<u8>,
    /// `BEGIN PUBLIC KEY`.
    pub public_pem: String,
}

/// The key pair of an account; `None`: none was made yet.
///
/// # Errors
/// The database failed.
pub fn find(q: &Query<'_>, account: AccountId) -> Result<Option<KeyPair>, Fault> {
    let row: Option<(Vec<u8>, String)> = q.row(&FIND, (account,))?;
    Ok(row.map(|(sealed, public_pem)| KeyPair { sealed, public_pem }))
}

/// The public half alone.
///
/// # Errors
/// The database failed.
pub fn public_pem(q: &Query<'_>, account: AccountId) -> Result<Option<String>, Fault> {
    q.value(&PUBLIC, (account,))
}

/// Keeps a new pair, unless there is one already; gives the one that counts.
///
/// # Errors
/// The database failed.
pub fn keep(tx: &Tx<'_>, account: AccountId, pair: &KeyPair) -> Result<KeyPair, Fault> {
    tx.execute(&KEEP, (account, pair.sealed.as_slice(), &pair.public_pem, tx.now()))?;
    Ok(find(tx, account)?.unwrap_or_else(|| pair.clone()))
}

/// Puts a new pair in place of the old one.
///
/// # Errors
/// The database failed.
pub fn replace(tx: &Tx<'_>, account: AccountId, pair: &KeyPair) -> Result<(), Fault> {
    tx.execute(&REPLACE, (account, pair.sealed.as_slice(), &pair.public_pem, tx.now())).map(|_| ())
}

/// The key of an account that is deleted signs its last words, which are offered for 30 days, and nothing after them.
const KEPT_AFTER_DELETION: Duration = Duration::from_secs(31 * 86_400);

/// Throws away the keys of accounts that are long gone. Part of `Job::Tidy`.
///
/// # Errors
/// The database failed.
pub fn tidy(tx: &Tx<'_>) -> Result<(), Fault> {
    tx.execute(&TIDY, (tx.now().minus(KEPT_AFTER_DELETION),)).map(|_| ())
}
