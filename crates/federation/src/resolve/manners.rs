//! How we ask others: not while they want to be left alone, not endlessly for one cause, and no new names of one domain
//! by the dozen.

use std::{
    cell::Cell,
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use phiomia_model::{Error, StatusId};
use phiomia_store::{db::federation::hosts, recent::Recent};

use super::Missing;
use crate::Federation;

/// Requests that one activity, or one thing somebody looks for, may lead to.
const MOST_FETCHES: usize = 400;
/// Hosts below one registrable domain that may become known in a minute.
const MOST_NEW_NAMES: usize = 10;
const MINUTE: Duration = Duration::from_secs(60);
/// The longest rest of a host.
const DAY: Duration = Duration::from_secs(86_400);
/// Hosts and domains of which something is remembered.
const MOST_REMEMBERED: u64 = 10_000;
/// How often a thread is gone on with by itself after a rest of one of its hosts, within an hour.
const MOST_RESUMES: u8 = 3;

tokio::task_local! {
    /// Requests that the work in hand may still make.
    static LEFT: Cell<usize>;
}

/// Does some work within the bound of one cause. Within work that has one already, that one holds.
pub(crate) async fn bounded<T>(work: impl Future<Output = T>) -> T {
    match LEFT.try_with(|_| ()) {
        Ok(()) => work.await,
        Err(_) => LEFT.scope(Cell::new(MOST_FETCHES), work).await,
    }
}

/// Takes one request off what is left; `false`: nothing is.
fn spend() -> bool {
    let spent = LEFT.try_with(|left| {
        let now = left.get();
        left.set(now.saturating_sub(1));
        now > 0
    });
    // Work outside of any bound is what an operator does by hand.
    spent.unwrap_or(true)
}

/// What is remembered of others, in this process and for as long as it matters.
pub(crate) struct Manners {
    /// Hosts that want to be left alone, and until when.
    rests: Recent<String, Instant>,
    /// Hosts that are not new.
    known: Recent<String, ()>,
    /// New hosts of the last minute, by their registrable domain.
    new: Recent<String, Arc<Mutex<HashSet<String>>>>,
    /// How often a thread was gone on with.
    resumes: Recent<StatusId, u8>,
}

impl Default for Manners {
    fn default() -> Manners {
        Manners {
            rests: Recent::new(MOST_REMEMBERED).living(DAY),
            known: Recent::new(MOST_REMEMBERED),
            new: Recent::new(MOST_REMEMBERED).living(MINUTE),
            resumes: Recent::new(MOST_REMEMBERED).living(60 * MINUTE),
        }
    }
}

impl Manners {
    /// A host wants to be left alone for so long.
    pub(crate) fn rest(&self, host: &str, wait: Duration) {
        if let Some(until) = Instant::now().checked_add(wait.min(DAY)) {
            self.rests.put(host.to_owned(), until);
        }
    }

    /// How long a host still wants to be left alone.
    fn rests_for(&self, host: &str) -> Option<Duration> {
        let left = self.rests.get(host)?.checked_duration_since(Instant::now());
        left.filter(|left| !left.is_zero())
    }

    /// Whether one more new host may be asked below its registrable domain.
    fn admits_new(&self, host: &str) -> bool {
        let Some(above) = registrable(host) else { return true };
        let names = self.new.get_or(above.to_owned(), Arc::default);
        let mut names = names.lock().unwrap_or_else(PoisonError::into_inner);
        if names.len() >= MOST_NEW_NAMES && !names.contains(host) {
            return false;
        }
        names.insert(host.to_owned());
        true
    }

    /// Whether a thread is gone on with by itself once more.
    pub(crate) fn may_resume(&self, thread: StatusId) -> bool {
        let n_times = self.resumes.get(&thread).unwrap_or(0);
        self.resumes.put(thread, n_times.saturating_add(1));
        n_times < MOST_RESUMES
    }
}

/// The domain that somebody registered, when the host is below it and not the domain itself.
fn registrable(host: &str) -> Option<&str> {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    if name.parse::<std::net::IpAddr>().is_ok() {
        return None;
    }
    psl::domain_str(name).filter(|domain| *domain != name)
}

impl Federation {
    /// Before a request to a host: whether it may be made.
    pub(crate) async fn may_ask(&self, host: &str) -> Result<(), Missing> {
        if let Some(wait) = self.manners.rests_for(host) {
            return Err(Missing::Resting(host.to_owned(), wait));
        }
        if !spend() {
            return Err(Missing::TooMuch);
        }
        if registrable(host).is_some() && !self.is_known_host(host).await? && !self.manners.admits_new(host) {
            tracing::info!("{host} is not asked: too many new names of its domain within a minute");
            return Err(Missing::TooMuch);
        }
        Ok(())
    }

    async fn is_known_host(&self, host: &str) -> Result<bool, Error> {
        if self.manners.known.contains(host) {
            return Ok(true);
        }
        let name = host.to_owned();
        let is_known = self.db.read(move |q| Ok(hosts::is_known(q, &name)?)).await?;
        if is_known {
            self.manners.known.put(host.to_owned(), ());
        }
        Ok(is_known)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_new_names_of_one_domain_may_come_in_a_minute() {
        let manners = Manners::default();
        for n in 0..10 {
            assert!(manners.admits_new(&format!("a{n}.example.co.uk")));
        }
        assert!(!manners.admits_new("b.example.co.uk") && !manners.admits_new("x.a1.example.co.uk"));
        assert!(manners.admits_new("a3.example.co.uk"), "the same name is not new once more");
        assert!(manners.admits_new("b.other.co.uk") && manners.admits_new("example.co.uk"));
        assert!(manners.admits_new("127.0.0.1:80") && manners.admits_new("localhost:3000"));
    }

    #[test]
    fn a_host_rests_for_as_long_as_it_wants() {
        let manners = Manners::default();
        assert_eq!(manners.rests_for("a.example"), None);
        manners.rest("a.example", Duration::from_secs(100));
        assert!(manners.rests_for("a.example").is_some_and(|left| left > Duration::from_secs(90)));
        manners.rest("a.example", Duration::ZERO);
        assert_eq!((manners.rests_for("a.example"), manners.rests_for("b.example")), (None, None));
    }

    #[test]
    fn a_thread_is_gone_on_with_three_times() {
        let manners = Manners::default();
        let times: Vec<bool> = (0..5).map(|_| manners.may_resume(StatusId(1))).collect();
        assert_eq!(times, [true, true, true, false, false]);
        assert!(manners.may_resume(StatusId(2)));
    }

    #[tokio::test]
    async fn one_cause_leads_to_four_hundred_requests_and_no_more() {
        let n_made = bounded(async {
            let mut n_made = 0;
            while bounded(async { spend() }).await {
                n_made += 1;
            }
            n_made
        });
        assert_eq!(n_made.await, MOST_FETCHES);
    }
}
