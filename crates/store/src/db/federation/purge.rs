//! What there is of a domain that is to be forgotten, and the rows that go with each of its people.

use phiomia_model::{AccountId, Fault, StatusId};

use crate::db::{
    query::{Query, Tx},
    sql::{Sql, Statement, queries},
};

queries! {
    // By the handle or by the host of the id. `_` of a pattern is any letter: which it is is looked at once more.
    ACCOUNTS = Sql::Same("select a.id, a.domain, coalesce(t.host, '') from accounts a left join actors t on t.account_id = a.id
        where a.domain <> '' and (a.domain like '%' || $1 or t.host like '%' || $1 or t.host like '%' || $1 || ':%')
        order by a.id");
    HOSTS = Sql::Same("select host from hosts where host like '%' || $1 or host like '%' || $1 || ':%'");
    FORGET_HOSTS = Sql::Same("delete from hosts where host in texts($1)");
    N_POSTS = Sql::Same("select count(*) from statuses where account_id in ids($1) and deleted_at is null");
    N_FOLLOWS = Sql::Same("select count(*) from follows f join users u on u.account_id = f.target_id where f.account_id in ids($1)");
    N_FOLLOWED = Sql::Same("select count(*) from follows f join users u on u.account_id = f.account_id where f.target_id in ids($1)");
    // Answers before what they answer, deleted ones among them.
    POSTS = Sql::Same("select id, conversation_id from statuses where account_id = $1 order by id desc limit $2");
    BOOSTS = Sql::Same("select id, conversation_id from statuses where reblog_of_id = $1 limit $2");
    FAVOURITES = Sql::Same("select status_id, is_pending from favourites where account_id = $1 limit $2");
    FOLLOWS = Sql::Same("select account_id, target_id from follows where account_id = $1 or target_id = $1 limit $2");
    REQUESTS = Sql::Same("select account_id, target_id from follow_requests where account_id = $1 or target_id = $1 limit $2");
    UNCOUNT_REACTIONS = Sql::Same("update remote_statuses set n_reactions = n_reactions
            - (select count(*) from reactions r where r.status_id = remote_statuses.status_id and r.account_id = $1)
        where status_id in (select r.status_id from reactions r where r.account_id = $1)");
    REACTIONS = Sql::Same("delete from reactions where account_id = $1");
    // In polls of people here. What a poll elsewhere counts is its server's to say.
    UNCOUNT_VOTES = Sql::Same("update poll_options set votes_count = votes_count - 1
        where votes_count > 0 and exists (select 1 from poll_votes v join polls p on p.id = v.poll_id
            join statuses s on s.id = p.status_id
            where v.account_id = $1 and v.poll_id = poll_options.poll_id and v.position = poll_options.position
                and s.is_local)");
    UNCOUNT_VOTER = Sql::Same("update polls set voters_count = voters_count - 1
        where voters_count > 0 and exists (select 1 from poll_votes v where v.poll_id = polls.id and v.account_id = $1)
            and exists (select 1 from statuses s where s.id = polls.status_id and s.is_local)");
    VOTES = Sql::Same("delete from poll_votes where account_id = $1");
    PINS = Sql::Same("delete from pins where account_id = $1");
    NAMING = Sql::Same("select status_id from mentions where account_id = $1 limit $2");
    MENTIONS = Sql::Same("delete from mentions where account_id = $1 and status_id in ids($2)");
    ANSWERING = Sql::Same("select id from statuses where in_reply_to_account_id = $1 limit $2");
    ANSWERED = Sql::Same("update statuses set in_reply_to_account_id = null where id in ids($1)");
    REPORT_NOTIFICATIONS = Sql::Same("delete from notifications
        where report_id in (select r.id from reports r where r.account_id = $1 or r.target_id = $1)");
    NOTIFICATIONS = Sql::Same("delete from notifications where account_id = $1 or from_account_id = $1");
    NOTIFICATION_REQUESTS = Sql::Same("delete from notification_requests where account_id = $1 or from_account_id = $1");
    NOTIFICATION_PERMISSIONS = Sql::Same("delete from notification_permissions where account_id = $1 or from_account_id = $1");
    BLOCKS = Sql::Same("delete from blocks where account_id = $1 or target_id = $1");
    MUTES = Sql::Same("delete from mutes where account_id = $1 or target_id = $1");
    ENDORSEMENTS = Sql::Same("delete from endorsements where account_id = $1 or target_id = $1");
    NOTES = Sql::Same("delete from account_notes where account_id = $1 or target_id = $1");
    SUGGESTIONS = Sql::Same("delete from suggestions where account_id = $1 or target_id = $1");
    DISMISSALS = Sql::Same("delete from suggestion_dismissals where account_id = $1 or target_id = $1");
    LISTED = Sql::Same("delete from list_accounts where account_id = $1");
    FEATURED_TAGS = Sql::Same("delete from featured_tags where account_id = $1");
    QUOTED = Sql::Same("update quotes set quoted_account_id = null where quoted_account_id = $1");
    MOVED = Sql::Same("update accounts set moved_to_id = null where moved_to_id = $1");
    REPORT_STRIKES = Sql::Same("update strikes set report_id = null
        where report_id in (select r.id from reports r where r.account_id = $1 or r.target_id = $1)");
    STRIKES = Sql::Same("delete from strikes where account_id = $1");
    REPORTS = Sql::Same("delete from reports where account_id = $1 or target_id = $1");
    EARLY = Sql::Same("delete from early_activities where signer = $1");
    KEYS = Sql::Same("delete from actor_keys where account_id = $1");
    ACTOR = Sql::Same("delete from actors where account_id = $1");
    ACCOUNT = Sql::Same("delete from accounts where id = $1 and domain <> ''");
    // Names of activities and of what was deleted, by the beginning of their ids.
    RECEIVED = Sql::Differs {
        sqlite: "delete from received where uri >= $1 and uri < $2",
        postgres: "delete from received where starts_with(uri, $1) and $2 <> ''",
    };
    TOMBSTONES = Sql::Differs {
        sqlite: "delete from tombstones where uri >= $1 and uri < $2",
        postgres: "delete from tombstones where starts_with(uri, $1) and $2 <> ''",
    };
}

/// What goes with a person, in an order in which nothing is left that names what is gone already.
static OF_ACCOUNT: &[&Statement] = &[
    &UNCOUNT_REACTIONS,
    &REACTIONS,
    &UNCOUNT_VOTES,
    &UNCOUNT_VOTER,
    &VOTES,
    &PINS,
    &REPORT_NOTIFICATIONS,
    &NOTIFICATIONS,
    &NOTIFICATION_REQUESTS,
    &NOTIFICATION_PERMISSIONS,
    &BLOCKS,
    &MUTES,
    &ENDORSEMENTS,
    &NOTES,
    &SUGGESTIONS,
    &DISMISSALS,
    &LISTED,
    &FEATURED_TAGS,
    &QUOTED,
    &MOVED,
    &REPORT_STRIKES,
    &STRIKES,
    &REPORTS,
    &EARLY,
    &KEYS,
    &ACTOR,
    &ACCOUNT,
];

/// How much there is of some people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount {
    /// Their posts and boosts.
    pub posts: i64,
    /// How often they follow somebody here.
    pub follows_to_here: i64,
    /// How often they are followed from here.
    pub follows_from_here: i64,
}

/// A post, with its thread.
pub type Post = (StatusId, Option<i64>);

/// Whether a name, with or without a port, is a domain or, `with_below`, one below it. A domain with a port is that alone.
fn is_of(name: &str, domain: &str, with_below: bool) -> bool {
    let plain = name.rsplit_once(':').map_or(name, |(plain, _)| plain);
    [name, plain].into_iter().any(|name| {
        name == domain
            || with_below && name.strip_suffix(domain).is_some_and(|before| before.len() > 1 && before.ends_with('.'))
    })
}

/// The people of a domain, by handle or by host; `with_below`: those of what lies below it, too.
///
/// # Errors
/// The database failed.
pub fn accounts(q: &Query<'_>, domain: &str, with_below: bool) -> Result<Vec<AccountId>, Fault> {
    let rows: Vec<(AccountId, String, String)> = q.rows(&ACCOUNTS, (domain,))?;
    let is_there = |name: &str| is_of(name, domain, with_below);
    Ok(rows.into_iter().filter(|(_, of, host)| is_there(of) || is_there(host)).map(|(account, ..)| account).collect())
}

/// How much there is of these people.
///
/// # Errors
/// The database failed.
pub fn amount(q: &Query<'_>, accounts: &[i64]) -> Result<Amount, Fault> {
    let count = |statement| Ok::<i64, Fault>(q.value(statement, (accounts,))?.unwrap_or(0));
    Ok(Amount { posts: count(&N_POSTS)?, follows_to_here: count(&N_FOLLOWS)?, follows_from_here: count(&N_FOLLOWED)? })
}

/// What is known of the servers of a domain, by name.
///
/// # Errors
/// The database failed.
pub fn hosts(q: &Query<'_>, domain: &str, with_below: bool) -> Result<Vec<String>, Fault> {
    let mut hosts: Vec<String> = q.column(&HOSTS, (domain,))?;
    hosts.retain(|host| is_of(host, domain, with_below));
    Ok(hosts)
}

/// Forgets servers.
///
/// # Errors
/// The database failed.
pub fn forget_hosts(tx: &Tx<'_>, hosts: &[String]) -> Result<(), Fault> {
    tx.execute(&FORGET_HOSTS, (hosts,)).map(|_| ())
}

/// Forgets what came from a host and what was deleted there before it came. `base`: how ids there begin.
///
/// # Errors
/// The database failed.
pub fn forget_names(tx: &Tx<'_>, base: &str) -> Result<(), Fault> {
    // The first text that does not begin so: `0` comes after `/`.
    let end = format!("{}0", base.trim_end_matches('/'));
    tx.execute(&RECEIVED, (base, end.as_str()))?;
    tx.execute(&TOMBSTONES, (base, end.as_str())).map(|_| ())
}

/// Some posts of somebody, the newest first, deleted ones among them.
///
/// # Errors
/// The database failed.
pub fn posts(q: &Query<'_>, account: AccountId, most: i64) -> Result<Vec<Post>, Fault> {
    q.rows(&POSTS, (account, most))
}

/// Some boosts of a post, deleted ones among them.
///
/// # Errors
/// The database failed.
pub fn boosts(q: &Query<'_>, status: StatusId, most: i64) -> Result<Vec<Post>, Fault> {
    q.rows(&BOOSTS, (status, most))
}

/// Some posts that somebody favourited, and whether each still waits for its author to allow that.
///
/// # Errors
/// The database failed.
pub fn favourites(q: &Query<'_>, account: AccountId, most: i64) -> Result<Vec<(StatusId, bool)>, Fault> {
    q.rows(&FAVOURITES, (account, most))
}

/// Some follows from and to somebody: who follows whom.
///
/// # Errors
/// The database failed.
pub fn follows(q: &Query<'_>, account: AccountId, most: i64) -> Result<Vec<(AccountId, AccountId)>, Fault> {
    q.rows(&FOLLOWS, (account, most))
}

/// Some follows that were asked for.
///
/// # Errors
/// The database failed.
pub fn requests(q: &Query<'_>, account: AccountId, most: i64) -> Result<Vec<(AccountId, AccountId)>, Fault> {
    q.rows(&REQUESTS, (account, most))
}

/// Takes somebody out of some posts that name them or answer them; which these are.
///
/// # Errors
/// The database failed.
pub fn take_out_of_posts(tx: &Tx<'_>, account: AccountId, most: i64) -> Result<Vec<StatusId>, Fault> {
    let mut naming: Vec<i64> = tx.column(&NAMING, (account, most))?;
    tx.execute(&MENTIONS, (account, naming.as_slice()))?;
    let answering: Vec<i64> = tx.column(&ANSWERING, (account, most))?;
    tx.execute(&ANSWERED, (answering.as_slice(),))?;
    naming.extend(answering);
    Ok(naming.into_iter().map(StatusId).collect())
}

/// Takes the row of somebody elsewhere away with all that names it, once posts, favourites and follows are gone.
///
/// # Errors
/// The database failed, or something still names the row.
pub fn erase(tx: &Tx<'_>, account: AccountId) -> Result<(), Fault> {
    OF_ACCOUNT.iter().try_for_each(|statement| tx.execute(statement, (account,)).map(|_| ()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_is_itself_with_every_port_and_what_lies_below_it_when_that_is_meant() {
        for name in ["a.example", "a.example:8443"] {
            assert!(is_of(name, "a.example", false) && is_of(name, "a.example", true), "{name}");
        }
        for name in ["b.a.example", "c.b.a.example:80"] {
            assert!(!is_of(name, "a.example", false) && is_of(name, "a.example", true), "{name}");
        }
        for name in ["aa.example", "example", ".a.example", "a.example.org", "", "a_example"] {
            assert!(!is_of(name, "a.example", false) && !is_of(name, "a.example", true), "{name}");
        }
        assert!(is_of("127.0.0.1:80", "127.0.0.1:80", false) && !is_of("127.0.0.1:81", "127.0.0.1:80", false));
    }
}
