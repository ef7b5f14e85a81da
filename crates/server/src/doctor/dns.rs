//! Whether our names lead to us: every address is asked by itself, for whoever has IPv6 goes by that one.

use std::net::IpAddr;

use phiomia_api::doctor::{Finding, Subject};
use url::Host;

use super::{
    Practice,
    echo::Heard,
    known::{good, known, unknown},
    trip::place,
};
use crate::dns::{self, Change, Dns, Standing, is_without_ipv6};

known! {
    NO_ADDRESS = Dns Fault "dns-no-address";
    UNREACHABLE = Dns Fault "dns-unreachable";
    OTHER_SERVER = Dns Fault "dns-other-server";
    PRIVATE = Dns Warning "dns-private";
    NOT_PUBLISHED = Dns Fault "dns-not-published";
    OTHER_RECORDS = Dns Warning "dns-other-records";
}

/// So many addresses of a name are asked; a cache in front may have more.
const MOST_ADDRESSES: usize = 8;

/// What is behind one address.
#[derive(Debug)]
enum Behind {
    Us,
    /// Not to be connected to from here.
    Closed,
    Other(String),
    Nobody(String),
}

/// One of our names.
struct Seen {
    host: String,
    /// Or why nobody knows.
    addresses: Result<Vec<IpAddr>, String>,
    behind: Vec<(IpAddr, Behind)>,
}

/// Looks and judges.
pub(super) async fn examine(practice: &Practice) -> Vec<Finding> {
    let mut findings = Vec::new();
    for domain in practice.own_domains() {
        let Some(url) = practice.url(domain, "/") else { continue };
        let Some(Host::Domain(host)) = url.host() else {
            findings.push(good(Subject::Dns, format!("{domain} is an address and needs no name server")));
            continue;
        };
        let addresses = dns::resolve(&practice.prober, practice.questions.name_server, host).await;
        let mut behind = Vec::new();
        // The bare domain may be anywhere; where it leads is looked at with webfinger.
        if domain == &practice.addresses.web_domain && !practice.prober.has_proxy() {
            for address in addresses.iter().flatten().take(MOST_ADDRESSES) {
                behind.push((*address, look(practice, *address).await));
            }
        }
        findings.push(judge(&Seen { host: host.to_owned(), addresses, behind }));
    }
    findings.extend(published(practice).await);
    findings
}

/// What this server writes itself; `None`: nothing.
async fn published(practice: &Practice) -> Option<Finding> {
    let dns = match Dns::new(&practice.config) {
        Ok(dns) => dns?,
        Err(why) => {
            return Some(unknown(Subject::Dns, format!("The records of this server cannot be looked at: {why}")));
        }
    };
    let provider = dns.provider()?;
    let standing = dns.look().await;
    judge_published(dns.name(), &provider.name(), provider.is_readable(), &standing)
}

fn judge_published(name: &str, who: &str, is_readable: bool, standing: &Standing) -> Option<Finding> {
    match &standing.plan {
        Err(why) => Some(NOT_PUBLISHED.cured(
            format!("The addresses of {name} are not published by {who}: {why}"),
            "Afterwards `phiomia dns publish` tells at once whether it works",
        )),
        Ok(_) if !is_readable => None,
        Ok(changes) if changes.is_empty() => {
            let ours = dns::list(&standing.found.addresses());
            Some(good(Subject::Dns, format!("{who} has the addresses of this machine for {name}: {ours}")))
        }
        Ok(changes) => {
            let all = changes.iter().map(Change::to_string).collect::<Vec<_>>().join("; ");
            Some(OTHER_RECORDS.cured(
                format!("{who} has other addresses for {name} than those of this machine. It would have to be: {all}"),
                "`phiomia dns publish`; the running server does it by itself every dns.interval",
            ))
        }
    }
}

async fn look(practice: &Practice, address: IpAddr) -> Behind {
    if !practice.prober.admits(address) {
        return Behind::Closed;
    }
    let prober = match practice.prober.at(address) {
        Ok(prober) => prober,
        Err(fault) => return Behind::Nobody(fault.chain()),
    };
    match practice.knock(&prober).await {
        Heard::Us(_) => Behind::Us,
        Heard::Led(to) => Behind::Other(format!("somebody who leads to {}", place(&to))),
        Heard::Other { status, server } => Behind::Other(format!("{server} (HTTP {status})")),
        Heard::Nobody(why) => Behind::Nobody(why),
    }
}

