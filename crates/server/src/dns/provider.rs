//! Who keeps the records, and takes changes of them.

use std::path::PathBuf;

use phiomia_federation::outbound::{Prober, name_servers};
use phiomia_model::Addresses;

use super::{
    program::Program,
    records::{Change, Held},
    rfc2136::Rfc2136,
    route53::Route53,
};
use crate::config::{Config, DnsProvider};

/// One of those that the configuration knows.
pub struct Provider(Kind);

enum Kind {
    Route53(Box<Route53>),
    Rfc2136(Box<Rfc2136>),
    Program(Box<Program>),
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
                let path = config.dns.command.clone().ok_or("dns.command is missing")?;
                let servers = config.dns.name_server.map_or_else(name_servers, |server| vec![server.0]);
                Kind::Program(Box::new(Program::new(path, Some((prober.clone(), servers)))))
            }
        };
        Ok(Some(Provider(kind)))
    }

    /// A program of the operator that writes answers to challenges.
    #[must_use]
    pub fn program(path: PathBuf) -> Provider {
        Provider(Kind::Program(Box::new(Program::new(path, None))))
    }

    /// What it is called.
    #[must_use]
    pub fn name(&self) -> String {
        match &self.0 {
            Kind::Route53(_) => "Route 53".to_owned(),
            Kind::Rfc2136(server) => format!("the name server {}", server.server()),
            Kind::Program(program) => program.name(),
        }
    }

    /// Whether what is there can be read, too: a program only writes.
    #[must_use]
    pub fn is_readable(&self) -> bool {
        !matches!(self.0, Kind::Program(_))
    }

    /// What is at a name; `None`: nobody can say. Of a program it is what it was told last.
    ///
    /// # Errors
    /// A sentence.
    pub async fn held(&self, name: &str) -> Result<Option<Held>, String> {
        match &self.0 {
            Kind::Route53(account) => account.held(name).await.map(Some),
            Kind::Rfc2136(server) => server.held(name).await.map(Some),
            Kind::Program(program) => Ok(program.held(name).await),
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
            Kind::Program(program) => program.publish(name, changes).await,
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
            Kind::Program(program) => program.present(name, text).await,
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
            Kind::Program(program) => program.cleanup(name, text).await,
        }
    }
}
