//! Looks names up as the system does, and notices when the name server of this machine is away.

use std::{
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::{
    sync::Semaphore,
    time::{Instant, sleep, timeout},
};

use super::{
    guard::Guard,
    names::{answers, name_servers},
};

pub(super) const DNS_TIMEOUT: Duration = Duration::from_secs(5);
/// After so long it is asked whether the name server says anything at all.
const SLOW: Duration = Duration::from_secs(2);
/// How long its word is waited for then.
const ANSWER: Duration = Duration::from_secs(1);
/// It said nothing: how long it is left alone.
const REST: Duration = Duration::from_secs(5);
/// Look-ups at the same time. The system gives each a thread for as long as it likes, which may be half a minute while
/// nobody answers, and files are read by threads of the same pool.
const AT_ONCE: usize = 64;

/// The name server of this machine does not answer: nobody else is to blame.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the name server of this machine does not answer")]
pub(super) struct NoNames;

/// Gives only addresses that may be connected to, and those of our proxy.
pub(super) struct Resolver {
    pub(super) guard: Arc<Guard>,
    pub(super) proxy_host: Option<Arc<str>>,
    /// Where every name but the proxy's leads.
    pub(super) pinned: Option<IpAddr>,
    pub(super) names: Arc<Names>,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (guard, names) = (self.guard.clone(), self.names.clone());
        let host = name.as_str().to_owned();
        let is_proxy = self.proxy_host.as_deref() == Some(host.as_str());
        let pinned = self.pinned.filter(|_| !is_proxy);
        Box::pin(async move {
            if let Some(address) = pinned {
                return match guard.admits(address) {
                    true => Ok(Box::new(std::iter::once(SocketAddr::new(address, 0))) as Addrs),
                    false => Err(format!("{address} is an address of a private network").into()),
                };
            }
            let found = names.find(&host).await?;
            let admitted: Vec<SocketAddr> =
                found.iter().copied().filter(|a| is_proxy || guard.admits(a.ip())).collect();
            if admitted.is_empty() {
                return Err(format!("{host} has no address that may be connected to (it has {})", found.len()).into());
            }
            Ok(Box::new(admitted.into_iter()) as Addrs)
        })
    }
}

/// What is known of the name server.
pub(super) struct Names {
    places: Arc<Semaphore>,
    /// It is away, and is not asked before this.
    away: Mutex<Option<Instant>>,
}

impl Default for Names {
    fn default() -> Names {
        Names { places: Arc::new(Semaphore::new(AT_ONCE)), away: Mutex::default() }
    }
}

type Failed = Box<dyn std::error::Error + Send + Sync>;

impl Names {
    async fn find(&self, host: &str) -> Result<Vec<SocketAddr>, Failed> {
        if self.rests() {
            return Err(NoNames.into());
        }
        let (places, name) = (self.places.clone(), host.to_owned());
        // It goes on when nobody waits for it any more: the system's thread does, too, and keeps its place that long.
        let looking = tokio::spawn(async move {
            let _place = places.acquire_owned().await;
            Ok::<Vec<SocketAddr>, std::io::Error>(tokio::net::lookup_host((name.as_str(), 0)).await?.collect())
        });
        let silence = async {
            sleep(SLOW).await;
            !is_there(host).await
        };
        let found = tokio::select! {
            found = timeout(DNS_TIMEOUT, looking) => found,
            true = silence => return Err(self.note_away().into()),
        };
        match found {
            Ok(Ok(Ok(found))) => {
                self.note_there();
                Ok(found)
            }
            Ok(Ok(Err(_))) if !is_there(host).await => Err(self.note_away().into()),
            Ok(Ok(Err(error))) => {
                self.note_there();
                Err(format!("the name {host} cannot be resolved: {error}").into())
            }
            Ok(Err(error)) => Err(error.into()),
            Err(_) => Err(format!("the name {host} was not resolved in time").into()),
        }
    }

    fn rests(&self) -> bool {
        let away = self.away.lock().unwrap_or_else(PoisonError::into_inner);
        away.is_some_and(|until| Instant::now() < until)
    }

    fn note_away(&self) -> NoNames {
        let until = Instant::now() + REST;
        if self.away.lock().unwrap_or_else(PoisonError::into_inner).replace(until).is_none() {
            tracing::warn!("the name server of this machine does not answer: what goes to other servers waits");
        }
        NoNames
    }

    fn note_there(&self) {
        if self.away.lock().unwrap_or_else(PoisonError::into_inner).take().is_some() {
            tracing::info!("the name server of this machine answers again");
        }
    }
}

/// Whether one of our name servers says anything about a name, and be it that there is no such name.
async fn is_there(host: &str) -> bool {
    let servers = name_servers();
    // None is named where the system finds names in another way: then a failure is one of the name.
    if servers.is_empty() {
        return true;
    }
    let asking = servers.into_iter().map(|server| timeout(ANSWER, answers(server, host)));
    futures_util::future::join_all(asking).await.into_iter().any(|said| said == Ok(true))
}
