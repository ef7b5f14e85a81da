//! What becomes of a delivery and of its host. Pure.

use std::time::Duration;

use http::StatusCode;
use phiomia_model::Time;
use phiomia_store::db::federation::hosts::{Host, Standing};

use crate::outbound::{Answer, Failure};

/// The wait after a first failure, unless another is set.
pub(super) const FIRST_RETRY: Duration = Duration::from_secs(15);
/// Waits after failures, in first waits: 15 s, 1 min, 5 min, 15 min, 45 min, 2 h, 5 h, 10 h; then [`LONGEST`].
const WAITS: [u32; 8] = [1, 4, 20, 60, 180, 480, 1_200, 2_400];
/// 12 h.
const LONGEST: u32 = 2_880;
/// Failures in a row, within [`BREAKER_WINDOW`], after which a host is left alone.
const BREAKER_FAILURES: i64 = 5;
/// 10 min.
const BREAKER_WINDOW: u32 = 40;
/// 5 min, doubled with each failure, up to [`LONGEST`].
const BREAKER_FIRST: u32 = 20;
/// Failures on so many different days without a success: given up.
const DAYS: i64 = 7;
/// How often a host that was given up is tried.
const PROBE: Duration = Duration::from_secs(86_400);
/// The longest error kept, in characters.
const ERROR_CHARACTERS: usize = 300;

/// How long is waited; everything grows with the first wait.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waits {
    pub(super) first: Duration,
}

impl Waits {
    fn times(self, n: u32) -> Duration {
        self.first.saturating_mul(n)
    }

    /// After a delivery failed that had failed `attempts` times before.
    pub(super) fn after_failure(self, attempts: i64, jitter: u8) -> Duration {
        let step = usize::try_from(attempts).unwrap_or_default();
        blurred(self.times(WAITS.get(step).copied().unwrap_or(LONGEST)), jitter)
    }

    /// How long a host is left alone after so many failures in a row.
    fn breaker(self, failures: i64, jitter: u8) -> Duration {
        let doublings = u32::try_from(failures.saturating_sub(BREAKER_FAILURES)).unwrap_or(0).min(16);
        blurred(self.times(BREAKER_FIRST.saturating_mul(1 << doublings).min(LONGEST)), jitter)
    }

    /// The pause between the first deliveries after a host came back; halved with each.
    pub(super) fn recovery(self) -> Duration {
        self.first / 15
    }
}

/// A quarter more or less, so that what failed together is not tried together.
fn blurred(wait: Duration, jitter: u8) -> Duration {
    let thousandths = 750 + 500 * u32::from(jitter) / 255;
    wait.saturating_mul(thousandths) / 1_000
}

/// How a delivery went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The inbox took it.
    Delivered,
    /// It does not take it and never will.
    Refused(String),
    /// The inbox is gone, and so is who had it.
    Gone,
    /// It may be tried again.
    Failed {
        error: String,
        /// How long the host wants to be left alone.
        retry_after: Option<Duration>,
        /// Whether the host itself is to blame, or just busy.
        counts: bool,
        /// Nobody answered: it may also be our own network.
        is_silent: bool,
    },
    /// Something of ours is broken; the host is not to blame.
    Broken(String),
    /// It could not be tried just now.
    Postponed,
    /// It is there no more: nothing to send.
    Missing,
}

/// What an answer or its absence means.
pub(super) fn verdict(outcome: &Result<Answer, Failure>, now: Time) -> Verdict {
    let answer = match outcome {
        Ok(answer) => answer,
        // Our own network is down: the host is not to blame, and nothing was tried.
        Err(Failure::NoNames) => return Verdict::Postponed,
        Err(failure @ Failure::Forbidden(..)) => return Verdict::Refused(short(&failure.to_string())),
        Err(failure) => {
            let is_silent = matches!(failure, Failure::Unreachable(_) | Failure::TimedOut);
            return Verdict::Failed { error: short(&failure.to_string()), retry_after: None, counts: true, is_silent };
        }
    };
    let status = answer.status;
    let error = || {
        let body = String::from_utf8_lossy(&answer.body);
        let words = body.split_whitespace().collect::<Vec<_>>().join(" ");
        if words.is_empty() || words.starts_with('<') {
            status.to_string()
        } else {
            short(&format!("{status}: {words}"))
        }
    };
    if status.is_success() {
        return Verdict::Delivered;
    }
    if status == StatusCode::GONE {
        return Verdict::Gone;
    }
    let may_pass = matches!(status.as_u16(), 401 | 408 | 425 | 429);
    if (status.is_client_error() && !may_pass) || status == StatusCode::NOT_IMPLEMENTED {
        return Verdict::Refused(error());
    }
    let retry_after = if matches!(status.as_u16(), 429 | 503) { answer.retry_after(now) } else { None };
    let counts = !(status == StatusCode::TOO_MANY_REQUESTS && retry_after.is_some());
    Verdict::Failed { error: error(), retry_after, counts, is_silent: false }
}

