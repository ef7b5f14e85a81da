//! Records at Amazon's Route 53. <https://docs.aws.amazon.com/Route53/latest/APIReference/Welcome.html>

mod wire;

use std::{collections::BTreeSet, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode, header};
use phiomia_federation::Outbound;
use phiomia_model::{Addresses, Time};
use phiomia_store::{
    Clock, Secret,
    aws::{Key, Keys, Machine, Scope, Unsigned},
};
use tokio::{sync::OnceCell, time::sleep};
use url::Url;

use super::records::{Change, Family, Held, Set};
use crate::config::Config;
use wire::{RecordSet, Trouble};

const VERSION: &str = "/2013-04-01";
const SERVICE: &str = "route53";
/// Seconds between two clocks that signatures bear.
const FUDGE: Duration = Duration::from_secs(240);
/// How often is asked whether a change has come to all name servers, and how often at most.
const CHANGE_EVERY: Duration = Duration::from_secs(3);
const CHANGE_TRIES: usize = 60;
/// Seconds that others keep the answer to a challenge.
const CHALLENGE_TTL: u32 = 60;

/// The account, and what of it is ours.
pub(super) struct Route53 {
    outbound: Outbound,
    endpoint: Url,
    region: String,
    keys: Keys,
    clock: Clock,
    /// The zone that was named.
    said_zone: Option<String>,
    /// The zone of the domain, once it was found.
    found_zone: OnceCell<(String, String)>,
}

impl Route53 {
    pub(super) fn new(config: &Config, addresses: &Addresses) -> Result<Route53, String> {
        let said = &config.dns;
        let endpoint = Url::parse(&said.route53_endpoint).map_err(|e| format!("dns.route53_endpoint: {e}"))?;
        let outbound =
            Outbound::for_named(config.federation.ca_file.clone(), config.federation.proxy.clone(), addresses);
        let outbound = outbound.map_err(|fault| fault.chain())?;
        // Encrypted unless the operator wrote it otherwise.
        let outbound = if endpoint.scheme() == "http" { outbound.over_http_too() } else { outbound };
        let secret = |secret: &crate::config::value::Secret| Secret::new(secret.expose());
        let keys = match (&said.route53_access_key_id, &said.route53_secret_access_key) {
            (Some(id), Some(key)) => {
                let session = said.route53_session_token.as_ref().map(secret);
                Keys::said(Key { id: id.clone(), secret: secret(key), session })
            }
            _ => Keys::lent(&Machine {
                region: said.route53_region.clone(),
                endpoint: Some(said.ec2_metadata.trim_end_matches('/').to_owned()),
                container: said.route53_container_credentials.clone(),
                container_token: said.route53_container_token_file.clone(),
            })
            .map_err(|fault| fault.chain())?,
        };
        Ok(Route53 {
            outbound,
            endpoint,
            region: said.route53_region.clone(),
            keys,
            clock: Clock::system(),
            said_zone: said.route53_zone_id.clone(),
            found_zone: OnceCell::new(),
        })
    }

    pub(super) async fn held(&self, name: &str) -> Result<Held, String> {
        let mut held = Held::default();
        for set in self.sets(&self.zone(name).await?, name).await? {
            if set.kind == "CNAME" {
                let target = set.values().next().unwrap_or("another name").trim_end_matches('.').to_owned();
                held.obstacle = Some(format!("is an alias (CNAME) of {target} at Route 53"));
            }
            let Some(family) = Family::ALL.into_iter().find(|family| family.record() == set.kind) else { continue };
            if let Some(target) = set.alias() {
                let record = family.record();
                held.obstacle = Some(format!("has an {record} record at Route 53 that stands for {target}"));
            } else if set.is_one_of_several() {
                held.obstacle = Some(format!("has {} records with a routing policy at Route 53", family.record()));
            } else {
                let addresses: BTreeSet<_> = set.values().filter_map(|value| value.parse().ok()).collect();
                held.put(family, Some(Set { ttl: set.ttl(), addresses }));
            }
        }
        Ok(held)
    }

    pub(super) async fn publish(&self, name: &str, changes: &[Change]) -> Result<(), String> {
        let zone = self.zone(name).await?;
        let change = |change: &Change| {
            let values = |set: &Set| set.addresses.iter().map(ToString::to_string).collect::<Vec<_>>();
            match (&change.from, &change.to) {
                (_, Some(to)) => Some(wire::upsert(name, change.family.record(), to.ttl, &values(to))),
                (Some(from), None) => Some(wire::delete(name, change.family.record(), from.ttl, &values(from))),
                (None, None) => None,
            }
        };
        self.change(&zone, &changes.iter().filter_map(change).collect::<String>()).await.map(drop)
    }

