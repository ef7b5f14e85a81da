//! What goes on beside the lanes: leases prolonged, figures shown, the daily work left for its lane.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use phiomia_model::{Job, Time, job::Lane};
use phiomia_store::{
    Db,
    db::{federation::hosts, jobs},
};
use tokio::time::MissedTickBehavior;

use super::{House, told};
use crate::config::Schedule;

/// How often the figures are counted.
const FIGURES: Duration = Duration::from_secs(15);
/// How often it is made sure that the daily work is waiting.
const LOOK: Duration = Duration::from_secs(3_600);
/// How often it is made sure that the next backup is planned.
const BACKUPS: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);
/// How often the clock is compared with what has passed.
const CLOCK: Duration = Duration::from_secs(1);
/// Less than this is a clock that is put right a little, and nobody's trouble.
const JUMP: Duration = Duration::from_secs(10);

/// Prolongs the leases of what is in hand.
pub(super) async fn heartbeat(house: Arc<House>) {
    let mut ticks = every(house.pace.heartbeat);
    loop {
        ticks.tick().await;
        let jobs = house.in_hand();
        if jobs.is_empty() {
            continue;
        }
        let (lease, name) = (house.pace.lease, house.crew.name.clone());
        if let Err(error) = house.db.write(move |tx| Ok(jobs::renew(tx, &jobs, lease, &name)?)).await {
            tracing::warn!("the leases of running jobs could not be prolonged: {}", told(&error));
        }
    }
}

