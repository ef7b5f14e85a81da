//! Speaking with other servers: who they are, what they send, what they are sent.
//!
//! - [`Federation`] is the handle that everything here hangs on.
//! - [`outbound`] is the only HTTP client of the house: nothing else opens a connection to a stranger.
//! - [`deliver`] sends what is left in the database, host by host.
//! - [`keys`] holds our own key pairs.

pub mod build;
pub mod deliver;
pub mod keys;
pub mod outbound;
pub mod resolve;

use std::{ops::Deref, sync::Arc};

use phiomia_activitypub::uri::Web;
use phiomia_model::{Addresses, Error, Fault, Job};
use phiomia_social::Social;
use phiomia_store::{Db, Entropy, seal::Sealer};

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
    /// Whether reading public objects needs a signature, too.
    pub authorized_fetch: bool,
    /// Whether only allowed domains are spoken with.
    pub limited: bool,
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
        Ok(Federation(Arc::new(Inner { db, addresses, settings, social, keys, outbound, web })))
    }

    /// Does the work of a job that concerns other servers. Running it twice is harmless.
    ///
    /// # Errors
    /// Refused: there is nothing to do. Broken: it is tried again.
    pub async fn run(&self, job: Job) -> Result<(), Error> {
        match job {
            other => Err(Fault::new(format!("{} is no work of this room", other.kind())).into()),
        }
    }
}