    /// One more text at a name; comes back when all name servers have it.
    pub(super) async fn present(&self, name: &str, text: &str) -> Result<(), String> {
        let zone = self.zone(name).await?;
        let mut values = self.texts(&zone, name).await?.map(|(_, values)| values).unwrap_or_default();
        values.push(wire::quoted(text));
        let change = self.change(&zone, &wire::upsert(name, "TXT", CHALLENGE_TTL, &values)).await?;
        let waited = self.until_everywhere(&change).await;
        if waited.is_err() {
            // It would stay for ever: whoever asked for it does not know that it is there.
            self.cleanup(name, text).await?;
        }
        waited
    }

    /// One less.
    pub(super) async fn cleanup(&self, name: &str, text: &str) -> Result<(), String> {
        let zone = self.zone(name).await?;
        let Some((ttl, values)) = self.texts(&zone, name).await? else { return Ok(()) };
        let others: Vec<String> = values.iter().filter(|value| **value != wire::quoted(text)).cloned().collect();
        let change = match others.is_empty() {
            true => wire::delete(name, "TXT", ttl, &values),
            false => wire::upsert(name, "TXT", ttl, &others),
        };
        self.change(&zone, &change).await.map(drop)
    }

    async fn texts(&self, zone: &str, name: &str) -> Result<Option<(u32, Vec<String>)>, String> {
        let sets = self.sets(zone, name).await?;
        let texts = sets.iter().find(|set| set.kind == "TXT");
        Ok(texts.map(|set| (set.ttl(), set.values().map(str::to_owned).collect())))
    }

    /// All records at a name.
    async fn sets(&self, zone: &str, name: &str) -> Result<Vec<RecordSet>, String> {
        let path = format!("{VERSION}/hostedzone/{zone}/rrset");
        let doing = format!("reading the records of {name} in the zone {zone}");
        let query = [("name", name), ("maxitems", "100")];
        let answer = self.ask(Method::GET, &path, &query, String::new(), &doing).await?;
        let listed: wire::Listed = wire::read(&answer).ok_or_else(|| nonsense(&doing))?;
        Ok(listed.at(name))
    }

    /// Gives the number of the change.
    async fn change(&self, zone: &str, changes: &str) -> Result<String, String> {
        let path = format!("{VERSION}/hostedzone/{zone}/rrset/");
        let doing = format!("changing records in the zone {zone}");
        let answer = self.ask(Method::POST, &path, &[], wire::batch(changes), &doing).await?;
        let changed: wire::Changed = wire::read(&answer).ok_or_else(|| nonsense(&doing))?;
        Ok(changed.id().to_owned())
    }

    async fn until_everywhere(&self, change: &str) -> Result<(), String> {
        let (path, doing) = (format!("{VERSION}/change/{change}"), "asking whether all name servers know");
        for _ in 0..CHANGE_TRIES {
            let answer = self.ask(Method::GET, &path, &[], String::new(), doing).await?;
            let changed: wire::Changed = wire::read(&answer).ok_or_else(|| nonsense(doing))?;
            if changed.is_everywhere() {
                return Ok(());
            }
            sleep(CHANGE_EVERY).await;
        }
        Err("not all name servers of Route 53 have the change after three minutes".to_owned())
    }

    /// The zone of a name: the one that was named, else the nearest one above.
    async fn zone(&self, name: &str) -> Result<String, String> {
        if let Some(zone) = &self.said_zone {
            return Ok(zone.clone());
        }
        let look = || async {
            let mut above = name;
            loop {
                if let Some(zone) = self.zone_called(above).await? {
                    return Ok((above.to_owned(), zone));
                }
                match above.split_once('.') {
                    Some((_, next)) if next.contains('.') => above = next,
                    _ => {
                        return Err(format!(
                            "Route 53 has no public zone that {name} is in: make one, or name it in dns.route53_zone_id"
                        ));
                    }
                }
            }
        };
        let known = self.found_zone.get_or_try_init(look).await?;
        if name == known.0 || name.ends_with(&format!(".{}", known.0)) {
            return Ok(known.1.clone());
        }
        look().await.map(|(_, zone)| zone)
    }

    async fn zone_called(&self, name: &str) -> Result<Option<String>, String> {
        let doing = "looking for the zone (dns.route53_zone_id spares this)";
        let query = [("dnsname", name), ("maxitems", "10")];
        let answer =
            self.ask(Method::GET, &format!("{VERSION}/hostedzonesbyname"), &query, String::new(), doing).await?;
        let zones: wire::Zones = wire::read(&answer).ok_or_else(|| nonsense(doing))?;
        Ok(zones.public(name))
    }

