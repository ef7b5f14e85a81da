//! Speaking with other servers: who they are, what they send, what they are sent.
//!
//! - [`Federation`] is the handle that everything here hangs on.
//! - [`build`] makes documents of what people here are and write; [`documents`] serves them.
//! - [`outbound`] is the only HTTP client of the house: nothing else opens a connection to a stranger.
//! - [`deliver`] sends what is left in the database, host by host.
//! - [`resolve`] fetches people, posts and threads; [`inbox`] takes activities in and works through them.
//! - [`keys`] holds our own key pairs. [`media`] keeps pictures of other servers that were looked at here.

mod authority;
pub mod build;
mod cards;
pub mod deliver;
pub mod documents;
mod followers;
pub mod inbox;
pub mod keys;
pub mod media;
pub mod outbound;
mod outbox;
mod own_links;
mod relays;
pub mod resolve;

use std::{ops::Deref, sync::Arc, time::Duration};

use phiomia_activitypub::uri::Web;
use phiomia_model::{Addresses, Error, Fault, Job, StatusId};
use phiomia_social::Social;
use phiomia_store::{Db, Entropy, recent::Recent, seal::Sealer};

use resolve::manners::{Manners, bounded};

pub use deliver::{Deliverer, DeliverySettings};
pub use keys::Keys;
pub use outbound::{Outbound, OutboundSettings};

/// What can be chosen about speaking with other servers.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// How the network is reached.
    pub outbound: OutboundSettings,
    /// How fast things are sent.
    pub deliveries: DeliverySettings,
    /// How long things wait, and how old they may grow.
    pub delays: Delays,
    /// Whether reading public objects needs a signature, too.
    pub authorized_fetch: bool,
    /// Whether only allowed domains are spoken with.
    pub limited: bool,
    /// Domains that handles of people here may name besides our own two.
    pub alternate_domains: Vec<String>,
}

/// How long something waits before it is told or asked for again.
#[derive(Clone, Copy, Debug)]
pub struct Delays {
    /// After a vote, until other servers are told the figures.
    pub poll_update: Duration,
    /// After a change of a profile, until other servers are told; changes until then go with it.
    pub profile_update: Duration,
    /// The age at which the profile of somebody elsewhere is read anew when somebody looks at it.
    pub account_rest: Duration,
    /// After a look at a thread, until the rest of it is asked for again.
    pub thread_rest: Duration,
}

impl Default for Delays {
    fn default() -> Delays {
        Delays {
            poll_update: Duration::from_secs(180),
            profile_update: Duration::from_secs(5),
            account_rest: Duration::from_secs(86_400),
            thread_rest: Duration::from_secs(300),
        }
    }
}

/// The handle. A clone is another handle of the same.
#[derive(Clone)]
pub struct Federation(Arc<Inner>);

/// What is shared by the clones.
pub struct Inner {
    /// The database.
    pub db: Db,
    /// Where things of this server are found.
    pub addresses: Arc<Addresses>,
    /// What was chosen.
    pub settings: Settings,
    /// What the verbs need to know.
    pub social: Social,
    /// Our own keys.
    pub keys: Keys,
    /// The way out.
    pub outbound: Outbound,
    /// Which schemes addresses may have.
    pub web: Web,
    known_keys: inbox::KnownKeys,
    waiting: inbox::Waiting,
    digests: followers::KnownDigests,
    /// Threads that were looked at just now.
    seen_threads: Recent<StatusId, ()>,
    manners: Manners,
}

impl Deref for Federation {
    type Target = Inner;
    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Federation {
    /// The handle over an opened database.
    ///
    /// # Errors
    /// The HTTP client cannot be made: a certificate file that is none.
    pub fn new(
        db: Db,
        addresses: Arc<Addresses>,
        entropy: Entropy,
        sealer: Sealer,
        settings: Settings,
    ) -> Result<Federation, Fault> {
        let web = if settings.outbound.allow_http { Web::HttpToo } else { Web::Https };
        let outbound = Outbound::new(&settings.outbound, &addresses)?;
        let keys = Keys::new(db.clone(), addresses.clone(), entropy, sealer);
        let social = Social::new(addresses.clone());
        let known_keys = inbox::KnownKeys::default();
        let seen_threads = Recent::new(10_000).living(settings.delays.thread_rest);
        Ok(Federation(Arc::new(Inner {
            db,
            addresses,
            settings,
            social,
            keys,
            outbound,
            web,
            known_keys,
            waiting: inbox::Waiting::default(),
            digests: followers::KnownDigests::default(),
            seen_threads,
            manners: Manners::default(),
        })))
    }

    /// What another process changed about other servers may concern keys that are kept in memory.
    pub fn settings_changed(&self) {
        self.known_keys.forget();
    }

    /// Does the work of a job that concerns other servers. Running it twice is harmless.
    ///
    /// # Errors
    /// Refused: there is nothing to do. Broken: it is tried again.
    pub async fn run(&self, job: Job) -> Result<(), Error> {
        bounded(self.work(job)).await
    }

    async fn work(&self, job: Job) -> Result<(), Error> {
        match job {
            Job::Federate { what } => self.federate(what).await,
            Job::Receive { signer, body } => Box::pin(self.work_through(signer, &body)).await,
            Job::FetchThread { status } => Box::pin(self.fetch_thread(status)).await,
            Job::FetchParent { status } => Box::pin(self.fetch_parent(status)).await,
            Job::CheckQuote { status } => Box::pin(self.check_quote(status)).await,
            Job::FetchRelayed { uri } => Box::pin(self.fetch_relayed(&uri)).await,
            Job::FetchPosts { account } => Box::pin(self.fetch_posts(account)).await,
            Job::FetchCard { status } => Box::pin(self.fetch_card(status)).await,
            Job::VerifyLinks { account } => Box::pin(self.verify_links(account)).await,
            Job::CompareFollowers { account, url } => Box::pin(self.fetch_followers(account, &url)).await,
            Job::RefreshAccount { account } => Box::pin(self.refresh_account(account)).await,
            other => Err(Fault::new(format!("{} is no work of this room", other.kind())).into()),
        }
    }
}
