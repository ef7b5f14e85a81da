//! The house as a serving process holds it open: its folder and secrets, its shelves, and what runs beside requests.

mod events;
pub mod ffmpeg;
pub mod folder;
pub mod shelf;

use std::{future::Future, sync::Arc, time::Duration};

use phiomia_api::{Api, Parts};
use phiomia_federation::{
    Deliverer, Federation,
    media::{Gallery, GallerySettings},
};
use phiomia_model::{Addresses, Error, Event, Fault};
use phiomia_social::users::{self, Passwords};
use phiomia_store::{
    Clock, Db, Entropy, Secret,
    db::{Opened, Opener, Settings, federation::hosts, jobs, users as user_rows},
    files::Files,
    live::Live,
    seal::Sealer,
};
use phiomia_workshop::Workshop;
use tokio::{
    sync::mpsc::UnboundedReceiver,
    task::{JoinHandle, JoinSet, spawn_blocking},
    time::{sleep, timeout},
};

use crate::{
    backups::Backups,
    config::{Config, Part},
    mail::{Post, Smtp},
    workers::{AtOnce, Crew, Pace, Retention, Workers},
};
use folder::Lock;

/// How often an absent PostgreSQL is asked again before the start is given up: as long as a failover takes, or a database
/// that had been paused.
const DATABASE_TRIES: u32 = 60;
/// The same of Redis.
const REDIS_TRIES: u32 = 10;
/// Between two tries.
const PAUSE: Duration = Duration::from_millis(500);
/// How long what runs beside requests may take to end.
const ENDING: Duration = Duration::from_secs(3);
/// How long jobs and deliveries in hand may take to end; then they are given back.
const JOBS_ENDING: Duration = Duration::from_millis(1_500);

/// The opened shelves.
pub struct House {
    /// The database.
    pub db: Db,
    /// Events, rate counters, short-lived keys.
    pub live: Live,
    /// Pictures and the like.
    pub files: Files,
    /// Where files of strangers are decoded.
    pub workshop: Workshop,
    /// What is kept of other servers' pictures.
    pub gallery: Gallery,
    /// Where things of this server are found.
    pub addresses: Arc<Addresses>,
    /// Where secrets come from.
    pub entropy: Entropy,
    /// Seals what the database shall not know.
    pub sealer: Sealer,
    /// Speaking with other servers.
    pub federation: Federation,
    /// `None`: no SMTP server is set.
    pub smtp: Option<Smtp>,
    /// Where the source of what runs here is, when the configuration says it.
    pub source_url: Option<String>,
    /// Whether the configuration says that the server is one person's.
    pub single_user: Option<bool>,
    announced: UnboundedReceiver<Event>,
    crew: Crew,
    retention: Option<Retention>,
    pace: Pace,
    lock: Option<Lock>,
}

impl House {
    /// Makes what is missing, migrates the database, opens everything.
    ///
    /// # Errors
    /// A sentence, also when another process serves from this data.
    pub async fn open(config: &Config) -> Result<House, String> {
        let settings = config.database_settings()?;
        folder::make(config.data())?;
        let lock = lock(config, &settings)?;
        let entropy = Entropy::system();
        folder::make_key(config.data(), &entropy)?;
        let sealer = folder::read_key(config.data())?;
        let is_alone = matches!(settings, Settings::Sqlite(_));
        let workers = &config.workers;
        let at_once = AtOnce {
            feeds: workers.feeds.0,
            federation: workers.federation.0,
            fetch: workers.fetch.0,
            upkeep: workers.upkeep.0,
        };
        let crew = Crew::new(entropy.clone(), at_once).map_err(|fault| fault.chain())?;
        let opened = patiently("the database", DATABASE_TRIES, || open_database(settings.clone())).await?;
        if let Some(copy) = &opened.migrated.backup {
            tracing::info!("the database was migrated; a copy from before is {}", copy.display());
        }
        let live = match config.redis_settings()? {
            None => Live::memory(),
            Some(redis) => patiently("Redis", REDIS_TRIES, || async { Ok(Live::redis(redis.clone()).await?) }).await?,
        };
        let files = shelf::open(config, &opened.db).await?;
        shelf::try_out(&files, &entropy).await?;
        if is_alone {
            adopt(&opened.db).await?;
        }
        let addresses = Arc::new(config.addresses());
        shelf::tell(&files, &addresses);
        let federation = Federation::new(
            opened.db.clone(),
            addresses.clone(),
            entropy.clone(),
            sealer.clone(),
            config.federation_settings(),
        );
        let federation = federation.map_err(|fault| fault.chain())?;
        let workshop = Workshop::seeking(ceilings(config)?, ffmpeg::look(config.clone()));
        let gallery = Gallery::new(
            federation.clone(),
            files.clone(),
            workshop.clone(),
            entropy.clone(),
            sealer.clone(),
            gallery_settings(config),
        );
        let smtp = Smtp::new(&config.smtp, &addresses)?;
        let (single_user, source_url) = (config.instance.single_user, config.source_url());
        Ok(House {
            db: opened.db,
            live,
            files,
            workshop,
            gallery,
            addresses,
            entropy,
            sealer,
            federation,
            smtp,
            source_url,
            single_user,
            announced: opened.events,
            crew,
            retention: config.retention(),
            pace: Pace::with_lease(workers.lease),
            lock,
        })
    }

