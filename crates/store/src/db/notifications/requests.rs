//! Senders whose mentions and quotes are held back, each one request to be let in.

use std::{collections::HashMap, sync::Arc};

use phiomia_model::{AccountId, Fault, NotificationRequestId, Page, StatusId, Time, Viewer, Visibility};

use crate::db::{
    accounts::{self, AccountView},
    keyset::keysets,
    query::{Query, Tx},
    sql::{Sql, queries},
    statuses::{self, StatusView},
    value::Value,
};

/// More than this is "many": counted no further, as Mastodon does.
const MOST_COUNTED: i64 = 100;
/// Direct posts that are put into the conversations when their sender is let in; the newest ones.
const MOST_CONVERSATIONS: i64 = 200;

queries! {
    HOLD = Sql::Same("insert into notification_requests (id, account_id, from_account_id, created_at, updated_at)
        values ($1, $2, $3, $4, $4)
        on conflict (account_id, from_account_id) do update set updated_at = excluded.updated_at");
    ONE = Sql::Same("select r.id, r.from_account_id, r.created_at, r.updated_at
        from notification_requests r join accounts a on a.id = r.from_account_id
        where r.id = $2 and r.account_id = $1 and a.suspended_at is null
            and exists (select 1 from notifications n where n.account_id = $1
                and n.from_account_id = r.from_account_id and n.is_filtered and n.type in ('mention', 'quote'))");
    SENDERS = Sql::Same("select from_account_id from notification_requests where account_id = $1 and id in ids($2)");
    HELD = Sql::Same("select from_account_id, count(*), max(status_id) from notifications
        where account_id = $1 and from_account_id in ids($2) and is_filtered and type in ('mention', 'quote')
        group by from_account_id");
    SUMMARY = Sql::Same("select count(*), cast(coalesce(sum(u.n), 0) as bigint) from (
        select count(*) as n from notifications n join accounts a on a.id = n.from_account_id
        where n.account_id = $1 and n.is_filtered and n.type in ('mention', 'quote') and a.suspended_at is null
        group by n.from_account_id limit $2) u");
    HELD_DIRECT = Sql::Same("select n.status_id, s.conversation_id from notifications n join statuses s on s.id = n.status_id
        where n.account_id = $1 and n.from_account_id = $2 and n.is_filtered and n.type = 'mention'
            and s.visibility = $3 and s.conversation_id is not null
        order by n.id desc limit $4");
    RELEASE = Sql::Same("update notifications set is_filtered = false
        where account_id = $1 and from_account_id = $2 and is_filtered");
    DROP_HELD = Sql::Same("delete from notifications where account_id = $1 and from_account_id = $2 and is_filtered");
    FORGET = Sql::Same("delete from notification_requests where account_id = $1 and from_account_id = $2");
    FORGET_DOMAIN = Sql::Same("delete from notification_requests where account_id = $1
        and from_account_id in (select a.id from accounts a where a.domain = $2)");
}

keysets! {
    LIST = "r.id", "select r.id, r.from_account_id, r.created_at, r.updated_at
        from notification_requests r join accounts a on a.id = r.from_account_id
        where r.account_id = $4 and a.suspended_at is null
            and exists (select 1 from notifications n where n.account_id = $4
                and n.from_account_id = r.from_account_id and n.is_filtered and n.type in ('mention', 'quote'))";
}

/// A sender who waits.
#[derive(Clone, Debug)]
pub struct RequestView {
    /// Its id.
    pub id: NotificationRequestId,
    /// When the first was held back.
    pub created_at: Time,
    /// When the last was.
    pub updated_at: Time,
    /// The sender.
    pub from: Arc<AccountView>,
    /// How many mentions and quotes are held back, at most 100.
    pub count: i64,
    /// The newest post among them, when the receiver can see it.
    pub last_status: Option<StatusView>,
}

type Row = (NotificationRequestId, AccountId, Time, Time);

/// A page of those who wait, newest first. All ids of the page come beside, for paging.
///
/// # Errors
/// The database failed.
pub fn page(
    q: &Query<'_>,
    me: AccountId,
    page: &Page,
    now: Time,
) -> Result<(Vec<NotificationRequestId>, Vec<RequestView>), Fault> {
    let rows: Vec<Row> = LIST.page(q, page, &[Value::Int(me.0)])?;
    let ids = rows.iter().map(|row| row.0).collect();
    Ok((ids, hydrate(q, me, rows, now)?))
}

/// One who waits; `None` when there is none or they wait for somebody else.
///
/// # Errors
/// The database failed.
pub fn view(q: &Query<'_>, me: AccountId, id: NotificationRequestId, now: Time) -> Result<Option<RequestView>, Fault> {
    let row: Option<Row> = q.row(&ONE, (me, id))?;
    Ok(hydrate(q, me, row.into_iter().collect(), now)?.pop())
}

fn hydrate(q: &Query<'_>, me: AccountId, rows: Vec<Row>, now: Time) -> Result<Vec<RequestView>, Fault> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let senders: Vec<AccountId> = rows.iter().map(|row| row.1).collect();
    let people = accounts::map(q, &senders)?;
    let ids: Vec<i64> = senders.iter().map(|id| id.0).collect();
    let held: Vec<(AccountId, i64, Option<StatusId>)> = q.rows(&HELD, (me, ids.as_slice()))?;
    let wanted: Vec<StatusId> = held.iter().filter_map(|row| row.2).collect();
    let mut posts: HashMap<StatusId, StatusView> =
        statuses::views(q, &wanted, Viewer::Account(me), now)?.into_iter().map(|view| (view.body.id, view)).collect();
    let held: HashMap<AccountId, (i64, Option<StatusId>)> = held.into_iter().map(|(a, n, s)| (a, (n, s))).collect();
    Ok(rows
        .into_iter()
        .filter_map(|(id, from, created_at, updated_at)| {
            let (count, last) = held.get(&from).copied().unwrap_or_default();
            let last_status = last.and_then(|status| posts.remove(&status));
            let (from, count) = (people.get(&from)?.clone(), count.min(MOST_COUNTED));
            Some(RequestView { id, created_at, updated_at, from, count, last_status })
        })
        .collect())
}

/// How many wait, at most 100, and how much is held back of them.
///
/// # Errors
/// The database failed.
pub fn summary(q: &Query<'_>, me: AccountId) -> Result<(i64, i64), Fault> {
    Ok(q.row(&SUMMARY, (me, MOST_COUNTED))?.unwrap_or_default())
}

/// Notes that something of `from` was held back.
///
/// # Errors
/// The database failed.
pub fn hold(tx: &Tx<'_>, me: AccountId, from: AccountId) -> Result<(), Fault> {
    tx.execute(&HOLD, (tx.new_id(), me, from, tx.now())).map(|_| ())
}

/// The senders of those requests that are `me`'s.
///
/// # Errors
/// The database failed.
pub fn senders(q: &Query<'_>, me: AccountId, ids: &[NotificationRequestId]) -> Result<Vec<AccountId>, Fault> {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    q.column(&SENDERS, (me, ids.as_slice()))
}

/// The direct posts that were held back of a sender, each with its thread, oldest first.
///
/// # Errors
/// The database failed.
pub fn held_direct(q: &Query<'_>, me: AccountId, from: AccountId) -> Result<Vec<(StatusId, i64)>, Fault> {
    let mut rows: Vec<(StatusId, i64)> = q.rows(&HELD_DIRECT, (me, from, Visibility::Direct, MOST_CONVERSATIONS))?;
    rows.reverse();
    Ok(rows)
}

/// Shows what was held back of a sender. It stays ungrouped, as it came.
///
/// # Errors
/// The database failed.
pub fn release(tx: &Tx<'_>, me: AccountId, from: AccountId) -> Result<(), Fault> {
    tx.execute(&RELEASE, (me, from))?;
    forget(tx, me, from)
}

/// Throws away what was held back of a sender.
///
/// # Errors
/// The database failed.
pub fn drop_held(tx: &Tx<'_>, me: AccountId, from: AccountId) -> Result<(), Fault> {
    tx.execute(&DROP_HELD, (me, from))?;
    forget(tx, me, from)
}

/// Nobody of this domain waits here any more.
///
/// # Errors
/// The database failed.
pub fn forget_domain(tx: &Tx<'_>, me: AccountId, domain: &str) -> Result<(), Fault> {
    tx.execute(&FORGET_DOMAIN, (me, domain)).map(|_| ())
}

/// Nobody waits here any more.
///
/// # Errors
/// The database failed.
pub fn forget(tx: &Tx<'_>, me: AccountId, from: AccountId) -> Result<(), Fault> {
    tx.execute(&FORGET, (me, from)).map(|_| ())
}
