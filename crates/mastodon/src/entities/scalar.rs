//! Numbers and times in the form that clients expect: ids and some counts as decimal strings, times as ISO 8601.

use std::{fmt, str};

use phiomia_model::Time;
use serde::{Serialize, Serializer};

macro_rules! decimal_strings {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub i64);

        impl From<i64> for $name {
            fn from(number: i64) -> $name { $name(number) }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { self.0.fmt(f) }
        }
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> { s.collect_str(&self.0) }
        }
    )*};
}

decimal_strings! {
    /// An id of something that is only named in answers: `"42"`.
    /// Source: <https://docs.joinmastodon.org/api/guidelines/#id>.
    Id,
    /// A count, or seconds since 1970, that Mastodon writes as a string: `"42"`.
    Decimal,
}

/// A moment as `2026-11-25T07:09:50.123Z`: always three decimals, always UTC.
/// Source: <https://docs.joinmastodon.org/api/datetime-format/#datetime>.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IsoMillis(pub Time);

/// The UTC day of a moment, as `2026-11-25`.
/// Source: <https://docs.joinmastodon.org/api/datetime-format/#date>.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IsoDay(pub Time);

impl From<Time> for IsoMillis {
    fn from(time: Time) -> IsoMillis {
        IsoMillis(time)
    }
}

impl From<Time> for IsoDay {
    fn from(time: Time) -> IsoDay {
        IsoDay(time)
    }
}

impl Serialize for IsoMillis {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        // A timeline holds dozens of times, so the common ones are written without an allocation.
        let digits = millis_digits(self.0);
        match digits.as_ref().and_then(|d| str::from_utf8(d).ok()) {
            Some(text) => s.serialize_str(text),
            None => s.serialize_str(&self.0.to_iso_millis()),
        }
    }
}

impl Serialize for IsoDay {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.0.to_iso_day())
    }
}

/// `None` outside the years 0 to 9999.
fn millis_digits(time: Time) -> Option<[u8; 24]> {
    let (year, month, day) = civil(time.as_days());
    if !(0..=9999).contains(&year) {
        return None;
    }
    let ms = time.as_millis().rem_euclid(86_400_000);
    let (hour, minute, second, ms) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60, ms % 1000);
    let d = |n: i64| b'0' + u8::try_from(n % 10).unwrap_or(0);
    Some([
        d(year / 1000),
        d(year / 100),
        d(year / 10),
        d(year),
        b'-',
        d(month / 10),
        d(month),
        b'-',
        d(day / 10),
        d(day),
        b'T',
        d(hour / 10),
        d(hour),
        b':',
        d(minute / 10),
        d(minute),
        b':',
        d(second / 10),
        d(second),
        b'.',
        d(ms / 100),
        d(ms / 10),
        d(ms),
        b'Z',
    ])
}

/// Year, month and day of a count of days since 1970, in the proleptic Gregorian calendar.
/// Years are counted from March, so that the leap day is a year's last.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_are_strings() {
        assert_eq!(serde_json::to_string(&(Id(-99), Decimal(7))).ok().as_deref(), Some(r#"["-99","7"]"#));
    }

    #[test]
    fn times_have_three_decimals_and_days_have_none() {
        let time = Time::from_millis(1_764_054_590_120);
        let json = serde_json::to_string(&(IsoMillis(time), IsoDay(time)));
        assert_eq!(json.ok().as_deref(), Some(r#"["2025-11-25T07:09:50.120Z","2025-11-25"]"#));
    }

    proptest! {
        #[test]
        fn the_short_way_of_writing_a_time_agrees_with_the_calendar(ms in -62_000_000_000_000i64..253_000_000_000_000) {
            let time = Time::from_millis(ms);
            let short = millis_digits(time).and_then(|d| String::from_utf8(d.to_vec()).ok());
            prop_assert_eq!(short, Some(time.to_iso_millis()));
        }
    }
}
