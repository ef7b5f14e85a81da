//! Follows that somebody here lost because of what was decided about a domain or an account.

use phiomia_model::{AccountId, Fault, SeveranceId, Time, severance::SeveranceKind};

use super::{
    query::{Query, Tx},
    sql::{Sql, queries},
    value::{FromRow, Row},
};

queries! {
    INSERT = Sql::Same("insert into severances (id, account_id, kind, target_name, n_followers, n_following, created_at)
        values ($1, $2, $3, $4, $5, $6, $7)");
    MANY = Sql::Same("select id, account_id, kind, target_name, n_followers, n_following, created_at from severances
        where id in ids($1)");
    ERASE = Sql::Same("delete from severances where account_id = $1");
}

/// What somebody lost at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Severance {
    /// Its number.
    pub id: SeveranceId,
    /// Who lost them.
    pub account: AccountId,
    /// Why.
    pub kind: SeveranceKind,
    /// The domain, or the account: `bob@elsewhere.example`.
    pub target_name: String,
    /// Followers that are gone.
    pub n_followers: i64,
    /// People who are followed no longer.
    pub n_following: i64,
    /// When.
    pub created_at: Time,
}

impl FromRow for Severance {
    fn from_row(row: &mut Row<'_>) -> Result<Severance, Fault> {
        Ok(Severance {
            id: row.next()?,
            account: row.next()?,
            kind: row.next::<String>()?.parse().map_err(|e| Fault::because("reading why follows ended", e))?,
            target_name: row.next()?,
            n_followers: row.next()?,
            n_following: row.next()?,
            created_at: row.next()?,
        })
    }
}

/// Writes it down.
///
/// # Errors
/// The database failed.
pub fn insert(tx: &Tx<'_>, severance: &Severance) -> Result<(), Fault> {
    let Severance { id, account, kind, target_name, n_followers, n_following, created_at } = severance;
    let values = (*id, *account, kind.word(), target_name, *n_followers, *n_following, *created_at);
    tx.execute(&INSERT, values).map(|_| ())
}

/// Those with these ids.
///
/// # Errors
/// The database failed.
pub fn many(q: &Query<'_>, ids: &[i64]) -> Result<Vec<Severance>, Fault> {
    q.rows(&MANY, (ids,))
}

/// Forgets what somebody lost, who goes.
///
/// # Errors
/// The database failed.
pub fn erase(tx: &Tx<'_>, account: AccountId) -> Result<(), Fault> {
    tx.execute(&ERASE, (account,)).map(|_| ())
}
