//! The verbs: what people and servers do, each in one transaction, whoever asks for it (an app, a page, a command, a job).

pub mod announcements;
pub mod apps;
pub mod barring;
pub mod cards;
pub mod conversations;
pub mod emojis;
pub mod filters;
pub mod hosts;
pub mod lists;
pub mod markers;
pub mod media;
pub mod moderation;
pub mod notifications;
mod outgoing;
pub mod polls;
pub mod profiles;
pub mod relationships;
pub mod remote;
pub mod reports;
pub mod scheduled;
pub mod search;
pub mod server;
pub mod site;
pub mod statuses;
pub mod tags;
pub mod timelines;
pub mod users;

use std::sync::Arc;

use phiomia_model::{Addresses, limits::Limits};

/// What the verbs need to know of the server.
#[derive(Clone, Debug)]
pub struct Social {
    /// Where things of this server are found.
    pub addresses: Arc<Addresses>,
    /// How large anything may be.
    pub limits: &'static Limits,
}

impl Social {
    /// With Mastodon's limits.
    #[must_use]
    pub fn new(addresses: Arc<Addresses>) -> Social {
        Social { addresses, limits: &phiomia_model::limits::LIMITS }
    }
}
