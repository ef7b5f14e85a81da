//! `phiomia host`: other servers, and how it stands with each.

use clap::Subcommand;
use phiomia_model::Time;
use phiomia_social::hosts::{self, HostFacts, HostLine};
use serde_json::json;

use super::{Failure, Global, desk::Desk, print};

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

impl Host {
    /// # Errors
    /// One sentence.
    pub fn run(&self, global: &Global) -> Result<(), Failure> {
        Desk::work(global, async |desk| match self {
            Host::List { failing, json } => list(desk, *failing, *json).await,
            Host::Show { host, json } => {
                let facts = find(desk, host).await?;
                let now = desk.db.clock().now();
                print(&if *json { json!(facts).to_string() } else { as_lines(&facts, now) })
            }
            Host::Retry { host } => {
                let n_waiting = find(desk, host).await?.line.waiting;
                let name = host.clone();
                desk.db.write(move |tx| Ok(hosts::retry(tx, &name)?)).await?;
                print(&n_waiting.to_string())
            }
            Host::Reset { host } => {
                let name = host.clone();
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
    let all = desk.db.read(move |q| Ok(hosts::list(q, "", usize::MAX, only_failing, now)?)).await?;
    if as_json {
        return print(&json!(all).to_string());
    }
    let line = |line: &HostLine| {
        let error = line.last_error.as_deref().filter(|_| line.failures > 0).unwrap_or_default();
        format!("{}\t{}\t{} waiting\t{error}\n", line.host, line.state_in_words, line.waiting)
    };
    if all.is_empty() { Ok(()) } else { print(&all.iter().map(line).collect::<String>()) }
}

fn unknown(host: &str) -> Failure {
    Failure(format!("there is no host {host}: nothing was sent there and nothing came from there"))
}

async fn find(desk: &Desk, host: &str) -> Result<HostFacts, Failure> {
    let (name, now) = (host.to_owned(), desk.db.clock().now());
    desk.db.read(move |q| Ok(hosts::facts(q, &name, now)?)).await?.ok_or_else(|| unknown(host))
}

fn as_lines(facts: &HostFacts, now: Time) -> String {
    let line = &facts.line;
    let time = |at: &Option<String>, never: &str| at.clone().unwrap_or_else(|| never.to_owned());
    let error = match (&line.last_error, &facts.last_failed_at) {
        (Some(error), Some(at)) => format!("{error} ({at})"),
        _ => "none".to_owned(),
    };
    let software = match (&facts.software, &facts.software_version) {
        (Some(name), Some(version)) => format!("{name} {version}"),
        (Some(name), None) => name.clone(),
        _ => "unknown".to_owned(),
    };
    let next = match line.next_try_at.as_deref().and_then(Time::parse) {
        Some(at) if at <= now => "now".to_owned(),
        _ => time(&line.next_try_at, "nothing waits"),
    };
    let HostFacts { people, follows_to_here, follows_from_here, .. } = facts;
    [
        ("host", line.host.clone()),
        ("state", line.state_in_words.clone()),
        ("waiting", line.waiting.to_string()),
        ("next try", next),
        ("last error", error),
        ("given up", format!("{} deliveries", facts.expired)),
        ("last delivered", time(&facts.last_delivered_at, "never")),
        ("last received", time(&facts.last_received_at, "never")),
        ("signature", facts.signature.clone()),
        ("software", software),
        ("people", format!("{people} known, {follows_to_here} follows to here, {follows_from_here} follows from here")),
    ]
    .iter()
    .map(|(name, value)| format!("{name}\t{value}\n"))
    .collect()
}
