//! Fixed windows, aligned to 1970: the arithmetic of rate limits, the same in memory and in Redis.

use std::time::Duration;

use phiomia_model::Time;

/// How somebody stands in one bucket: what `X-RateLimit-Limit`, `-Remaining` and `-Reset` say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Requests allowed in one window.
    pub limit: u32,
    /// Requests left in this window.
    pub remaining: u32,
    /// When the next window begins.
    pub reset: Time,
    /// Whether the request that asked is one too many. After a peek: whether the next one would be.
    pub is_over: bool,
}

/// One request of somebody in a bucket, with the window it falls into.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hit<'a> {
    pub(super) bucket: &'a str,
    pub(super) who: &'a str,
    pub(super) limit: u32,
    /// When the window began.
    pub(super) start: Time,
    /// When the next one begins.
    pub(super) reset: Time,
    pub(super) now: Time,
}

impl<'a> Hit<'a> {
    pub(super) fn new(bucket: &'a str, who: &'a str, limit: u32, window: Duration, now: Time) -> Hit<'a> {
        let length = i64::try_from(window.as_micros()).unwrap_or(i64::MAX).max(1);
        let start = Time(now.0.div_euclid(length).saturating_mul(length));
        Hit { bucket, who, limit, start, reset: start.plus(window), now }
    }

    /// After `n_hits` requests in this window, this one among them.
    pub(super) fn counted(&self, n_hits: u32) -> Quota {
        Quota {
            limit: self.limit,
            remaining: self.limit.saturating_sub(n_hits),
            reset: self.reset,
            is_over: n_hits > self.limit,
        }
    }

    /// After `n_hits` requests in this window, without a new one.
    pub(super) fn peeked(&self, n_hits: u32) -> Quota {
        Quota { is_over: n_hits >= self.limit, ..self.counted(n_hits) }
    }

    /// How long the counter is of use from now, in milliseconds; a second is added for clocks that differ.
    pub(super) fn ttl_ms(&self) -> u64 {
        let left_us = self.reset.0.saturating_sub(self.now.0).max(0);
        u64::try_from(left_us / 1000).unwrap_or(0).saturating_add(1000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_begin_at_multiples_of_their_length_since_1970() {
        let now = Time::parse("2026-11-25T07:09:50.5Z").unwrap_or(Time(0));
        let hit = Hit::new("api_user", "1", 300, Duration::from_secs(300), now);
        assert_eq!(hit.start.to_iso_millis(), "2026-11-25T07:05:00.000Z");
        assert_eq!(hit.reset.to_iso_micros(), "2026-11-25T07:10:00.000000Z");
        assert_eq!(hit.ttl_ms(), 10_500);
        let before_1970 = Hit::new("api_user", "1", 300, Duration::from_secs(300), Time(-1));
        assert_eq!((before_1970.start.as_secs(), before_1970.reset.as_secs()), (-300, 0));
    }

    #[test]
    fn the_last_allowed_request_leaves_nothing_and_the_next_is_over() {
        let hit = Hit::new("api_user", "1", 2, Duration::from_secs(300), Time(0));
        let counted: Vec<(u32, bool)> =
            (1..=3).map(|n| hit.counted(n)).map(|quota| (quota.remaining, quota.is_over)).collect();
        assert_eq!(counted, [(1, false), (0, false), (0, true)]);
        let peeked: Vec<bool> = (0..=2).map(|n| hit.peeked(n).is_over).collect();
        assert_eq!(peeked, [false, false, true]);
    }
}
