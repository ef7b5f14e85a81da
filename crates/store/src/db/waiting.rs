//! Who waits for work that is left in the database: woken after the commit that left it.

use std::sync::Arc;

use phiomia_model::job::Lane;
use tokio::sync::Notify;

/// The lanes of jobs, in the order of [`Lane::ALL`].
pub(super) struct Waiting([Arc<Notify>; Lane::ALL.len()]);

impl Waiting {
    pub(super) fn new() -> Waiting {
        Waiting(Lane::ALL.map(|_| Arc::new(Notify::new())))
    }

    pub(super) const fn of(&self, lane: Lane) -> &Arc<Notify> {
        let [feeds, federation, outgoing, fetch, media, upkeep, backup] = &self.0;
        match lane {
            Lane::Feeds => feeds,
            Lane::Federation => federation,
            Lane::Outgoing => outgoing,
            Lane::Fetch => fetch,
            Lane::Media => media,
            Lane::Upkeep => upkeep,
            Lane::Backup => backup,
        }
    }

    /// Any lane may have something.
    pub(super) fn wake_all(&self) {
        self.0.iter().for_each(|waiting| waiting.notify_waiters());
    }
}
