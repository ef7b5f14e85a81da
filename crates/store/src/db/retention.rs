//! Posts of other servers that nobody here touched: which they are, window by window from the newest down.

use phiomia_model::{Fault, StatusId, Time};

use super::{
    query::{Query, Tx},
    sql::{Sql, queries},
    value::{FromRow, Row},
};

queries! {
    WINDOW = Sql::Same("select id from statuses where id < $1 order by id desc limit $2");
    // From $1 up to before $2, here since before $3, also of people who are followed from here if $4.
    UNTOUCHED = Sql::Same("select s.id, a.domain, s.reblog_of_id, s.conversation_id
        from statuses s join accounts a on a.id = s.account_id left join remote_statuses r on r.status_id = s.id
        where s.id >= $1 and s.id < $2 and not s.is_local and s.deleted_at is null
            and coalesce(r.fetched_at, s.created_at) < $3
            and (cast($4 as boolean) or not exists (select 1 from follows f where f.target_id = s.account_id))
            and not exists (select 1 from bookmarks b where b.status_id = s.id)
            and not exists (select 1 from pins p where p.status_id = s.id)
            and not exists (select 1 from account_conversation_statuses c where c.status_id = s.id)
            and not exists (select 1 from favourites f join accounts l on l.id = f.account_id
                where f.status_id = s.id and l.domain = '')
            and not exists (select 1 from mentions m join accounts l on l.id = m.account_id
                where m.status_id = s.id and l.domain = '')
            and not exists (select 1 from polls p join poll_votes v on v.poll_id = p.id
                join accounts l on l.id = v.account_id where p.status_id = s.id and l.domain = '')
            and not exists (select 1 from quotes k join accounts l on l.id = k.quoted_account_id
                where k.status_id = s.id and l.domain = '')
            and not exists (select 1 from statuses o where o.id = s.reblog_of_id and o.is_local)
            and not exists (select 1 from statuses l where l.conversation_id = s.conversation_id and l.is_local)
        order by s.id desc");
    // What hangs on posts: answers, boosts, quotes. Whatever is left of these holds the post.
    DEPENDENTS = Sql::Same("select in_reply_to_id, id from statuses where in_reply_to_id in ids($1)
        union all select reblog_of_id, id from statuses where reblog_of_id in ids($1)
        union all select quoted_status_id, status_id from quotes where quoted_status_id in ids($1)");
    REPORTED = Sql::Same("select status_ids from reports where resolved_at is null and status_ids <> '[]'");
    FORGET_CONVERSATION = Sql::Same("delete from conversations where id = $1
        and not exists (select 1 from statuses s where s.conversation_id = $1)
        and not exists (select 1 from account_conversations c where c.conversation_id = $1)
        and not exists (select 1 from conversation_mutes m where m.conversation_id = $1)");
}

/// A post of another server that nobody here touched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Untouched {
    /// Which.
    pub id: StatusId,
    /// Whose server.
    pub domain: String,
    /// What it boosts.
    pub reblog_of: Option<StatusId>,
    /// Its thread.
    pub conversation: Option<i64>,
}

impl FromRow for Untouched {
    fn from_row(row: &mut Row<'_>) -> Result<Untouched, Fault> {
        Ok(Untouched { id: row.next()?, domain: row.next()?, reblog_of: row.next()?, conversation: row.next()? })
    }
}

/// Where the window of `most` posts below an id ends; `None`: there are none below it.
///
/// # Errors
/// The database failed.
pub fn window(q: &Query<'_>, below: StatusId, most: i64) -> Result<Option<StatusId>, Fault> {
    Ok(q.column::<StatusId>(&WINDOW, (below, most))?.pop())
}

/// The untouched posts of a window, the newest first. `before`: what came here, or was asked for, later than this stays.
///
/// # Errors
/// The database failed.
pub fn untouched(
    q: &Query<'_>,
    window: std::ops::Range<StatusId>,
    before: Time,
    with_followed: bool,
) -> Result<Vec<Untouched>, Fault> {
    q.rows(&UNTOUCHED, (window.start, window.end, before, with_followed))
}

/// What hangs on some posts: the post, and what answers, boosts or quotes it.
///
/// # Errors
/// The database failed.
pub fn dependents(q: &Query<'_>, ids: &[i64]) -> Result<Vec<(StatusId, StatusId)>, Fault> {
    if ids.is_empty() { Ok(Vec::new()) } else { q.rows(&DEPENDENTS, (ids,)) }
}

/// Posts that staff is still to look at.
///
/// # Errors
/// The database failed.
pub fn reported(q: &Query<'_>) -> Result<Vec<StatusId>, Fault> {
    let lists: Vec<String> = q.column(&REPORTED, ())?;
    let ids = lists.iter().map(|json| serde_json::from_str::<Vec<i64>>(json));
    let ids: Vec<Vec<i64>> =
        ids.collect::<Result<_, _>>().map_err(|e| Fault::because("reading which posts were reported", e))?;
    Ok(ids.into_iter().flatten().map(StatusId).collect())
}

/// Forgets a thread of which nothing is left.
///
/// # Errors
/// The database failed.
pub fn forget_conversation(tx: &Tx<'_>, conversation: i64) -> Result<(), Fault> {
    tx.execute(&FORGET_CONVERSATION, (conversation,)).map(|_| ())
}
