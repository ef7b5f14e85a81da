//! Other servers, by host and port: how each stands, and in whose hands the deliveries to it are.

use std::time::Duration;

use phiomia_model::{Fault, Time};

use crate::db::{
    query::{Query, Tx},
    sql::{Sql, queries},
    value::{FromRow, Row, Value},
};

/// A host nobody heard of for so long is forgotten.
const REMEMBERED: Duration = Duration::from_secs(180 * 86_400);
/// How exactly it is kept when a host last sent something.
const RECEIVED_STEP: Duration = Duration::from_secs(60);

queries! {
    LEASE = Sql::Differs {
        sqlite: "update hosts set leased_by = $1, leased_until = $2
            where host in (select host from hosts where standing = $3 and next_at <= $4 and leased_until <= $4
                order by next_at limit $5)
            returning host, dialect, standing, next_at, blocked_until, failures, first_failed_at, last_failed_at, last_error,
                last_succeeded_at, last_received_at, failed_days, last_failed_day, unavailable_since, software,
                software_version, created_at, n_expired",
        postgres: "update hosts set leased_by = $1, leased_until = $2
            where host in (select host from hosts where standing = $3 and next_at <= $4 and leased_until <= $4
                order by next_at limit $5 for update skip locked)
            returning host, dialect, standing, next_at, blocked_until, failures, first_failed_at, last_failed_at, last_error,
                last_succeeded_at, last_received_at, failed_days, last_failed_day, unavailable_since, software,
                software_version, created_at, n_expired",
    };
    NEXT_DUE = Sql::Same("select next_at from hosts where standing = $1 and next_at is not null and leased_until <= $2
        order by next_at limit 1");
    RENEW = Sql::Same("update hosts set leased_until = $3 where host in texts($1) and leased_by = $2");
    LOCK = Sql::Differs {
        sqlite: "select host from hosts where host in texts($1) order by host",
        postgres: "select host from hosts where host in texts($1) order by host for update",
    };
    RELEASE = Sql::Same("update hosts set leased_by = null, leased_until = 0, next_at = (select min(case
                when d.run_at > hosts.blocked_until and d.run_at > $3 then d.run_at
                when hosts.blocked_until > $3 then hosts.blocked_until else $3 end)
            from deliveries d where d.host = hosts.host)
        where host in texts($1) and leased_by = $2");
    GIVE_BACK = Sql::Same("update hosts set leased_by = null, leased_until = 0 where leased_by = $1");
    ADOPT = Sql::Same("update hosts set leased_by = null, leased_until = 0 where leased_by is not null");
    FINE = Sql::Same("update hosts set standing = 0, blocked_until = 0, failures = 0, first_failed_at = null,
            last_succeeded_at = $2, failed_days = 0, last_failed_day = null, unavailable_since = null
        where host in texts($1)");
    RECORD = Sql::Same("update hosts set standing = $2, blocked_until = $3, failures = $4, first_failed_at = $5,
            last_failed_at = $6, last_error = $7, failed_days = $8, last_failed_day = $9, unavailable_since = $10
        where host = $1");
    COUNT_EXPIRED = Sql::Same("update hosts set n_expired = n_expired + $2 where host = $1");
    SET_DIALECT = Sql::Same("update hosts set dialect = $2 where host = $1");
    NOTED = Sql::Same("select host from hosts where host in texts($1) and last_received_at >= $2 and unavailable_since is null");
    RECEIVED = Sql::Same("insert into hosts (host, last_received_at, created_at) values ($1, $2, $2)
        on conflict (host) do update set last_received_at = $2,
            next_at = case when hosts.unavailable_since is not null and hosts.next_at > $2 then $2 else hosts.next_at end,
            standing = case when hosts.unavailable_since is not null then 1 else hosts.standing end,
            blocked_until = case when hosts.unavailable_since is not null then 0 else hosts.blocked_until end,
            failures = case when hosts.unavailable_since is not null then 0 else hosts.failures end,
            failed_days = 0, last_failed_day = null, unavailable_since = null
        where hosts.last_received_at is null or hosts.last_received_at < $3 or hosts.unavailable_since is not null");
    FIND = Sql::Same("select host, dialect, standing, next_at, blocked_until, failures, first_failed_at, last_failed_at, last_error,
            last_succeeded_at, last_received_at, failed_days, last_failed_day, unavailable_since, software,
            software_version, created_at, n_expired
        from hosts where host = $1");
    LIST = Sql::Same("select host, dialect, standing, next_at, blocked_until, failures, first_failed_at, last_failed_at, last_error,
            last_succeeded_at, last_received_at, failed_days, last_failed_day, unavailable_since, software,
            software_version, created_at, n_expired
        from hosts where host > $1 order by host limit $2");
    PEOPLE = Sql::Same("select count(*), (select count(*) from follows f join actors t on t.account_id = f.account_id where t.host = $1),
            (select count(*) from follows f join actors t on t.account_id = f.target_id where t.host = $1)
        from actors where host = $1");
    IS_KNOWN = Sql::Same("select 1 where exists (select 1 from hosts where host = $1)
        or exists (select 1 from actors where host = $1)");
    RETRY_NOW = Sql::Same("update hosts set blocked_until = 0,
            next_at = case when exists (select 1 from deliveries d where d.host = hosts.host) then cast($2 as bigint) end
        where host = $1");
    RESET = Sql::Same("update hosts set standing = 1, dialect = 'cavage', blocked_until = 0, failures = 0, first_failed_at = null,
            last_failed_at = null, last_error = null, failed_days = 0, last_failed_day = null, unavailable_since = null,
            next_at = case when exists (select 1 from deliveries d where d.host = hosts.host) then cast($2 as bigint) end
        where host = $1");
    CLOCK_WENT_BACK = Sql::Same("update hosts set
            next_at = case when next_at - $2 > $1 then next_at - $2 when next_at > $1 then $1 else next_at end,
            blocked_until = case when blocked_until - $2 > $1 then blocked_until - $2 when blocked_until > $1 then $1
                else blocked_until end
        where next_at > $1 or blocked_until > $1");
    TIDY = Sql::Same("delete from hosts where next_at is null and leased_by is null and created_at < $1
        and coalesce(last_succeeded_at, 0) < $1 and coalesce(last_failed_at, 0) < $1 and coalesce(last_received_at, 0) < $1
        and not exists (select 1 from deliveries d where d.host = hosts.host)");
}

/// How a host stands; each kind has its own share of what is sent at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Standing {
    /// It took what it got last.
    Proven,
    /// Nothing is known yet.
    New,
    /// It fails.
    Failing,
}

impl Standing {
    /// All of them, best first.
    pub const ALL: [Standing; 3] = [Standing::Proven, Standing::New, Standing::Failing];

    const fn code(self) -> i64 {
        match self {
            Standing::Proven => 0,
            Standing::New => 1,
            Standing::Failing => 2,
        }
    }

    const fn from_code(code: i64) -> Standing {
        match code {
            0 => Standing::Proven,
            1 => Standing::New,
            _ => Standing::Failing,
        }
    }
}

/// How a host stands, for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It took what it got last.
    Works,
    /// Nothing was sent there yet.
    New,
    /// It fails, and is tried on.
    Fails,
    /// It failed too often, or asked to be left alone.
    LeftAlone {
        /// Until when.
        until: Time,
    },
    /// It failed for a week: it gets last words alone until it is heard of.
    GivenUp {
        /// Since when.
        since: Time,
    },
}

/// A host.
#[derive(Clone, Debug)]
pub struct Host {
    /// Its name, with the port unless that is the scheme's own.
    pub name: String,
    /// `cavage` or `rfc9421`: the signature it took last.
    pub dialect: String,
    /// How it stands.
    pub standing: Standing,
    /// When something is sent next; `None`: nothing waits.
    pub next_at: Option<Time>,
    /// Nothing is sent before.
    pub blocked_until: Time,
    /// Failures in a row.
    pub failures: i64,
    /// When the row began.
    pub first_failed_at: Option<Time>,
    /// When it last failed; kept when it works again.
    pub last_failed_at: Option<Time>,
    /// In which words; kept when it works again.
    pub last_error: Option<String>,
    /// When it last took something.
    pub last_succeeded_at: Option<Time>,
    /// When it last sent something.
    pub last_received_at: Option<Time>,
    /// Different days with failures since it last took something.
    pub failed_days: i64,
    /// The last of them, in days since 1970.
    pub last_failed_day: Option<i64>,
    /// Since when it is given up.
    pub unavailable_since: Option<Time>,
    /// What NodeInfo said.
    pub software: Option<String>,
    /// What NodeInfo said.
    pub software_version: Option<String>,
    /// Since when it is known.
    pub created_at: Time,
    /// Deliveries that were given up since then.
    pub n_expired: i64,
}

impl Host {
    /// How it stands.
    #[must_use]
    pub fn state(&self, now: Time) -> State {
        match (self.unavailable_since, self.standing) {
            (Some(since), _) => State::GivenUp { since },
            _ if self.blocked_until > now => State::LeftAlone { until: self.blocked_until },
            (_, Standing::Failing) => State::Fails,
            (_, Standing::Proven) => State::Works,
            (_, Standing::New) => State::New,
        }
    }
}

impl FromRow for Host {
    fn from_row(row: &mut Row<'_>) -> Result<Host, Fault> {
        Ok(Host {
            name: row.next()?,
            dialect: row.next()?,
            standing: Standing::from_code(row.next()?),
            next_at: row.next()?,
            blocked_until: row.next()?,
            failures: row.next()?,
            first_failed_at: row.next()?,
            last_failed_at: row.next()?,
            last_error: row.next()?,
            last_succeeded_at: row.next()?,
            last_received_at: row.next()?,
            failed_days: row.next()?,
            last_failed_day: row.next()?,
            unavailable_since: row.next()?,
            software: row.next()?,
            software_version: row.next()?,
            created_at: row.next()?,
            n_expired: row.next()?,
        })
    }
}

/// Takes up to `most` hosts of a standing for which something is due, for `lease`; `worker` names this process.
///
/// # Errors
/// The database failed.
pub fn lease(tx: &Tx<'_>, standing: Standing, most: i64, lease: Duration, worker: &str) -> Result<Vec<Host>, Fault> {
    let now = tx.now();
    tx.rows(&LEASE, (worker, now.plus(lease), standing.code(), now, most))
}

/// When something is next due for a host of this standing that is in nobody's hands.
///
/// # Errors
/// The database failed.
pub fn next_due(q: &Query<'_>, standing: Standing, now: Time) -> Result<Option<Time>, Fault> {
    q.value(&NEXT_DUE, (standing.code(), now))
}

/// Prolongs leases of this process.
///
/// # Errors
/// The database failed.
pub fn renew(tx: &Tx<'_>, hosts: &[String], lease: Duration, worker: &str) -> Result<(), Fault> {
    tx.execute(&RENEW, (hosts, worker, tx.now().plus(lease))).map(|_| ())
}

/// Nobody else changes these hosts until this transaction ends.
///
/// # Errors
/// The database failed.
pub fn hold(tx: &Tx<'_>, hosts: &[String]) -> Result<(), Fault> {
    let _: Vec<(String,)> = tx.rows(&LOCK, (hosts,))?;
    Ok(())
}

/// Gives hosts back, to be taken again when something is due for them, but not before `not_before`.
///
/// # Errors
/// The database failed.
pub fn release(tx: &Tx<'_>, hosts: &[String], worker: &str, not_before: Time) -> Result<(), Fault> {
    // Held before they are looked at: whoever leaves something for them just now is waited for, and then seen.
    hold(tx, hosts)?;
    tx.execute(&RELEASE, (hosts, worker, not_before)).map(|_| ())
}

/// Gives back everything this process holds: it stops in order.
///
/// # Errors
/// The database failed.
pub fn give_back(tx: &Tx<'_>, worker: &str) -> Result<(), Fault> {
    tx.execute(&GIVE_BACK, (worker,)).map(|_| ())
}

/// Takes back what a dead process held. Only where one server owns the database.
///
/// # Errors
/// The database failed.
pub fn adopt(tx: &Tx<'_>) -> Result<u64, Fault> {
    tx.execute(&ADOPT, ())
}

/// These hosts took what they got.
///
/// # Errors
/// The database failed.
pub fn set_fine(tx: &Tx<'_>, hosts: &[String]) -> Result<(), Fault> {
    tx.execute(&FINE, (hosts, tx.now())).map(|_| ())
}

/// Writes down how a host stands after a failure.
///
/// # Errors
/// The database failed.
pub fn record(tx: &Tx<'_>, host: &Host) -> Result<(), Fault> {
    let or_null = |value: Option<i64>| value.map_or(Value::Null, Value::Int);
    let values = [
        Value::Text(&host.name),
        Value::Int(host.standing.code()),
        Value::Int(host.blocked_until.0),
        Value::Int(host.failures),
        or_null(host.first_failed_at.map(|at| at.0)),
        or_null(host.last_failed_at.map(|at| at.0)),
        host.last_error.as_deref().map_or(Value::Null, Value::Text),
        Value::Int(host.failed_days),
        or_null(host.last_failed_day),
        or_null(host.unavailable_since.map(|at| at.0)),
    ];
    tx.execute(&RECORD, values.as_slice()).map(|_| ())
}

/// Counts deliveries to a host that were given up.
///
/// # Errors
/// The database failed.
pub fn count_expired(tx: &Tx<'_>, host: &str, n: i64) -> Result<(), Fault> {
    tx.execute(&COUNT_EXPIRED, (host, n)).map(|_| ())
}

/// Remembers which signature a host takes.
///
/// # Errors
/// The database failed.
pub fn set_dialect(tx: &Tx<'_>, host: &str, dialect: &str) -> Result<(), Fault> {
    tx.execute(&SET_DIALECT, (host, dialect)).map(|_| ())
}

/// Hosts sent something with a signature that holds: they live, and are sent to again if they were given up.
///
/// # Errors
/// The database failed.
pub fn note_received(tx: &Tx<'_>, hosts: &[&str]) -> Result<(), Fault> {
    let now = tx.now();
    // In one order, so that nobody who waits for one of them holds another.
    let mut hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
    hosts.sort_unstable();
    hosts.dedup();
    // Writing would lock the row also where nothing changes, and all that comes from one host would wait for each other.
    let noted: Vec<String> = tx.column(&NOTED, (hosts.as_slice(), now.minus(RECEIVED_STEP)))?;
    for host in hosts.iter().filter(|host| !noted.contains(host)) {
        if tx.execute(&RECEIVED, (host, now, now.minus(RECEIVED_STEP)))? > 0 {
            tx.wake_deliverers();
        }
    }
    Ok(())
}

/// What is known of a host.
///
/// # Errors
/// The database failed.
pub fn find(q: &Query<'_>, host: &str) -> Result<Option<Host>, Fault> {
    q.row(&FIND, (host,))
}

/// Hosts by name, those after `after`.
///
/// # Errors
/// The database failed.
pub fn list(q: &Query<'_>, after: &str, most: i64) -> Result<Vec<Host>, Fault> {
    q.rows(&LIST, (after, most))
}

/// How many people of a host are known, how often they follow somebody here, and how often they are followed from here.
///
/// # Errors
/// The database failed.
pub fn people(q: &Query<'_>, host: &str) -> Result<(i64, i64, i64), Fault> {
    Ok(q.row(&PEOPLE, (host,))?.unwrap_or((0, 0, 0)))
}

/// Lets a host be tried at once, whatever it was waited for; whether it is known.
///
/// # Errors
/// The database failed.
pub fn retry_now(tx: &Tx<'_>, host: &str) -> Result<bool, Fault> {
    tx.wake_deliverers();
    super::deliveries::retry_now(tx, host)?;
    Ok(tx.execute(&RETRY_NOW, (host, tx.now()))? > 0)
}

/// Forgets what went wrong with a host, and tries it at once; whether it is known.
///
/// # Errors
/// The database failed.
pub fn reset(tx: &Tx<'_>, host: &str) -> Result<bool, Fault> {
    tx.wake_deliverers();
    super::deliveries::retry_now(tx, host)?;
    Ok(tx.execute(&RESET, (host, tx.now()))? > 0)
}

/// The clock went back by so much: what waits for a host still waits no longer than it was to.
///
/// # Errors
/// The database failed.
pub fn clock_went_back(tx: &Tx<'_>, by: Duration) -> Result<(), Fault> {
    tx.wake_deliverers();
    let by = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
    super::deliveries::clock_went_back(tx, by)?;
    tx.execute(&CLOCK_WENT_BACK, (tx.now(), by)).map(|_| ())
}

/// Forgets hosts nobody heard of for half a year.
///
/// # Errors
/// The database failed.
pub fn tidy(tx: &Tx<'_>) -> Result<(), Fault> {
    tx.execute(&TIDY, (tx.now().minus(REMEMBERED),)).map(|_| ())
}

/// Whether anything was ever sent there or came from there, or anybody there is known.
///
/// # Errors
/// The database failed.
pub fn is_known(q: &Query<'_>, host: &str) -> Result<bool, Fault> {
    q.exists(&IS_KNOWN, (host,))
}
