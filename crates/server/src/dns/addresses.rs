//! Which addresses this machine has, as others see it: said by the operator, or found out.

use std::{net::IpAddr, time::Duration};

use bytes::Bytes;
use http::{Method, Request};
use phiomia_federation::{
    Outbound,
    outbound::{Answer, Failure, Prober, is_global},
};
use phiomia_model::Addresses;
use tokio::time::timeout;
use url::Url;

use super::{
    interfaces,
    records::{Family, Found, Outlook},
};
use crate::config::{AddressSource, Config, Families};

/// A machine's own metadata are near, or not there.
const NEAR: Duration = Duration::from_secs(2);
/// Characters of the longest address, and some.
const MOST_CHARACTERS: usize = 64;

/// Finds them out.
pub(super) struct Finder {
    said: Vec<IpAddr>,
    families: Families,
    sources: Vec<AddressSource>,
    echo: Option<Url>,
    metadata: String,
    near: Outbound,
    prober: Prober,
}

/// What one who may know an address says.
enum Told {
    Address(IpAddr),
    /// There is none, or this one does not know of any.
    Nothing,
    Silent(String),
}

impl Finder {
    pub(super) fn new(config: &Config, addresses: &Addresses, prober: Prober) -> Result<Finder, String> {
        let said = &config.dns;
        // Not by the proxy: who we are is what we want to hear.
        let near = Outbound::for_named(None, None, addresses).map_err(|fault| fault.chain())?.over_http_too();
        Ok(Finder {
            said: said.addresses.clone(),
            families: said.families,
            sources: said.sources.clone(),
            echo: said.echo_url.as_deref().and_then(|url| Url::parse(url).ok()),
            metadata: said.ec2_metadata.trim_end_matches('/').to_owned(),
            near,
            prober,
        })
    }

    /// All of them. Takes some seconds where nobody answers.
    pub(super) async fn find(&self) -> Found {
        let (v4, v6) = tokio::join!(self.of(Family::V4), self.of(Family::V6));
        Found { v4, v6 }
    }

    async fn of(&self, family: Family) -> Outlook {
        let is_ours = match family {
            Family::V4 => self.families != Families::Ipv6,
            Family::V6 => self.families != Families::Ipv4,
        };
        if !is_ours {
            return Outlook::Ignored;
        }
        if !self.said.is_empty() {
            let named: std::collections::BTreeSet<IpAddr> =
                self.said.iter().copied().filter(|address| Family::of(address) == family).collect();
            return if named.is_empty() {
                Outlook::None { is_sure: true }
            } else {
                Outlook::Addresses(named, "dns.addresses")
            };
        }
        let mut silent = None;
        for source in &self.sources {
            match self.ask(*source, family).await {
                Told::Address(address) => return Outlook::Addresses([address].into(), source.word()),
                Told::Nothing => {}
                Told::Silent(why) => silent = silent.or(Some(why)),
            }
        }
        silent.map_or(Outlook::None { is_sure: false }, Outlook::Unknown)
    }

    async fn ask(&self, source: AddressSource, family: Family) -> Told {
        match source {
            AddressSource::Interfaces => interfaces::address(family).map_or(Told::Nothing, Told::Address),
            AddressSource::Ec2 => timeout(NEAR, self.metadata(family)).await.unwrap_or(Told::Nothing),
            AddressSource::Echo => match &self.echo {
                Some(url) => self.echo(url, family).await,
                None => Told::Nothing,
            },
        }
    }

    /// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html>
    async fn metadata(&self, family: Family) -> Told {
        let base = &self.metadata;
        let token = Request::put(format!("{base}/latest/api/token"))
            .header("x-aws-ec2-metadata-token-ttl-seconds", "60")
            .body(Bytes::new());
        let Ok(token) = token else { return Told::Nothing };
        // Who does not answer this is no machine of Amazon's.
        let token = match self.near.exchange(token).await {
            Ok(answer) if answer.status.is_success() => text(&answer),
            _ => return Told::Nothing,
        };
        let name = match family {
            Family::V4 => "public-ipv4",
            Family::V6 => "ipv6",
        };
        let question = Request::get(format!("{base}/latest/meta-data/{name}"))
            .header("x-aws-ec2-metadata-token", token)
            .body(Bytes::new());
        let Ok(question) = question else { return Told::Nothing };
        match self.near.exchange(question).await {
            Ok(answer) if answer.status.is_success() => read(&answer, family, "the metadata of EC2"),
            Ok(answer) if answer.status.as_u16() == 404 => Told::Nothing,
            Ok(answer) => Told::Silent(format!("the metadata of EC2 answer with HTTP {}", answer.status.as_u16())),
            Err(why) => Told::Silent(format!("the metadata of EC2: {why}")),
        }
    }

    async fn echo(&self, url: &Url, family: Family) -> Told {
        let host = url.host_str().unwrap_or_default();
        if self.prober.has_proxy() {
            return Told::Silent(format!("{host} would see the proxy and not this machine"));
        }
        let there = match self.prober.addresses_of(host).await {
            Ok(all) => all.into_iter().find(|address| Family::of(address) == family),
            Err(why) => return Told::Silent(format!("{host} cannot be asked: {why}")),
        };
        let Some(there) = there else { return Told::Nothing };
        let prober = match self.prober.at(there) {
            Ok(prober) => prober,
            Err(fault) => return Told::Silent(fault.chain()),
        };
        match prober.ask(Method::GET, url, &[]).await {
            Ok(answer) if answer.status.is_success() => read(&answer, family, host),
            Ok(answer) => Told::Silent(format!("{host} answers with HTTP {}", answer.status.as_u16())),
            // A machine without IPv6 has no address of it.
            Err(Failure::Unreachable(why)) if family == Family::V6 && is_without_ipv6(&why) => Told::Nothing,
            Err(why) => Told::Silent(format!("{host} cannot be asked: {why}")),
        }
    }
}

fn text(answer: &Answer) -> String {
    String::from_utf8_lossy(&answer.body).trim().to_owned()
}

fn read(answer: &Answer, family: Family, who: &str) -> Told {
    let text = text(answer);
    match text.parse::<IpAddr>() {
        Ok(address) if Family::of(&address) == family && is_global(address) => Told::Address(address),
        Ok(address) => Told::Silent(format!("{who} says {address}, which is no public {} address", family.word())),
        Err(_) => {
            let beginning: String = text.chars().take(MOST_CHARACTERS).collect();
            Told::Silent(format!("{who} says {beginning:?}, which is no address"))
        }
    }
}

/// Whether a failure means that this machine has no IPv6.
pub(crate) fn is_without_ipv6(why: &str) -> bool {
    let why = why.to_ascii_lowercase();
    why.contains("network is unreachable")
        || why.contains("network unreachable")
        || why.contains("address not available")
        || why.contains("assign requested")
}
