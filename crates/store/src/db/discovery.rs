//! Finding people: the directory, whom to follow, whom of those one follows others know too.

use phiomia_model::{AccountId, Fault, Viewer};

use super::{
    query::{Query, Tx},
    sql::{Sql, blocks_domain, queries},
};

/// Newest follows that suggestions begin from: people of long ago say less, and the work stays bounded.
const FOLLOWS_LOOKED_AT: i64 = 200;

/// Accounts `a` that show in a directory.
macro_rules! shown {
    () => {
        "a.is_discoverable and a.suspended_at is null and a.silenced_at is null and a.deleted_at is null
            and a.moved_to_id is null
            and (a.domain <> '' or exists (select 1 from users u where u.account_id = a.id
                and u.confirmed_at is not null and u.approved_at is not null))"
    };
}

/// Accounts `a` that a viewer $1 (null for anybody) neither blocks nor mutes, and who do not block them.
macro_rules! undisturbed {
    () => {
        concat!(
            "(cast($1 as bigint) is null or not (
                exists (select 1 from blocks b where b.account_id = $1 and b.target_id = a.id)
                or exists (select 1 from blocks b where b.account_id = a.id and b.target_id = $1)
                or exists (select 1 from mutes m where m.account_id = $1 and m.target_id = a.id)
                or ",
            blocks_domain!("$1", "a.domain"),
            "))"
        )
    };
}

/// Accounts `a` that may be suggested to $1.
macro_rules! wanted {
    () => {
        "a.id <> $1 and not exists (select 1 from follows f where f.account_id = $1 and f.target_id = a.id)
            and not exists (select 1 from follow_requests f where f.account_id = $1 and f.target_id = a.id)
            and not exists (select 1 from suggestion_dismissals d where d.account_id = $1 and d.target_id = a.id)"
    };
}

