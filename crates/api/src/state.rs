//! What every handler has at hand: the shelves of `store`, our addresses, and the settings that change while running.

use std::{
    ops::Deref,
    sync::{Arc, PoisonError, RwLock},
};

use phiomia_model::{Addresses, Error, Event, Time};
use phiomia_social::users::Passwords;
use phiomia_store::{Db, Entropy, db::settings as stored, files::Files, live::Live};

use crate::settings::ServerSettings;

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
}

/// The state of all handlers. A clone is another handle of the same.
#[derive(Clone)]
pub struct Api(Arc<Inner>);

/// What is shared by the clones.
pub struct Inner {
    parts: Parts,
    /// `None`: to be read at the next request.
    settings: RwLock<Option<Arc<ServerSettings>>>,
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
        Api(Arc::new(Inner { parts, settings: RwLock::new(None) }))
    }

    /// The moment of the clock that transactions are dated by.
    #[must_use]
    pub fn now(&self) -> Time {
        self.db.clock().now()
    }

    /// The server's settings as they are now.
    ///
    /// # Errors
    /// The database failed.
    pub async fn settings(&self) -> Result<Arc<ServerSettings>, Error> {
        if let Some(settings) = self.0.settings.read().unwrap_or_else(PoisonError::into_inner).clone() {
            return Ok(settings);
        }
        let rows = self.db.read(|q| Ok(stored::all(q)?)).await?;
        let settings = Arc::new(ServerSettings::from_rows(rows, &self.addresses));
        *self.0.settings.write().unwrap_or_else(PoisonError::into_inner) = Some(settings.clone());
        Ok(settings)
    }

    /// Drops what an event made stale.
    pub fn hear(&self, event: &Event) {
        if matches!(event, Event::SettingsChanged) {
            self.forget();
        }
    }

    /// Hears the events of all processes until the task is dropped.
    pub async fn follow_events(self) {
        let mut events = self.live.subscribe();
        loop {
            match events.recv().await {
                Ok(event) => self.hear(&event),
                // Something was missed, and it may have been anything.
                Err(_) => self.forget(),
            }
        }
    }

    fn forget(&self) {
        *self.0.settings.write().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
