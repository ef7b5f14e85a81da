//! What becomes of a job after it ran: done, tried again later, or set aside for a person to look at.

use std::time::Duration;

use phiomia_model::{Error, Refusal};
use phiomia_store::db::jobs::{MOST_ATTEMPTS, MOST_CRASHES};

use super::told;

/// How long a job waits after its first, second … failure; after the last of these every hour.
const WAITS: [Duration; 6] = [
    Duration::from_secs(1),
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_secs(2 * 60),
    Duration::from_secs(10 * 60),
    Duration::from_secs(3_600),
];
const LONGEST_WAIT: Duration = Duration::from_secs(3_600);
/// The longest error kept with a job, in characters.
const ERROR_CHARACTERS: usize = 1_000;

/// What becomes of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is done, or there was nothing to do.
    Done,
    /// It failed and is tried again.
    Retry { wait: Duration, error: String },
    /// It could not be tried; that is no failure of its own.
    Postpone { wait: Duration, error: String },
    /// It is set aside; `has_failed`: this run counts as one more failure.
    Park { error: String, has_failed: bool },
}

impl Verdict {
    /// The word in the figures.
    pub(super) const fn word(&self) -> &'static str {
        match self {
            Verdict::Done => "done",
            Verdict::Retry { .. } => "failed",
            Verdict::Postpone { .. } => "postponed",
            Verdict::Park { .. } => "parked",
        }
    }
}

/// After a run: `attempts` is how often it had failed before, `jitter` any number, `postponed` the wait of a job that
/// could not be tried.
pub(super) fn after(outcome: &Result<(), Error>, attempts: i64, jitter: u8, postponed: Duration) -> Verdict {
    let error = match outcome {
        Ok(()) => return Verdict::Done,
        Err(error) => error,
    };
    let text: String = told(error).chars().take(ERROR_CHARACTERS).collect();
    match error {
        Error::Refused(Refusal::Unavailable { retry_after } | Refusal::TooMany { retry_after }) => {
            Verdict::Postpone { wait: blurred(*retry_after, jitter), error: text }
        }
        // Whatever the job was about is no longer there or no longer allowed: asking again changes nothing.
        Error::Refused(_) => Verdict::Done,
        Error::Broken(fault) if fault.is_transient() => {
            Verdict::Postpone { wait: blurred(postponed, jitter), error: text }
        }
        Error::Broken(_) if attempts.saturating_add(1) >= MOST_ATTEMPTS => {
            Verdict::Park { error: text, has_failed: true }
        }
        Error::Broken(_) => {
            let step = usize::try_from(attempts).unwrap_or_default();
            let wait = WAITS.get(step).copied().unwrap_or(LONGEST_WAIT);
            Verdict::Retry { wait: blurred(wait, jitter), error: text }
        }
    }
}

/// Before a run: why a job is not even tried, if so. It was in hand in `crashes` processes that died.
pub(super) fn before(crashes: i64) -> Option<Verdict> {
    (crashes >= MOST_CRASHES).then(|| Verdict::Park {
        error: format!("{crashes} processes died with this job in their hands"),
        has_failed: false,
    })
}

/// A quarter more or less, so that what failed together is not tried together.
fn blurred(wait: Duration, jitter: u8) -> Duration {
    let thousandths = 750 + 500 * u32::from(jitter) / 255;
    wait.saturating_mul(thousandths) / 1_000
}

#[cfg(test)]
mod tests {
    use super::*;
    use phiomia_model::{Fault, Noun};

    const POSTPONED: Duration = Duration::from_secs(5);

    fn broken() -> Result<(), Error> {
        Err(Fault::new("a bug").into())
    }

    fn wait(verdict: Verdict) -> Duration {
        match verdict {
            Verdict::Retry { wait, .. } | Verdict::Postpone { wait, .. } => wait,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn failures_wait_longer_and_longer_and_then_every_hour() {
        let seconds = |attempts| wait(after(&broken(), attempts, 128, POSTPONED)).as_secs_f64().round();
        let waits: Vec<f64> = (0..8).map(seconds).collect();
        assert_eq!(waits, [1.0, 5.0, 30.0, 120.0, 600.0, 3600.0, 3600.0, 3600.0]);
    }

    #[test]
    fn waits_are_blurred_by_a_quarter() {
        let at = |jitter| wait(after(&broken(), 3, jitter, POSTPONED));
        assert_eq!((at(0), at(255)), (Duration::from_secs(90), Duration::from_secs(150)));
    }

    #[test]
    fn the_25th_failure_parks() {
        assert!(matches!(after(&broken(), 23, 0, POSTPONED), Verdict::Retry { .. }));
        assert!(matches!(after(&broken(), 24, 0, POSTPONED), Verdict::Park { .. }));
    }

    #[test]
    fn what_passes_by_itself_uses_no_attempt_however_often() {
        let away = Err(Fault::new("the database is away").transient().into());
        assert!(matches!(after(&away, 24, 0, POSTPONED), Verdict::Postpone { .. }));
        let busy = Err(Refusal::Unavailable { retry_after: Duration::from_secs(8) }.into());
        assert_eq!(wait(after(&busy, 24, 0, POSTPONED)), Duration::from_secs(6));
    }

    #[test]
    fn a_refusal_ends_a_job_and_eight_crashes_do_before_it_begins() {
        assert_eq!(after(&Err(Refusal::NotFound(Noun::Status).into()), 0, 0, POSTPONED), Verdict::Done);
        assert_eq!(before(7), None);
        assert!(matches!(before(8), Some(Verdict::Park { .. })));
    }
}