fn judge(seen: &Seen) -> Finding {
    let host = &seen.host;
    let addresses = match &seen.addresses {
        Ok(addresses) => addresses,
        Err(why) => return unknown(Subject::Dns, format!("The addresses of {host} could not be asked for: {why}")),
    };
    if addresses.is_empty() {
        return NO_ADDRESS.cured(
            format!("{host} has no address"),
            format!(
                "At the name servers of the domain: {host} A with the IPv4 address of this server, and AAAA with its IPv6 \
                 address if it has one; `dns.provider` has the server do it itself. What was asked for before stays unknown \
                 for some minutes"
            ),
        );
    }
    let list = |all: &[IpAddr]| all.iter().map(IpAddr::to_string).collect::<Vec<_>>().join(", ");
    for (address, behind) in &seen.behind {
        let (kind, who) = if address.is_ipv4() { ("A", "IPv4") } else { ("AAAA", "IPv6") };
        match behind {
            Behind::Us | Behind::Closed => {}
            Behind::Other(who) => {
                return OTHER_SERVER.cured(
                    format!("{host} has the address {address}, and there is {who} and not this server"),
                    format!("Correct or remove the {kind} record of {host}, or let what is there pass everything on"),
                );
            }
            Behind::Nobody(why) if address.is_ipv6() && is_without_ipv6(why) => {
                return unknown(Subject::Dns, format!("{host} at {address}: this machine has no IPv6 to look by"));
            }
            Behind::Nobody(why) => {
                return UNREACHABLE.cured(
                    format!("{host} has the address {address}, which this server is not reached at: {why}"),
                    format!(
                        "Open the ports at that address (firewall, security group, router), or correct the {kind} record: \
                         whoever has {who} tries it. Some routers do not lead from within to within: \
                         `curl -4 https://{host}/livez` from elsewhere tells"
                    ),
                );
            }
        }
    }
    let closed: Vec<IpAddr> = seen
        .behind
        .iter()
        .filter(|(_, behind)| matches!(behind, Behind::Closed))
        .map(|(address, _)| *address)
        .collect();
    if !closed.is_empty() {
        return PRIVATE.cured(
            format!("Seen from here, {host} has an address of a private network: {}", list(&closed)),
            "If others see another one, ask their name server: `phiomia doctor --name-server 9.9.9.9`. Else the record has \
             to be the public address",
        );
    }
    let leads = if seen.behind.is_empty() { "has" } else { "leads here by" };
    good(Subject::Dns, format!("{host} {leads} {}", list(addresses)))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail")]
    use phiomia_api::doctor::Verdict;

    use super::*;

    fn seen(behind: Vec<(&str, Behind)>) -> Seen {
        let behind: Vec<_> = behind.into_iter().map(|(address, behind)| (address.parse().unwrap(), behind)).collect();
        let addresses = Ok(behind.iter().map(|(address, _)| *address).collect());
        Seen { host: "social.example.org".to_owned(), addresses, behind }
    }

    #[test]
    fn one_address_that_leads_elsewhere_is_a_fault_however_many_lead_here() {
        let finding = judge(&seen(vec![
            ("192.0.2.1", Behind::Us),
            ("2001:db8::1", Behind::Other("Apache (HTTP 404)".to_owned())),
        ]));
        assert_eq!((finding.name.as_str(), finding.verdict), ("dns-other-server", Verdict::Fault));
        assert!(finding.what.contains("2001:db8::1") && finding.cure.unwrap().contains("AAAA record"));
    }

    #[test]
    fn a_machine_without_ipv6_does_not_know_and_does_not_blame() {
        let why = "Network is unreachable (os error 101)".to_owned();
        let finding = judge(&seen(vec![("192.0.2.1", Behind::Us), ("2001:db8::1", Behind::Nobody(why))]));
        assert_eq!(finding.verdict, Verdict::Unknown);
    }

    #[test]
    fn records_that_are_not_ours_are_told_from_those_that_cannot_be_written() {
        let ours = ["192.0.2.1".parse().unwrap()].into();
        let found =
            dns::Found { v4: dns::Outlook::Addresses(ours, "dns.addresses"), v6: dns::Outlook::None { is_sure: true } };
        let standing = |plan| Standing { found: found.clone(), held: None, plan };
        let judged = |plan| judge_published("a.example", "Route 53", true, &standing(plan)).unwrap();
        assert_eq!(judged(Ok(Vec::new())).verdict, Verdict::Good);
        let gone = Change { family: dns::Family::V6, from: None, to: None };
        assert_eq!(judged(Ok(vec![gone.clone()])).name, "dns-other-records");
        let finding = judged(Err("the key may not do that".to_owned()));
        assert_eq!((finding.name.as_str(), finding.verdict), ("dns-not-published", Verdict::Fault));
        // What a program wrote is known to the process that ran it.
        assert!(judge_published("a.example", "/hook", false, &standing(Ok(vec![gone]))).is_none());
    }

    #[test]
    fn a_name_server_that_is_away_is_no_fault_of_the_name() {
        let away = Seen { addresses: Err("the name server 9.9.9.9 does not answer".to_owned()), ..seen(Vec::new()) };
        assert_eq!(judge(&away).verdict, Verdict::Unknown);
        assert_eq!(judge(&seen(Vec::new())).name, "dns-no-address");
    }
}
