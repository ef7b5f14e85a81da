//! A database that is away: what its threads know of that in common, so that one asks for all and nobody waits for long.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use phiomia_model::Fault;

/// How long a write waits for a database that is away: a failover takes about this long.
const LONGEST_FAILOVER: Duration = Duration::from_secs(30);

/// Whether the database is away, and who waits for it.
pub(super) struct Outage {
    /// `the database`, or what else it is called in the log.
    name: &'static str,
    /// What follows from it being away.
    then: &'static str,
    state: Mutex<State>,
    /// Writes that may wait at the same time: the other threads are there to say that it is away.
    most_waiting: usize,
}

#[derive(Default)]
struct State {
    since: Option<Instant>,
    /// A thread tries to connect just now.
    is_asked: bool,
    n_waiting: usize,
}

impl Outage {
    pub(super) fn new(name: &'static str, then: &'static str, n_threads: usize) -> Outage {
        Outage { name, then, state: Mutex::default(), most_waiting: (n_threads / 2).max(1) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a thread may try to connect: one at a time while the database is known to be away.
    pub(super) fn may_ask(&self) -> bool {
        let mut state = self.state();
        state.since.is_none() || !std::mem::replace(&mut state.is_asked, true)
    }

    /// How the try went.
    pub(super) fn asked<T>(&self, outcome: &Result<T, Fault>) {
        let mut state = self.state();
        state.is_asked = false;
        match outcome {
            Ok(_) => {
                if let Some(since) = state.since.take() {
                    tracing::info!("{} is back after {} s", self.name, since.elapsed().as_secs());
                }
            }
            Err(fault) => self.begin(&mut state, fault),
        }
    }

    /// It did not answer.
    pub(super) fn note(&self, fault: &Fault) {
        self.begin(&mut self.state(), fault);
    }

    fn begin(&self, state: &mut State, fault: &Fault) {
        if state.since.is_some() {
            return tracing::debug!("{} is still away: {}", self.name, fault.chain());
        }
        state.since = Some(Instant::now());
        tracing::warn!("{} is away, {}: {}", self.name, self.then, fault.chain());
    }

    /// Whether it is known to be away.
    pub(super) fn is_on(&self) -> bool {
        self.state().since.is_some()
    }

    /// A place to wait for the database, for a write that began then. `None`: it has been away for too long, or enough
    /// others wait.
    pub(super) fn wait(&self, begun: Instant) -> Option<Waiting<'_>> {
        let mut state = self.state();
        let is_hopeless = state.since.unwrap_or(begun).elapsed() >= LONGEST_FAILOVER;
        if is_hopeless || state.n_waiting >= self.most_waiting {
            return None;
        }
        state.n_waiting += 1;
        Some(Waiting(self))
    }
}

/// A place of one who waits.
pub(super) struct Waiting<'a>(&'a Outage);

impl Waiting<'_> {
    /// Whether there is hope.
    pub(super) fn may_go_on(&self, begun: Instant) -> bool {
        self.0.state().since.unwrap_or(begun).elapsed() < LONGEST_FAILOVER
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.state().n_waiting -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn away() -> Result<(), Fault> {
        Err(Fault::new("no route").transient())
    }

    #[test]
    fn while_the_database_is_away_one_thread_asks_for_all() {
        let outage = Outage::new("the database", "all waits", 4);
        assert!(outage.may_ask() && outage.may_ask());
        outage.asked(&away());
        assert!(outage.may_ask());
        assert!(!outage.may_ask());
        outage.asked(&Ok(()));
        assert!(outage.may_ask() && outage.may_ask());
    }

    #[test]
    fn half_of_the_threads_may_wait_and_the_others_answer() {
        let (outage, now) = (Outage::new("the database", "all waits", 4), Instant::now());
        outage.asked(&away());
        let (first, second) = (outage.wait(now), outage.wait(now));
        assert!(first.is_some() && second.is_some() && outage.wait(now).is_none());
        drop(first);
        assert!(outage.wait(now).is_some());
    }
}
