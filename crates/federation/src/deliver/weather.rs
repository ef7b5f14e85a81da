//! Whether it is our own network that is down. When several hosts that worked before fall silent and nobody at all has
//! answered since, all is stopped, nobody is blamed, and one delivery is tried now and then until somebody answers.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use phiomia_store::db::federation::hosts::Host;
use tokio::sync::Notify;

/// Hosts that fall silent one after the other, with no answer in between.
const MANY: usize = 5;
/// How long a silence counts.
const WINDOW: Duration = Duration::from_secs(60);

/// The state of our own network, as seen from here.
pub(super) struct Weather {
    sky: Mutex<Sky>,
    cleared: Notify,
    /// Between two tries while it is down.
    pause: Duration,
}

#[derive(Default)]
struct Sky {
    /// Who fell silent since the last answer, when, and how it stood before.
    silent: HashMap<String, (Instant, Host)>,
    /// Down: when the next try is due.
    next_try: Option<Instant>,
}

/// What a silence means.
pub(super) enum Silence {
    /// The host is to blame.
    Theirs,
    /// Our network is down. These were blamed before that was known: they stand as they stood.
    Ours(Vec<Host>),
}

impl Weather {
    pub(super) fn new(pause: Duration) -> Weather {
        Weather { sky: Mutex::default(), cleared: Notify::new(), pause }
    }

    fn sky(&self) -> std::sync::MutexGuard<'_, Sky> {
        self.sky.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Somebody answered.
    pub(super) fn answered(&self) {
        let mut sky = self.sky();
        sky.silent.clear();
        if sky.next_try.take().is_some() {
            tracing::info!("our network is back: deliveries go on");
            self.cleared.notify_waiters();
        }
    }

    /// A host that worked before (`before`: how it stood) did not answer.
    pub(super) fn silent(&self, before: &Host) -> Silence {
        let mut sky = self.sky();
        if sky.next_try.is_some() {
            return Silence::Ours(Vec::new());
        }
        let now = Instant::now();
        sky.silent.retain(|_, (since, _)| now.duration_since(*since) < WINDOW);
        sky.silent.entry(before.name.clone()).or_insert_with(|| (now, before.clone()));
        if sky.silent.len() < MANY {
            return Silence::Theirs;
        }
        tracing::warn!("{MANY} hosts fell silent and nobody answers: our network seems to be down, deliveries wait");
        sky.next_try = Some(now + self.pause);
        Silence::Ours(sky.silent.drain().map(|(_, (_, host))| host).collect())
    }

    /// Whether it is down just now.
    pub(super) fn is_down(&self) -> bool {
        self.sky().next_try.is_some()
    }

    /// Returns when something may be sent: at once, or while the network is down when it is back, or to try.
    pub(super) async fn wait(&self) {
        loop {
            let cleared = self.cleared.notified();
            let wait = {
                let mut sky = self.sky();
                let Some(next_try) = sky.next_try else { return };
                let now = Instant::now();
                if next_try <= now {
                    sky.next_try = Some(now + self.pause);
                    return;
                }
                next_try.duration_since(now)
            };
            tokio::select! {
                () = cleared => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
    }
}
