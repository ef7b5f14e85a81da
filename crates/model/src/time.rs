//! Moments: microseconds since 1970 in UTC. The clock itself is handed in, never read here.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A moment, in microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Time(pub i64);

impl Time {
    /// From milliseconds since 1970.
    #[must_use]
    pub const fn from_millis(ms: i64) -> Time {
        Time(ms.saturating_mul(1000))
    }
    /// Milliseconds since 1970, rounded down.
    #[must_use]
    pub const fn as_millis(self) -> i64 {
        self.0.div_euclid(1000)
    }
    /// Seconds since 1970, rounded down.
    #[must_use]
    pub const fn as_secs(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }
    /// Days since 1970-01-01 in UTC.
    #[must_use]
    pub const fn as_days(self) -> i64 {
        self.as_secs().div_euclid(86_400)
    }
    /// This moment and `span` more.
    #[must_use]
    pub fn plus(self, span: Duration) -> Time {
        Time(self.0.saturating_add(i64::try_from(span.as_micros()).unwrap_or(i64::MAX)))
    }
    /// This moment, `span` ago.
    #[must_use]
    pub fn minus(self, span: Duration) -> Time {
        Time(self.0.saturating_sub(i64::try_from(span.as_micros()).unwrap_or(i64::MAX)))
    }
    /// `2026-11-25T07:09:50.123Z`, as every time in Mastodon's JSON.
    #[must_use]
    pub fn to_iso_millis(self) -> String {
        match jiff::Timestamp::from_millisecond(self.as_millis()) {
            Ok(t) => format!("{t:.3}"),
            Err(_) => "1970-01-01T00:00:00.000Z".to_owned(),
        }
    }
    /// `2026-11-25T07:09:50.123456Z`, as in `X-RateLimit-Reset`.
    #[must_use]
    pub fn to_iso_micros(self) -> String {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(t) => format!("{t:.6}"),
            Err(_) => "1970-01-01T00:00:00.000000Z".to_owned(),
        }
    }
    /// `2026-11-25`, the UTC day.
    #[must_use]
    pub fn to_iso_day(self) -> String {
        self.to_iso_millis().chars().take(10).collect()
    }
    /// Midnight UTC of the day this moment is in.
    #[must_use]
    pub const fn midnight(self) -> Time {
        Time(self.as_days().saturating_mul(86_400_000_000))
    }
    /// Reads what apps write: RFC 3339, the same without an offset (then it is UTC), or a day (then its midnight).
    /// `None` for anything else.
    #[must_use]
    pub fn parse_loosely(text: &str) -> Option<Time> {
        let in_utc = || text.parse::<jiff::civil::DateTime>().ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok();
        Time::parse(text).or_else(|| in_utc().map(|zoned| Time(zoned.timestamp().as_microsecond())))
    }
    /// Reads the date of an HTTP header: `Sun, 06 Nov 1994 08:49:37 GMT`; `None` for anything else.
    #[must_use]
    pub fn parse_http_date(text: &str) -> Option<Time> {
        let parsed = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text);
        parsed.ok().map(|t| Time(t.as_microsecond()))
    }
    /// How long after `earlier` this moment is; zero when it is before.
    #[must_use]
    pub fn since(self, earlier: Time) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
    /// Reads RFC 3339 / ISO 8601 with an offset; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Time> {
        text.parse::<jiff::Timestamp>().ok().map(|t| Time(t.as_microsecond()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_print_with_exactly_three_or_six_digits() {
        let t = Time(1_795_590_590_120_000);
        assert_eq!(t.to_iso_millis(), "2026-11-25T07:09:50.120Z");
        assert_eq!(t.to_iso_micros(), "2026-11-25T07:09:50.120000Z");
        assert_eq!(t.to_iso_day(), "2026-11-25");
        assert_eq!(t.midnight().to_iso_millis(), "2026-11-25T00:00:00.000Z");
        assert_eq!(Time::parse("2026-11-25T08:09:50.12+01:00"), Some(t));
        assert_eq!(Time::parse_loosely("2026-11-25T08:09:50.12+01:00"), Some(t));
        assert_eq!(Time::parse_loosely("2026-11-25T07:09:50.12"), Some(t));
        assert_eq!(Time::parse_loosely("2026-11-25"), Some(t.midnight()));
        assert_eq!(Time::parse_loosely("tomorrow"), None);
    }
}