/// Whether an answer says that the signature was the problem: the other kind may do.
pub(super) fn blames_signature(answer: &Answer) -> bool {
    match answer.status.as_u16() {
        401 => true,
        400 | 403 => {
            let body = String::from_utf8_lossy(&answer.body).to_lowercase();
            body.contains("signature") || body.contains("signed") || body.contains("digest")
        }
        _ => false,
    }
}

/// The host took something, or said in so many words that it does not: it lives.
pub(super) fn succeed(host: &mut Host, now: Time) {
    host.standing = Standing::Proven;
    host.blocked_until = Time(0);
    host.failures = 0;
    host.first_failed_at = None;
    host.last_succeeded_at = Some(now);
    host.failed_days = 0;
    host.last_failed_day = None;
    host.unavailable_since = None;
}

/// The host failed.
pub(super) fn fail(host: &mut Host, now: Time, error: &str, waits: Waits, jitter: u8) {
    let is_open = host.failures >= BREAKER_FAILURES;
    let is_within = host.first_failed_at.is_some_and(|first| now.since(first) <= waits.times(BREAKER_WINDOW));
    if is_open || is_within {
        host.failures = host.failures.saturating_add(1);
    } else {
        host.failures = 1;
        host.first_failed_at = Some(now);
    }
    host.standing = Standing::Failing;
    host.last_failed_at = Some(now);
    host.last_error = Some(error.to_owned());
    let today = now.as_days();
    if host.last_failed_day != Some(today) {
        host.last_failed_day = Some(today);
        host.failed_days = host.failed_days.saturating_add(1);
    }
    if host.failed_days >= DAYS && host.unavailable_since.is_none() {
        host.unavailable_since = Some(now);
    }
    if host.unavailable_since.is_some() {
        block(host, now.plus(blurred(PROBE, jitter)));
    } else if host.failures >= BREAKER_FAILURES {
        block(host, now.plus(waits.breaker(host.failures, jitter)));
    }
}

/// Nothing is sent to the host before `until`.
pub(super) fn block(host: &mut Host, until: Time) {
    host.blocked_until = host.blocked_until.max(until);
}

/// Whether the host was left alone for its failures: then it is tried with care.
pub(super) fn was_open(host: &Host) -> bool {
    host.failures >= BREAKER_FAILURES || host.unavailable_since.is_some()
}

