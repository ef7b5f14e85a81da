//! The way out to other servers, and how it stands with those that this server knows.

use futures_util::future::join_all;
use phiomia_api::doctor::{Finding, Subject};
use phiomia_federation::outbound::Failure;
use phiomia_model::Time;
use phiomia_store::{
    Db,
    db::federation::hosts::{self, State},
};

use super::{
    Practice,
    known::{good, known, unknown},
    trip::explained,
};

known! {
    NO_NAMES = Federation Fault "federation-no-names";
    NO_TRUST = Federation Fault "federation-no-trust";
    NO_WAY_OUT = Federation Fault "federation-no-way-out";
    MANY_FAIL = Federation Warning "federation-many-fail";
}

/// Hosts read at a time, and of how many at most.
const PAGE: i64 = 500;
const MOST_PAGES: usize = 20;
/// Of so few nothing can be said.
const FEW: usize = 4;

/// Those that took something from here last, three of them.
pub(super) async fn working_hosts(db: &Db) -> Vec<String> {
    let now = db.clock().now();
    let mut all = db.read(|q| Ok(hosts::list(q, "", PAGE)?)).await.unwrap_or_default();
    all.retain(|host| matches!(host.state(now), State::Works) && host.last_succeeded_at.is_some());
    all.sort_by_key(|host| std::cmp::Reverse(host.last_succeeded_at));
    all.into_iter().take(3).map(|host| host.name).collect()
}

/// How it stands with all of them.
#[derive(Debug, Default)]
struct Counts {
    work: usize,
    fail: usize,
    given_up: usize,
    /// Some that fail, with the last error.
    examples: Vec<String>,
}

/// Looks and judges.
pub(super) async fn examine(practice: &Practice) -> Vec<Finding> {
    let mut asked = Vec::new();
    if let Some(federation) = &practice.federation {
        let peers = practice.peers().await.into_iter();
        let asking = peers.filter_map(|peer| Some((practice.peer_url(&peer)?, peer))).map(async |(url, peer)| {
            // As everything goes out that people here cause.
            let failure = federation.outbound.get(&url, "application/json", None).await.err();
            (peer, failure)
        });
        asked = join_all(asking).await;
    }
    let mut findings = vec![way_out(&asked)];
    if let Ok(db) = &practice.db {
        findings.extend(hosts_of(&count(db).await));
    }
    findings
}

async fn count(db: &Db) -> Counts {
    let now = db.clock().now();
    let (mut counts, mut after) = (Counts::default(), String::new());
    for _ in 0..MOST_PAGES {
        let from = after.clone();
        let page = db.read(move |q| Ok(hosts::list(q, &from, PAGE)?)).await.unwrap_or_default();
        let Some(last) = page.last() else { break };
        after.clone_from(&last.name);
        page.iter().for_each(|host| counts.add(host, now));
    }
    counts
}

impl Counts {
    fn add(&mut self, host: &hosts::Host, now: Time) {
        match host.state(now) {
            State::Works => self.work += 1,
            State::New => {}
            State::GivenUp { .. } => self.given_up += 1,
            State::Fails | State::LeftAlone { .. } => {
                self.fail += 1;
                if self.examples.len() < 3 {
                    let error = host.last_error.as_deref().unwrap_or("no words were kept");
                    self.examples.push(format!("{} ({error})", host.name));
                }
            }
        }
    }
}

fn way_out(asked: &[(String, Option<Failure>)]) -> Finding {
    let names = asked.iter().map(|(peer, _)| peer.as_str()).collect::<Vec<_>>().join(", ");
    let failures: Vec<&Failure> = asked.iter().filter_map(|(_, failure)| failure.as_ref()).collect();
    if asked.is_empty() {
        return unknown(Subject::Federation, "There is no other server to ask, or no database to ask it with");
    }
    if failures.len() < asked.len() {
        return good(
            Subject::Federation,
            format!("The way out is open: {names} asked, {} did not answer", failures.len()),
        );
    }
    let why = failures.first().map(|failure| explained(failure)).unwrap_or_default();
    let lower = why.to_ascii_lowercase();
    let what = format!("None of {names} can be reached from here: {why}");
    if lower.contains("cannot be resolved") || lower.contains("not resolved in time") {
        return NO_NAMES.cured(
            what,
            "This machine finds no names: see the nameserver lines of /etc/resolv.conf, and let UDP and TCP to port 53 out",
        );
    }
    if lower.contains("certificate") {
        return NO_TRUST.cured(
            what,
            "`apt-get install ca-certificates`, and see the subject clock; where a proxy opens TLS, name its authority in \
             federation.ca_file",
        );
    }
    NO_WAY_OUT.cured(
        what,
        "Let connections to port 443 out (firewall, security group, NAT of a private subnet), or name the proxy in \
         federation.proxy",
    )
}

fn hosts_of(counts: &Counts) -> Option<Finding> {
    let Counts { work, fail, given_up, examples } = counts;
    let n_known = work + fail;
    if n_known == 0 && *given_up == 0 {
        return None;
    }
    if n_known >= FEW && *fail > *work {
        return Some(MANY_FAIL.cured(
            format!("{fail} of {n_known} servers take nothing from here, among them {}", examples.join(", ")),
            "`phiomia host list --failing` has all of them, `phiomia host retry HOST` tries one at once",
        ));
    }
    Some(good(
        Subject::Federation,
        format!("{work} servers take what is sent to them, {fail} fail, {given_up} are given up"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(failures: &[Option<&str>]) -> String {
        let asked: Vec<_> = failures
            .iter()
            .map(|failure| ("peer.example".to_owned(), failure.map(|why| Failure::Unreachable(why.to_owned()))))
            .collect();
        way_out(&asked).name
    }

    #[test]
    fn one_open_way_is_enough_and_none_has_its_reason() {
        assert_eq!(way(&[Some("connection refused"), None]), "federation-good");
        assert_eq!(way(&[Some("the name peer.example cannot be resolved: no")]), "federation-no-names");
        assert_eq!(way(&[Some("invalid peer certificate: UnknownIssuer")]), "federation-no-trust");
        assert_eq!(way(&[Some("connection refused")]), "federation-no-way-out");
        assert_eq!(way(&[]), "federation-unknown");
    }

    #[test]
    fn servers_that_died_are_not_our_fault_and_most_at_once_may_be() {
        let name = |work, fail, given_up| {
            let counts = Counts { work, fail, given_up, examples: vec!["a.example (timed out)".to_owned()] };
            hosts_of(&counts).map(|finding| finding.name)
        };
        assert_eq!(name(10, 3, 500).as_deref(), Some("federation-good"));
        assert_eq!(name(2, 8, 0).as_deref(), Some("federation-many-fail"));
        assert_eq!(name(1, 2, 0).as_deref(), Some("federation-good"));
        assert_eq!(name(0, 0, 0), None);
    }
}
