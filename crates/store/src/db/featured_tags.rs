//! Hashtags that people show on their profiles. How often somebody used one is counted as they post, not when it is read.

use std::collections::HashSet;

use phiomia_model::{AccountId, Fault, StatusId, TagId};

use super::{
    query::{Query, Tx},
    sql::{Sql, queries},
    tags::TagView,
    value::{FromRow, Row},
};

queries! {
    OF_ACCOUNT = Sql::Same("select f.id, t.id, t.name, t.display_name, f.statuses_count, f.last_status_id
        from featured_tags f join tags t on t.id = f.tag_id where f.account_id = $1
        order by f.statuses_count desc, f.id");
    AMONG = Sql::Same("select tag_id from featured_tags where account_id = $1 and tag_id in ids($2)");
    USES = Sql::Same("select count(*), max(s.id) from status_tags st join statuses s on s.id = st.status_id
        where st.tag_id = $2 and s.account_id = $1 and s.visibility < 2 and s.deleted_at is null");
    INSERT = Sql::Same("insert into featured_tags (id, account_id, tag_id, statuses_count, last_status_id, created_at)
        values ($1, $2, $3, $4, $5, $6) on conflict (account_id, tag_id) do nothing");
    DELETE = Sql::Same("delete from featured_tags where account_id = $1 and id = $2");
    DELETE_TAG = Sql::Same("delete from featured_tags where account_id = $1 and tag_id = $2");
    ERASE = Sql::Same("delete from featured_tags where account_id = $1");
    COUNT = Sql::Same("update featured_tags set statuses_count = statuses_count + 1,
            last_status_id = case when coalesce(last_status_id, 0) < $2 then $2 else last_status_id end
        where account_id = $1 and tag_id in (select st.tag_id from status_tags st where st.status_id = $2)");
    UNCOUNT = Sql::Same("update featured_tags set statuses_count = statuses_count - 1,
            last_status_id = case when last_status_id = $2 then (
                select max(s.id) from status_tags o join statuses s on s.id = o.status_id
                where o.tag_id = featured_tags.tag_id and s.account_id = $1 and s.id < $2
                    and s.visibility < 2 and s.deleted_at is null) else last_status_id end
        where account_id = $1 and tag_id in (select st.tag_id from status_tags st where st.status_id = $2)");
    // Tags of somebody's last thousand posts that are not on their profile yet, most used first.
    RECENT = Sql::Same("select t.id, t.name, t.display_name
        from (select s.id from statuses s where s.account_id = $1 and s.visibility < 2 and s.deleted_at is null
            order by s.id desc limit 1000) r
        join status_tags st on st.status_id = r.id join tags t on t.id = st.tag_id
        where not exists (select 1 from featured_tags f where f.account_id = $1 and f.tag_id = t.id)
        group by t.id, t.name, t.display_name order by count(*) desc, t.name limit $2");
}

/// A tag on a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeaturedTagView {
    /// Its own id, not the tag's.
    pub id: i64,
    /// The tag.
    pub tag: TagView,
    /// Public and unlisted posts of the account under it.
    pub statuses_count: i64,
    /// The newest of them.
    pub last_status: Option<StatusId>,
}

impl FromRow for FeaturedTagView {
    fn from_row(row: &mut Row<'_>) -> Result<FeaturedTagView, Fault> {
        Ok(FeaturedTagView {
            id: row.next()?,
            tag: TagView { id: row.next()?, name: row.next()?, display_name: row.next()? },
            statuses_count: row.next()?,
            last_status: row.next()?,
        })
    }
}

/// The tags on somebody's profile, most used first.
///
/// # Errors
/// The database failed.
pub fn of_account(q: &Query<'_>, account: AccountId) -> Result<Vec<FeaturedTagView>, Fault> {
    q.rows(&OF_ACCOUNT, (account,))
}

/// Those of the tags that somebody shows.
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

/// Puts a tag on a profile and counts what was posted under it so far; `false` when it was there before.
///
/// # Errors
/// The database failed.
pub fn insert(tx: &Tx<'_>, account: AccountId, tag: TagId) -> Result<bool, Fault> {
    let (count, last): (i64, Option<StatusId>) = tx.row(&USES, (account, tag))?.unwrap_or_default();
    Ok(tx.execute(&INSERT, (tx.new_id(), account, tag, count, last, tx.now()))? > 0)
}

/// Takes one off by its own id; `false` when it is not on this profile.
///
/// # Errors
/// The database failed.
pub fn delete(tx: &Tx<'_>, account: AccountId, id: i64) -> Result<bool, Fault> {
    Ok(tx.execute(&DELETE, (account, id))? > 0)
}

/// Takes a tag off a profile.
///
/// # Errors
/// The database failed.
pub fn delete_tag(tx: &Tx<'_>, account: AccountId, tag: TagId) -> Result<(), Fault> {
    tx.execute(&DELETE_TAG, (account, tag)).map(|_| ())
}

/// Shows no tag any more: the account is erased.
///
/// # Errors
/// The database failed.
pub fn erase(tx: &Tx<'_>, account: AccountId) -> Result<(), Fault> {
    tx.execute(&ERASE, (account,)).map(|_| ())
}

/// Counts a public or unlisted post under those of its tags that its author shows.
///
/// # Errors
/// The database failed.
pub fn count(tx: &Tx<'_>, author: AccountId, status: StatusId) -> Result<(), Fault> {
    tx.execute(&COUNT, (author, status)).map(|_| ())
}

/// Takes back what [`count`] did, before the status loses its tags.
///
/// # Errors
/// The database failed.
pub fn uncount(tx: &Tx<'_>, author: AccountId, status: StatusId) -> Result<(), Fault> {
    tx.execute(&UNCOUNT, (author, status)).map(|_| ())
}

/// Tags that somebody used lately and does not show yet.
///
/// # Errors
/// The database failed.
pub fn suggestions(q: &Query<'_>, account: AccountId, most: i64) -> Result<Vec<TagView>, Fault> {
    let rows: Vec<(TagId, String, String)> = q.rows(&RECENT, (account, most))?;
    Ok(rows.into_iter().map(|(id, name, display_name)| TagView { id, name, display_name }).collect())
}
