//! `phiomia host`: other servers, and how it stands with each.

use clap::Subcommand;
use phiomia_model::Time;
use phiomia_store::db::federation::{
    deliveries,
    hosts::{self, Host as Row, State},
};
use serde_json::{Value, json};

use super::{Failure, Global, desk::Desk, print};

/// Hosts read at a time.
const PAGE: i64 = 500;

/// What is asked about other servers, by host and, unless it is the usual one, port.
#[derive(Debug, Subcommand)]
pub enum Host {
    /// List hosts: name, how it stands, how many deliveries wait
    List {
        /// Only those that do not take what they get
        #[arg(long)]
        failing: bool,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Show what is known of a host: how it stands, its last error, the next try, both directions
    Show {
        /// Which
        host: String,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Try a host at once with everything that waits for it, and print how many deliveries that is
    Retry {
        /// Which
        host: String,
    },
    /// Forget what went wrong with a host, and how it wants to be signed to, and try it at once
    Reset {
        /// Which
        host: String,
    },
}

/// A host with what is counted for it.
struct Facts {
    row: Row,
    n_waiting: i64,
    /// Known there; how often they follow here; how often they are followed from here.
    people: (i64, i64, i64),
}

impl Host {
    /// # Errors
    /// One sentence.
    pub fn run(&self, global: &Global) -> Result<(), Failure> {
        Desk::work(global, async |desk| match self {
            Host::List { failing, json } => list(desk, *failing, *json).await,
            Host::Show { host, json } => {
                let facts = find(desk, host).await?;
                let now = desk.db.clock().now();
                print(&if *json { as_json(&facts, now).to_string() } else { as_lines(&facts, now) })
            }
            Host::Retry { host } => {
                let n_waiting = find(desk, host).await?.n_waiting;
                let name = name(host);
                desk.db.write(move |tx| Ok(hosts::retry_now(tx, &name)?)).await?;
                print(&n_waiting.to_string())
            }
            Host::Reset { host } => {
                let name = name(host);
                match desk.db.write(move |tx| Ok(hosts::reset(tx, &name)?)).await? {
                    true => Ok(()),
                    false => Err(unknown(host)),
                }
            }
        })
    }
}

async fn list(desk: &Desk, only_failing: bool, as_json: bool) -> Result<(), Failure> {
    let now = desk.db.clock().now();
    let mut all = Vec::new();
    let mut after = String::new();
    loop {
        let page = desk.db.read({
            let after = after.clone();
            move |q| {
                let page = hosts::list(q, &after, PAGE)?;
                let names: Vec<String> = page.iter().map(|row| row.name.clone()).collect();
                Ok((deliveries::waiting_for(q, &names)?, page))
            }
        });
        let (waiting, page) = page.await?;
        let Some(last) = page.last() else { break };
        after.clone_from(&last.name);
        all.extend(page.into_iter().map(|row| (waiting.get(&row.name).copied().unwrap_or(0), row)));
    }
    all.retain(|(_, row)| !only_failing || !matches!(row.state(now), State::Works | State::New));
    if as_json {
        let all = all.iter().map(|(n_waiting, row)| {
            json!({ "host": row.name, "state": word(row.state(now)), "waiting": n_waiting, "last_error": row.last_error })
        });
        return print(&Value::Array(all.collect()).to_string());
    }
    let line = |(n_waiting, row): &(i64, Row)| {
        let error = row.last_error.as_deref().filter(|_| row.failures > 0).unwrap_or_default();
        format!("{}\t{}\t{n_waiting} waiting\t{error}\n", row.name, sentence(row, now))
    };
    if all.is_empty() { Ok(()) } else { print(&all.iter().map(line).collect::<String>()) }
}

/// As hosts are named in the database.
fn name(host: &str) -> String {
    host.trim().trim_start_matches("https://").trim_end_matches('/').to_lowercase()
}

fn unknown(host: &str) -> Failure {
    Failure(format!("there is no host {host}: nothing was sent there and nothing came from there"))
}

async fn find(desk: &Desk, host: &str) -> Result<Facts, Failure> {
    let name = name(host);
    let found = desk.db.read(move |q| {
        let Some(row) = hosts::find(q, &name)? else { return Ok(None) };
        let n_waiting = deliveries::waiting_for(q, std::slice::from_ref(&name))?.get(&name).copied().unwrap_or(0);
        Ok(Some(Facts { row, n_waiting, people: hosts::people(q, &name)? }))
    });
    found.await?.ok_or_else(|| unknown(host))
}

const fn word(state: State) -> &'static str {
    match state {
        State::Works => "works",
        State::New => "new",
        State::Fails => "fails",
        State::LeftAlone { .. } => "left_alone",
        State::GivenUp { .. } => "given_up",
    }
}

fn sentence(row: &Row, now: Time) -> String {
    match row.state(now) {
        State::Works => "works".to_owned(),
        State::New if row.last_received_at.is_some() => "writes to us, nothing was sent there yet".to_owned(),
        State::New => "nothing is known yet".to_owned(),
        State::Fails => format!("failed {} times in a row", row.failures),
        State::LeftAlone { until } => format!("left alone until {}", until.to_iso_millis()),
        State::GivenUp { since } => format!("given up since {}, until it is heard of", since.to_iso_millis()),
    }
}

fn as_json(facts: &Facts, now: Time) -> Value {
    let Facts { row, n_waiting, people: (n_known, n_following, n_followed) } = facts;
    let time = |at: Option<Time>| at.map(Time::to_iso_millis);
    json!({
        "host": row.name,
        "state": word(row.state(now)),
        "software": row.software,
        "software_version": row.software_version,
        "signature": row.dialect,
        "waiting": n_waiting,
        "next_try_at": time(row.next_at),
        "failures": row.failures,
        "failed_days": row.failed_days,
        "last_error": row.last_error,
        "last_failed_at": time(row.last_failed_at),
        "last_delivered_at": time(row.last_succeeded_at),
        "last_received_at": time(row.last_received_at),
        "unavailable_since": time(row.unavailable_since),
        "people": n_known,
        "follows_to_here": n_following,
        "follows_from_here": n_followed,
        "known_since": row.created_at.to_iso_millis(),
    })
}

fn as_lines(facts: &Facts, now: Time) -> String {
    let Facts { row, n_waiting, people: (n_known, n_following, n_followed) } = facts;
    let time = |at: Option<Time>, never: &str| at.map_or_else(|| never.to_owned(), Time::to_iso_millis);
    let error = match (&row.last_error, row.last_failed_at) {
        (Some(error), Some(at)) => format!("{error} ({})", at.to_iso_millis()),
        _ => "none".to_owned(),
    };
    let software = match (&row.software, &row.software_version) {
        (Some(name), Some(version)) => format!("{name} {version}"),
        (Some(name), None) => name.clone(),
        _ => "unknown".to_owned(),
    };
    let next = match row.next_at {
        Some(at) if at <= now => "now".to_owned(),
        at => time(at, "nothing waits"),
    };
    [
        ("host", row.name.clone()),
        ("state", sentence(row, now)),
        ("waiting", n_waiting.to_string()),
        ("next try", next),
        ("last error", error),
        ("last delivered", time(row.last_succeeded_at, "never")),
        ("last received", time(row.last_received_at, "never")),
        ("signature", row.dialect.clone()),
        ("software", software),
        ("people", format!("{n_known} known, {n_following} follows to here, {n_followed} follows from here")),
    ]
    .iter()
    .map(|(name, value)| format!("{name}\t{value}\n"))
    .collect()
}
