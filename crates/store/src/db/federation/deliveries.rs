//! What is on its way to other servers: an activity is written once, and stands in a small row for each inbox until that
//! inbox has taken it.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use phiomia_model::{AccountId, Fault, StatusId, Time};

use super::{actors::Inbox, hosts};
use crate::db::{
    query::{Query, Tx},
    sql::{Sql, queries},
    value::{FromRow, Row},
};

/// How long an activity is offered.
const OFFERED: Duration = Duration::from_secs(7 * 86_400);
/// How long a last word is offered: what it takes back would otherwise stay there for ever.
const LAST_WORD_OFFERED: Duration = Duration::from_secs(30 * 86_400);
/// Something new may be tried this often with a server that was given up.
const PROBED: Duration = Duration::from_secs(86_400);
/// How long it is remembered that deliveries of an activity expired.
const EXPIRY_REMEMBERED: Duration = Duration::from_secs(180 * 86_400);
/// Inboxes in one statement.
const AT_ONCE: usize = 1_000;

queries! {
    INSERT_OUTGOING = Sql::Same("insert into outgoing (id, account_id, payload, object, status_id, created_at, tells_followers)
        values ($1, $2, $3, $4, $5, $6, $7)");
    EARLIER = Sql::Same("select id from outgoing where object = $1 and account_id = $2 and id < $3");
    SUPERSEDE = Sql::Differs {
        sqlite: "delete from deliveries indexed by deliveries_outgoing
            where outgoing_id in ids($1) and host in texts($2) and inbox in texts($3)",
        postgres: "delete from deliveries where outgoing_id in ids($1) and host in texts($2) and inbox in texts($3)",
    };
    KNOW_HOSTS = Sql::Differs {
        sqlite: "insert into hosts (host, created_at) select value, $2 from rarray($1) where true
            on conflict (host) do nothing",
        postgres: "insert into hosts (host, created_at)
            select h, cast($2 as bigint) from unnest(cast($1 as text[])) h order by h
            on conflict (host) do nothing",
    };
    // `cross join`, here and below: SQLite keeps to the order, the list first, whatever its statistics say.
    INSERT = Sql::Differs {
        sqlite: "insert into deliveries (id, outgoing_id, host, inbox, priority, run_at, expires_at, is_last_word)
            select e.value ->> 0, $2, h.host, e.value ->> 2, $3, $4, $5, $6
            from json_each($1) e cross join hosts h on h.host = e.value ->> 1
            where h.unavailable_since is null or $6 or (h.next_at is null and h.last_failed_at <= $7)",
        postgres: "insert into deliveries (id, outgoing_id, host, inbox, priority, run_at, expires_at, is_last_word)
            select cast(e ->> 0 as bigint), cast($2 as bigint), h.host, e ->> 2, cast($3 as bigint), cast($4 as bigint),
                cast($5 as bigint), cast($6 as boolean)
            from json_array_elements(cast(cast($1 as text) as json)) e join hosts h on h.host = e ->> 1
            where h.unavailable_since is null or $6 or (h.next_at is null and h.last_failed_at <= $7)",
    };
    // In the order of their names, so that two acts never wait for each other.
    WAKE = Sql::Differs {
        sqlite: "update hosts set next_at = case when blocked_until > $2 then blocked_until else $2 end
            where host in texts($1) and (next_at is null or next_at > $2)
                and exists (select 1 from deliveries d where d.outgoing_id = $3 and d.host = hosts.host)",
        postgres: "update hosts set next_at = greatest(blocked_until, $2)
            where host in (select host from hosts where host in texts($1) and (next_at is null or next_at > $2)
                    order by host for update)
                and exists (select 1 from deliveries d where d.outgoing_id = $3 and d.host = hosts.host)",
    };
    // Of one sender's words on one object only the oldest that waits for a host: the next ones follow when it got through.
    DUE = Sql::Differs {
        sqlite: "select d.id, d.outgoing_id, d.host, d.inbox, d.attempts, d.expires_at
            from rarray($1) h cross join deliveries d
            where d.id in (select x.id from deliveries x cross join outgoing o on o.id = x.outgoing_id
                where x.host = h.value and x.run_at <= $2 and not exists (select 1 from outgoing p
                    join deliveries e on e.outgoing_id = p.id and e.host = x.host
                    where p.object = o.object and p.account_id = o.account_id and p.id < o.id)
                order by x.priority, x.id limit $3)
            order by d.host, d.priority, d.id",
        postgres: "select d.id, d.outgoing_id, d.host, d.inbox, d.attempts, d.expires_at
            from unnest(cast($1 as text[])) h cross join lateral (select x.* from deliveries x join outgoing o on o.id = x.outgoing_id
                where x.host = h and x.run_at <= $2 and not exists (select 1 from outgoing p
                    join deliveries e on e.outgoing_id = p.id and e.host = x.host
                    where p.object = o.object and p.account_id = o.account_id and p.id < o.id)
                order by x.priority, x.id limit $3) d
            order by d.host, d.priority, d.id",
    };
    PAYLOADS = Sql::Same("select id, account_id, payload, tells_followers from outgoing where id in ids($1)");
    REMOVE = Sql::Same("delete from deliveries where id in ids($1)");
    RETRY = Sql::Same("update deliveries set attempts = attempts + 1, run_at = $2 where id = $1");
    RETRY_HOST = Sql::Same("update deliveries set run_at = $2 where host = $1 and run_at > $2");
    CLOCK_WENT_BACK = Sql::Same("update deliveries set run_at = case when run_at - $2 > $1 then run_at - $2 else $1 end
        where run_at > $1");
    DROP = Sql::Same("delete from deliveries where host in texts($1) returning outgoing_id");
    EXPIRE = Sql::Same("delete from deliveries where host = $1 and expires_at <= $2 returning outgoing_id");
    GIVE_UP = Sql::Same("delete from deliveries where id in ids($1) returning outgoing_id, host");
    COUNT_EXPIRED = Sql::Same("update outgoing set n_expired = n_expired + $2 where id = $1");
    FORGET_DONE = Sql::Same("delete from outgoing where id in ids($1) and n_expired = 0
        and not exists (select 1 from deliveries d where d.outgoing_id = outgoing.id)");
    EMPTY_DONE = Sql::Same("update outgoing set payload = '' where id in ids($1)
        and not exists (select 1 from deliveries d where d.outgoing_id = outgoing.id)");
    TIDY = Sql::Same("delete from outgoing where (n_expired = 0 or created_at < $1)
        and not exists (select 1 from deliveries d where d.outgoing_id = outgoing.id)");
    OWNERS = Sql::Same("select account_id from actors where host = $1 and inbox = $2 and shared_inbox <> $2");
    EXPIRED_OF = Sql::Same("select cast(coalesce(sum(n_expired), 0) as bigint) from outgoing where status_id = $1");
    WAITING_OF = Sql::Same("select d.host, count(*) from outgoing o join deliveries d on d.outgoing_id = o.id
        where o.status_id = $1 group by d.host order by d.host");
    WAITING_FOR = Sql::Same("select host, count(*) from deliveries where host in texts($1) group by host");
    WAITING = Sql::Same("select (select count(*) from deliveries), (select count(*) from outgoing where payload <> '')");
}

/// What goes before what at one host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    /// Deletions and blocks.
    Deletion,
    /// Posts to somebody.
    Direct,
    /// Posts.
    Post,
    /// Boosts.
    Boost,
    /// Favourites, and what nobody waits for.
    Rest,
}

impl Priority {
    const fn code(self) -> i64 {
        match self {
            Priority::Deletion => 0,
            Priority::Direct => 1,
            Priority::Post => 2,
            Priority::Boost => 3,
            Priority::Rest => 4,
        }
    }
}

/// An activity to be sent.
#[derive(Clone, Copy, Debug)]
pub struct NewOutgoing<'a> {
    /// Who signs; [`SERVER`](super::key_pairs::SERVER) for the server itself.
    pub sender: AccountId,
    /// The activity, as it goes over the wire.
    pub payload: &'a str,
    /// What it is about. Of one sender's activities about one object each host gets one after the other.
    pub object: &'a str,
    /// The status whose author is told how many deliveries expired.
    pub status: Option<StatusId>,
    /// What goes before what.
    pub priority: Priority,
    /// A `Delete`, `Undo`, `Block` or `Reject`: it is offered for longer, also to servers that were given up, and what
    /// waits of the same object goes no more.
    pub is_last_word: bool,
    /// Each server is told along whom of its people the sender counts among their followers (FEP-8fcf).
    pub tells_followers: bool,
}

/// Leaves an activity for those who send, to these inboxes; twice the same counts once. A server that was given up gets
/// last words alone, and once a day something new.
///
/// # Errors
/// The database failed.
pub fn send(tx: &Tx<'_>, outgoing: &NewOutgoing<'_>, inboxes: &[Inbox]) -> Result<(), Fault> {
    // One place for each inbox, and the rows of hosts in one order.
    let unique: BTreeMap<&str, &str> = inboxes.iter().map(|inbox| (inbox.url.as_str(), inbox.host.as_str())).collect();
    let mut all: Vec<(&str, &str)> = unique.into_iter().map(|(url, host)| (host, url)).collect();
    all.sort_unstable();
    if all.is_empty() {
        return Ok(());
    }
    let (id, now) = (tx.new_id(), tx.now());
    let &NewOutgoing { sender, payload, object, status, priority, is_last_word, tells_followers } = outgoing;
    tx.execute(&INSERT_OUTGOING, (id, sender, payload, object, status, now, tells_followers))?;
    let expires_at = now.plus(if is_last_word { LAST_WORD_OFFERED } else { OFFERED });
    // The last word makes earlier ones pointless; it is sent itself, for they may have got through.
    let mut earlier: Vec<i64> = if is_last_word { tx.column(&EARLIER, (object, sender, id))? } else { Vec::new() };
    for chunk in all.chunks(AT_ONCE) {
        let hosts: BTreeSet<&str> = chunk.iter().map(|(host, _)| *host).collect();
        let hosts: Vec<String> = hosts.into_iter().map(str::to_owned).collect();
        if !earlier.is_empty() {
            let urls: Vec<String> = chunk.iter().map(|(_, url)| (*url).to_owned()).collect();
            tx.execute(&SUPERSEDE, (&earlier, hosts.as_slice(), urls.as_slice()))?;
        }
        tx.execute(&KNOW_HOSTS, (hosts.as_slice(), now))?;
        // Also those that are due already, and that nothing has to be written to: a lane that gives its host back at this
        // moment would see nothing left for it, and what is left here would lie until something else is sent there.
        hosts::hold(tx, &hosts)?;
        let rows: Vec<(i64, &str, &str)> = chunk.iter().map(|(host, url)| (tx.new_id(), *host, *url)).collect();
        let rows = serde_json::to_string(&rows).map_err(|e| Fault::because("writing a list of inboxes", e))?;
        let values = (rows, id, priority.code(), now, expires_at, is_last_word, now.minus(PROBED));
        tx.execute(&INSERT, values)?;
        tx.execute(&WAKE, (hosts.as_slice(), now, id))?;
    }
    tx.wake_deliverers();
    // Nobody gets it when all of its servers were given up.
    earlier.push(id);
    forget_done(tx, &earlier)
}

/// A delivery that is due.
#[derive(Clone, Debug)]
pub struct Due {
    /// Its row.
    pub id: i64,
    /// The activity.
    pub outgoing: i64,
    /// Whose inbox it is.
    pub host: String,
    /// Where it goes.
    pub inbox: String,
    /// How often it was tried.
    pub attempts: i64,
    /// When it is given up.
    pub expires_at: Time,
}

impl FromRow for Due {
    fn from_row(row: &mut Row<'_>) -> Result<Due, Fault> {
        Ok(Due {
            id: row.next()?,
            outgoing: row.next()?,
            host: row.next()?,
            inbox: row.next()?,
            attempts: row.next()?,
            expires_at: row.next()?,
        })
    }
}

/// Up to `most` due deliveries of each of these hosts, in the order they are to go.
///
/// # Errors
/// The database failed.
pub fn due(q: &Query<'_>, hosts: &[String], now: Time, most: i64) -> Result<Vec<Due>, Fault> {
    q.rows(&DUE, (hosts, now, most))
}

/// An activity, as it is sent to everybody.
#[derive(Clone, Debug)]
pub struct Payload {
    /// Its row.
    pub id: i64,
    /// Who signs.
    pub sender: AccountId,
    /// What goes over the wire.
    pub text: String,
    /// As in [`NewOutgoing`].
    pub tells_followers: bool,
}

impl FromRow for Payload {
    fn from_row(row: &mut Row<'_>) -> Result<Payload, Fault> {
        Ok(Payload { id: row.next()?, sender: row.next()?, text: row.next()?, tells_followers: row.next()? })
    }
}

/// The activities with these ids.
///
/// # Errors
/// The database failed.
pub fn payloads(q: &Query<'_>, outgoing: &[i64]) -> Result<Vec<Payload>, Fault> {
    q.rows(&PAYLOADS, (outgoing,))
}

/// These deliveries are over, got through or not: they wait no more.
///
/// # Errors
/// The database failed.
pub fn remove(tx: &Tx<'_>, deliveries: &[i64]) -> Result<(), Fault> {
    tx.execute(&REMOVE, (deliveries,)).map(|_| ())
}

/// A delivery failed and is tried again at `run_at`.
///
/// # Errors
/// The database failed.
pub fn retry(tx: &Tx<'_>, delivery: i64, run_at: Time) -> Result<(), Fault> {
    tx.execute(&RETRY, (delivery, run_at)).map(|_| ())
}

/// Everything that waits for a host is due now; how much that concerns.
///
/// # Errors
/// The database failed.
pub fn retry_now(tx: &Tx<'_>, host: &str) -> Result<u64, Fault> {
    tx.execute(&RETRY_HOST, (host, tx.now()))
}

/// The clock went back by so many microseconds.
pub(super) fn clock_went_back(tx: &Tx<'_>, by: i64) -> Result<(), Fault> {
    tx.execute(&CLOCK_WENT_BACK, (tx.now(), by)).map(|_| ())
}

/// Gives up what was offered to a host for too long; how many deliveries.
///
/// # Errors
/// The database failed.
pub fn expire(tx: &Tx<'_>, host: &str) -> Result<u64, Fault> {
    let given_up: Vec<(i64,)> = tx.rows(&EXPIRE, (host, tx.now()))?;
    if given_up.is_empty() {
        return Ok(0);
    }
    let outgoing: Vec<i64> = given_up.iter().map(|(outgoing,)| *outgoing).collect();
    count_expired(tx, &outgoing)?;
    hosts::count_expired(tx, host, i64::try_from(given_up.len()).unwrap_or_default())?;
    Ok(u64::try_from(given_up.len()).unwrap_or_default())
}

/// Gives up these deliveries: they wait no more, and are counted for their authors. How many each host did not get, which
/// [`hosts::count_expired`] is for.
///
/// # Errors
/// The database failed.
pub fn give_up(tx: &Tx<'_>, deliveries: &[i64]) -> Result<BTreeMap<String, i64>, Fault> {
    let given_up: Vec<(i64, String)> = tx.rows(&GIVE_UP, (deliveries,))?;
    let outgoing: Vec<i64> = given_up.iter().map(|(outgoing, _)| *outgoing).collect();
    count_expired(tx, &outgoing)?;
    let mut by_host = BTreeMap::new();
    for (_, host) in given_up {
        *by_host.entry(host).or_default() += 1;
    }
    Ok(by_host)
}

/// Throws away what waits for these hosts: nothing is sent there any more. How many deliveries.
///
/// # Errors
/// The database failed.
pub fn drop_all(tx: &Tx<'_>, hosts: &[String]) -> Result<usize, Fault> {
    let dropped: Vec<(i64,)> = tx.rows(&DROP, (hosts,))?;
    let outgoing: BTreeSet<i64> = dropped.iter().map(|(outgoing,)| *outgoing).collect();
    forget_done(tx, &outgoing.into_iter().collect::<Vec<_>>())?;
    Ok(dropped.len())
}

/// Counts deliveries that were given up: of which activities, one entry for each.
fn count_expired(tx: &Tx<'_>, given_up: &[i64]) -> Result<(), Fault> {
    let mut by_outgoing: BTreeMap<i64, i64> = BTreeMap::new();
    for outgoing in given_up {
        *by_outgoing.entry(*outgoing).or_default() += 1;
    }
    for (outgoing, n) in &by_outgoing {
        tx.execute(&COUNT_EXPIRED, (*outgoing, *n))?;
    }
    // The number stays for its author, the text is of no use any more.
    let outgoing: Vec<i64> = by_outgoing.into_keys().collect();
    tx.execute(&EMPTY_DONE, (&outgoing,)).map(|_| ())
}

/// Throws away those of these activities that wait for nobody any more, unless an author may ask how many expired.
///
/// # Errors
/// The database failed.
pub fn forget_done(tx: &Tx<'_>, outgoing: &[i64]) -> Result<(), Fault> {
    tx.execute(&FORGET_DONE, (outgoing,)).map(|_| ())
}

/// Who has this inbox for himself alone: several when another server lets people share one and says so nowhere.
///
/// # Errors
/// The database failed.
pub fn owners(q: &Query<'_>, host: &str, inbox: &str) -> Result<Vec<AccountId>, Fault> {
    q.column(&OWNERS, (host, inbox))
}

/// Throws away what nobody waits for: two processes may each have taken the last deliveries but one.
///
/// # Errors
/// The database failed.
pub fn tidy(tx: &Tx<'_>) -> Result<(), Fault> {
    tx.execute(&TIDY, (tx.now().minus(EXPIRY_REMEMBERED),)).map(|_| ())
}

/// How many deliveries of a status, its edits and deletion expired.
///
/// # Errors
/// The database failed.
pub fn n_expired(q: &Query<'_>, status: StatusId) -> Result<i64, Fault> {
    Ok(q.value(&EXPIRED_OF, (status,))?.unwrap_or(0))
}

/// How many deliveries of a status, its edits and deletion wait for each host; hosts for which nothing waits are not there.
///
/// # Errors
/// The database failed.
pub fn waiting_of(q: &Query<'_>, status: StatusId) -> Result<Vec<(String, i64)>, Fault> {
    q.rows(&WAITING_OF, (status,))
}

/// How much waits for each of these hosts; those for which nothing waits are not there.
///
/// # Errors
/// The database failed.
pub fn waiting_for(q: &Query<'_>, hosts: &[String]) -> Result<BTreeMap<String, i64>, Fault> {
    let rows: Vec<(String, i64)> = q.rows(&WAITING_FOR, (hosts,))?;
    Ok(rows.into_iter().collect())
}

/// How many deliveries wait in all, and how many activities they are.
///
/// # Errors
/// The database failed.
pub fn waiting(q: &Query<'_>) -> Result<(i64, i64), Fault> {
    Ok(q.row(&WAITING, ())?.unwrap_or((0, 0)))
}
