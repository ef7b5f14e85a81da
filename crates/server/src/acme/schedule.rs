//! When the authority is asked again. `share`: a number from 0 to 999,999 that nobody chose.

use std::time::Duration;

use phiomia_model::Time;

/// Waits after a failure, as multiples of the first.
const FACTORS: [u32; 6] = [1, 5, 15, 60, 180, 360];
const LAST_FACTOR: u32 = 720;
/// Who asks too often is counted by the hour.
const TOO_OFTEN: Duration = Duration::from_secs(3_600);

/// When the next certificate is ordered: after two thirds of the time of this one, and a bit.
pub(super) fn renewal(not_before: Time, not_after: Time, share: u32) -> Time {
    let life = not_after.since(not_before);
    not_before.plus(life * 2 / 3 + part(life / 12, share))
}

/// The same within a window that the authority suggests.
pub(super) fn within(start: Time, end: Time, share: u32) -> Time {
    start.plus(part(end.since(start), share))
}

/// How long is waited after a failure. `n_before`: failures before this one.
pub(super) fn retry(n_before: i64, first: Duration, is_too_often: bool, share: u32) -> Duration {
    let factor = usize::try_from(n_before).ok().and_then(|n| FACTORS.get(n)).copied().unwrap_or(LAST_FACTOR);
    let wait = first * factor;
    let wait = if is_too_often { wait.max(TOO_OFTEN) } else { wait };
    wait + part(wait / 4, share)
}

fn part(span: Duration, share: u32) -> Duration {
    span / 1_000_000 * share
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(86_400);

    #[test]
    fn a_certificate_is_renewed_after_two_thirds_of_its_time_and_a_bit() {
        let begin = Time(0);
        assert_eq!(renewal(begin, begin.plus(DAY * 90), 0), begin.plus(DAY * 60));
        let latest = renewal(begin, begin.plus(DAY * 90), 999_999);
        assert!(latest > begin.plus(DAY * 67) && latest < begin.plus(DAY * 68));
        assert_eq!(renewal(begin, begin.plus(DAY * 6), 0), begin.plus(DAY * 4));
    }

    #[test]
    fn the_window_of_the_authority_is_kept_to() {
        let (start, end) = (Time(0).plus(DAY), Time(0).plus(DAY * 3));
        assert_eq!(within(start, end, 0), start);
        assert_eq!(within(start, end, 500_000), Time(0).plus(DAY * 2));
        assert_eq!(within(start, start, 999_999), start);
    }

    #[test]
    fn waits_grow_up_to_twelve_hours() {
        let minute = Duration::from_secs(60);
        let waits: Vec<u64> = (0..8).map(|n| retry(n, minute, false, 0).as_secs() / 60).collect();
        assert_eq!(waits, [1, 5, 15, 60, 180, 360, 720, 720]);
        assert_eq!(retry(0, minute, true, 0), Duration::from_secs(3_600));
        assert!(retry(0, minute, false, 999_999) < Duration::from_secs(76));
    }
}
