//! Conversations of direct posts, as each of the people in them has them in their list, and threads somebody muted.

use std::sync::Arc;

use phiomia_model::{AccountId, ConversationId, Fault, Page, StatusId, Time, Viewer};

use super::{
    accounts::{self, AccountView},
    keyset::keysets,
    query::{Query, Tx},
    sql::{Sql, queries},
    statuses::{self, StatusView},
    value::{FromRow, Row, Value},
};

queries! {
    // An edit may bring somebody to an old post: the newest stays the newest.
    PUT = Sql::Same("insert into account_conversations
            (id, account_id, conversation_id, participants, last_status_id, is_unread)
        values ($1, $2, $3, $4, $5, $6)
        on conflict (account_id, conversation_id, participants) do update set is_unread = excluded.is_unread,
            last_status_id = case when excluded.last_status_id > account_conversations.last_status_id
                then excluded.last_status_id else account_conversations.last_status_id end
        returning id");
    PUT_STATUS = Sql::Same("insert into account_conversation_statuses (account_conversation_id, status_id)
        values ($1, $2) on conflict (account_conversation_id, status_id) do nothing");
    OF_STATUS = Sql::Same("select c.id, c.account_id
        from account_conversation_statuses s join account_conversations c on c.id = s.account_conversation_id
        where s.status_id = $1 order by c.id");
    REMOVE_STATUS = Sql::Same("delete from account_conversation_statuses where status_id = $1");
    STEP_BACK = Sql::Same("update account_conversations set last_status_id =
            (select max(s.status_id) from account_conversation_statuses s where s.account_conversation_id = $1)
        where id = $1
            and exists (select 1 from account_conversation_statuses s where s.account_conversation_id = $1)");
    ONE = Sql::Same("select last_status_id, id, participants, is_unread from account_conversations
        where id = $1 and account_id = $2");
    SET_UNREAD = Sql::Same("update account_conversations set is_unread = $3 where id = $1 and account_id = $2");
    DELETE_STATUSES = Sql::Same("delete from account_conversation_statuses where account_conversation_id in
        (select c.id from account_conversations c where c.id = $1 and c.account_id = $2)");
    DELETE = Sql::Same("delete from account_conversations where id = $1 and account_id = $2");
    MUTE = Sql::Same("insert into conversation_mutes (account_id, conversation_id, created_at) values ($1, $2, $3)
        on conflict (account_id, conversation_id) do nothing");
    UNMUTE = Sql::Same("delete from conversation_mutes where account_id = $1 and conversation_id = $2");
}

keysets! {
    LIST = "c.last_status_id", "select c.last_status_id, c.id, c.participants, c.is_unread
        from account_conversations c where c.account_id = $4";
    POSTS = "s.status_id", "select distinct s.status_id from account_conversations c
        join account_conversation_statuses s on s.account_conversation_id = c.id where c.account_id = $4";
}

/// The posts of all conversations somebody has in their list, newest first.
///
/// # Errors
/// The database failed.
pub fn posts(q: &Query<'_>, account: AccountId, page: &Page) -> Result<Vec<StatusId>, Fault> {
    Ok(POSTS.page::<(StatusId,)>(q, page, &[Value::Int(account.0)])?.into_iter().map(|(id,)| id).collect())
}

/// A conversation as the one who has it in their list sees it.
#[derive(Clone, Debug)]
pub struct ConversationView {
    /// Its id.
    pub id: ConversationId,
    /// Something in it was not read yet.
    pub is_unread: bool,
    /// The others; for posts to nobody, the one who has it.
    pub people: Vec<Arc<AccountView>>,
    /// Its newest post; `None` when it can no longer be seen.
    pub last_status: Option<StatusView>,
}

struct Loaded {
    last_status: StatusId,
    id: ConversationId,
    participants: Vec<AccountId>,
    is_unread: bool,
}

impl FromRow for Loaded {
    fn from_row(row: &mut Row<'_>) -> Result<Loaded, Fault> {
        Ok(Loaded {
            last_status: row.next()?,
            id: row.next()?,
            participants: row.next::<String>()?.split(',').filter_map(|id| id.parse().ok()).collect(),
            is_unread: row.next()?,
        })
    }
}

/// Puts a direct post into the list of `account`; `people` are all whom it is from or to. Gives the entry of the list.
///
/// # Errors
/// The database failed.
pub fn add_status(
    tx: &Tx<'_>,
    account: AccountId,
    thread: i64,
    people: &[AccountId],
    status: StatusId,
    is_unread: bool,
) -> Result<ConversationId, Fault> {
    let mut others: Vec<AccountId> = people.iter().copied().filter(|id| *id != account).collect();
    others.sort_unstable();
    others.dedup();
    let participants = others.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    let values = (tx.new_id(), account, thread, &participants, status, is_unread);
    let id: ConversationId =
        tx.value(&PUT, values)?.ok_or_else(|| Fault::new("a conversation was written and gave no id"))?;
    tx.execute(&PUT_STATUS, (id, status))?;
    Ok(id)
}

/// Takes a post out of all lists. An entry that is empty then is gone; those that step back to an older post are given.
///
/// # Errors
/// The database failed.
pub fn remove_status(tx: &Tx<'_>, status: StatusId) -> Result<Vec<(ConversationId, AccountId)>, Fault> {
    let entries: Vec<(ConversationId, AccountId)> = tx.rows(&OF_STATUS, (status,))?;
    tx.execute(&REMOVE_STATUS, (status,))?;
    let mut left = Vec::with_capacity(entries.len());
    for (id, account) in entries {
        if tx.execute(&STEP_BACK, (id,))? > 0 {
            left.push((id, account));
        } else {
            tx.execute(&DELETE, (id, account))?;
        }
    }
    Ok(left)
}

/// A page of somebody's conversations, the one with the newest post first. Paged by the ids of the newest posts, which
/// come beside.
///
/// # Errors
/// The database failed.
pub fn page(
    q: &Query<'_>,
    me: AccountId,
    page: &Page,
    now: Time,
) -> Result<(Vec<StatusId>, Vec<ConversationView>), Fault> {
    let rows: Vec<Loaded> = LIST.page(q, page, &[Value::Int(me.0)])?;
    let keys = rows.iter().map(|row| row.last_status).collect();
    Ok((keys, hydrate(q, me, rows, now)?))
}

/// One of somebody's conversations; `None` when it is not there or not theirs.
///
/// # Errors
/// The database failed.
pub fn view(q: &Query<'_>, me: AccountId, id: ConversationId, now: Time) -> Result<Option<ConversationView>, Fault> {
    let row: Option<Loaded> = q.row(&ONE, (id, me))?;
    Ok(hydrate(q, me, row.into_iter().collect(), now)?.pop())
}

fn hydrate(q: &Query<'_>, me: AccountId, rows: Vec<Loaded>, now: Time) -> Result<Vec<ConversationView>, Fault> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let mut wanted: Vec<AccountId> = rows.iter().flat_map(|row| row.participants.iter().copied()).collect();
    wanted.push(me);
    wanted.sort_unstable();
    wanted.dedup();
    let people = accounts::map(q, &wanted)?;
    let ids: Vec<StatusId> = rows.iter().map(|row| row.last_status).collect();
    let mut statuses: std::collections::HashMap<StatusId, StatusView> =
        statuses::views(q, &ids, Viewer::Account(me), now)?.into_iter().map(|view| (view.body.id, view)).collect();
    let known = |ids: &[AccountId]| ids.iter().filter_map(|id| people.get(id).cloned()).collect::<Vec<_>>();
    Ok(rows
        .into_iter()
        .map(|row| {
            let others = known(&row.participants);
            ConversationView {
                id: row.id,
                is_unread: row.is_unread,
                people: if others.is_empty() { known(&[me]) } else { others },
                last_status: statuses.remove(&row.last_status),
            }
        })
        .collect())
}

/// Marks one of somebody's conversations read or unread; whether it was there.
///
/// # Errors
/// The database failed.
pub fn set_unread(tx: &Tx<'_>, me: AccountId, id: ConversationId, is_unread: bool) -> Result<bool, Fault> {
    Ok(tx.execute(&SET_UNREAD, (id, me, is_unread))? > 0)
}

/// Takes a conversation out of somebody's list; the posts stay. Whether it was there.
///
/// # Errors
/// The database failed.
pub fn delete(tx: &Tx<'_>, me: AccountId, id: ConversationId) -> Result<bool, Fault> {
    tx.execute(&DELETE_STATUSES, (id, me))?;
    Ok(tx.execute(&DELETE, (id, me))? > 0)
}

/// No more notifications from this thread.
///
/// # Errors
/// The database failed.
pub fn mute(tx: &Tx<'_>, me: AccountId, thread: i64) -> Result<(), Fault> {
    tx.execute(&MUTE, (me, thread, tx.now())).map(|_| ())
}

/// Notifications from this thread again.
///
/// # Errors
/// The database failed.
pub fn unmute(tx: &Tx<'_>, me: AccountId, thread: i64) -> Result<(), Fault> {
    tx.execute(&UNMUTE, (me, thread)).map(|_| ())
}
