//! What staff put forward by hand: tags as trends, accounts as suggestions for somebody.

use phiomia_model::{AccountId, Fault};

use super::{
    query::{Query, Tx},
    sql::{Sql, queries},
};

queries! {
    ADD_TREND = Sql::Same("insert into featured_trends (kind, name, created_at) values ('tag', $1, $2)
        on conflict (kind, name) do nothing");
    TRENDS = Sql::Same("select name from featured_trends where kind = 'tag' order by created_at, name");
    ADD_SUGGESTION = Sql::Same("insert into suggestions (account_id, target_id, created_at) values ($1, $2, $3)
        on conflict (account_id, target_id) do nothing");
    SUGGESTIONS = Sql::Same("select target_id from suggestions where account_id = $1 order by created_at, target_id");
}

/// Puts a tag forward, by its key.
///
/// # Errors
/// The database failed.
pub fn add_tag(tx: &Tx<'_>, key: &str) -> Result<(), Fault> {
    tx.execute(&ADD_TREND, (key, tx.now())).map(|_| ())
}

/// The keys of the tags put forward, the first first.
///
/// # Errors
/// The database failed.
pub fn tags(q: &Query<'_>) -> Result<Vec<String>, Fault> {
    q.column(&TRENDS, ())
}

/// Suggests `target` to `account`.
///
/// # Errors
/// The database failed.
pub fn suggest(tx: &Tx<'_>, account: AccountId, target: AccountId) -> Result<(), Fault> {
    tx.execute(&ADD_SUGGESTION, (account, target, tx.now())).map(|_| ())
}

/// Who was suggested to an account, the first first.
///
/// # Errors
/// The database failed.
pub fn suggestions(q: &Query<'_>, account: AccountId) -> Result<Vec<AccountId>, Fault> {
    q.column(&SUGGESTIONS, (account,))
}
