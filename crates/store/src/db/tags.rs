//! Hashtags.

use std::collections::HashMap;

use phiomia_model::{Fault, StatusId, TagId};

use super::{
    query::{Query, Tx},
    search::is_postgres,
    sql::{Sql, queries},
};

/// Tags with many posts count as equal: so many are counted.
macro_rules! most_used {
    () => {
        "order by t.name <> $1,
            (select count(*) from (select 1 from status_tags st where st.tag_id = t.id limit 500) used) desc,
            length(t.name), t.name limit $2 offset $3"
    };
}

/// Tags that are compared when some are searched.
const COMPARED: i64 = 100;

queries! {
    INSERT = Sql::Same("insert into tags (id, name, display_name, created_at) values ($1, $2, $3, $4)
        on conflict (name) do nothing");
    BY_NAMES = Sql::Once(&Sql::Same("select id, name from tags where name in texts($1)"));
    BY_NAME = Sql::Same("select id, name, display_name from tags where name = $1");
    TAG_STATUS = Sql::Same("insert into status_tags (tag_id, status_id) values ($1, $2)
        on conflict (tag_id, status_id) do nothing");
    UNTAG_STATUS = Sql::Same("delete from status_tags where status_id = $1");
    OF_STATUS = Sql::Same("select t.name from status_tags st join tags t on t.id = st.tag_id where st.status_id = $1
        order by t.name");
    // Of the $5 shortest that begin so: the name itself, then those that posts have most.
    SEARCH = Sql::Differs {
        sqlite: concat!("select t.id, t.name, t.display_name from (select id, name, display_name from tags
            where name >= $1 and name < $4 order by length(name), name limit $5) t ", most_used!()),
        postgres: concat!("select t.id, t.name, t.display_name from (select id, name, display_name from tags
            where name like $4 escape '\\' order by length(name), name limit $5) t ", most_used!()),
    };
    // Uses of a tag by day: how many posts, by how many people.
    HISTORY = Sql::Same("select s.created_at / 86400000000, count(*), count(distinct s.account_id)
        from status_tags st join statuses s on s.id = st.status_id
        where st.tag_id = $1 and st.status_id > $2 and s.visibility = 0 and s.deleted_at is null
        group by 1 order by 1 desc");
    // Tags that at least $2 people used in public since the status $1, most people first.
    TRENDING = Sql::Same("select t.id, t.name, t.display_name
        from (select st.tag_id, count(distinct s.account_id) as n_people
            from status_tags st join statuses s on s.id = st.status_id join accounts a on a.id = s.account_id
            where st.status_id > $1 and s.visibility = 0 and s.deleted_at is null
                and a.silenced_at is null and a.suspended_at is null and a.deleted_at is null
            group by st.tag_id having count(distinct s.account_id) >= $2) used
        join tags t on t.id = used.tag_id
        order by used.n_people desc, t.name limit $3");
    NAMED = Sql::Same("select id, name, display_name from tags where name in texts($1)");
    HISTORIES = Sql::Same("select st.tag_id, s.created_at / 86400000000, count(*), count(distinct s.account_id)
        from status_tags st join statuses s on s.id = st.status_id
        where st.tag_id in ids($1) and st.status_id > $2 and s.visibility = 0 and s.deleted_at is null
        group by 1, 2 order by 1, 2 desc");
}

/// A hashtag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagView {
    /// Its id.
    pub id: TagId,
    /// Lower case.
    pub name: String,
    /// As it was first written.
    pub display_name: String,
}

fn view((id, name, display_name): (TagId, String, String)) -> TagView {
    TagView { id, name, display_name }
}

/// Puts a status under its tags: (key, as written) pairs. Tags that are new are made.
///
/// # Errors
/// The database failed.
pub fn tag_status(tx: &Tx<'_>, status: StatusId, tags: &[(String, String)]) -> Result<(), Fault> {
    if tags.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = tags.iter().map(|(key, _)| key.clone()).collect();
    let mut known: Vec<(TagId, String)> = tx.rows(&BY_NAMES, (names.as_slice(),))?;
    if known.len() < names.len() {
        for (key, written) in tags.iter().filter(|(key, _)| !known.iter().any(|(_, name)| name == key)) {
            tx.execute(&INSERT, (tx.new_id(), key, written, tx.now()))?;
        }
        known = tx.rows(&BY_NAMES, (names.as_slice(),))?;
    }
    for (id, _) in known {
        tx.execute(&TAG_STATUS, (id, status))?;
    }
    Ok(())
}

/// Takes all tags off a status.
///
/// # Errors
/// The database failed.
pub fn untag_status(tx: &Tx<'_>, status: StatusId) -> Result<(), Fault> {
    tx.execute(&UNTAG_STATUS, (status,)).map(|_| ())
}

/// The keys of a status's tags.
///
/// # Errors
/// The database failed.
pub fn of_status(q: &Query<'_>, status: StatusId) -> Result<Vec<String>, Fault> {
    q.column(&OF_STATUS, (status,))
}

/// The tag with this key.
///
/// # Errors
/// The database failed.
pub fn by_name(q: &Query<'_>, key: &str) -> Result<Option<TagView>, Fault> {
    Ok(q.row(&BY_NAME, (key,))?.map(view))
}

/// Makes the tag if it is not there.
///
/// # Errors
/// The database failed.
pub fn ensure(tx: &Tx<'_>, key: &str, written: &str) -> Result<(), Fault> {
    tx.execute(&INSERT, (tx.new_id(), key, written, tx.now())).map(|_| ())
}

/// Tags whose key begins with `prefix`: that one itself, then those that posts have most.
///
/// # Errors
/// The database failed.
pub fn search(q: &Query<'_>, prefix: &str, limit: i64, offset: i64) -> Result<Vec<TagView>, Fault> {
    let end = if is_postgres(q) { pattern(prefix) } else { format!("{prefix}{}", char::MAX) };
    let n_compared = limit.saturating_add(offset).max(COMPARED);
    let rows: Vec<(TagId, String, String)> = q.rows(&SEARCH, (prefix, limit, offset, end, n_compared))?;
    Ok(rows.into_iter().map(view).collect())
}

/// What `like` finds that begins so.
fn pattern(prefix: &str) -> String {
    let mut pattern = String::new();
    for c in prefix.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

/// Public uses by day since the status id `after`: (days since 1970, posts, people), newest day first.
///
/// # Errors
/// The database failed.
pub fn history(q: &Query<'_>, tag: TagId, after: StatusId) -> Result<Vec<(i64, i64, i64)>, Fault> {
    q.rows(&HISTORY, (tag, after))
}

/// A tag's uses by day, as [`history`] gives them.
pub type History = Vec<(i64, i64, i64)>;

/// [`history`] of several tags in one query; tags without any use are left out.
///
/// # Errors
/// The database failed.
pub fn histories(q: &Query<'_>, tags: &[TagId], after: StatusId) -> Result<HashMap<TagId, History>, Fault> {
    if tags.is_empty() {
        return Ok(HashMap::new());
    }
    let ids: Vec<i64> = tags.iter().map(|id| id.0).collect();
    let mut by_tag: HashMap<TagId, History> = HashMap::new();
    for (tag, day, n, people) in q.rows::<(TagId, i64, i64, i64)>(&HISTORIES, (&ids, after))? {
        by_tag.entry(tag).or_default().push((day, n, people));
    }
    Ok(by_tag)
}

/// Tags that at least `n_people` used in public since the status id `after`, those of most people first.
///
/// # Errors
/// The database failed.
pub fn trending(q: &Query<'_>, after: StatusId, n_people: i64, most: i64) -> Result<Vec<TagView>, Fault> {
    let rows: Vec<(TagId, String, String)> = q.rows(&TRENDING, (after, n_people, most))?;
    Ok(rows.into_iter().map(view).collect())
}

/// The tags with these keys, in the order of the keys; keys without a tag are left out.
///
/// # Errors
/// The database failed.
pub fn by_names(q: &Query<'_>, keys: &[String]) -> Result<Vec<TagView>, Fault> {
    let rows: Vec<(TagId, String, String)> = q.rows(&NAMED, (keys,))?;
    let mut found: Vec<TagView> = rows.into_iter().map(view).collect();
    found.sort_by_key(|tag| keys.iter().position(|key| *key == tag.name));
    Ok(found)
}
