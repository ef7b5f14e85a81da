//! Reactions to posts that are not here yet: worked through once more when the post comes.

use std::time::Duration;

use phiomia_model::{AccountId, Fault};

use crate::db::{
    query::{Query, Tx},
    sql::{Sql, queries},
};

/// A post that was overtaken comes within this time, or it does not come.
const KEPT: Duration = Duration::from_secs(86_400);
/// What waits in all; beyond, what comes too early is lost.
const MOST: i64 = 5_000;
/// Bytes of one. A `Like` has a few hundred.
const LARGEST: usize = 8_192;

queries! {
    KEEP = Sql::Same("insert into early_activities (id, object, signer, body, created_at)
        select cast($1 as bigint), cast($2 as text), cast($3 as bigint), cast($4 as text), cast($5 as bigint)
        where (select count(*) from early_activities) < $6");
    TAKE = Sql::Same("delete from early_activities where object = $1 returning signer, body");
    TIDY = Sql::Same("delete from early_activities where created_at < $1");
    IS_ANYBODY_FOLLOWED_AT = Sql::Same("select 1 from actors t join follows f on f.target_id = t.account_id
            join users u on u.account_id = f.account_id
        where t.host = $1 limit 1");
}

/// Whether anybody at a host is followed from here: its posts may be on their way.
///
/// # Errors
/// The database failed.
pub fn is_anybody_followed_at(q: &Query<'_>, host: &str) -> Result<bool, Fault> {
    q.exists(&IS_ANYBODY_FOLLOWED_AT, (host,))
}

/// Keeps what somebody did with a post that is not here, as it came. What is too large or too much is not kept.
///
/// # Errors
/// The database failed.
pub fn keep(tx: &Tx<'_>, object: &str, signer: AccountId, body: &str) -> Result<(), Fault> {
    if body.len() > LARGEST {
        return Ok(());
    }
    tx.execute(&KEEP, (tx.new_id(), object, signer, body, tx.now(), MOST)).map(|_| ())
}

/// Takes what waited for a post: who signed it, and the activity.
///
/// # Errors
/// The database failed.
pub fn take(tx: &Tx<'_>, object: &str) -> Result<Vec<(AccountId, String)>, Fault> {
    tx.rows(&TAKE, (object,))
}

/// Throws away what waited in vain. Part of `Job::Tidy`.
///
/// # Errors
/// The database failed.
pub fn tidy(tx: &Tx<'_>) -> Result<(), Fault> {
    tx.execute(&TIDY, (tx.now().minus(KEPT),)).map(|_| ())
}
