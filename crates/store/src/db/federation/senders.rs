//! Who signed what came: what working through it asks for.

use phiomia_model::{AccountId, Fault};

use crate::db::{
    query::Query,
    sql::{Sql, queries},
    value::{FromRow, Row},
};

queries! {
    SENDERS = Sql::Same("select a.id, a.uri, t.followers, t.following,
            exists (select 1 from follows f join users u on u.account_id = f.account_id where f.target_id = a.id)
        from accounts a left join actors t on t.account_id = a.id where a.id in ids($1)");
}

/// Somebody who signed what came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    /// Who.
    pub account: AccountId,
    /// Their id in the network.
    pub uri: String,
    /// Their followers.
    pub followers: Option<String>,
    /// Whom they follow.
    pub following: Option<String>,
    /// Whether anybody here follows them.
    pub is_followed: bool,
}

impl FromRow for Sender {
    fn from_row(row: &mut Row<'_>) -> Result<Sender, Fault> {
        Ok(Sender {
            account: row.next()?,
            uri: row.next()?,
            followers: row.next()?,
            following: row.next()?,
            is_followed: row.next()?,
        })
    }
}

/// What is known of those who signed, as far as they are known.
///
/// # Errors
/// The database failed.
pub fn senders(q: &Query<'_>, accounts: &[AccountId]) -> Result<Vec<Sender>, Fault> {
    let mut ids: Vec<i64> = accounts.iter().map(|account| account.0).collect();
    ids.sort_unstable();
    ids.dedup();
    q.rows(&SENDERS, (&ids,))
}
