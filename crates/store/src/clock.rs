//! The clock and the id maker, handed in so that a test can choose them.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use phiomia_model::{Time, id};

/// Where the time comes from.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Time + Send + Sync>);

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub fn system() -> Clock {
        Clock(Arc::new(|| {
            #[expect(clippy::disallowed_methods, reason = "the one place that reads the wall clock")]
            let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
            Time(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
        }))
    }
    /// A clock of the caller's making.
    #[must_use]
    pub fn new(now: impl Fn() -> Time + Send + Sync + 'static) -> Clock {
        Clock(Arc::new(now))
    }
    /// The moment it shows.
    #[must_use]
    pub fn now(&self) -> Time {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Clock({})", self.now().to_iso_millis())
    }
}

/// Makes ids that sort by time and never repeat within a process, also when the wall clock jumps back.
#[derive(Debug)]
pub struct IdMaker {
    last: AtomicI64,
    /// Where the sequence of each millisecond begins, so that two processes seldom meet.
    salt: i64,
    /// Counts the ids of moments that are over.
    passed: AtomicI64,
}

impl IdMaker {
    /// `salt`: any 16 bits; two processes on one database should have different ones.
    #[must_use]
    pub fn new(salt: u16) -> IdMaker {
        IdMaker { last: AtomicI64::new(0), salt: i64::from(salt), passed: AtomicI64::new(0) }
    }
    /// From now on ids are beyond this one, whatever the clock says.
    pub fn begin_after(&self, id: i64) {
        self.last.fetch_max(id, Ordering::Relaxed);
    }
    /// An id of a moment that is over: that millisecond in the upper 48 bits, and below a number of its own.
    pub fn past(&self, moment: Time) -> i64 {
        let number = self.passed.fetch_add(1, Ordering::Relaxed) & 0xffff;
        id::first_of(moment) | (number ^ self.salt)
    }
    /// The next id at `now`: that millisecond in the upper 48 bits, unless an id beyond it was made before.
    pub fn next(&self, now: Time) -> i64 {
        let earliest = id::first_of(now) | self.salt;
        let mut last = self.last.load(Ordering::Relaxed);
        loop {
            let next = earliest.max(last.saturating_add(1));
            match self.last.compare_exchange_weak(last, next, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return next,
                Err(seen) => last = seen,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_go_on_beyond_those_of_another_process_whose_clock_was_ahead() {
        let (before, ids) = (IdMaker::new(7), IdMaker::new(9));
        let newest = before.next(Time::from_millis(9_000_000));
        ids.begin_after(newest);
        assert!(ids.next(Time::from_millis(2_000)) > newest);
    }

    #[test]
    fn ids_grow_even_when_the_clock_goes_back() {
        let ids = IdMaker::new(7);
        let a = ids.next(Time::from_millis(2_000));
        let b = ids.next(Time::from_millis(1_000));
        let c = ids.next(Time::from_millis(2_000));
        assert!(a < b && b < c, "{a} {b} {c}");
    }
}
