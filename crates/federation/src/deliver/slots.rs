//! Requests in flight: bounded in all, and for hosts that fail or that nobody knows yet once more, so that the living do not
//! wait for the dead.

use phiomia_store::db::federation::hosts::Standing;
use tokio::sync::{Semaphore, SemaphorePermit};

/// The bounds.
pub(super) struct Slots {
    all: Semaphore,
    /// At most half of all.
    unknown: Semaphore,
    /// At most a quarter of all.
    failing: Semaphore,
    n_all: usize,
}

/// A place for one request, until dropped.
pub(super) struct Slot<'a> {
    _share: Option<SemaphorePermit<'a>>,
    _place: Option<SemaphorePermit<'a>>,
}

impl Slots {
    pub(super) fn new(n_all: usize) -> Slots {
        let n_all = n_all.clamp(1, Semaphore::MAX_PERMITS);
        let part = |of: usize| Semaphore::new((n_all / of).max(1));
        Slots { all: Semaphore::new(n_all), unknown: part(2), failing: part(4), n_all }
    }

    /// Waits for a place.
    pub(super) async fn take(&self, standing: Standing) -> Slot<'_> {
        let share = match standing {
            Standing::Proven => None,
            Standing::New => Some(&self.unknown),
            Standing::Failing => Some(&self.failing),
        };
        // They are never closed.
        let share = match share {
            Some(share) => share.acquire().await.ok(),
            None => None,
        };
        Slot { _share: share, _place: self.all.acquire().await.ok() }
    }

    /// Lanes of a standing at the same time: twice the places, for a lane also waits for the database.
    pub(super) fn lanes(&self, standing: Standing) -> usize {
        let n_lanes = match standing {
            Standing::Proven => self.n_all * 2,
            Standing::New => self.n_all,
            Standing::Failing => self.n_all / 2,
        };
        n_lanes.max(2)
    }
}
