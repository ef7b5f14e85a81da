//! The time window of signatures, and the date of HTTP.

use phiomia_model::time::Time;

use super::Refused;

/// How old a signature without an end of its own may be, seconds.
const MAX_AGE: i64 = 65 * 60;
/// How far ahead of our clock it may be, seconds.
const MAX_AHEAD: i64 = 60 * 60;
/// How long after its beginning an end may be, seconds; a later one counts as this.
const MAX_LIFE: i64 = 12 * 60 * 60;
/// For how long after its end it still holds, seconds: clocks differ.
const GRACE: i64 = 60 * 60;

/// Checks when a signature was made, and until when it wants to be believed. Seconds since 1970.
pub(super) fn check(signed: i64, expires: Option<i64>, now: Time) -> Result<(), Refused> {
    let now = now.as_secs();
    let age = now.saturating_sub(signed);
    if age < -MAX_AHEAD {
        return Err(Refused::Ahead { minutes: age.saturating_neg() / 60, limit: MAX_AHEAD / 60 });
    }
    match expires {
        None if age > MAX_AGE => Err(Refused::TooOld { minutes: age / 60, limit: MAX_AGE / 60 }),
        None => Ok(()),
        Some(expires) => {
            let end = expires.min(signed.saturating_add(MAX_LIFE));
            let late = now.saturating_sub(end);
            if late > GRACE { Err(Refused::Expired { minutes: late / 60 }) } else { Ok(()) }
        }
    }
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`. Source: <https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7>.
pub(super) fn http_date(time: Time) -> String {
    let printer = jiff::fmt::rfc2822::DateTimePrinter::new();
    let stamp = jiff::Timestamp::from_second(time.as_secs()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    let mut text = String::new();
    match printer.print_timestamp_rfc9110(&stamp, &mut text) {
        Ok(()) => text,
        Err(_) => "Thu, 01 Jan 1970 00:00:00 GMT".to_owned(),
    }
}

/// Seconds since 1970 of a `Date` header.
pub(super) fn read_http_date(text: &str) -> Result<i64, Refused> {
    let parsed = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text);
    parsed.map(jiff::Timestamp::as_second).map_err(|_| Refused::Malformed("Date", "`Sun, 06 Nov 1994 08:49:37 GMT`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time::from_millis(1_618_884_473_000);
    const HOUR: i64 = 3_600;

    #[test]
    fn dates_of_http_are_read_and_written() {
        assert_eq!(http_date(NOW), "Tue, 20 Apr 2021 02:07:53 GMT");
        assert_eq!(read_http_date("Tue, 20 Apr 2021 02:07:53 GMT"), Ok(NOW.as_secs()));
        assert!(read_http_date("yesterday").is_err());
    }

    #[test]
    fn a_signature_holds_for_65_minutes_or_until_an_hour_after_its_end() {
        let now = NOW.as_secs();
        assert_eq!(check(now - 65 * 60, None, NOW), Ok(()));
        assert_eq!(check(now - 66 * 60, None, NOW), Err(Refused::TooOld { minutes: 66, limit: 65 }));
        assert_eq!(check(now + HOUR, None, NOW), Ok(()));
        assert_eq!(check(now + HOUR + 60, None, NOW), Err(Refused::Ahead { minutes: 61, limit: 60 }));
        assert_eq!(check(now - 5 * HOUR, Some(now - HOUR), NOW), Ok(()));
        assert_eq!(check(now - 5 * HOUR, Some(now - 2 * HOUR), NOW), Err(Refused::Expired { minutes: 120 }));
        // An end in the far future counts as twelve hours.
        assert_eq!(check(now - 14 * HOUR, Some(i64::MAX), NOW), Err(Refused::Expired { minutes: 120 }));
        assert_eq!(check(i64::MIN, Some(i64::MIN), NOW), Err(Refused::Expired { minutes: i64::MAX / 60 }));
    }

    #[test]
    fn a_wrong_clock_is_named_in_words() {
        let Err(refused) = check(NOW.as_secs() - 7_200, None, NOW) else { panic!("two hours old and believed") };
        assert_eq!(refused.to_string(), "the signature is 120 minutes old, the limit is 65: the clocks may differ");
    }
}
