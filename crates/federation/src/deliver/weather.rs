//! Whether it is our own network that is down. When several hosts that worked before fall silent and nobody at all has
//! answered since, that is supposed and nobody is blamed: each other host is tried once, for one that lives waits for no
//! dead one and its answer ends the alarm; then one delivery is tried now and then until somebody answers. For a while
//! after an alarm whoever is silent is to blame, or a few dead hosts would raise it again and again.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use phiomia_store::db::federation::hosts::Host;
use tokio::sync::Notify;

/// Hosts that fall silent one after the other, with no answer in between.
const MANY: usize = 5;
/// How long a silence counts.
const WINDOW: Duration = Duration::from_secs(60);
/// Pauses in which there is no other alarm after one: enough for all who raised it to be tried again.
const CALM: u32 = 4;

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
    alarm: Option<Alarm>,
    /// There was an alarm: there is no other before this.
    calm_until: Option<Instant>,
}

/// Our network seems to be down.
struct Alarm {
    /// Who had a try since, or fell silent before.
    tried: HashSet<String>,
    /// When one of them may try again.
    next_try: Instant,
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
        self.answered_at(Instant::now());
    }

    fn answered_at(&self, now: Instant) {
        let mut sky = self.sky();
        sky.silent.clear();
        if sky.alarm.take().is_some() {
            sky.calm_until = Some(now + self.pause * CALM);
            tracing::info!("our network is back: deliveries go on");
            self.cleared.notify_waiters();
        }
    }

    /// A host that worked before (`before`: how it stood) did not answer.
    pub(super) fn silent(&self, before: &Host) -> Silence {
        self.silent_at(before, Instant::now())
    }

    fn silent_at(&self, before: &Host, now: Instant) -> Silence {
        let mut sky = self.sky();
        if sky.alarm.is_some() {
            return Silence::Ours(Vec::new());
        }
        if sky.calm_until.is_some_and(|until| now < until) {
            return Silence::Theirs;
        }
        sky.silent.retain(|_, (since, _)| now.duration_since(*since) < WINDOW);
        sky.silent.entry(before.name.clone()).or_insert_with(|| (now, before.clone()));
        if sky.silent.len() < MANY {
            return Silence::Theirs;
        }
        tracing::warn!("{MANY} hosts fell silent and nobody answers: our network seems to be down, deliveries wait");
        let blamed = std::mem::take(&mut sky.silent);
        sky.alarm = Some(Alarm { tried: blamed.keys().cloned().collect(), next_try: now + self.pause });
        Silence::Ours(blamed.into_values().map(|(_, host)| host).collect())
    }

    /// Whether it is down just now.
    pub(super) fn is_down(&self) -> bool {
        self.sky().alarm.is_some()
    }

    /// Returns when something may be sent to a host: at once, or while the network is down when it is back, or to try.
    pub(super) async fn wait(&self, host: &str) {
        loop {
            let cleared = self.cleared.notified();
            let Some(wait) = self.wait_at(host, Instant::now()) else { return };
            tokio::select! {
                () = cleared => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// How long to wait before asking again; `None`: it may be sent.
    fn wait_at(&self, host: &str, now: Instant) -> Option<Duration> {
        let mut sky = self.sky();
        let alarm = sky.alarm.as_mut()?;
        if alarm.tried.insert(host.to_owned()) {
            return None;
        }
        if alarm.next_try <= now {
            alarm.next_try = now + self.pause;
            return None;
        }
        Some(alarm.next_try.duration_since(now))
    }
}

#[cfg(test)]
mod tests {
    use super::{super::rules::tests::host, *};

    const PAUSE: Duration = Duration::from_secs(15);

    fn named(name: &str) -> Host {
        Host { name: name.to_owned(), ..host() }
    }

    /// Five hosts fall silent: whether that was taken for our own fault.
    fn five_fall_silent(weather: &Weather, now: Instant) -> bool {
        let silences = ["a", "b", "c", "d", "e"].map(|name| weather.silent_at(&named(name), now));
        matches!(silences.last(), Some(Silence::Ours(_)))
    }

    #[test]
    fn who_was_not_tried_since_waits_for_no_dead_host() {
        let (weather, now) = (Weather::new(PAUSE), Instant::now());
        assert!(five_fall_silent(&weather, now));
        assert_eq!(weather.wait_at("living", now), None);
        assert_eq!(weather.wait_at("living", now), Some(PAUSE), "once");
        assert_eq!(weather.wait_at("a", now), Some(PAUSE), "it has just been tried");
        assert_eq!(weather.wait_at("a", now + PAUSE), None);
        assert_eq!(weather.wait_at("b", now + PAUSE), Some(PAUSE), "one at a time");
        weather.answered_at(now + PAUSE);
        assert_eq!(weather.wait_at("b", now + PAUSE), None);
    }

    #[test]
    fn after_an_alarm_whoever_is_silent_is_to_blame_for_a_while() {
        let (weather, now) = (Weather::new(PAUSE), Instant::now());
        assert!(five_fall_silent(&weather, now));
        weather.answered_at(now + PAUSE);
        assert!(!five_fall_silent(&weather, now + PAUSE * CALM), "they are to blame");
        assert!(five_fall_silent(&weather, now + PAUSE * (CALM + 1)));
    }

    #[test]
    fn silences_with_an_answer_between_them_or_far_apart_are_no_alarm() {
        let (weather, now) = (Weather::new(PAUSE), Instant::now());
        for (n, name) in (0..).zip(["a", "b", "c", "d", "e", "f"]) {
            assert!(matches!(weather.silent_at(&named(name), now + WINDOW / 4 * n), Silence::Theirs), "{name}");
        }
        weather.answered_at(now + WINDOW * 2);
        for name in ["a", "b", "c", "d"] {
            assert!(matches!(weather.silent_at(&named(name), now + WINDOW * 2), Silence::Theirs), "{name}");
        }
        weather.answered_at(now + WINDOW * 2);
        assert!(matches!(weather.silent_at(&named("e"), now + WINDOW * 2), Silence::Theirs));
    }
}
