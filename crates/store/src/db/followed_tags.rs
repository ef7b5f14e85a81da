//! Hashtags that people follow.

use std::collections::HashSet;

use phiomia_model::{AccountId, Fault, Page, TagId};

use super::{
    keyset::keysets,
    query::{Query, Tx},
    sql::{Sql, queries},
    tags::TagView,
    value::Value,
};

queries! {
    FOLLOW = Sql::Same("insert into tag_follows (account_id, tag_id, id, created_at) values ($1, $2, $3, $4)
        on conflict (account_id, tag_id) do nothing");
    UNFOLLOW = Sql::Same("delete from tag_follows where account_id = $1 and tag_id = $2");
    AMONG = Sql::Same("select tag_id from tag_follows where account_id = $1 and tag_id in ids($2)");
    ANY = Sql::Same("select 1 from tags t join tag_follows f on f.tag_id = t.id where t.name in texts($1) limit 1");
    ERASE = Sql::Same("delete from tag_follows where account_id = $1");
}

keysets! {
    FOLLOWED = "f.id", "select f.id, t.id, t.name, t.display_name from tag_follows f join tags t on t.id = f.tag_id
        where f.account_id = $4";
}

/// Follows a tag; `false` when it was followed before.
///
/// # Errors
/// The database failed.
pub fn follow(tx: &Tx<'_>, account: AccountId, tag: TagId) -> Result<bool, Fault> {
    Ok(tx.execute(&FOLLOW, (account, tag, tx.new_id(), tx.now()))? > 0)
}

/// Follows a tag no longer; `false` when it was not followed.
///
/// # Errors
/// The database failed.
pub fn unfollow(tx: &Tx<'_>, account: AccountId, tag: TagId) -> Result<bool, Fault> {
    Ok(tx.execute(&UNFOLLOW, (account, tag))? > 0)
}

/// Those of the tags that somebody follows.
///
/// # Errors
/// The database failed.
pub fn among(q: &Query<'_>, account: AccountId, tags: &[TagId]) -> Result<HashSet<TagId>, Fault> {
    if tags.is_empty() {
        return Ok(HashSet::new());
    }
    let ids: Vec<i64> = tags.iter().map(|tag| tag.0).collect();
    Ok(q.column(&AMONG, (account, &ids))?.into_iter().collect())
}

/// The tags somebody follows, last followed first, each with the key to page by.
///
/// # Errors
/// The database failed.
pub fn page(q: &Query<'_>, account: AccountId, page: &Page) -> Result<Vec<(i64, TagView)>, Fault> {
    let rows: Vec<(i64, TagId, String, String)> = FOLLOWED.page(q, page, &[Value::Int(account.0)])?;
    Ok(rows.into_iter().map(|(key, id, name, display_name)| (key, TagView { id, name, display_name })).collect())
}

/// Follows no tag any more: the account is erased.
///
/// # Errors
/// The database failed.
pub fn erase(tx: &Tx<'_>, account: AccountId) -> Result<(), Fault> {
    tx.execute(&ERASE, (account,)).map(|_| ())
}

/// Whether anybody here follows one of these tags.
///
/// # Errors
/// The database failed.
pub fn is_any_followed(q: &Query<'_>, names: &[String]) -> Result<bool, Fault> {
    if names.is_empty() { Ok(false) } else { q.exists(&ANY, (names,)) }
}