    /// Whether no other process can serve from this data.
    #[must_use]
    pub fn is_alone(&self) -> bool {
        self.lock.is_some()
    }

    /// What handlers need of it.
    #[must_use]
    pub fn parts(&self) -> Parts {
        Parts {
            db: self.db.clone(),
            live: self.live.clone(),
            files: self.files.clone(),
            workshop: self.workshop.clone(),
            gallery: self.gallery.clone(),
            addresses: self.addresses.clone(),
            entropy: self.entropy.clone(),
            passwords: Passwords::new(self.entropy.clone()),
            sealer: self.sealer.clone(),
            federation: self.federation.clone(),
            doctor: None,
            sends_mail: self.smtp.is_some(),
            source_url: self.source_url.clone(),
            single_user: self.single_user,
        }
    }

    /// The address by which the first to come becomes the owner; `None` when somebody lives here already.
    ///
    /// # Errors
    /// A sentence, when the database failed.
    pub async fn owner_link(&self) -> Result<Option<String>, String> {
        let n_people = self.db.read(|q| Ok(user_rows::count(q)?)).await.map_err(|e| sentence(&e))?;
        if n_people > 0 {
            return Ok(None);
        }
        let link = users::first_owner_link(&self.db, &self.entropy).await.map_err(|e| sentence(&e))?;
        Ok(Some(link_address(&self.addresses, &link)))
    }

    /// Starts what runs beside requests.
    ///
    /// # Errors
    /// A sentence, when the system gives no random bytes.
    pub fn inhabit(self, api: &Api, backups: Option<Backups>, part: Part) -> Result<Inhabited, String> {
        let works = matches!(part, Part::All | Part::Workers);
        let mut beside = JoinSet::new();
        beside.spawn(api.clone().follow_events());
        beside.spawn(self.gallery.clone().watch());
        beside.spawn(events::look_for_foreign(self.db.clone()));
        let public = self.addresses.public_files.clone();
        beside.spawn(shelf::follow(self.db.clone(), self.live.clone(), self.files.clone(), public));
        let publishing = tokio::spawn(events::publish(self.announced, self.live));
        let crew = if works {
            let deliverer = Deliverer::start(self.federation.clone(), self.entropy.clone()).map_err(|e| e.chain())?;
            let post = Post { db: self.db.clone(), entropy: self.entropy, addresses: self.addresses, smtp: self.smtp };
            Some((Workers::start(api, self.crew, self.pace, post, self.federation, backups, self.retention), deliverer))
        } else {
            self.db.work_is_done_elsewhere();
            None
        };
        Ok(Inhabited { db: self.db, crew, beside, publishing, _lock: self.lock })
    }
}

/// A house in which somebody works.
pub struct Inhabited {
    db: Db,
    /// Who does what was left for later; `None`: another process.
    crew: Option<(Workers, Deliverer)>,
    beside: JoinSet<()>,
    publishing: JoinHandle<()>,
    /// Given back last: until then nobody else may serve.
    _lock: Option<Lock>,
}

