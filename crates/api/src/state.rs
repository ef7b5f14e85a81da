//! What every handler has at hand: the shelves of `store`, our addresses, and the settings that change while running.

use std::{
    collections::BTreeMap,
    ops::Deref,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use phiomia_federation::{Federation, media::Gallery};
use phiomia_model::{Addresses, Error, Event, Time};
use phiomia_social::{Social, users::Passwords};
use phiomia_store::{
    Db, Entropy,
    db::{
        activity::{self, Week},
        emojis,
        federation::domains,
        moderation::sign_ups::{self, IpBlock, IpSeverity},
        settings as stored,
    },
    files::{Files, Tally},
    live::Live,
    seal::Sealer,
};

use phiomia_workshop::Workshop;
use tokio::sync::Mutex;

use crate::{
    doctor::Doctor,
    peer::ClientAddr,
    render::{Cx, Elsewhere, InstanceFacts},
    settings::ServerSettings,
    streaming::{Hub, Pace},
};

/// How long the figures of the server are not counted anew.
const FACTS_LIFETIME: Duration = Duration::from_secs(60);

/// How long the weekly figures are not counted anew.
const ACTIVITY_LIFE: Duration = Duration::from_secs(3_600);

/// How long what lies on the files shelf is not counted anew: that goes through all files.
const USAGE_LIFE: Duration = Duration::from_secs(600);

/// When files were counted, and how many there were of each kind.
type Shelved = (Time, Arc<BTreeMap<&'static str, Tally>>);
/// When weeks were counted, and what they were.
type Counted = (Time, Arc<Vec<Week>>);

/// What an [`Api`] is made of.
#[derive(Clone)]
pub struct Parts {
    /// The database.
    pub db: Db,
    /// Events, rate counters, short-lived keys.
    pub live: Live,
    /// Pictures and the like.
    pub files: Files,
    /// Where things of this server are found.
    pub addresses: Arc<Addresses>,
    /// Random bytes.
    pub entropy: Entropy,
    /// Makes and checks password hashes.
    pub passwords: Passwords,
    /// Seals what the database shall not know.
    pub sealer: Sealer,
    /// Speaking with other servers.
    pub federation: Federation,
    /// What is kept of other servers' pictures.
    pub gallery: Gallery,
    /// Where files of strangers are decoded.
    pub workshop: Workshop,
    /// Where the source of what runs here is, when the configuration says it.
    pub source_url: Option<String>,
    /// Who looks what is wrong with the server.
    pub doctor: Option<Doctor>,
    /// Whether an SMTP server is set.
    pub sends_mail: bool,
    /// Whether the configuration says that the server is one person's; `None` leaves it to the settings.
    pub single_user: Option<bool>,
}

/// What is read seldom and needed by every request, until an event says that it changed.
pub(crate) struct Kept {
    pub(crate) settings: Arc<ServerSettings>,
    cx: Cx,
    /// Rules about network addresses; some of them may have ended since.
    ranges: Vec<IpBlock>,
    /// With the moment they were counted.
    facts: RwLock<Option<(Time, Arc<InstanceFacts>)>>,
}

impl Kept {
    /// The strictest rule about a network address.
    pub(crate) fn rule_for(&self, client: ClientAddr, now: Time) -> Option<IpSeverity> {
        sign_ups::strictest(&self.ranges, client.0, now)
    }
}

/// The state of all handlers. A clone is another handle of the same.
#[derive(Clone)]
pub struct Api(Arc<Inner>);

/// What is shared by the clones.
pub struct Inner {
    parts: Parts,
    hub: Hub,
    social: Social,
    /// `None`: to be read at the next request.
    kept: RwLock<Option<Arc<Kept>>>,
    /// Grows whenever `kept` is dropped: what was read before that is not kept any more.
    n_drops: AtomicU64,
    /// The weekly figures.
    activity: RwLock<Option<Counted>>,
    /// What lies on the files shelf; whoever counts does it for all who wait.
    usage: Mutex<Option<Shelved>>,
}

impl Deref for Api {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0.parts
    }
}

impl Api {
    /// The state over opened shelves. Whoever makes it runs [`Api::follow_events`] beside it.
    #[must_use]
    pub fn new(parts: Parts) -> Api {
        Api::with_pace(parts, Pace::default())
    }

    /// The same with streams that are watched at another pace.
    #[must_use]
    pub fn with_pace(parts: Parts, pace: Pace) -> Api {
        let social = Social::new(parts.addresses.clone());
        Api(Arc::new(Inner {
            parts,
            hub: Hub::new(pace),
            social,
            kept: RwLock::new(None),
            n_drops: AtomicU64::new(0),
            activity: RwLock::new(None),
            usage: Mutex::new(None),
        }))
    }

    /// The open streams.
    #[must_use]
    pub fn hub(&self) -> &Hub {
        &self.0.hub
    }

    /// The moment of the clock that transactions are dated by.
    #[must_use]
    pub fn now(&self) -> Time {
        self.db.clock().now()
    }

    /// What the verbs need to know of the server. Cheap to clone.
    #[must_use]
    pub fn social(&self) -> Social {
        self.0.social.clone()
    }

    /// The server's settings as they are now.
    ///
    /// # Errors
    /// The database failed.
    pub async fn settings(&self) -> Result<Arc<ServerSettings>, Error> {
        Ok(self.kept().await?.settings.clone())
    }

    /// What renderers know of the world.
    ///
    /// # Errors
    /// The database failed.
    pub async fn cx(&self) -> Result<Cx, Error> {
        Ok(self.kept().await?.cx.clone())
    }

    /// The strictest rule about a network address.
    ///
    /// # Errors
    /// The database failed.
    pub async fn rule_for(&self, client: ClientAddr) -> Result<Option<IpSeverity>, Error> {
        Ok(self.kept().await?.rule_for(client, self.now()))
    }

    /// How lively the instance is, counted once an hour.
    ///
    /// # Errors
    /// The database failed.
    pub async fn activity(&self) -> Result<Arc<Vec<Week>>, Error> {
        let now = self.now();
        let known = self.0.activity.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((_, weeks)) = known.filter(|(counted_at, _)| now < counted_at.plus(ACTIVITY_LIFE)) {
            return Ok(weeks);
        }
        let weeks = Arc::new(self.db.read(move |q| Ok(activity::weeks(q, now)?)).await?);
        *self.0.activity.write().unwrap_or_else(PoisonError::into_inner) = Some((now, weeks.clone()));
        Ok(weeks)
    }

    /// Files and bytes of each kind, counted once in ten minutes.
    ///
    /// # Errors
    /// The shelf failed.
    pub(crate) async fn files_usage(&self) -> Result<Arc<BTreeMap<&'static str, Tally>>, Error> {
        let mut usage = self.0.usage.lock().await;
        let now = self.now();
        if let Some((_, known)) = usage.as_ref().filter(|(counted_at, _)| now < counted_at.plus(USAGE_LIFE)) {
            return Ok(known.clone());
        }
        let counted = Arc::new(self.files.usage().await?);
        *usage = Some((now, counted.clone()));
        Ok(counted)
    }

    /// All of it as it is now.
    ///
    /// # Errors
    /// The database failed.
    pub(crate) async fn kept(&self) -> Result<Arc<Kept>, Error> {
        if let Some(kept) = self.0.kept.read().unwrap_or_else(PoisonError::into_inner).clone() {
            return Ok(kept);
        }
        let n_drops = self.0.n_drops.load(Ordering::Acquire);
        let now = self.now();
        let reading = self.db.read(move |q| {
            let rejected = domains::rejecting_media(q)?;
            Ok((stored::all(q)?, emojis::all(q)?, rejected, sign_ups::ranges_in_force(q, now)?))
        });
        let (rows, emojis, rejected, ranges) = reading.await?;
        let emojis = emojis.into_iter().map(|emoji| (emoji.shortcode.clone(), emoji)).collect();
        let kept = Arc::new(Kept {
            settings: Arc::new(ServerSettings::from_rows(rows, &self.addresses)),
            cx: Cx {
                addresses: self.addresses.clone(),
                emojis: Arc::new(emojis),
                elsewhere: Arc::new(Elsewhere::new(self.gallery.names().clone(), rejected)),
            },
            ranges,
            facts: RwLock::new(None),
        });
        let mut place = self.0.kept.write().unwrap_or_else(PoisonError::into_inner);
        if self.0.n_drops.load(Ordering::Acquire) == n_drops {
            *place = Some(kept.clone());
        }
        drop(place);
        Ok(kept)
    }

    /// What the server says about itself, if that was counted within the last minute.
    pub(crate) fn kept_facts(&self) -> Option<Arc<InstanceFacts>> {
        let kept = self.0.kept.read().unwrap_or_else(PoisonError::into_inner).clone()?;
        let (counted_at, facts) = kept.facts.read().unwrap_or_else(PoisonError::into_inner).clone()?;
        (self.now() < counted_at.plus(FACTS_LIFETIME)).then_some(facts)
    }

    pub(crate) fn keep_facts(&self, facts: Arc<InstanceFacts>) {
        let kept = self.0.kept.read().unwrap_or_else(PoisonError::into_inner).clone();
        // Settings that changed meanwhile are not to be overlaid by older ones.
        if let Some(kept) = kept.filter(|kept| Arc::ptr_eq(&kept.settings, &facts.settings)) {
            *kept.facts.write().unwrap_or_else(PoisonError::into_inner) = Some((self.now(), facts));
        }
    }

    /// Drops what an event made stale.
    pub fn hear(&self, event: &Event) {
        match event {
            Event::SettingsChanged => {
                self.forget();
                self.federation.settings_changed();
            }
            // A command may have given them another key.
            Event::AccountTouched { account } => self.federation.keys.forget(*account),
            _ => {}
        }
    }

    /// Hears the events of all processes and tells open streams, until the task is dropped.
    pub async fn follow_events(self) {
        tokio::join!(self.drop_stale(), self.hub().follow(&self));
    }

    async fn drop_stale(&self) {
        let mut events = self.live.subscribe();
        loop {
            match events.recv().await {
                Ok(event) => {
                    // What this process did itself its caches know since the commit.
                    if self.live.is_shared() {
                        self.db.hear(&event);
                    }
                    self.hear(&event);
                }
                // Something was missed, and it may have been anything.
                Err(_) => {
                    self.db.forget();
                    self.forget();
                }
            }
        }
    }

    fn forget(&self) {
        let mut place = self.0.kept.write().unwrap_or_else(PoisonError::into_inner);
        self.0.n_drops.fetch_add(1, Ordering::AcqRel);
        *place = None;
    }
}
