//! Records at a name server that takes signed updates: BIND, Knot, PowerDNS and others.

use std::{
    collections::BTreeSet,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use phiomia_federation::outbound::{self, Algorithm, Primary, Prober, Record, RecordKind, TsigKey, Unchanged};
use phiomia_store::Clock;
use tokio::{
    net::lookup_host,
    time::{Instant, sleep},
};

use super::records::{Change, Family, Held, Set};
use crate::config::{Config, Dns, TsigAlgorithm, value::Domain};

const PORT: u16 = 53;
/// Seconds that others keep the answer to a challenge.
const CHALLENGE_TTL: u32 = 60;
/// How long the other name servers of the zone are waited for.
const EVERYWHERE: Duration = Duration::from_secs(60);
const EVERYWHERE_EVERY: Duration = Duration::from_secs(2);

/// The server, and what of it is ours.
pub(super) struct Rfc2136 {
    primary: Primary,
    /// As it is called in the configuration.
    server: String,
    key_name: String,
    said_zone: Option<String>,
    prober: Prober,
}

impl Rfc2136 {
    pub(super) fn new(config: &Config, prober: Prober) -> Result<Rfc2136, String> {
        let said: &Dns = &config.dns;
        let server = said.rfc2136_server.clone().ok_or("dns.rfc2136_server is missing")?;
        let key_name = said.rfc2136_key_name.clone().ok_or("dns.rfc2136_key_name is missing")?;
        let algorithm = match said.rfc2136_algorithm {
            TsigAlgorithm::Sha256 => Algorithm::Sha256,
            TsigAlgorithm::Sha512 => Algorithm::Sha512,
        };
        let key = TsigKey::new(&key_name, algorithm, &said.rfc2136_key_bytes()?);
        Ok(Rfc2136 {
            primary: Primary::new(place(&server), key, Clock::system()),
            server,
            key_name,
            said_zone: said.rfc2136_zone.as_ref().map(Domain::as_str).map(str::to_owned),
            prober,
        })
    }

    pub(super) fn server(&self) -> &str {
        &self.server
    }

    pub(super) async fn held(&self, name: &str) -> Result<Held, String> {
        let ask = async |kind| self.primary.held(name, kind).await.map_err(|why| self.sentence(&why, name));
        let mut held = Held::default();
        if let Some(alias) = ask(RecordKind::Cname).await? {
            let target = alias.values.iter().find_map(|value| match value {
                Record::Name(target) => Some(target.as_str()),
                _ => None,
            });
            held.obstacle = Some(format!("is an alias (CNAME) of {} there", target.unwrap_or("another name")));
        }
        for (family, kind) in [(Family::V4, RecordKind::A), (Family::V6, RecordKind::Aaaa)] {
            if let Some(set) = ask(kind).await? {
                let addresses: BTreeSet<IpAddr> = set.values.iter().filter_map(address).collect();
                held.put(family, Some(Set { ttl: set.ttl, addresses }));
            }
        }
        Ok(held)
    }

    pub(super) async fn publish(&self, name: &str, changes: &[Change]) -> Result<(), String> {
        let change = |change: &Change| {
            let kind = match change.family {
                Family::V4 => RecordKind::A,
                Family::V6 => RecordKind::Aaaa,
            };
            let ttl = change.to.as_ref().map(|set| set.ttl).unwrap_or_default();
            let values = change.to.iter().flat_map(|set| &set.addresses).copied().map(Record::Address).collect();
            outbound::Change::Set(outbound::Held { kind, ttl, values })
        };
        let zone = self.zone(name).await?;
        let changes: Vec<outbound::Change> = changes.iter().map(change).collect();
        self.primary.change(&zone, name, &changes).await.map_err(|why| self.sentence(&why, name))
    }

    /// One more text at a name; comes back when the name servers of the zone have it.
    pub(super) async fn present(&self, name: &str, text: &str) -> Result<(), String> {
        let zone = self.zone(name).await?;
        let value = Record::Text(text.to_owned());
        let change = [outbound::Change::Add { ttl: CHALLENGE_TTL, value: value.clone() }];
        self.primary.change(&zone, name, &change).await.map_err(|why| self.sentence(&why, name))?;
        self.until_everywhere(&zone, name, &value).await;
        Ok(())
    }

    /// One less.
    pub(super) async fn cleanup(&self, name: &str, text: &str) -> Result<(), String> {
        let zone = self.zone(name).await?;
        let change = [outbound::Change::Remove(Record::Text(text.to_owned()))];
        self.primary.change(&zone, name, &change).await.map_err(|why| self.sentence(&why, name))
    }

    async fn zone(&self, name: &str) -> Result<String, String> {
        match &self.said_zone {
            Some(zone) => Ok(zone.clone()),
            None => self.primary.zone_of(name).await.map_err(|why| self.sentence(&why, name)),
        }
    }

    /// An authority may ask any name server of the zone. Those that do not answer us are not waited for.
    async fn until_everywhere(&self, zone: &str, name: &str, value: &Record) {
        let listed = self.primary.held(zone, RecordKind::Ns).await.ok().flatten();
        let mut late: Vec<SocketAddr> = Vec::new();
        for server in listed.iter().flat_map(|listed| &listed.values) {
            let Record::Name(server) = server else { continue };
            late.extend(lookup_host((server.as_str(), PORT)).await.into_iter().flatten());
        }
        let end = Instant::now() + EVERYWHERE;
        while !late.is_empty() && Instant::now() < end {
            let mut still = Vec::new();
            for server in late {
                let there = self.prober.records(&[server], name, RecordKind::Txt).await;
                if there.is_ok_and(|there| !there.contains(value)) {
                    still.push(server);
                }
            }
            late = still;
            if !late.is_empty() {
                sleep(EVERYWHERE_EVERY).await;
            }
        }
        if let Some(server) = late.first() {
            tracing::warn!("the name server {server} of {zone} does not have {name} after a minute");
        }
    }

    /// What happened, and what to look at.
    fn sentence(&self, why: &Unchanged, name: &str) -> String {
        let (server, key) = (&self.server, &self.key_name);
        let who = format!("the name server {server}");
        match why {
            Unchanged::Unreachable(why) => {
                format!("{who} cannot be reached: {why} (updates go over TCP; look at dns.rfc2136_server)")
            }
            Unchanged::UnknownKey => format!(
                "{who} does not know the key {key}, or not for this algorithm (BADKEY): look at dns.rfc2136_key_name and \
                 dns.rfc2136_algorithm"
            ),
            Unchanged::WrongKey => {
                format!("{who} has another key that is called {key} (BADSIG): look at dns.rfc2136_key")
            }
            Unchanged::Clock(before) => {
                let apart = before.map(|before| super::clock_sentence(before.saturating_neg(), "its"));
                let apart = apart.unwrap_or_else(|| "the clocks are too far apart".to_owned());
                format!("{who} does not believe the signature (BADTIME), for {apart}")
            }
            Unchanged::Unsigned => format!("the answer of {who} is not signed with the key {key}"),
            Unchanged::NotResponsible => {
                let zone = self.said_zone.as_deref().map_or_else(String::new, |zone| format!(" or of the zone {zone}"));
                format!(
                    "{who} is not the primary one of {name}{zone}, or answers nobody: look at dns.rfc2136_server and \
                     dns.rfc2136_zone"
                )
            }
            Unchanged::Refused => {
                format!("{who} refuses: the key {key} may not change the records of {name} (update-policy in BIND)")
            }
            Unchanged::Alias => format!("{name} is an alias (CNAME) at {who}, and is left as it is"),
            Unchanged::Failed(code) => format!("{who} failed (code {code})"),
            Unchanged::Nonsense(why) => format!("{who}: {why}"),
        }
    }
}

fn address(record: &Record) -> Option<IpAddr> {
    match record {
        Record::Address(address) => Some(*address),
        _ => None,
    }
}

/// Host and port.
fn place(server: &str) -> String {
    match (server.parse::<SocketAddr>(), server.trim_matches(['[', ']']).parse::<IpAddr>()) {
        (Ok(address), _) => address.to_string(),
        (_, Ok(address)) => SocketAddr::new(address, PORT).to_string(),
        _ if server.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok()) => server.to_owned(),
        _ => format!("{server}:{PORT}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_without_a_port_is_at_the_usual_one() {
        for (said, expected) in [
            ("ns1.example.org", "ns1.example.org:53"),
            ("ns1.example.org:5353", "ns1.example.org:5353"),
            ("192.0.2.53", "192.0.2.53:53"),
            ("192.0.2.53:1", "192.0.2.53:1"),
            ("2001:db8::53", "[2001:db8::53]:53"),
            ("[2001:db8::53]", "[2001:db8::53]:53"),
            ("[2001:db8::53]:1", "[2001:db8::53]:1"),
        ] {
            assert_eq!(place(said), expected);
        }
    }
}
