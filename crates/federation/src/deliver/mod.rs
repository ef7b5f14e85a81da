//! Sending: takes what is left in the database to the inboxes of other servers, each host in a lane of its own.
//!
//! Nothing is in memory only: a delivery is a row until its inbox has taken it, and a host is leased while a lane works for
//! it. Whatever becomes of this process, the rows are there; at worst something is sent twice.
//!
//! - `dispatch` leases hosts for which something is due and gives each a lane.
//! - `lane` sends to one host, in order, and keeps count of how it stands.
//! - `attempt` is one delivery: sign, send, look at the answer.
//! - `rules` says what becomes of a delivery and of a host.
//! - `scribe` writes that down, many outcomes in one transaction.
//! - `signers` are the threads that sign.
//! - `weather` notices that it is our own network that is down.

mod attempt;
mod dispatch;
mod lane;
mod rules;
mod scribe;
mod signers;
mod slots;
mod weather;

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderName, HeaderValue};
use phiomia_model::{AccountId, Error, Fault};
use phiomia_store::{
    Entropy,
    db::federation::{
        deliveries::{self, Payload},
        hosts,
    },
    recent::Recent,
};
use tokio::{
    sync::{Notify, watch},
    task::JoinSet,
};

use crate::Federation;
use rules::Waits;
use scribe::Scribe;
use signers::Signers;
use slots::Slots;
use weather::Weather;

/// Texts of activities kept in memory, in bytes.
const PAYLOAD_BYTES: u64 = 8 * 1024 * 1024;

/// How long the last outcomes may take to be written when all ends.
const WRITING: Duration = Duration::from_millis(500);

/// How fast things are sent; tests go faster.
#[derive(Clone, Debug)]
pub struct DeliverySettings {
    /// Requests in flight at the same time, all hosts together.
    pub at_once: usize,
    /// The wait after a first failure. All other waits grow with it.
    pub first_retry: Duration,
    /// How long a host is in our hands before others may take it.
    pub lease: Duration,
    /// The longest time without a look at the database.
    pub poll: Duration,
}

impl Default for DeliverySettings {
    fn default() -> DeliverySettings {
        DeliverySettings {
            at_once: 64,
            first_retry: rules::FIRST_RETRY,
            lease: Duration::from_secs(60),
            poll: Duration::from_secs(1),
        }
    }
}

/// The headers of a signed request.
type Signed = Vec<(HeaderName, HeaderValue)>;

/// What goes over the wire, and in whose name.
#[derive(Debug)]
struct Activity {
    sender: AccountId,
    body: Bytes,
    /// Whom of its people the sender counts among their followers is told to each server along with it.
    tells_followers: bool,
}

/// What the lanes share.
struct Shared {
    federation: Federation,
    settings: DeliverySettings,
    entropy: Entropy,
    /// Names this process in leases.
    name: String,
    waits: Waits,
    slots: Slots,
    signers: Signers<Option<Signed>>,
    activities: Recent<i64, Arc<Activity>>,
    scribe: Scribe,
    weather: Weather,
    /// Hosts in our hands.
    held: Mutex<HashSet<String>>,
    /// Hosts were given back: there may be something to take.
    released: Notify,
}

impl Shared {
    /// Any number.
    fn jitter(&self) -> u8 {
        let mut byte = [128_u8];
        // Without random bytes everybody waits the same; no reason to fail a delivery.
        let _ = self.entropy.fill(&mut byte);
        let [byte] = byte;
        byte
    }

    /// The activity with this id; `None` when it is there no more.
    async fn activity(&self, outgoing: i64) -> Result<Option<Arc<Activity>>, Error> {
        if let Some(activity) = self.activities.get(&outgoing) {
            return Ok(Some(activity));
        }
        // Within a write, for a read may be answered by a copy of the database that does not have it yet: what is taken for
        // gone is not sent.
        let found = self.federation.db.write(move |tx| Ok(deliveries::payloads(tx, &[outgoing])?)).await?;
        self.keep(found);
        Ok(self.activities.get(&outgoing))
    }

    /// Keeps activities in memory.
    fn keep(&self, found: Vec<Payload>) {
        for payload in found {
            let activity = Activity {
                sender: payload.sender,
                body: Bytes::from(payload.text),
                tells_followers: payload.tells_followers,
            };
            self.activities.put(payload.id, Arc::new(activity));
        }
    }

