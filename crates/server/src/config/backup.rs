//! Backups: when, where, how many.

use std::{path::PathBuf, time::Duration};

use phiomia_model::Time;
use phiomia_store::backup::age::Recipient;

use super::{
    setting::section,
    value::{Count, ListItem, Value},
};

section! {
    /// Backups that the server makes of itself, each in one file. [How to](hosting/backup.md).
    Backup in "backup.";
    /// When: `daily at 03:00` (UTC), or `every 6h`. Without it: only when `phiomia backup create` is run.
    schedule: Option<Schedule> = "", [];
    /// How many are kept. After each scheduled one the oldest beyond that are deleted.
    keep: Count = "7", [];
    /// The folder they are kept in. Without it: `backups` in the data folder, which goes with the machine.
    directory: Option<PathBuf> = "", [];
    /// A bucket to keep them in, instead of a folder: one of its own, on the server that the `s3` settings name.
    bucket: Option<String> = "", [];
    /// What their names in the bucket begin with.
    key_prefix: Option<String> = "", [];
    /// Whether the files of people (`files/` of the data folder, or the bucket) are in them, too. Without them a backup lists
    /// which there are.
    media: bool = "false", [];
    /// Whether the configuration in them shows its secrets: passwords and keys of databases, buckets and mail servers.
    secrets: bool = "false", [];
    /// For whom they are encrypted: public keys of `age`, as `age1…`. Each opens all of it. Without one they are not encrypted.
    recipients: Vec<Recipient> = "", [];
}

impl Value for Recipient {
    const SHAPE: &'static str = "key, as `age1…`";

    fn read(text: &str) -> Result<Recipient, String> {
        text.parse().map_err(|why: phiomia_model::Refusal| format!("is wrong: {why}"))
    }
}

impl ListItem for Recipient {
    const LIST_SHAPE: &'static str = "keys, as `age1…`";
}

/// When backups are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schedule {
    /// So long after midnight UTC.
    Daily(Duration),
    /// As often; counted from midnight UTC.
    Every(Duration),
}

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);

impl Schedule {
    /// The first moment of it after this one.
    #[must_use]
    pub fn after(self, now: Time) -> Time {
        let (period, offset) = match self {
            Schedule::Daily(at) => (DAY, at),
            Schedule::Every(period) => (period, Duration::ZERO),
        };
        let micros = |span: Duration| i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
        let (period, offset) = (micros(period).max(1), micros(offset));
        let n_before = now.0.saturating_sub(offset).div_euclid(period);
        Time(n_before.saturating_add(1).saturating_mul(period).saturating_add(offset))
    }
}

impl Value for Schedule {
    const SHAPE: &'static str = "`daily at 03:00` or `every 6h`";

    fn read(text: &str) -> Result<Schedule, String> {
        let wrong = || format!("must be such as `daily at 03:00` or `every 6h`, not {text:?}");
        if let Some(time) = text.strip_prefix("daily at ") {
            let (hour, minute) = time.trim().split_once(':').ok_or_else(wrong)?;
            let number =
                |digits: &str, most: u64| digits.parse::<u64>().ok().filter(|n| *n <= most && digits.len() == 2);
            let (hour, minute) = (number(hour, 23).ok_or_else(wrong)?, number(minute, 59).ok_or_else(wrong)?);
            return Ok(Schedule::Daily(Duration::from_secs(hour * 3_600 + minute * 60)));
        }
        let period = Duration::read(text.strip_prefix("every ").ok_or_else(wrong)?.trim()).map_err(|_| wrong())?;
        if period < MINUTE {
            return Err("must leave a minute between two backups at least".to_owned());
        }
        Ok(Schedule::Every(period))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(schedule: &str, now: &str) -> Option<String> {
        Some(Schedule::read(schedule).ok()?.after(Time::parse(now)?).to_iso_millis())
    }

    #[test]
    fn a_schedule_says_the_next_moment() {
        for (schedule, now, expected) in [
            ("daily at 03:00", "2026-11-26T02:59:59Z", "2026-11-26T03:00:00.000Z"),
            ("daily at 03:00", "2026-11-26T03:00:00Z", "2026-11-27T03:00:00.000Z"),
            ("daily at 00:00", "2026-12-31T23:00:00Z", "2027-01-01T00:00:00.000Z"),
            ("every 6h", "2026-11-26T02:59:59Z", "2026-11-26T06:00:00.000Z"),
            ("every 90m", "2026-11-26T00:00:00Z", "2026-11-26T01:30:00.000Z"),
        ] {
            assert_eq!(next(schedule, now).as_deref(), Some(expected), "{schedule} {now}");
        }
    }

    #[test]
    fn what_is_no_schedule_is_refused() {
        for text in
            ["daily", "daily at 3", "daily at 24:00", "daily at 3:00", "every", "every 5", "every 10s", "hourly"]
        {
            assert!(Schedule::read(text).is_err(), "{text}");
        }
    }
}