/// Notices when the clock jumps, says so, and sees to it that nothing waits longer for that.
pub(super) async fn clock(house: Arc<House>) {
    let mut ticks = every(CLOCK);
    let mut last = (Instant::now(), house.db.clock().now());
    loop {
        ticks.tick().await;
        let now = (Instant::now(), house.db.clock().now());
        let passed = now.0.duration_since(last.0);
        match jump(last.1, now.1, passed) {
            Some(Jump::Ahead(by)) => tracing::warn!(
                "the clock of this machine jumped ahead by {} s: `phiomia doctor --only clock` says whether it is right",
                by.as_secs()
            ),
            Some(Jump::Back(by)) => {
                tracing::warn!(
                    "the clock of this machine went back by {} s: what waits is moved back, too; `phiomia doctor --only clock` says \
                     whether the clock is right",
                    by.as_secs()
                );
                let moving = house.db.write(move |tx| {
                    hosts::clock_went_back(tx, by)?;
                    Ok(jobs::clock_went_back(tx, by)?)
                });
                if let Err(error) = moving.await {
                    tracing::warn!("what waits stays where it was: {}", told(&error));
                    // Once more.
                    continue;
                }
            }
            None => {}
        }
        last = now;
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Jump {
    Ahead(Duration),
    Back(Duration),
}

/// How far the clock is from where it should be when so much has passed.
fn jump(before: Time, now: Time, passed: Duration) -> Option<Jump> {
    let due = before.plus(passed);
    let (ahead, back) = (now.since(due), due.since(now));
    if ahead > JUMP {
        Some(Jump::Ahead(ahead))
    } else if back > JUMP {
        Some(Jump::Back(back))
    } else {
        None
    }
}

/// Shows how many jobs wait, run and are set aside in each lane.
pub(super) async fn gauges(house: Arc<House>) {
    metrics::describe_gauge!("phiomia_jobs", "Jobs in the table, by lane and state");
    metrics::describe_counter!("phiomia_jobs_run_total", "Jobs run, by lane, kind and outcome");
    let mut ticks = every(FIGURES);
    loop {
        ticks.tick().await;
        let counts = match house.db.read(|q| Ok(jobs::counts(q)?)).await {
            Ok(counts) => counts,
            Err(error) => {
                tracing::debug!("jobs cannot be counted just now: {}", told(&error));
                continue;
            }
        };
        for ((lane, state), n) in by_state(&counts) {
            // A gauge is a float; the largest table we could have is far below where that loses ones.
            let n = u32::try_from(n).unwrap_or(u32::MAX);
            metrics::gauge!("phiomia_jobs", "lane" => lane, "state" => state).set(f64::from(n));
        }
    }
}

/// Leaves the daily work in its lane: at once when the server starts and none is waiting, then a day later.
pub(super) async fn daily(house: Arc<House>) {
    let mut ticks = every(LOOK);
    let mut wait = Duration::ZERO;
    loop {
        ticks.tick().await;
        match leave_tidy(&house.db, wait).await {
            Ok(()) => wait = DAY,
            Err(error) => tracing::debug!("the daily work cannot be left just now: {}", told(&error)),
        }
    }
}

/// Has the next backup wait for its time, also when that is another than before.
pub(super) async fn backups(house: Arc<House>, schedule: Schedule) {
    let mut ticks = every(BACKUPS);
    loop {
        ticks.tick().await;
        let next = schedule.after(house.db.clock().now());
        if let Err(error) = house.db.write(move |tx| Ok(jobs::plan(tx, &Job::BackUp, next)?)).await {
            tracing::debug!("the next backup cannot be planned just now: {}", told(&error));
        }
    }
}

async fn leave_tidy(db: &Db, wait: Duration) -> Result<(), phiomia_model::Error> {
    if db.read(|q| Ok(jobs::is_waiting(q, Job::Tidy.kind())?)).await? {
        return Ok(());
    }
    db.write(move |tx| Ok(tx.enqueue_at(&Job::Tidy, tx.now().plus(wait))?)).await
}

/// Every lane and state, also those without a job: a gauge that is not set again would show an old number for ever.
fn by_state(counts: &[jobs::Count]) -> HashMap<(&'static str, &'static str), i64> {
    let mut all = HashMap::new();
    for lane in Lane::ALL.map(Lane::word) {
        let of_lane = || counts.iter().filter(|count| count.lane == lane);
        let n_all: i64 = of_lane().map(|count| count.n_all).sum();
        let n_leased: i64 = of_lane().map(|count| count.n_leased).sum();
        let n_parked: i64 = of_lane().map(|count| count.n_parked).sum();
        all.insert((lane, "running"), n_leased);
        all.insert((lane, "parked"), n_parked);
        all.insert((lane, "waiting"), n_all - n_leased - n_parked);
    }
    all
}

fn every(period: Duration) -> tokio::time::Interval {
    let mut ticks = tokio::time::interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

#[cfg(test)]
mod tests {
    use super::*;
    use phiomia_model::Time;

    #[test]
    fn a_clock_that_jumps_is_noticed_and_one_that_is_slow_is_not() {
        let (second, at) = (Duration::from_secs(1), |s: i64| Time::from_millis(s * 1_000));
        assert_eq!(jump(at(1_000), at(1_001), second), None);
        assert_eq!(jump(at(1_000), at(1_009), second), None);
        assert_eq!(jump(at(1_000), at(8_201), second), Some(Jump::Ahead(Duration::from_secs(7_200))));
        assert_eq!(jump(at(8_000), at(801), second), Some(Jump::Back(Duration::from_secs(7_200))));
    }

    #[test]
    fn lanes_without_jobs_show_zeros() {
        let count = |kind: &str, n_all, n_leased, n_parked| jobs::Count {
            lane: "feeds".to_owned(),
            kind: kind.to_owned(),
            n_all,
            n_leased,
            n_parked,
            first_due: Time(0),
        };
        let all = by_state(&[count("fan_out", 7, 2, 1), count("rebuild_home", 1, 0, 0)]);
        let of = |lane, state| all.get(&(lane, state)).copied();
        assert_eq!(
            (of("feeds", "waiting"), of("feeds", "running"), of("feeds", "parked")),
            (Some(5), Some(2), Some(1))
        );
        assert_eq!(of("upkeep", "waiting"), Some(0));
    }
}
