//! Redis, where it is used.

use std::time::{Duration, Instant};

use phiomia_api::doctor::{Finding, Subject};
use phiomia_store::live::Live;

use super::{
    Practice,
    known::{good, known},
};

known! {
    AWAY = Redis Fault "redis-away";
    SLOW = Redis Warning "redis-slow";
}

/// Every request that is counted waits for it.
const SLOW_ANSWER: Duration = Duration::from_millis(20);

/// Looks and judges.
pub(super) async fn examine(practice: &Practice) -> Vec<Finding> {
    let settings = match practice.config.redis_settings() {
        Ok(Some(settings)) => settings,
        Ok(None) => return vec![good(Subject::Redis, "Redis is not used: one process needs none")],
        Err(why) => return vec![away(&why)],
    };
    let answered = async {
        let live = Live::redis(settings).await?;
        // The first question is asked over a connection that is only being made.
        live.health().await?;
        let begun = Instant::now();
        live.health().await?;
        Ok::<_, phiomia_model::Fault>(begun.elapsed())
    };
    vec![match tokio::time::timeout(Duration::from_secs(10), answered).await {
        Ok(Ok(took)) => judge(took),
        Ok(Err(fault)) => away(&fault.chain()),
        Err(_) => away("it does not answer"),
    }]
}

fn away(why: &str) -> Finding {
    AWAY.cured(
        format!("Redis cannot be reached: {why}. Several processes do not hear of one another's events then"),
        "See redis.url, and whether it runs (`redis-cli ping`); a single process needs none: leave the setting out",
    )
}

fn judge(took: Duration) -> Finding {
    if took > SLOW_ANSWER {
        let what = format!("Redis takes {} ms to answer", took.as_millis());
        return SLOW.cured(what, "Run it on the same network as this server, and see whether it swaps");
    }
    good(Subject::Redis, format!("Redis answers within {} ms", took.as_millis().max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redis_that_is_far_away_is_named() {
        assert_eq!(judge(Duration::from_millis(2)).name, "redis-good");
        assert_eq!(judge(Duration::from_millis(80)).name, "redis-slow");
    }
}
