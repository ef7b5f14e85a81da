//! A request that is sent once more, by its key, is the same one.

use phiomia_model::{AccountId, Fault, StatusId, Time};

use crate::db::{
    error::lost_race,
    query::{Query, Tx},
    sql::{Sql, queries},
};

queries! {
    IDEMPOTENT = Sql::Same("select status_id from idempotency_keys
        where account_id = $1 and idempotency_key = $2 and created_at > $3");
    // The row of a key that has lapsed is taken over; one that holds belongs to a request that was quicker.
    REMEMBER_IDEMPOTENT = Sql::Same("insert into idempotency_keys (account_id, idempotency_key, status_id, created_at)
        values ($1, $2, $3, $4)
        on conflict (account_id, idempotency_key) do update
            set status_id = excluded.status_id, created_at = excluded.created_at
            where idempotency_keys.created_at <= $5");
    REPLACE_IDEMPOTENT = Sql::Same("insert into idempotency_keys (account_id, idempotency_key, status_id, created_at)
        values ($1, $2, $3, $4)
        on conflict (account_id, idempotency_key) do update
            set status_id = excluded.status_id, created_at = excluded.created_at");
    FORGET_IDEMPOTENT = Sql::Same("delete from idempotency_keys where created_at < $1");
}

/// The status that this key gave since `since`.
///
/// # Errors
/// The database failed.
pub fn idempotent(q: &Query<'_>, author: AccountId, key: &str, since: Time) -> Result<Option<StatusId>, Fault> {
    q.value(&IDEMPOTENT, (author, key, since))
}

/// Remembers what a key gave, which it did not since `since` when it was looked up in this act.
///
/// # Errors
/// The database failed. Where a request with the same key has committed meanwhile, the act runs again, and finds what that
/// one made.
pub fn remember_idempotent(
    tx: &Tx<'_>,
    author: AccountId,
    key: &str,
    status: StatusId,
    since: Time,
) -> Result<(), Fault> {
    match tx.execute(&REMEMBER_IDEMPOTENT, (author, key, status, tx.now(), since))? {
        0 => Err(lost_race("remembering an idempotency key", "a request with the same key was quicker")),
        _ => Ok(()),
    }
}

/// What a key gave became something else: a post that waited was published.
///
/// # Errors
/// The database failed.
pub fn replace_idempotent(tx: &Tx<'_>, author: AccountId, key: &str, status: StatusId) -> Result<(), Fault> {
    tx.execute(&REPLACE_IDEMPOTENT, (author, key, status, tx.now())).map(|_| ())
}

/// Forgets the keys from before a moment.
///
/// # Errors
/// The database failed.
pub fn forget_idempotent(tx: &Tx<'_>, before: Time) -> Result<(), Fault> {
    tx.execute(&FORGET_IDEMPOTENT, (before,)).map(|_| ())
}
