//! The timelines of lists: a feed of its own for each list, so that reading one costs the same for 5 members and for 500.

use phiomia_model::{AccountId, Fault, ListId, Page, StatusId, Time, id};

use super::{FanOut, LONGEST_FEED, MERGED, REBLOG_DISTANCE};
use crate::db::{
    keyset::keysets,
    query::{Query, Tx},
    sql::{Sql, queries},
    value::Value,
};

keysets! {
    LIST = "status_id", "select status_id from list_feed where list_id = $4";
}

/// Which answers a list `l` shows, for a post `s`.
macro_rules! replies_rules {
    () => {
        "(s.in_reply_to_account_id is null or s.in_reply_to_account_id in (s.account_id, $1)
            or l.replies_policy = 'followed'
            or (l.replies_policy = 'list' and exists (select 1 from list_accounts x
                where x.list_id = l.id and x.account_id = s.in_reply_to_account_id)))"
    };
}

/// From where a list ($5, owned by $1) is filled: its members, while they are followed, or the owner.
macro_rules! sources {
    () => {
        "insert into list_feed (list_id, status_id, author_id, reblog_of_id)
        select l.id, s.id, s.account_id, s.reblog_of_id
        from lists l join list_accounts m on m.list_id = l.id
        left join follows f on f.account_id = $1 and f.target_id = m.account_id
        join statuses s on s.account_id = m.account_id and s.id > $2
        left join statuses o on o.id = s.reblog_of_id
        where l.id = $5 and l.account_id = $1 and (f.id is not null or m.account_id = $1) and "
    };
}

