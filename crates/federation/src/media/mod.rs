//! What people elsewhere attach and wear: fetched when somebody here looks at it for the first time, decoded as what is
//! uploaded here, and kept within a budget.

mod copy;
mod fetch;
mod find;
mod keep;
mod names;

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use phiomia_media::Purpose;
use phiomia_model::StatusId;
use phiomia_store::{
    Entropy,
    files::{FileKey, Files},
    recent::Recent,
    seal::Sealer,
};
use phiomia_workshop::Workshop;
use tokio::sync::{Mutex, Semaphore};
use url::Url;

use crate::Federation;
use fetch::Flights;

pub use names::{Claim, Named, Names, Version};

/// Files that are fetched at the same time.
const FETCHES: usize = 16;
/// Of these, of one host.
const FETCHES_OF_HOST: usize = 4;
/// Hosts that are remembered for that.
const HOSTS: u64 = 4_096;
const HOST_REST: Duration = Duration::from_secs(300);

/// How much may be kept.
#[derive(Clone, Copy, Debug)]
pub struct GallerySettings {
    /// Bytes.
    pub budget: u64,
    /// How much of the disk is left to others, in percent.
    pub left_to_others: u64,
}

/// What hangs here of other servers' pictures. A clone is another handle of the same.
#[derive(Clone)]
pub struct Gallery(Arc<Inner>);

struct Inner {
    federation: Federation,
    files: Files,
    workshop: Workshop,
    entropy: Entropy,
    names: Names,
    settings: GallerySettings,
    flights: Flights,
    fetches: Semaphore,
    hosts: Recent<String, Arc<Semaphore>>,
    /// Files longer than the usual are read one after the other.
    long: Semaphore,
    /// Who makes room does it alone: two would make more go than has to.
    making_room: Mutex<()>,
}

/// What there is to show.
#[derive(Clone, Debug)]
pub enum Look {
    /// It lies on the files shelf.
    Kept(FileKey),
    /// It was made, and there is no room to keep it.
    Passing(Bytes, &'static str),
    /// It has to be fetched first.
    Wanted(Wanted),
    /// It is nothing that is decoded here: it is where it lies.
    Elsewhere(String),
    /// There is nothing.
    Nothing(Stand),
}

/// What is shown for who has nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stand {
    /// The picture of who has none.
    Avatar,
    /// The broad picture of who has none.
    Header,
    /// Nothing is.
    Nothing,
}

/// A file that a row of ours names and that does not lie here.
#[derive(Clone, Debug)]
pub struct Wanted {
    url: Url,
    /// As the row has it: rows of the cache are found by it.
    text: String,
    purpose: Purpose,
    version: Version,
    stand: Stand,
    /// What is told of it once it is here.
    told: Option<Told>,
}

/// Where it is told what a picture looks like, when its server does not say.
#[derive(Clone, Copy, Debug)]
enum Told {
    /// With this post, of which it is an attachment.
    Attachment(StatusId),
    /// With the page under this post.
    Card(StatusId),
}

impl Gallery {
    /// The handle. `federation` is how other servers are asked.
    #[must_use]
    pub fn new(
        federation: Federation,
        files: Files,
        workshop: Workshop,
        entropy: Entropy,
        sealer: Sealer,
        settings: GallerySettings,
    ) -> Gallery {
        let names = Names::new(sealer, federation.addresses.clone());
        let hosts = Recent::new(HOSTS).resting(HOST_REST);
        Gallery(Arc::new(Inner {
            federation,
            files,
            workshop,
            entropy,
            names,
            settings,
            flights: Flights::default(),
            fetches: Semaphore::new(FETCHES),
            hosts,
            long: Semaphore::new(2),
            making_room: Mutex::default(),
        }))
    }

    /// Bytes that may be kept.
    #[must_use]
    pub fn budget(&self) -> u64 {
        self.0.settings.budget
    }

    /// Makes addresses.
    #[must_use]
    pub fn names(&self) -> &Names {
        &self.0.names
    }
}

impl Stand {
    const fn of(named: &Named) -> Stand {
        match named {
            Named::Avatar(_) => Stand::Avatar,
            Named::Header(_) => Stand::Header,
            Named::Attachment { .. } | Named::Card(_) | Named::Emoji(_) => Stand::Nothing,
        }
    }
}

/// The word of a purpose in rows.
const fn word(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Attachment => "attachment",
        Purpose::Thumbnail => "thumbnail",
        Purpose::Avatar => "avatar",
        Purpose::Header => "header",
        Purpose::Emoji => "emoji",
        Purpose::Card => "card",
        Purpose::Site(..) => "site",
    }
}
