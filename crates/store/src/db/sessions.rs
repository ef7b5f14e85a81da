//! Browser sessions, found by the hash of their cookie.

use phiomia_model::{AccountId, Fault, SessionId, Time};

use super::{
    query::{Query, Tx},
    sql::{Sql, queries},
    value::{FromRow, Row},
};
use crate::secret::SecretHash;

queries! {
    INSERT = Sql::Same("insert into sessions (id, session_hash, account_id, user_agent, address, created_at, last_seen_at)
        values ($1, $2, $3, $4, $5, $6, $6)");
    FIND = Sql::Same("select id, account_id, user_agent, address, created_at, last_seen_at
        from sessions where session_hash = $1 and last_seen_at > $2");
    LIST = Sql::Same("select id, account_id, user_agent, address, created_at, last_seen_at
        from sessions where account_id = $1 order by last_seen_at desc, id desc");
    IS_OF = Sql::Same("select 1 from sessions where id = $1 and account_id = $2");
    TOUCH = Sql::Same("update sessions set last_seen_at = $2 where id = $1");
    DELETE = Sql::Same("delete from sessions where id = $1");
    DELETE_OF_ACCOUNT = Sql::Same("delete from sessions where account_id = $1");
    DELETE_OTHERS = Sql::Same("delete from sessions where account_id = $1 and id <> $2");
    DELETE_BEYOND = Sql::Same("delete from sessions where account_id = $1 and id not in
        (select id from sessions where account_id = $1 order by last_seen_at desc, id desc limit $2)");
    DELETE_UNSEEN = Sql::Same("delete from sessions where last_seen_at < $1");
}

/// One browser that is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionView {
    /// Its row.
    pub id: SessionId,
    /// Who is signed in.
    pub account_id: AccountId,
    /// What the browser called itself at sign-in.
    pub user_agent: String,
    /// The address at sign-in.
    pub address: String,
    /// When it began.
    pub created_at: Time,
    /// When it was last used, give or take an hour.
    pub last_seen_at: Time,
}

impl FromRow for SessionView {
    fn from_row(row: &mut Row<'_>) -> Result<SessionView, Fault> {
        Ok(SessionView {
            id: row.next()?,
            account_id: row.next()?,
            user_agent: row.next()?,
            address: row.next()?,
            created_at: row.next()?,
            last_seen_at: row.next()?,
        })
    }
}

/// Begins a session.
///
/// # Errors
/// The database failed.
pub fn insert(
    tx: &Tx<'_>,
    hash: SecretHash,
    account: AccountId,
    user_agent: &str,
    address: &str,
) -> Result<SessionId, Fault> {
    let id = SessionId(tx.new_id());
    tx.execute(&INSERT, (id, hash, account, user_agent, address, tx.now()))?;
    Ok(id)
}

/// The session of this cookie, if it was used after `seen_after`.
///
/// # Errors
/// The database failed.
pub fn find(q: &Query<'_>, hash: SecretHash, seen_after: Time) -> Result<Option<SessionView>, Fault> {
    q.row(&FIND, (hash, seen_after))
}

/// An account's sessions, last used first.
///
/// # Errors
/// The database failed.
pub fn list(q: &Query<'_>, account: AccountId) -> Result<Vec<SessionView>, Fault> {
    q.rows(&LIST, (account,))
}

/// Whether the session is one of this account.
///
/// # Errors
/// The database failed.
pub fn is_of(q: &Query<'_>, session: SessionId, account: AccountId) -> Result<bool, Fault> {
    q.exists(&IS_OF, (session, account))
}

/// Notes that it was used.
///
/// # Errors
/// The database failed.
pub fn touch(tx: &Tx<'_>, session: SessionId) -> Result<(), Fault> {
    tx.execute(&TOUCH, (session, tx.now())).map(|_| ())
}

/// Ends one.
///
/// # Errors
/// The database failed.
pub fn delete(tx: &Tx<'_>, session: SessionId) -> Result<(), Fault> {
    tx.execute(&DELETE, (session,)).map(|_| ())
}

/// Ends an account's, all but `kept`.
///
/// # Errors
/// The database failed.
pub fn delete_of_account(tx: &Tx<'_>, account: AccountId, kept: Option<SessionId>) -> Result<(), Fault> {
    match kept {
        None => tx.execute(&DELETE_OF_ACCOUNT, (account,)).map(|_| ()),
        Some(kept) => tx.execute(&DELETE_OTHERS, (account, kept)).map(|_| ()),
    }
}

/// Ends an account's oldest ones until `most` are left.
///
/// # Errors
/// The database failed.
pub fn keep_newest(tx: &Tx<'_>, account: AccountId, most: i64) -> Result<(), Fault> {
    tx.execute(&DELETE_BEYOND, (account, most)).map(|_| ())
}

/// Throws away what was not used since `before`; how many.
///
/// # Errors
/// The database failed.
pub fn delete_unseen(tx: &Tx<'_>, before: Time) -> Result<u64, Fault> {
    tx.execute(&DELETE_UNSEEN, (before,))
}