fn short(text: &str) -> String {
    text.chars().take(ERROR_CHARACTERS).collect()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use bytes::Bytes;
    use http::HeaderMap;

    const WAITS: Waits = Waits { first: FIRST_RETRY };
    /// Neither more nor less.
    const MIDDLE: u8 = 128;
    const MINUTE: u64 = 60;
    const HOUR: u64 = 3_600;

    /// Nobody knows anything of it.
    pub(in super::super) fn host() -> Host {
        Host {
            name: "theirs.test".to_owned(),
            dialect: "cavage".to_owned(),
            standing: Standing::New,
            next_at: None,
            blocked_until: Time(0),
            failures: 0,
            first_failed_at: None,
            last_failed_at: None,
            last_error: None,
            last_succeeded_at: None,
            last_received_at: None,
            failed_days: 0,
            last_failed_day: None,
            unavailable_since: None,
            software: None,
            software_version: None,
            created_at: Time(0),
            n_expired: 0,
        }
    }

    fn at(secs: u64) -> Time {
        Time(0).plus(Duration::from_secs(secs))
    }

    fn about(wait: Duration, secs: u64) -> bool {
        wait.abs_diff(Duration::from_secs(secs)) <= Duration::from_secs(secs) / 100
    }

    fn answer(status: u16, body: &'static str) -> Result<Answer, Failure> {
        let status = StatusCode::from_u16(status).unwrap_or_default();
        let Ok(url) = url::Url::parse("https://theirs.test/inbox") else { unreachable!() };
        Ok(Answer { url, status, headers: HeaderMap::new(), body: Bytes::from_static(body.as_bytes()) })
    }

    #[test]
    fn waits_grow_from_fifteen_seconds_to_twelve_hours() {
        let expected =
            [15, MINUTE, 5 * MINUTE, 15 * MINUTE, 45 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 12 * HOUR, 12 * HOUR];
        for (attempts, secs) in (0..).zip(expected) {
            let wait = WAITS.after_failure(attempts, MIDDLE);
            assert!(about(wait, secs), "after {attempts}: {wait:?}");
        }
        assert_eq!(WAITS.after_failure(0, 0), Duration::from_millis(11_250));
        assert_eq!(WAITS.after_failure(0, 255), Duration::from_millis(18_750));
    }

    #[test]
    fn five_failures_within_ten_minutes_open_the_breaker_for_growing_times() {
        let mut host = host();
        for second in 0..4 {
            fail(&mut host, at(second), "no answer", WAITS, MIDDLE);
            assert_eq!(host.blocked_until, Time(0));
        }
        for (second, secs) in [(9 * MINUTE, 5 * MINUTE), (20 * MINUTE, 10 * MINUTE), (40 * MINUTE, 20 * MINUTE)] {
            fail(&mut host, at(second), "no answer", WAITS, MIDDLE);
            assert!(about(host.blocked_until.since(at(second)), secs), "{host:?}");
        }
        for n in 1..30 {
            fail(&mut host, at(n * 13 * HOUR), "no answer", WAITS, MIDDLE);
        }
        assert!(host.unavailable_since.is_some(), "that went on for more than a week");
        succeed(&mut host, at(20 * 24 * HOUR));
        assert_eq!(
            (host.failures, host.blocked_until, host.failed_days, host.unavailable_since),
            (0, Time(0), 0, None)
        );
        assert!(host.last_error.is_some());
    }

    #[test]
    fn failures_far_from_each_other_open_nothing() {
        let mut host = host();
        for n in 0..20 {
            fail(&mut host, at(n * 11 * MINUTE), "no answer", WAITS, MIDDLE);
        }
        assert_eq!((host.failures, host.blocked_until), (1, Time(0)));
    }

    #[test]
    fn seven_different_days_without_a_success_and_a_host_is_given_up() {
        let mut host = host();
        for day in 0..7 {
            assert_eq!(host.unavailable_since, None, "day {day}");
            fail(&mut host, at(day * 24 * HOUR + 5), "no answer", WAITS, MIDDLE);
            fail(&mut host, at(day * 24 * HOUR + HOUR), "no answer", WAITS, MIDDLE);
        }
        assert_eq!((host.failed_days, host.unavailable_since), (7, Some(at(6 * 24 * HOUR + 5))));
        assert!(about(host.blocked_until.since(at(6 * 24 * HOUR + HOUR)), 24 * HOUR), "{host:?}");
    }

    #[test]
    fn answers_are_taken_for_what_they_mean() {
        assert_eq!(verdict(&answer(202, ""), at(0)), Verdict::Delivered);
        assert_eq!(verdict(&answer(410, ""), at(0)), Verdict::Gone);
        for status in [400, 403, 404, 405, 413, 422, 501] {
            assert!(matches!(verdict(&answer(status, ""), at(0)), Verdict::Refused(_)), "{status}");
        }
        for status in [301, 401, 408, 425, 429, 500, 502, 503, 504, 522] {
            assert!(
                matches!(verdict(&answer(status, ""), at(0)), Verdict::Failed { is_silent: false, counts: true, .. }),
                "{status}"
            );
        }
        let silent = verdict(&Err(Failure::TimedOut), at(0));
        assert!(matches!(silent, Verdict::Failed { is_silent: true, counts: true, .. }));
        let forbidden = Err(Failure::Forbidden("10.0.0.1".to_owned(), "it is an address of a private network"));
        assert!(matches!(verdict(&forbidden, at(0)), Verdict::Refused(_)));
    }

    #[test]
    fn retry_after_counts_with_429_and_503_alone() {
        for (status, expected, is_counted) in [(429, Some(120), false), (503, Some(120), true), (500, None, true)] {
            let Ok(mut answer) = answer(status, "") else { unreachable!() };
            answer.headers.insert("retry-after", http::HeaderValue::from_static("120"));
            let Verdict::Failed { retry_after, counts, .. } = verdict(&Ok(answer), at(0)) else { unreachable!() };
            assert_eq!((retry_after.map(|wait| wait.as_secs()), counts), (expected, is_counted), "{status}");
        }
    }

    #[test]
    fn only_complaints_about_signatures_make_us_sign_otherwise() {
        let blames = |status, body| answer(status, body).is_ok_and(|answer| blames_signature(&answer));
        assert!(blames(401, "") && blames(403, "Bad Signature") && blames(400, "{\"error\":\"missing digest\"}"));
        assert!(!blames(403, "you are blocked") && !blames(500, "signature") && !blames(404, "signature"));
    }
}