queries! {
    DIRECTORY_ACTIVE = Sql::Same(concat!("select a.id from accounts a where ", shown!(), " and ", undisturbed!(), "
            and (not $2 or a.domain = '')
        order by coalesce(a.last_status_day, 0) desc, a.id desc limit $3 offset $4"));
    DIRECTORY_NEW = Sql::Same(concat!("select a.id from accounts a where ", shown!(), " and ", undisturbed!(), "
            and (not $2 or a.domain = '')
        order by a.id desc limit $3 offset $4"));
    SEEDED = Sql::Same(concat!("select a.id from suggestions s join accounts a on a.id = s.target_id
        where s.account_id = $1 and a.suspended_at is null and a.deleted_at is null and a.moved_to_id is null
            and ", wanted!(), " and ", undisturbed!(), "
        order by s.created_at, a.id limit $2"));
    FRIENDS_OF_FRIENDS = Sql::Same(concat!("select a.id
        from (select target_id from follows where account_id = $1 order by id desc limit $3) mine
        join accounts friend on friend.id = mine.target_id and not friend.hides_collections
        join follows theirs on theirs.account_id = mine.target_id
        join accounts a on a.id = theirs.target_id
        where ", shown!(), " and ", wanted!(), " and ", undisturbed!(), "
        group by a.id order by count(*) desc, a.id desc limit $2"));
    MOST_FOLLOWED = Sql::Same(concat!("select a.id from accounts a
        where ", shown!(), " and a.followers_count > 0 and ", wanted!(), " and ", undisturbed!(), "
        order by a.followers_count desc, a.id desc limit $2"));
    DISMISS = Sql::Same("insert into suggestion_dismissals (account_id, target_id, created_at)
        select cast($1 as bigint), a.id, cast($3 as bigint) from accounts a where a.id = $2
        on conflict (account_id, target_id) do nothing");
    // Who of those I follow follows whom of $2, as far as both sides show such things. Read in the order written: SQLite
    // would begin with the accounts, which it believes to be few.
    FAMILIAR = Sql::Same("select theirs.target_id, theirs.account_id
        from follows mine cross join follows theirs cross join accounts friend cross join accounts target
        where mine.account_id = $1 and theirs.account_id = mine.target_id and theirs.target_id in ids($2)
            and friend.id = mine.target_id and target.id = theirs.target_id and mine.target_id <> theirs.target_id
            and not friend.hides_collections and not target.hides_collections
            and friend.suspended_at is null and friend.deleted_at is null
        order by theirs.id desc");
    DOMAINS = Sql::Same("select distinct a.domain from accounts a where a.domain <> ''
            and not exists (select 1 from domain_blocks b where b.domain = a.domain) order by 1");
    DOMAINS_BEGINNING = Sql::Same("select distinct a.domain from accounts a where a.domain <> ''
            and substr(a.domain, 1, length(cast($1 as text))) = $1
            and not exists (select 1 from domain_blocks b where b.domain = a.domain) order by 1 limit $2");
}

/// In which order the directory is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Who posted last comes first.
    Active,
    /// Who came last comes first.
    New,
}

/// A page of the directory: people who want to be found.
///
/// # Errors
/// The database failed.
pub fn directory(
    q: &Query<'_>,
    viewer: Viewer,
    order: Order,
    is_local: bool,
    limit: i64,
    offset: i64,
) -> Result<Vec<AccountId>, Fault> {
    let statement = match order {
        Order::Active => &DIRECTORY_ACTIVE,
        Order::New => &DIRECTORY_NEW,
    };
    q.column(statement, (viewer.account(), is_local, limit, offset))
}

/// Why somebody is suggested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// By staff.
    Staff,
    /// Followed by those one follows.
    FriendsOfFriends,
    /// Followed by many.
    MostFollowed,
}

/// Whom `me` might follow, the strongest reason first; who is there for several reasons has all of them.
///
/// # Errors
/// The database failed.
pub fn suggestions(q: &Query<'_>, me: AccountId, limit: i64) -> Result<Vec<(AccountId, Vec<Why>)>, Fault> {
    let mut found: Vec<(AccountId, Vec<Why>)> = Vec::new();
    let sources = [
        (Why::Staff, q.column(&SEEDED, (me, limit))?),
        (Why::FriendsOfFriends, q.column(&FRIENDS_OF_FRIENDS, (me, limit, FOLLOWS_LOOKED_AT))?),
        (Why::MostFollowed, q.column(&MOST_FOLLOWED, (me, limit))?),
    ];
    for (why, accounts) in sources {
        for account in accounts {
            match found.iter_mut().find(|(known, _)| *known == account) {
                Some((_, reasons)) => reasons.push(why),
                None => found.push((account, vec![why])),
            }
        }
    }
    found.truncate(usize::try_from(limit).unwrap_or_default());
    Ok(found)
}

/// `target` is not suggested to `me` again. Nothing happens when there is no such account.
///
/// # Errors
/// The database failed.
pub fn dismiss(tx: &Tx<'_>, me: AccountId, target: AccountId) -> Result<(), Fault> {
    tx.execute(&DISMISS, (me, target, tx.now())).map(|_| ())
}

/// Pairs of one of the accounts and a follower of it whom `me` follows too, last followed first.
///
/// # Errors
/// The database failed.
pub fn familiar_followers(
    q: &Query<'_>,
    me: AccountId,
    accounts: &[AccountId],
) -> Result<Vec<(AccountId, AccountId)>, Fault> {
    let ids: Vec<i64> = accounts.iter().map(|account| account.0).collect();
    q.rows(&FAMILIAR, (me, &ids))
}

/// The domains of all servers somebody is known of.
///
/// # Errors
/// The database failed.
pub fn domains(q: &Query<'_>) -> Result<Vec<String>, Fault> {
    q.column(&DOMAINS, ())
}

/// The same, of those whose name begins so: at most so many.
///
/// # Errors
/// The database failed.
pub fn domains_beginning(q: &Query<'_>, beginning: &str, most: i64) -> Result<Vec<String>, Fault> {
    q.column(&DOMAINS_BEGINNING, (beginning, most))
}
