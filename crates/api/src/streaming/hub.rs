//! The hub: one for the process. Listeners come and go through it, and two loops tell them what happened.

use std::{
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use phiomia_mastodon::stream::StreamName;
use phiomia_model::{AccountId, Error, Event, ListId, Refusal};
use phiomia_store::{
    db::{lists, streams},
    live::Subscription,
};
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, MissedTickBehavior, interval_at},
};

use super::{
    news,
    registry::{Ears, Farewell, Registry, SocketId, Wire},
    topic::{Holder, NO_LIST},
};
use crate::state::Api;

/// Events that are read and told together.
const BATCH: usize = 64;

/// How often things are done that nobody asks for.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// A WebSocket is pinged so often, and closed when the pong to the last ping did not come.
    pub ping_every: Duration,
    /// A stream of server-sent events gets its comment so often.
    pub thump_every: Duration,
    /// All tokens of open streams are looked at so often.
    pub check_every: Duration,
}

impl Default for Pace {
    fn default() -> Pace {
        Pace {
            ping_every: Duration::from_secs(30),
            thump_every: Duration::from_secs(15),
            check_every: Duration::from_secs(25),
        }
    }
}

/// The open streams of this process. A clone is another handle of the same.
#[derive(Clone)]
pub struct Hub {
    registry: Arc<Mutex<Registry>>,
    pace: Pace,
}

impl Hub {
    /// A hub without listeners. Nobody is told anything until [`Hub::follow`] runs.
    #[must_use]
    pub fn new(pace: Pace) -> Hub {
        Hub { registry: Arc::default(), pace }
    }

    /// Tells listeners what happens and watches their tokens, until the task is dropped.
    pub async fn follow(&self, api: &Api) {
        tokio::join!(
            self.tell(api, api.live.subscribe()),
            // By itself, so that a slow database does not keep a stream open whose token was revoked.
            self.revoke(api.live.subscribe()),
            self.check_tokens(api)
        );
    }

    /// Ends all streams because the server stops; from now on nobody gets in.
    pub fn close_all(&self) {
        self.registry().close_all(Farewell::Stopping);
    }

    /// Open streams.
    #[must_use]
    pub fn n_open(&self) -> usize {
        self.registry().n_open()
    }

    pub(super) fn pace(&self) -> Pace {
        self.pace
    }

    /// Never held over an await. A panic of somebody who held it leaves an index that is still of use.
    pub(super) fn registry(&self) -> MutexGuard<'_, Registry> {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a listener in.
    ///
    /// # Errors
    /// When there are too many, or the server stops.
    pub(super) fn enter(&self, holder: Option<Holder>, address: IpAddr, wire: Wire) -> Result<Seat, Refusal> {
        let account = holder.as_ref().map(|holder| holder.account);
        let Ears { id, events, closing } = self.registry().enter(holder, address, wire)?;
        Ok(Seat { hub: self.clone(), id, account, events, closing })
    }

    async fn tell(&self, api: &Api, mut events: Subscription) {
        loop {
            let mut batch = Vec::new();
            let mut next = events.recv().await;
            loop {
                match next {
                    Ok(event) => batch.push(event),
                    // What was missed cannot be told any more, and a stream with a hole looks like one without. Clients
                    // that are closed connect again and fetch what they lack.
                    Err(_) => self.registry().close_all(Farewell::Missed),
                }
                if batch.len() >= BATCH {
                    break;
                }
                // Whatever waits already is read in the same round.
                let waiting = events.recv();
                tokio::select! {
                    biased;
                    more = waiting => next = more,
                    () = std::future::ready(()) => break,
                }
            }
            if let Err(fault) = news::tell(self, api, batch).await {
                tracing::error!("open streams could not be told what happened and are closed: {fault}");
                self.registry().close_all(Farewell::Missed);
            }
        }
    }

    async fn revoke(&self, mut events: Subscription) {
        loop {
            // Missed: the other loop closes everything.
            if let Ok(event) = events.recv().await
                && let Event::TokensRevoked { tokens } = &*event
            {
                self.registry().close_tokens(tokens.iter().copied());
            }
        }
    }

    /// Also finds tokens that were revoked while the processes did not hear each other.
    async fn check_tokens(&self, api: &Api) {
        let every = self.pace.check_every;
        let mut ticks = interval_at(Instant::now() + every, every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let tokens: Arc<[_]> = self.registry().all_tokens().into();
            if tokens.is_empty() {
                continue;
            }
            let asked = tokens.clone();
            match api.db.read(move |q| Ok(streams::usable(q, &asked)?)).await {
                Ok(usable) => self.registry().checked(&tokens, &usable),
                // A database that is away closes nobody; without it nothing is told either.
                Err(error) => tracing::warn!("tokens of open streams could not be looked at: {error}"),
            }
        }
    }
}

/// A listener's place in the hub, given back when dropped.
pub(super) struct Seat {
    hub: Hub,
    id: SocketId,
    account: Option<AccountId>,
    /// What is to be written to it.
    pub(super) events: mpsc::Receiver<Bytes>,
    /// Why it is to end.
    pub(super) closing: oneshot::Receiver<Farewell>,
}

impl Seat {
    /// As [`Registry::subscribe`]; a list is looked up first.
    ///
    /// # Errors
    /// Also when the list is not the listener's.
    pub(super) async fn subscribe(&self, api: &Api, stream: &StreamName) -> Result<(), Error> {
        if let (StreamName::List(id), Some(account)) = (stream, self.account) {
            let list = ListId(id.0);
            let own = api.db.read(move |q| Ok(lists::find(q, account, list)?)).await?;
            own.ok_or(Refusal::Unauthenticated(NO_LIST))?;
        }
        Ok(self.hub.registry().subscribe(self.id, stream)?)
    }

    /// As [`Registry::unsubscribe`].
    pub(super) fn unsubscribe(&self, stream: &StreamName) -> Result<(), Refusal> {
        self.hub.registry().unsubscribe(self.id, stream)
    }

    pub(super) fn pace(&self) -> Pace {
        self.hub.pace()
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.hub.registry().leave(self.id);
    }
}
