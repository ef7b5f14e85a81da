//! The time of day: signatures carry it, and other servers refuse what comes from another hour.

use std::time::Duration;

use futures_util::future::join_all;
use http::{Method, header};
use phiomia_api::doctor::{Finding, Subject};
use phiomia_model::Time;

use super::{
    Practice,
    known::{good, known, unknown},
};

known! {
    WRONG = Clock Fault "clock-wrong";
    OFF = Clock Warning "clock-off";
}

/// Seconds beyond which codes of authenticator apps stop to fit.
const SLIGHTLY: i64 = 30;
/// Seconds beyond which signatures are refused somewhere.
const BADLY: i64 = 300;

/// How far one other clock is from ours: seconds that theirs is ahead.
type Offset = (String, i64);

/// Looks and judges.
pub(super) async fn examine(practice: &Practice) -> Vec<Finding> {
    let asked = practice.peers().await.into_iter().map(async |peer| {
        let ahead = ask(practice, &peer).await?;
        Some((peer, ahead))
    });
    vec![judge(join_all(asked).await.into_iter().flatten().collect())]
}

async fn ask(practice: &Practice, peer: &str) -> Option<i64> {
    let url = practice.peer_url(peer)?;
    let before = practice.clock.now();
    let answer = practice.prober.ask(Method::GET, &url, &[]).await.ok()?;
    let after = practice.clock.now();
    let header = |name| answer.headers.get(name).and_then(|value| value.to_str().ok());
    let date = Time::parse_http_date(header(header::DATE)?)?;
    // What a cache kept was written when it was kept.
    let age = header(header::AGE).and_then(|age| age.parse().ok()).unwrap_or(0);
    let theirs = date.plus(Duration::from_secs(age)).as_secs();
    let ours = before.as_secs().midpoint(after.as_secs());
    Some(theirs.saturating_sub(ours))
}

/// Most clocks are right: the one in the middle is believed.
fn judge(mut offsets: Vec<Offset>) -> Finding {
    offsets.sort_by_key(|(_, ahead)| *ahead);
    let Some((_, ahead)) = offsets.get(offsets.len() / 2).cloned() else {
        return unknown(Subject::Clock, "No other server told the time, so this clock could not be compared");
    };
    let names = offsets.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ");
    let distance = ahead.abs();
    let direction = if ahead > 0 { "slow" } else { "fast" };
    let cure = "Let the system keep the time: `timedatectl set-ntp true` (systemd-timesyncd or chrony), then look with \
                `timedatectl`";
    if distance > BADLY && offsets.len() > 1 {
        let what = format!(
            "This clock is {} {direction} (compared with {names}): other servers refuse what it signs, and it refuses theirs",
            span(distance)
        );
        return WRONG.cured(what, cure);
    }
    if distance > SLIGHTLY {
        let what = format!(
            "This clock is {} {direction} (compared with {names}): codes of authenticator apps do not fit, and some servers \
             refuse what it signs",
            span(distance)
        );
        return OFF.cured(what, cure);
    }
    good(Subject::Clock, format!("This clock agrees with {names}"))
}

fn span(seconds: i64) -> String {
    match seconds {
        ..=120 => format!("{seconds} s"),
        121..=7_200 => format!("{} min", seconds / 60),
        _ => format!("{} h", seconds / 3_600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(offsets: &[i64]) -> String {
        judge(offsets.iter().map(|ahead| ("peer.example".to_owned(), *ahead)).collect()).name
    }

    #[test]
    fn one_other_clock_that_is_wrong_proves_nothing() {
        assert_eq!(named(&[0, 7_200, 1]), "clock-good");
        assert_eq!(named(&[7_200, 7_201, 0]), "clock-wrong");
        assert_eq!(named(&[-7_200]), "clock-off", "there is nobody to decide");
        assert_eq!(named(&[]), "clock-unknown");
    }

    #[test]
    fn a_few_seconds_are_the_way_and_not_the_clock() {
        assert_eq!(named(&[-20, -25, 3]), "clock-good");
        assert_eq!(named(&[60, 61, 62]), "clock-off");
    }
}
