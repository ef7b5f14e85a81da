//! Whole domains that somebody does not want to hear of, and what they have with the people there.

use phiomia_model::{AccountId, Fault, Page};

use crate::db::{
    keyset::keysets,
    query::{Query, Tx},
    sql::{Sql, queries},
    value::{FromRow, Row, Value},
};

keysets! {
    LIST = "d.id", "select d.id, d.domain from account_domain_blocks d where d.account_id = $4";
}

queries! {
    INSERT = Sql::Same("insert into account_domain_blocks (account_id, domain, id, created_at) values ($1, $2, $3, $4)
        on conflict (account_id, domain) do nothing");
    DELETE = Sql::Same("delete from account_domain_blocks where account_id = $1 and domain = $2");
    ERASE = Sql::Same("delete from account_domain_blocks where account_id = $1");
    IS_BLOCKING = Sql::Same("select 1 from account_domain_blocks where account_id = $1 and domain = $2");
    IS_BLOCKING_OF = Sql::Same("select 1 from accounts a join account_domain_blocks d on d.domain = a.domain
        where a.id = $2 and d.account_id = $1");
    TIES = Sql::Same("select
        (select count(*) from follows f join accounts a on a.id = f.target_id where f.account_id = $1 and a.domain = $2),
        (select count(*) from follows f join accounts a on a.id = f.account_id where f.target_id = $1 and a.domain = $2)");
    CONNECTED = Sql::Same("select f.target_id from follows f join accounts a on a.id = f.target_id
            where f.account_id = $1 and a.domain = $2
        union select f.account_id from follows f join accounts a on a.id = f.account_id
            where f.target_id = $1 and a.domain = $2
        union select r.target_id from follow_requests r join accounts a on a.id = r.target_id
            where r.account_id = $1 and a.domain = $2
        union select r.account_id from follow_requests r join accounts a on a.id = r.account_id
            where r.target_id = $1 and a.domain = $2
        order by 1 limit $3");
}

/// How many follows would end with a domain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DomainTies {
    /// How many there somebody follows.
    pub following: i64,
    /// How many follow from there.
    pub followers: i64,
}

impl FromRow for DomainTies {
    fn from_row(row: &mut Row<'_>) -> Result<DomainTies, Fault> {
        Ok(DomainTies { following: row.next()?, followers: row.next()? })
    }
}

/// The domains that `me` blocks, the last one first, each with the number pages are cut by.
///
/// # Errors
/// The database failed.
pub fn blocked_domains(q: &Query<'_>, me: AccountId, page: &Page) -> Result<Vec<(i64, String)>, Fault> {
    LIST.page(q, page, &[Value::Int(me.0)])
}

/// `me` blocks a domain from now on; `false` when it did before.
///
/// # Errors
/// The database failed.
pub fn insert_domain_block(tx: &Tx<'_>, me: AccountId, domain: &str) -> Result<bool, Fault> {
    Ok(tx.execute(&INSERT, (me, domain, tx.new_id(), tx.now()))? > 0)
}

/// `me` no longer blocks a domain; `false` when it did not.
///
/// # Errors
/// The database failed.
pub fn delete_domain_block(tx: &Tx<'_>, me: AccountId, domain: &str) -> Result<bool, Fault> {
    Ok(tx.execute(&DELETE, (me, domain))? > 0)
}

/// Blocks no domain any more: the account is erased.
///
/// # Errors
/// The database failed.
pub fn erase_domain_blocks(tx: &Tx<'_>, account: AccountId) -> Result<(), Fault> {
    tx.execute(&ERASE, (account,)).map(|_| ())
}

/// Whether `me` blocks a domain.
///
/// # Errors
/// The database failed.
pub fn is_blocking_domain(q: &Query<'_>, me: AccountId, domain: &str) -> Result<bool, Fault> {
    q.exists(&IS_BLOCKING, (me, domain))
}

/// Whether `me` blocks the domain of another account.
///
/// # Errors
/// The database failed.
pub fn is_blocking_domain_of(q: &Query<'_>, me: AccountId, other: AccountId) -> Result<bool, Fault> {
    q.exists(&IS_BLOCKING_OF, (me, other))
}

/// How many follows `me` has with the people of a domain.
///
/// # Errors
/// The database failed.
pub fn ties_with_domain(q: &Query<'_>, me: AccountId, domain: &str) -> Result<DomainTies, Fault> {
    q.row(&TIES, (me, domain))?.ok_or_else(|| Fault::new("counting gave no row"))
}

/// At most `most` people of a domain whom `me` follows or asked to, or who follow `me` or asked to.
///
/// # Errors
/// The database failed.
pub fn connected_with_domain(q: &Query<'_>, me: AccountId, domain: &str, most: i64) -> Result<Vec<AccountId>, Fault> {
    q.column(&CONNECTED, (me, domain, most))
}