queries! {
    // One statement for all lists that have the author. The parameters are those of `FAN_OUT`, of one status.
    FAN_OUT_TO_LISTS = Sql::Once(&Sql::Same(concat!("insert into list_feed (list_id, status_id, author_id, reblog_of_id)
        select f.list_id, cast($1 as bigint), cast($2 as bigint), cast($3 as bigint)
        from (select m.list_id, m.owner_id as account_id, l.replies_policy,
                coalesce(w.shows_reblogs, true) as shows_reblogs, w.languages
            from list_accounts m join lists l on l.id = m.list_id
            left join follows w on w.account_id = m.owner_id and w.target_id = m.account_id
            where m.account_id = $2 and (w.id is not null or m.owner_id = m.account_id)) f
        join users u on u.account_id = f.account_id
        where coalesce(u.home_seen_at, u.created_at) > $8 and ", posted_rules!("$1", "$2", "$3", "$4", "$5", "$6", "$7", "$9"), "
            and (cast($5 as bigint) is null or cast($5 as bigint) in ($2, f.account_id)
                or f.replies_policy = 'followed'
                or (f.replies_policy = 'list' and exists (select 1 from list_accounts x
                    where x.list_id = f.list_id and x.account_id = $5)))
            and (cast($3 as bigint) is null or not exists (select 1 from list_feed h
                where h.list_id = f.list_id and (h.status_id = $3 or h.reblog_of_id = $3)
                    and h.status_id >= coalesce((select n.status_id from list_feed n where n.list_id = f.list_id
                        order by n.status_id desc limit 1 offset $10), 0)))
        on conflict (list_id, status_id) do nothing
        returning list_id")));
    OWNERS = Sql::Same("select id, account_id from lists where id in ids($1)");
    // $1 owner, $2 newer than, $3 now, $4 at most, $5 list.
    REBUILD_LIST = Sql::Same(concat!(sources!(), feed_rules!(), " and ", replies_rules!(),
        " order by s.id desc limit $4 on conflict (list_id, status_id) do nothing"));
    // The same for one author: $6.
    MERGE_LIST = Sql::Same(concat!(sources!(), "m.account_id = $6 and ", feed_rules!(), " and ", replies_rules!(),
        " order by s.id desc limit $4 on conflict (list_id, status_id) do nothing"));
    EMPTY_LIST = Sql::Same("delete from list_feed where list_id = $1");
    SWEEP_LIST = Sql::Same("delete from list_feed where list_id = $1 and author_id = $2");
    SWEEP_LISTS = Sql::Same("delete from list_feed where list_id in (select id from lists where account_id = $1)
        and (author_id = $2 or reblog_of_id in (select s.id from statuses s where s.account_id = $2))");
    SWEEP_DOMAIN = Sql::Same("delete from list_feed where list_id in (select id from lists where account_id = $1)
        and (exists (select 1 from accounts a where a.id = list_feed.author_id and a.domain = $2)
            or exists (select 1 from statuses s join accounts a on a.id = s.account_id
                where s.id = list_feed.reblog_of_id and a.domain = $2))");
    TRIM_LIST = Sql::Same("delete from list_feed where list_id = $1 and status_id in (
        select h.status_id from list_feed h where h.list_id = $1 and h.status_id < coalesce(
            (select k.status_id from list_feed k where k.list_id = $1 order by k.status_id desc limit 1 offset $2), 0)
        order by h.status_id limit $3)");
    OVERLONG = Sql::Same("select list_id from list_feed group by list_id having count(*) > $1");
    LEAVE_HOME = Sql::Same("delete from home_feed where account_id = $1 and author_id <> $1
        and author_id in (select x.account_id from list_accounts x where x.list_id = $2)");
}

/// The timeline of a list: ids, newest first. Whose list it is is not looked at here.
///
/// # Errors
/// The database failed.
pub fn list(q: &Query<'_>, list: ListId, page: &Page) -> Result<Vec<StatusId>, Fault> {
    Ok(LIST.page::<(StatusId,)>(q, page, &[Value::Int(list.0)])?.into_iter().map(|(id,)| id).collect())
}

/// Writes a status into the lists that have its author; gives which lists gained it, with their owners.
///
/// # Errors
/// The database failed.
pub fn fan_out_to_lists(tx: &Tx<'_>, f: &FanOut<'_>, seen_since: Time) -> Result<Vec<(ListId, AccountId)>, Fault> {
    let of_all = [Value::Int(seen_since.0), Value::Int(tx.now().0), Value::Int(REBLOG_DISTANCE - 1)];
    let values = [f.row().as_slice(), &of_all].concat();
    let gained: Vec<ListId> = tx.column(&FAN_OUT_TO_LISTS, values.as_slice())?;
    if gained.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<i64> = gained.iter().map(|list| list.0).collect();
    tx.rows(&OWNERS, (&ids,))
}

/// Fills a list anew from its members' posts since `since`.
///
/// # Errors
/// The database failed.
pub fn rebuild_list(tx: &Tx<'_>, owner: AccountId, list: ListId, since: Time) -> Result<(), Fault> {
    tx.execute(&EMPTY_LIST, (list,))?;
    tx.execute(&REBUILD_LIST, (owner, id::first_of(since), tx.now(), LONGEST_FEED, list)).map(|_| ())
}

/// Puts the newest posts of one member into a list.
///
/// # Errors
/// The database failed.
pub fn merge_into_list(
    tx: &Tx<'_>,
    owner: AccountId,
    list: ListId,
    author: AccountId,
    since: Time,
) -> Result<(), Fault> {
    tx.execute(&MERGE_LIST, (owner, id::first_of(since), tx.now(), MERGED, list, author)).map(|_| ())
}

/// Takes the posts of one who is no longer a member out of a list.
///
/// # Errors
/// The database failed.
pub fn sweep_list(tx: &Tx<'_>, list: ListId, author: AccountId) -> Result<(), Fault> {
    tx.execute(&SWEEP_LIST, (list, author)).map(|_| ())
}

/// Takes somebody's posts, and boosts of them, out of all lists of an owner.
///
/// # Errors
/// The database failed.
pub fn sweep_lists(tx: &Tx<'_>, owner: AccountId, author: AccountId) -> Result<(), Fault> {
    tx.execute(&SWEEP_LISTS, (owner, author)).map(|_| ())
}

/// Takes the posts of a domain's people, and boosts of them, out of all lists of an owner.
///
/// # Errors
/// The database failed.
pub fn sweep_domain_from_lists(tx: &Tx<'_>, owner: AccountId, domain: &str) -> Result<(), Fault> {
    tx.execute(&SWEEP_DOMAIN, (owner, domain)).map(|_| ())
}

/// Takes the posts of a list's members out of its owner's home feed: the list is exclusive now.
///
/// # Errors
/// The database failed.
pub fn add_exclusive(tx: &Tx<'_>, owner: AccountId, list: ListId) -> Result<(), Fault> {
    tx.execute(&LEAVE_HOME, (owner, list)).map(|_| ())
}

/// Which lists have grown to more than twice the longest feed. Looks at every row there is.
///
/// # Errors
/// The database failed.
pub fn overlong_lists(q: &Query<'_>) -> Result<Vec<ListId>, Fault> {
    q.column(&OVERLONG, (LONGEST_FEED * 2,))
}

/// As [`super::trim`], for a list.
///
/// # Errors
/// The database failed.
pub fn trim_list(tx: &Tx<'_>, list: ListId, most: i64) -> Result<u64, Fault> {
    tx.execute(&TRIM_LIST, (list, LONGEST_FEED - 1, most))
}
