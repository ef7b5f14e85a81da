//! What open streams ask for when something happened: always about many listeners at once, in one query.

use std::collections::HashSet;

use phiomia_model::{AccountId, Fault, ListId, StatusId, Time, TokenId};

use super::{
    query::Query,
    sql::{Sql, queries},
};

queries! {
    // Of the listeners $1: who blocks or mutes one of $2, blocks the domain of the author $3, or is blocked by them.
    DISTURBED = Sql::Same("select account_id from blocks where account_id in ids($1) and target_id in ids($2)
        union select account_id from mutes where account_id in ids($1) and target_id in ids($2)
            and (expires_at is null or expires_at > $4)
        union select target_id from blocks where account_id = $3 and target_id in ids($1)
        union select d.account_id from accounts a join account_domain_blocks d on d.domain = a.domain
            where a.id = $3 and d.account_id in ids($1)");
    HOLDERS = Sql::Same("select account_id from home_feed where status_id = $1 and account_id in ids($2)");
    FOLLOWERS = Sql::Same("select account_id from follows where target_id = $1 and account_id in ids($2)");
    // Of the lists $2: which hold the status, or have its author $3.
    LISTS_WITH = Sql::Same("select list_id from list_feed where status_id = $1 and list_id in ids($2)
        union select list_id from list_accounts where account_id = $3 and list_id in ids($2)");
    USABLE = Sql::Same("select t.id from tokens t join users u on u.account_id = t.account_id
            join accounts a on a.id = t.account_id
        where t.id in ids($1) and u.confirmed_at is not null and u.approved_at is not null and u.disabled_at is null
            and a.suspended_at is null and a.deleted_at is null");
}

/// Those of the listeners to whom a public stream does not show a post of this author that mentions these people:
/// they block or mute one of them, block the domain of the author, or the author blocks them. As Mastodon's streaming
/// decides it.
///
/// # Errors
/// The database failed.
pub fn disturbed(
    q: &Query<'_>,
    listeners: &[AccountId],
    author: AccountId,
    mentioned: &[AccountId],
    now: Time,
) -> Result<HashSet<AccountId>, Fault> {
    if listeners.is_empty() {
        return Ok(HashSet::new());
    }
    let people: Vec<i64> = mentioned.iter().chain([&author]).map(|id| id.0).collect();
    Ok(q.column(&DISTURBED, (&numbers(listeners), &people, author, now))?.into_iter().collect())
}

/// Those of the listeners who have the status in their home feed.
///
/// # Errors
/// The database failed.
pub fn holders(q: &Query<'_>, listeners: &[AccountId], status: StatusId) -> Result<Vec<AccountId>, Fault> {
    if listeners.is_empty() {
        return Ok(Vec::new());
    }
    q.column(&HOLDERS, (status, &numbers(listeners)))
}

/// Those of the listeners who follow the author.
///
/// # Errors
/// The database failed.
pub fn followers(q: &Query<'_>, listeners: &[AccountId], author: AccountId) -> Result<Vec<AccountId>, Fault> {
    if listeners.is_empty() {
        return Ok(Vec::new());
    }
    q.column(&FOLLOWERS, (author, &numbers(listeners)))
}

/// Those of the lists, each with its owner, that hold the status or have `member` on them.
///
/// # Errors
/// The database failed.
pub fn lists_with(
    q: &Query<'_>,
    lists: &[(ListId, AccountId)],
    status: StatusId,
    member: Option<AccountId>,
) -> Result<Vec<(ListId, AccountId)>, Fault> {
    if lists.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<i64> = lists.iter().map(|(list, _)| list.0).collect();
    let found: HashSet<ListId> = q.column(&LISTS_WITH, (status, &ids, member))?.into_iter().collect();
    Ok(lists.iter().filter(|(list, _)| found.contains(list)).copied().collect())
}

/// Those of the tokens that are still there and belong to somebody who may use their account.
///
/// # Errors
/// The database failed.
pub fn usable(q: &Query<'_>, tokens: &[TokenId]) -> Result<HashSet<TokenId>, Fault> {
    if tokens.is_empty() {
        return Ok(HashSet::new());
    }
    let ids: Vec<i64> = tokens.iter().map(|id| id.0).collect();
    Ok(q.column(&USABLE, (&ids,))?.into_iter().collect())
}

fn numbers(accounts: &[AccountId]) -> Vec<i64> {
    accounts.iter().map(|id| id.0).collect()
}