impl Inhabited {
    /// Which database it has, for people.
    #[must_use]
    pub fn engine_name(&self) -> &'static str {
        self.db.engine_name()
    }

    /// Ends what runs beside requests, then the database: everything that was accepted is on the disk afterwards.
    pub async fn close(mut self) {
        if let Some((workers, deliverer)) = self.crew {
            tokio::join!(workers.stop(JOBS_ENDING), deliverer.stop(JOBS_ENDING));
        }
        self.beside.shutdown().await;
        let db = self.db;
        let closing = async {
            // Joins threads, which blocks.
            let _ = spawn_blocking(move || db.close()).await;
            let _ = self.publishing.await;
        };
        if timeout(ENDING, closing).await.is_err() {
            tracing::warn!("the database did not close in time");
        }
    }
}

/// How files of strangers are decoded, as the configuration wants it; nothing is converted yet.
///
/// # Errors
/// A sentence, when the system does not say where this program lies.
pub fn ceilings(config: &Config) -> Result<phiomia_workshop::Settings, String> {
    let mut ceilings = phiomia_workshop::Settings::of_this_program()
        .map_err(|error| format!("finding this program failed: {error}"))?;
    ceilings.memory = config.media.child_memory.0;
    ceilings.concurrency = config.media.concurrency.0;
    ceilings.folder = config.data().join("films");
    ceilings.reserve = config.media.disk_reserve.0;
    Ok(ceilings)
}

/// How much of other servers' pictures may be kept.
#[must_use]
pub fn gallery_settings(config: &Config) -> GallerySettings {
    GallerySettings { budget: config.media.remote_budget.0, left_to_others: config.media.remote_disk_left.0 }
}

/// Where a one-time link leads.
#[must_use]
pub fn link_address(addresses: &Addresses, link: &Secret) -> String {
    addresses.at(&format!("/owner/{}", link.expose()))
}

/// The lock, if there has to be one.
fn lock(config: &Config, settings: &Settings) -> Result<Option<Lock>, String> {
    let Some(path) = folder::lock_path(config, settings) else { return Ok(None) };
    if let Some(above) = path.parent().filter(|above| !above.as_os_str().is_empty()) {
        folder::make_any(above)?;
    }
    match Lock::take(&path)? {
        Some(lock) => Ok(Some(lock)),
        None => Err(format!("another server is running on this data ({} is locked)", path.display())),
    }
}

/// Takes back what a dead process had in hand: the lock says that it is dead.
async fn adopt(db: &Db) -> Result<(), String> {
    let adopting = db.write(|tx| {
        hosts::adopt(tx)?;
        Ok(jobs::adopt(tx)?)
    });
    match adopting.await {
        Ok(0) => {}
        Ok(n_jobs) => tracing::info!("{n_jobs} jobs were in hand when the last process died; they run again"),
        // Leases lapse by themselves, and there is much to read.
        Err(error) if error.is_transient() => tracing::warn!("nothing can be written just now: {}", sentence(&error)),
        Err(error) => return Err(sentence(&error)),
    }
    Ok(())
}

async fn open_database(settings: Settings) -> Result<Opened, Error> {
    let opening = spawn_blocking(move || Db::open(settings, Clock::system(), Opener::Server));
    opening.await.map_err(|e| Fault::because("opening the database", e))?
}

/// Tries again while the other side may still be starting.
async fn patiently<T, F>(what: &str, most: u32, mut attempt: impl FnMut() -> F) -> Result<T, String>
where
    F: Future<Output = Result<T, Error>>,
{
    let mut n_tries = 1;
    loop {
        match attempt().await {
            Ok(opened) => return Ok(opened),
            Err(Error::Broken(fault)) if fault.is_transient() && n_tries < most => {
                if n_tries == 1 {
                    tracing::warn!("{what} does not answer yet: {}", fault.chain());
                }
                n_tries += 1;
                sleep(PAUSE).await;
            }
            Err(error) => return Err(format!("opening {what} failed: {}", sentence(&error))),
        }
    }
}

pub(crate) fn sentence(error: &Error) -> String {
    match error {
        Error::Refused(refusal) => refusal.to_string(),
        Error::Broken(fault) => fault.chain(),
    }
}