    /// Takes note that a lane works for a host; `None` when one does already.
    fn hold(self: &Arc<Shared>, host: &str) -> Option<Held> {
        let is_new = self.held.lock().unwrap_or_else(PoisonError::into_inner).insert(host.to_owned());
        is_new.then(|| Held { shared: self.clone(), host: host.to_owned() })
    }
}

/// A host in our hands; when dropped it is so no more.
struct Held {
    shared: Arc<Shared>,
    host: String,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.shared.held.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.host);
    }
}

/// Those of this process who send.
pub struct Deliverer {
    shared: Arc<Shared>,
    stop: watch::Sender<bool>,
    dispatcher: JoinSet<()>,
    helpers: JoinSet<()>,
}

impl Deliverer {
    /// Starts sending what waits and what will be left.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn start(federation: Federation, entropy: Entropy) -> Result<Deliverer, Fault> {
        let mut random = [0_u8; 8];
        entropy.fill(&mut random)?;
        let name = format!("{}-{:016x}", std::process::id(), u64::from_le_bytes(random));
        let settings = federation.settings.deliveries.clone();
        let n_cores = std::thread::available_parallelism().map_or(2, usize::from);
        let weigh = |_: &i64, activity: &Arc<Activity>| u32::try_from(activity.body.len()).unwrap_or(u32::MAX);
        let (scribe, notes) = Scribe::new();
        let shared = Arc::new(Shared {
            name,
            waits: Waits { first: settings.first_retry },
            slots: Slots::new(settings.at_once),
            signers: Signers::start(n_cores)?,
            activities: Recent::weighing(PAYLOAD_BYTES, weigh),
            scribe,
            weather: Weather::new(settings.first_retry),
            held: Mutex::default(),
            released: Notify::new(),
            federation,
            settings,
            entropy,
        });
        let (stop, stopping) = watch::channel(false);
        let mut dispatcher = JoinSet::new();
        dispatcher.spawn(dispatch::run(shared.clone(), stopping));
        let mut helpers = JoinSet::new();
        helpers.spawn(scribe::run(shared.clone(), notes));
        helpers.spawn(heartbeat(shared.clone()));
        Ok(Deliverer { shared, stop, dispatcher, helpers })
    }

    /// Begins nothing new, waits for what is in flight, and gives back what is not done after `patience`.
    pub async fn stop(mut self, patience: Duration) {
        self.stop.send_replace(true);
        let ending = async {
            while self.dispatcher.join_next().await.is_some() {}
            self.shared.scribe.flush().await;
        };
        if tokio::time::timeout(patience, ending).await.is_err() {
            tracing::info!(
                "some deliveries are not done after {} ms; they go out at the next start",
                patience.as_millis()
            );
            self.dispatcher.shutdown().await;
            // What is known of those that are done is still written down.
            let _ = tokio::time::timeout(WRITING, self.shared.scribe.flush()).await;
        }
        self.helpers.shutdown().await;
        let name = self.shared.name.clone();
        if let Err(error) = self.shared.federation.db.write(move |tx| Ok(hosts::give_back(tx, &name)?)).await {
            tracing::warn!("hosts stay leased for a while: {}", told(&error));
        }
    }
}

/// Prolongs leases and shows how much waits.
async fn heartbeat(shared: Arc<Shared>) {
    metrics::describe_gauge!("phiomia_deliveries_waiting", "Deliveries to other servers that wait");
    metrics::describe_counter!("phiomia_deliveries_total", "Deliveries to other servers, by what became of them");
    let mut ticks = tokio::time::interval(shared.settings.lease / 4);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let held: Vec<String> = shared.held.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect();
        if !held.is_empty() {
            let (name, lease) = (shared.name.clone(), shared.settings.lease);
            if let Err(error) = shared.federation.db.write(move |tx| Ok(hosts::renew(tx, &held, lease, &name)?)).await {
                tracing::warn!("the leases of hosts could not be prolonged: {}", told(&error));
            }
        }
        if let Ok((n_waiting, _)) = shared.federation.db.read(|q| Ok(deliveries::waiting(q)?)).await {
            // A gauge is a float; the largest table we could have is far below where that loses ones.
            let n_waiting = u32::try_from(n_waiting).unwrap_or(u32::MAX);
            metrics::gauge!("phiomia_deliveries_waiting").set(f64::from(n_waiting));
        }
    }
}

/// An error for the operator, in one line.
fn told(error: &Error) -> String {
    match error {
        Error::Refused(refusal) => refusal.to_string(),
        Error::Broken(fault) => fault.chain(),
    }
}
