//! Other servers as the operator is told of them: how it stands with each, in plain words, and what can be done about it.
//! The command line and the admin API say the same.

use phiomia_model::{Fault, StatusId, Time, status::Approval};
use phiomia_store::{
    Query, Tx,
    db::federation::{
        deliveries,
        hosts::{self, Host, State},
    },
};
use serde::Serialize;

/// Hosts read at a time.
const PAGE: i64 = 500;

/// A host in a list.
#[derive(Clone, Debug, Serialize)]
pub struct HostLine {
    /// Its name, with the port unless that is the usual one.
    pub host: String,
    /// `works`, `new`, `fails`, `left_alone` or `given_up`.
    pub state: &'static str,
    /// The same for people.
    pub state_in_words: String,
    /// Deliveries that wait for it.
    pub waiting: i64,
    /// When it is tried next; `None`: nothing waits.
    pub next_try_at: Option<String>,
    /// In which words it failed last; kept when it works again.
    pub last_error: Option<String>,
    /// Failures in a row.
    pub failures: i64,
}

/// All that is known of a host. Times are ISO 8601 in UTC.
#[derive(Clone, Debug, Serialize)]
pub struct HostFacts {
    /// What stands in lists.
    #[serde(flatten)]
    pub line: HostLine,
    /// What NodeInfo said.
    pub software: Option<String>,
    /// What NodeInfo said.
    pub software_version: Option<String>,
    /// The signature it took last.
    pub signature: String,
    /// Deliveries that were given up, since it is known.
    pub expired: i64,
    /// Different days with failures since it last took something.
    pub failed_days: i64,
    /// When it last failed.
    pub last_failed_at: Option<String>,
    /// When it last took something.
    pub last_delivered_at: Option<String>,
    /// When it last sent something.
    pub last_received_at: Option<String>,
    /// Since when it is given up.
    pub unavailable_since: Option<String>,
    /// People there that are known here.
    pub people: i64,
    /// How often they follow somebody here.
    pub follows_to_here: i64,
    /// How often they are followed from here.
    pub follows_from_here: i64,
    /// Since when it is known.
    pub known_since: String,
}

/// A host as it is named in the database.
#[must_use]
pub fn name(host: &str) -> String {
    host.trim().trim_start_matches("https://").trim_end_matches('/').to_lowercase()
}

/// At most `most` hosts by name, those after `after`; only those that do not take what they get, if that is asked.
///
/// # Errors
/// The database failed.
pub fn list(q: &Query<'_>, after: &str, most: usize, only_failing: bool, now: Time) -> Result<Vec<HostLine>, Fault> {
    let (mut lines, mut after) = (Vec::new(), after.to_owned());
    loop {
        let page = hosts::list(q, &after, PAGE)?;
        let Some(last) = page.last() else { return Ok(lines) };
        after.clone_from(&last.name);
        let is_wanted = |host: &Host| !only_failing || !matches!(host.state(now), State::Works | State::New);
        let wanted: Vec<&Host> = page.iter().filter(|host| is_wanted(host)).collect();
        let names: Vec<String> = wanted.iter().map(|host| host.name.clone()).collect();
        let waiting = deliveries::waiting_for(q, &names)?;
        for host in wanted {
            if lines.len() >= most {
                return Ok(lines);
            }
            lines.push(line(host, waiting.get(&host.name).copied().unwrap_or(0), now));
        }
    }
}

/// All that is known of a host; `None`: nothing was ever sent there, and nothing came from there.
///
/// # Errors
/// The database failed.
pub fn facts(q: &Query<'_>, host: &str, now: Time) -> Result<Option<HostFacts>, Fault> {
    let name = name(host);
    let Some(host) = hosts::find(q, &name)? else { return Ok(None) };
    let n_waiting = deliveries::waiting_for(q, std::slice::from_ref(&name))?.get(&name).copied().unwrap_or(0);
    let (people, follows_to_here, follows_from_here) = hosts::people(q, &name)?;
    let time = |at: Option<Time>| at.map(Time::to_iso_millis);
    Ok(Some(HostFacts {
        line: line(&host, n_waiting, now),
        software: host.software,
        software_version: host.software_version,
        signature: host.dialect,
        expired: host.n_expired,
        failed_days: host.failed_days,
        last_failed_at: time(host.last_failed_at),
        last_delivered_at: time(host.last_succeeded_at),
        last_received_at: time(host.last_received_at),
        unavailable_since: time(host.unavailable_since),
        people,
        follows_to_here,
        follows_from_here,
        known_since: host.created_at.to_iso_millis(),
    }))
}

/// How it stands with a post of somebody here on its way to other servers, its edits and its deletion included.
#[derive(Clone, Debug, Serialize)]
pub struct PostDeliveries {
    /// Of an answer or a boost whose author wants to be asked: `pending`, `accepted` or `rejected`. Until it is accepted
    /// nobody else sees the post, and nobody but that author's server gets it.
    pub approval: Option<&'static str>,
    /// Deliveries that wait, for a first or another try.
    pub waiting: i64,
    /// Deliveries that were given up: they were offered for a week, a deletion for a month. Kept for half a year.
    pub expired: i64,
    /// Which servers it waits for, by name.
    pub hosts: Vec<WaitingHost>,
}

/// A server that a post waits for.
#[derive(Clone, Debug, Serialize)]
pub struct WaitingHost {
    /// Its name, with the port unless that is the usual one.
    pub host: String,
    /// Deliveries that wait for it.
    pub waiting: i64,
}

/// How far a post came.
///
/// # Errors
/// The database failed.
pub fn of_post(q: &Query<'_>, status: StatusId, approval: Option<Approval>) -> Result<PostDeliveries, Fault> {
    let hosts = deliveries::waiting_of(q, status)?;
    Ok(PostDeliveries {
        approval: approval.map(Approval::word),
        waiting: hosts.iter().map(|(_, waiting)| *waiting).sum(),
        expired: deliveries::n_expired(q, status)?,
        hosts: hosts.into_iter().map(|(host, waiting)| WaitingHost { host, waiting }).collect(),
    })
}

/// Tries a host at once with everything that waits for it; whether it is known.
///
/// # Errors
/// The database failed.
pub fn retry(tx: &Tx<'_>, host: &str) -> Result<bool, Fault> {
    hosts::retry_now(tx, &name(host))
}

/// Forgets what went wrong with a host, and how it wants to be signed to, and tries it at once; whether it is known.
///
/// # Errors
/// The database failed.
pub fn reset(tx: &Tx<'_>, host: &str) -> Result<bool, Fault> {
    hosts::reset(tx, &name(host))
}

fn line(host: &Host, waiting: i64, now: Time) -> HostLine {
    let (state, state_in_words) = words(host, now);
    HostLine {
        host: host.name.clone(),
        state,
        state_in_words,
        waiting,
        next_try_at: host.next_at.map(Time::to_iso_millis),
        last_error: host.last_error.clone(),
        failures: host.failures,
    }
}

fn words(host: &Host, now: Time) -> (&'static str, String) {
    match host.state(now) {
        State::Works => ("works", "works".to_owned()),
        State::New if host.last_received_at.is_some() => ("new", "writes to us, nothing was sent there yet".to_owned()),
        State::New => ("new", "nothing is known yet".to_owned()),
        State::Fails => ("fails", format!("failed {} times in a row", host.failures)),
        State::LeftAlone { until } => ("left_alone", format!("left alone until {}", until.to_iso_millis())),
        State::GivenUp { since } => {
            ("given_up", format!("given up since {}, until it is heard of", since.to_iso_millis()))
        }
    }
}
