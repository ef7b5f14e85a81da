//! Passkeys: the public keys by which people sign in, each found by the id its authenticator gave it.

use phiomia_model::{AccountId, Fault, PasskeyId, Time};

use super::{
    query::{Query, Tx},
    sql::{Sql, queries},
    value::{FromRow, Row},
};

queries! {
    LIST = Sql::Same("select id, account_id, credential_id, public_key, sign_count, nickname, created_at, last_used_at
        from passkeys where account_id = $1 order by id");
    BY_CREDENTIAL = Sql::Same("select id, account_id, credential_id, public_key, sign_count, nickname, created_at,
        last_used_at from passkeys where credential_id = $1");
    INSERT = Sql::Same("insert into passkeys
            (id, account_id, credential_id, public_key, sign_count, nickname, created_at)
        values ($1, $2, $3, $4, $5, $6, $7)");
    USE = Sql::Same("update passkeys set sign_count = $2, last_used_at = $3
        where id = $1 and (sign_count < $2 or (sign_count = 0 and $2 = 0))");
    RENAME = Sql::Same("update passkeys set nickname = $3 where id = $1 and account_id = $2");
    DELETE = Sql::Same("delete from passkeys where id = $1 and account_id = $2");
    DELETE_OF_ACCOUNT = Sql::Same("delete from passkeys where account_id = $1");
    HANDLE = Sql::Same("select passkey_handle from users where account_id = $1 and passkey_handle is not null");
    SET_HANDLE = Sql::Same("update users set passkey_handle = $2 where account_id = $1 and passkey_handle is null");
}

/// One passkey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasskeyView {
    /// Its row.
    pub id: PasskeyId,
    /// Whom it signs in.
    pub account_id: AccountId,
    /// What the authenticator calls it, at most 1,023 bytes.
    pub credential_id: Vec<u8>,
    /// As the authenticator wrote it (COSE).
    pub public_key: Vec<u8>,
    /// How often it signed, as it says itself; 0 for those that do not count.
    pub sign_count: i64,
    /// What its owner calls it.
    pub nickname: String,
    /// When it was added.
    pub created_at: Time,
    /// When it last signed in.
    pub last_used_at: Option<Time>,
}

impl FromRow for PasskeyView {
    fn from_row(row: &mut Row<'_>) -> Result<PasskeyView, Fault> {
        Ok(PasskeyView {
            id: row.next()?,
            account_id: row.next()?,
            credential_id: row.next()?,
            public_key: row.next()?,
            sign_count: row.next()?,
            nickname: row.next()?,
            created_at: row.next()?,
            last_used_at: row.next()?,
        })
    }
}

/// A passkey that is to be written.
#[derive(Clone, Debug)]
pub struct NewPasskey {
    /// As in [`PasskeyView`].
    pub credential_id: Vec<u8>,
    /// As in [`PasskeyView`].
    pub public_key: Vec<u8>,
    /// As in [`PasskeyView`].
    pub sign_count: u32,
    /// As in [`PasskeyView`].
    pub nickname: String,
}

/// Somebody's, oldest first.
///
/// # Errors
/// The database failed.
pub fn list(q: &Query<'_>, account: AccountId) -> Result<Vec<PasskeyView>, Fault> {
    q.rows(&LIST, (account,))
}

/// The one of this credential id, whoever has it.
///
/// # Errors
/// The database failed.
pub fn by_credential(q: &Query<'_>, credential: &[u8]) -> Result<Option<PasskeyView>, Fault> {
    q.row(&BY_CREDENTIAL, (credential,))
}

/// Writes one. Ask [`by_credential`] before.
///
/// # Errors
/// The database failed.
pub fn insert(tx: &Tx<'_>, account: AccountId, new: &NewPasskey) -> Result<PasskeyId, Fault> {
    let id = PasskeyId(tx.new_id());
    let NewPasskey { credential_id, public_key, sign_count, nickname } = new;
    let row = (
        id,
        account,
        credential_id.as_slice(),
        public_key.as_slice(),
        i64::from(*sign_count),
        nickname.as_str(),
        tx.now(),
    );
    tx.execute(&INSERT, row)?;
    Ok(id)
}

/// Notes that it signed; whether its counter went on, as that of an authenticator that counts must.
///
/// # Errors
/// The database failed.
pub fn note_use(tx: &Tx<'_>, id: PasskeyId, sign_count: u32) -> Result<bool, Fault> {
    Ok(tx.execute(&USE, (id, i64::from(sign_count), tx.now()))? > 0)
}

/// Calls one of somebody's something else; whether it is theirs.
///
/// # Errors
/// The database failed.
pub fn rename(tx: &Tx<'_>, id: PasskeyId, account: AccountId, nickname: &str) -> Result<bool, Fault> {
    Ok(tx.execute(&RENAME, (id, account, nickname))? > 0)
}

/// Removes one of somebody's; whether it was theirs.
///
/// # Errors
/// The database failed.
pub fn delete(tx: &Tx<'_>, id: PasskeyId, account: AccountId) -> Result<bool, Fault> {
    Ok(tx.execute(&DELETE, (id, account))? > 0)
}

/// Removes all of somebody's.
///
/// # Errors
/// The database failed.
pub fn delete_of_account(tx: &Tx<'_>, account: AccountId) -> Result<(), Fault> {
    tx.execute(&DELETE_OF_ACCOUNT, (account,)).map(|_| ())
}

/// By what authenticators know the account; `new` if there is nothing yet.
///
/// # Errors
/// The database failed.
pub fn handle(tx: &Tx<'_>, account: AccountId, new: &[u8]) -> Result<Vec<u8>, Fault> {
    tx.execute(&SET_HANDLE, (account, new))?;
    Ok(find_handle(tx, account)?.unwrap_or_default())
}

/// By what authenticators know the account, if they ever were told.
///
/// # Errors
/// The database failed.
pub fn find_handle(q: &Query<'_>, account: AccountId) -> Result<Option<Vec<u8>>, Fault> {
    q.value(&HANDLE, (account,))
}