    /// One signed exchange.
    async fn ask(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        body: String,
        doing: &str,
    ) -> Result<Bytes, String> {
        let key = self.keys.key().await.map_err(|fault| format!("there is no key for Route 53: {}", fault.chain()))?;
        let host = place(&self.endpoint);
        let now = self.clock.now();
        let scope = Scope { region: &self.region, service: SERVICE, now };
        let unsigned =
            Unsigned { method: method.as_str(), host: &host, path, query, headers: &[], body: body.as_bytes() };
        let signed = key.sign(&scope, &unsigned);
        let uri = format!("{}://{host}{}", self.endpoint.scheme(), signed.target);
        let mut request = Request::builder().method(method).uri(uri);
        if !body.is_empty() {
            request = request.header(header::CONTENT_TYPE, "application/xml");
        }
        for (name, value) in signed.headers {
            request = request.header(name, value);
        }
        let request = request.body(Bytes::from(body)).map_err(|e| format!("{doing}: {e}"))?;
        let asked = self.outbound.exchange(request).await;
        let answer = asked.map_err(|why| format!("{host} cannot be asked: {why}"))?;
        if answer.status.is_success() {
            return Ok(answer.body);
        }
        let trouble = Trouble::read(&answer.body);
        Err(sentence(doing, &key.id, answer.status, &trouble, clocks_apart(&answer.headers, now)))
    }
}

/// Host and, unless it is the usual one, port.
fn place(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

fn nonsense(doing: &str) -> String {
    format!("{doing}: the answer is none of Route 53")
}

/// How many seconds our clock is before that of the other side, when it is too far.
fn clocks_apart(headers: &HeaderMap, now: Time) -> Option<i64> {
    let theirs = Time::parse_http_date(headers.get(header::DATE)?.to_str().ok()?)?;
    let apart = now.as_secs().checked_sub(theirs.as_secs())?;
    (apart.unsigned_abs() > FUDGE.as_secs()).then_some(apart)
}

/// Why it did not do it, and what to look at.
fn sentence(doing: &str, key: &str, status: StatusCode, trouble: &Trouble, apart: Option<i64>) -> String {
    let said = trouble.text().unwrap_or_else(|| format!("HTTP {}", status.as_u16()));
    let code = trouble.code.as_deref().unwrap_or_default();
    if let (403, Some(apart)) = (status.as_u16(), apart) {
        return format!(
            "{doing}: the signature does not hold, for {} ({said})",
            super::clock_sentence(apart, "Amazon's")
        );
    }
    let advice = match code {
        "AccessDenied" | "AccessDeniedException" => {
            format!("the key {key} may not do that: give it the policy of docs/hosting/dns.md")
        }
        "InvalidClientTokenId" | "UnrecognizedClientException" => {
            format!("Amazon does not know the key {key}: look at dns.route53_access_key_id")
        }
        "SignatureDoesNotMatch" | "InvalidSignatureException" => {
            format!("the secret does not belong to the key {key}: look at dns.route53_secret_access_key")
        }
        "ExpiredToken" | "ExpiredTokenException" => "the key was lent and has expired".to_owned(),
        "NoSuchHostedZone" => "there is no such zone in this account: look at dns.route53_zone_id".to_owned(),
        _ => return format!("{doing}: {said}"),
    };
    format!("{doing}: {advice} ({said})")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    #[test]
    fn a_clock_that_is_wrong_goes_before_the_signature_that_does_not_hold() {
        let trouble = Trouble { code: Some("SignatureDoesNotMatch".to_owned()), messages: vec!["expired".to_owned()] };
        let mut headers = HeaderMap::new();
        headers.insert(header::DATE, "Thu, 26 Nov 2026 06:00:00 GMT".parse().unwrap());
        let now = |text: &str| Time::parse(text).unwrap();
        let apart = clocks_apart(&headers, now("2026-11-26T08:00:00Z"));
        assert_eq!(apart, Some(7_200));
        let said = sentence("asking", "AKIA1", StatusCode::FORBIDDEN, &trouble, apart);
        assert!(said.contains("120 minutes ahead of Amazon's"), "{said}");
        assert_eq!(clocks_apart(&headers, now("2026-11-26T06:01:00Z")), None);
        let said = sentence("asking", "AKIA1", StatusCode::FORBIDDEN, &trouble, None);
        assert!(said.contains("dns.route53_secret_access_key"), "{said}");
    }
}
