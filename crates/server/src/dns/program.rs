//! Records that a program of the operator writes. It cannot be asked what is there.

use std::{
    collections::BTreeSet,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

use phiomia_federation::outbound::{Prober, Record, RecordKind};

use super::records::{Change, Held, Set};
use crate::hook;

/// The program.
pub(super) struct Program {
    path: PathBuf,
    /// Asks these what others see; `None`: it writes answers to challenges alone.
    eyes: Option<(Prober, Vec<SocketAddr>)>,
    /// What it was told since this process began.
    written: Mutex<Option<Held>>,
}

impl Program {
    pub(super) fn new(path: PathBuf, eyes: Option<(Prober, Vec<SocketAddr>)>) -> Program {
        Program { path, eyes, written: Mutex::default() }
    }

    pub(super) fn name(&self) -> String {
        self.path.display().to_string()
    }

    /// What it was told last; `None`: nothing, and nobody can be asked.
    pub(super) async fn held(&self, name: &str) -> Option<Held> {
        let (prober, servers) = self.eyes.as_ref()?;
        // A name server that is away keeps nobody from running the program.
        let target = prober.records(servers, name, RecordKind::Cname).await.unwrap_or_default();
        let alias = target.into_iter().find_map(|record| match record {
            Record::Name(target) => Some(format!("is an alias (CNAME) of {target}")),
            _ => None,
        });
        if alias.is_some() {
            return Some(Held { obstacle: alias, ..Held::default() });
        }
        let written = self.written();
        if written.is_some() {
            return written;
        }
        Some(of_before(prober, servers, name).await)
    }

    pub(super) async fn publish(&self, name: &str, changes: &[Change]) -> Result<(), String> {
        let mut held = self.written().unwrap_or_default();
        for Change { family, to, .. } in changes {
            let ttl = to.as_ref().map(|set| set.ttl.to_string()).unwrap_or_default();
            let addresses: Vec<String> = to.iter().flat_map(|set| &set.addresses).map(ToString::to_string).collect();
            let mut arguments = match to {
                Some(_) => vec!["set", name, family.record(), ttl.as_str()],
                None => vec!["remove", name, family.record()],
            };
            arguments.extend(addresses.iter().map(String::as_str));
            hook::run(&self.path, &arguments).await?;
            held.put(*family, to.clone());
        }
        *self.written.lock().unwrap_or_else(PoisonError::into_inner) = Some(held);
        Ok(())
    }

    pub(super) async fn present(&self, name: &str, text: &str) -> Result<(), String> {
        hook::run(&self.path, &["present", name, text]).await
    }

    pub(super) async fn cleanup(&self, name: &str, text: &str) -> Result<(), String> {
        hook::run(&self.path, &["cleanup", name, text]).await
    }

    fn written(&self) -> Option<Held> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What it is taken to have written before it is run for the first time: no address that would do, and the IPv6 addresses
/// that others see, so that they go when they are not ours.
async fn of_before(prober: &Prober, servers: &[SocketAddr], name: &str) -> Held {
    let there = prober.records(servers, name, RecordKind::Aaaa).await.unwrap_or_default();
    let address = |record| match record {
        Record::Address(address) => Some(address),
        _ => None,
    };
    let addresses: BTreeSet<IpAddr> = there.into_iter().filter_map(address).collect();
    Held { v6: (!addresses.is_empty()).then_some(Set { ttl: 0, addresses }), ..Held::default() }
}
