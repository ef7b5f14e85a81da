//! Who keeps the records, and takes changes of them.

use std::{
    collections::BTreeSet,
    net::IpAddr,
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

use phiomia_federation::outbound::{Prober, Record, RecordKind, name_servers};
use phiomia_model::Addresses;

use super::{
    records::{Change, Held, Set},
    rfc2136::Rfc2136,
    route53::Route53,
};
use crate::{
    config::{Config, DnsProvider},
    hook,
};

/// One of those that the configuration knows.
pub struct Provider(Kind);

enum Kind {
    Route53(Box<Route53>),
    Rfc2136(Box<Rfc2136>),
    Command { program: PathBuf, prober: Option<Prober>, written: Mutex<Option<Held>> },
}

/// What a program is taken to have written before it is run for the first time: no address that would do, and the IPv6
/// addresses that others see, so that they go when they are not ours.
async fn of_before(prober: &Prober, name: &str) -> Held {
    let there = prober.records(&name_servers(), name, RecordKind::Aaaa).await.unwrap_or_default();
    let address = |record| match record {
        Record::Address(address) => Some(address),
        _ => None,
    };
    let addresses: BTreeSet<IpAddr> = there.into_iter().filter_map(address).collect();
    Held { v6: (!addresses.is_empty()).then_some(Set { ttl: 0, addresses }), ..Held::default() }
}

impl Provider {
    /// The one that is set; `None`: none is.
    ///
    /// # Errors
    /// A sentence: a setting that is none, a file of authorities that does not read.
    pub fn of(config: &Config, addresses: &Addresses, prober: &Prober) -> Result<Option<Provider>, String> {
        let kind = match config.dns.provider {
            None => return Ok(None),
            Some(DnsProvider::Route53) => Kind::Route53(Box::new(Route53::new(config, addresses)?)),
            Some(DnsProvider::Rfc2136) => Kind::Rfc2136(Box::new(Rfc2136::new(config, prober.clone())?)),
            Some(DnsProvider::Command) => {
                let program = config.dns.command.clone().ok_or("dns.command is missing")?;
                Kind::Command { program, prober: Some(prober.clone()), written: Mutex::default() }
            }
        };
        Ok(Some(Provider(kind)))
    }

    /// A program of the operator that writes answers to challenges.
    #[must_use]
    pub fn program(program: PathBuf) -> Provider {
        Provider(Kind::Command { program, prober: None, written: Mutex::default() })
    }

    /// What it is called.
    #[must_use]
    pub fn name(&self) -> String {
        match &self.0 {
            Kind::Route53(_) => "Route 53".to_owned(),
            Kind::Rfc2136(server) => format!("the name server {}", server.server()),
            Kind::Command { program, .. } => program.display().to_string(),
        }
    }

    /// Whether what is there can be read, too: a program only writes.
    #[must_use]
    pub fn is_readable(&self) -> bool {
        !matches!(self.0, Kind::Command { .. })
    }

    /// What is at a name; `None`: nobody can say. Of a program it is what it was told last.
    ///
    /// # Errors
    /// A sentence.
    pub async fn held(&self, name: &str) -> Result<Option<Held>, String> {
        match &self.0 {
            Kind::Route53(account) => account.held(name).await.map(Some),
            Kind::Rfc2136(server) => server.held(name).await.map(Some),
            Kind::Command { prober, written, .. } => {
                let target = match prober {
                    Some(prober) => prober.records(&name_servers(), name, RecordKind::Cname).await,
                    None => Ok(Vec::new()),
                };
                // A name server that is away keeps nobody from running the program.
                let alias = target.unwrap_or_default().into_iter().find_map(|record| match record {
                    Record::Name(target) => Some(format!("is an alias (CNAME) of {target}")),
                    _ => None,
                });
                if alias.is_some() {
                    return Ok(Some(Held { obstacle: alias, ..Held::default() }));
                }
                let known = written.lock().unwrap_or_else(PoisonError::into_inner).clone();
                match (known, prober) {
                    (Some(held), _) => Ok(Some(held)),
                    (None, Some(prober)) => Ok(Some(of_before(prober, name).await)),
                    (None, None) => Ok(None),
                }
            }
        }
    }

    /// Changes what is at a name, all or, but for a program, nothing.
    ///
    /// # Errors
    /// A sentence.
    pub async fn publish(&self, name: &str, changes: &[Change]) -> Result<(), String> {
        match &self.0 {
            Kind::Route53(account) => account.publish(name, changes).await,
            Kind::Rfc2136(server) => server.publish(name, changes).await,
            Kind::Command { program, written, .. } => {
                let mut held = written.lock().unwrap_or_else(PoisonError::into_inner).clone().unwrap_or_default();
                for Change { family, to, .. } in changes {
                    let (ttl, addresses) = match to {
                        Some(set) => (set.ttl.to_string(), set.addresses.iter().map(ToString::to_string).collect()),
                        None => (String::new(), Vec::new()),
                    };
                    let record = family.record();
                    let mut arguments = match to {
                        Some(_) => vec!["set", name, record, ttl.as_str()],
                        None => vec!["remove", name, record],
                    };
                    arguments.extend(addresses.iter().map(String::as_str));
                    hook::run(program, &arguments).await?;
                    held.put(*family, to.clone());
                }
                *written.lock().unwrap_or_else(PoisonError::into_inner) = Some(held);
                Ok(())
            }
        }
    }

    /// One more text at a name (`dns-01`). Comes back when others can read it.
    ///
    /// # Errors
    /// A sentence.
    pub async fn present(&self, name: &str, text: &str) -> Result<(), String> {
        match &self.0 {
            Kind::Route53(account) => account.present(name, text).await,
            Kind::Rfc2136(server) => server.present(name, text).await,
            Kind::Command { program, .. } => hook::run(program, &["present", name, text]).await,
        }
    }

    /// One less.
    ///
    /// # Errors
    /// A sentence.
    pub async fn cleanup(&self, name: &str, text: &str) -> Result<(), String> {
        match &self.0 {
            Kind::Route53(account) => account.cleanup(name, text).await,
            Kind::Rfc2136(server) => server.cleanup(name, text).await,
            Kind::Command { program, .. } => hook::run(program, &["cleanup", name, text]).await,
        }
    }
}
