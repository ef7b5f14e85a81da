//! The server's own DNS records: which addresses this machine has, who keeps the records, what has to be changed there,
//! and whether the domain leads here.

mod addresses;
mod interfaces;
mod keeper;
mod program;
mod provider;
mod records;
mod rfc2136;
mod route53;

use std::{collections::BTreeSet, net::IpAddr, net::SocketAddr, sync::Arc, time::Duration};

use phiomia_federation::outbound::{Prober, Record, RecordKind};

use crate::config::Config;
use addresses::Finder;
pub(crate) use addresses::is_without_ipv6;
pub use interfaces::address as interface_address;
pub use keeper::Arrival;
pub use provider::Provider;
pub use records::{Change, Family, Found, Held, Outlook, Set, list, plan};

/// Publishes the addresses of this machine, or says where they should lead. Clones are handles of the same.
#[derive(Clone)]
pub struct Dns(Arc<Inner>);

struct Inner {
    name: String,
    finder: Finder,
    /// `None`: the operator writes the records, and named the addresses.
    provider: Option<Provider>,
    prober: Prober,
    name_server: Option<SocketAddr>,
    ttl: u32,
    interval: Duration,
    wait: Duration,
}

/// How it stands.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The addresses of this machine.
    pub found: Found,
    /// What the provider has, or why it does not say; `None`: there is no provider, or it cannot know.
    pub held: Option<Result<Held, String>>,
    /// What is to be done, or why nothing can be.
    pub plan: Result<Vec<Change>, String>,
}

impl Dns {
    /// What the settings say; `None`: nothing is published, and nobody named an address to wait for.
    ///
    /// # Errors
    /// A sentence: a file of authorities or a proxy that is none.
    pub fn new(config: &Config) -> Result<Option<Dns>, String> {
        let said = &config.dns;
        let addresses = Arc::new(config.addresses());
        let name = addresses.web_domain.clone();
        let is_named = config.instance.web_domain.as_ref().or(config.instance.domain.as_ref());
        if is_named.is_none_or(|domain| domain.is_for_development())
            || (said.provider.is_none() && said.addresses.is_empty())
        {
            return Ok(None);
        }
        let prober = Prober::new(&config.federation_settings().outbound, &addresses).map_err(|fault| fault.chain())?;
        Ok(Some(Dns(Arc::new(Inner {
            name,
            finder: Finder::new(config, &addresses, prober.clone())?,
            provider: Provider::of(config, &addresses, &prober)?,
            prober,
            name_server: said.name_server.map(|server| server.0),
            ttl: u32::try_from(said.ttl.as_secs()).unwrap_or(u32::MAX),
            interval: said.interval,
            wait: said.wait,
        }))))
    }

    /// The domain whose records they are.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Who keeps the records; `None`: nobody whom this server could tell.
    #[must_use]
    pub fn provider(&self) -> Option<&Provider> {
        self.0.provider.as_ref()
    }

    /// Finds out how it stands, and changes nothing.
    pub async fn look(&self) -> Standing {
        let held = async {
            let provider = self.0.provider.as_ref()?;
            provider.held(&self.0.name).await.transpose()
        };
        let (found, held) = tokio::join!(self.0.finder.find(), held);
        let plan = match (&self.0.provider, &held) {
            (None, _) => Ok(Vec::new()),
            (Some(_), Some(Err(why))) => Err(why.clone()),
            (Some(_), Some(Ok(held))) => plan(&self.0.name, &found, Some(held), self.0.ttl),
            (Some(_), None) => plan(&self.0.name, &found, None, self.0.ttl),
        };
        Standing { found, held, plan }
    }

    /// Does what is to be done.
    ///
    /// # Errors
    /// A sentence.
    pub async fn publish(&self, changes: &[Change]) -> Result<(), String> {
        match &self.0.provider {
            Some(provider) if !changes.is_empty() => {
                let done = provider.publish(&self.0.name, changes).await;
                let outcome = if done.is_ok() { "done" } else { "failed" };
                metrics::counter!("phiomia_dns_publications_total", "outcome" => outcome).increment(1);
                done
            }
            _ => Ok(()),
        }
    }

    /// Where the domain leads, as others see it.
    ///
    /// # Errors
    /// A sentence, when no name server answers.
    pub async fn leads_to(&self) -> Result<BTreeSet<IpAddr>, String> {
        let found = resolve(&self.0.prober, self.0.name_server, &self.0.name).await?;
        Ok(found.into_iter().collect())
    }
}

/// How the libraries of systems say that there is no such name, or that it has no address: glibc, musl (in static builds) and
/// others.
const NO_SUCH_NAME: [&str; 5] =
    ["not known", "No address", "nodename nor servname", "does not resolve", "no usable address"];

/// What a name server, or this machine, knows of a name; nothing when there is no such name.
pub(crate) async fn resolve(prober: &Prober, server: Option<SocketAddr>, name: &str) -> Result<Vec<IpAddr>, String> {
    let Some(server) = server else {
        return match prober.addresses_of(name).await {
            Err(why) if NO_SUCH_NAME.iter().any(|words| why.contains(words)) => Ok(Vec::new()),
            found => found,
        };
    };
    let mut all = Vec::new();
    for kind in [RecordKind::A, RecordKind::Aaaa] {
        let records = prober.records(&[server], name, kind).await?;
        all.extend(records.into_iter().filter_map(|record| match record {
            Record::Address(address) => Some(address),
            Record::Text(_) | Record::Name(_) => None,
        }));
    }
    Ok(all)
}

/// That clocks are too far apart. `ahead`: seconds that ours is before the other one.
fn clock_sentence(ahead: i64, whose: &str) -> String {
    let apart = ahead.unsigned_abs();
    let (n, unit) = if apart < 120 { (apart, "seconds") } else { (apart / 60, "minutes") };
    let way = if ahead > 0 { "ahead of" } else { "behind" };
    format!("the clock of this machine is {n} {unit} {way} {whose}: set it (timedatectl set-ntp true)")
}
