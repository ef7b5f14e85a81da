//! What holds whether one process keeps it in memory or several share it in Redis.

use std::time::Duration;

use phiomia_model::{AccountId, Event, Time};
use phiomia_store::live::{Lagged, Live, MAX_VALUE_BYTES, Subscription};
use tokio::time::{sleep, timeout};

const WINDOW: Duration = Duration::from_secs(300);
const LONG: Duration = Duration::from_secs(60);
/// 2026-11-25T07:09:50Z: ten seconds before a window ends.
const NOW: Time = Time(1_795_590_590_000_000);

/// Every function below runs on both.
macro_rules! on_both {
    ($($test:ident)*) => {
        mod in_memory {
            $(#[tokio::test]
            async fn $test() {
                super::$test(phiomia_store::live::Live::memory()).await;
            })*
        }
        mod in_redis {
            $(#[tokio::test]
            async fn $test() {
                let server = crate::live::server::RedisServer::start();
                super::$test(server.live().await).await;
            })*
        }
    };
}

on_both! {
    an_event_reaches_every_subscription_once
    a_subscription_hears_nothing_from_before_it
    a_slow_listener_learns_how_much_it_missed_and_stops_nobody
    the_request_after_the_last_allowed_one_is_over
    the_next_window_starts_at_zero
    buckets_and_people_are_counted_apart
    peeking_counts_nothing
    a_forgotten_person_starts_anew
    a_value_is_kept_replaced_and_taken_once
    of_many_who_take_one_value_one_gets_it
    of_many_who_add_one_key_the_first_wins
    a_value_ends_with_its_time
    an_oversized_value_is_refused
    it_is_healthy
}

pub fn event(account: i64) -> Event {
    Event::AccountTouched { account: AccountId(account) }
}

/// Waits ten seconds at most, so that a broken server fails a test instead of hanging it.
pub async fn next(subscription: &mut Subscription) -> Result<Event, Lagged> {
    let heard = timeout(Duration::from_secs(10), subscription.recv()).await.expect("nothing was heard for 10 s");
    heard.map(|event| Event::clone(&event))
}

/// Nothing comes for as long as an echo would need many times over.
pub async fn is_silent(subscription: &mut Subscription) -> bool {
    timeout(Duration::from_millis(200), subscription.recv()).await.is_err()
}

async fn an_event_reaches_every_subscription_once(live: Live) {
    let (mut first, mut second) = (live.subscribe(), live.clone().subscribe());
    live.publish(&event(1)).await;
    live.publish(&event(2)).await;
    for subscription in [&mut first, &mut second] {
        assert_eq!(next(subscription).await, Ok(event(1)));
        assert_eq!(next(subscription).await, Ok(event(2)));
        assert!(is_silent(subscription).await, "an event came twice");
    }
}

async fn a_subscription_hears_nothing_from_before_it(live: Live) {
    live.publish(&event(1)).await;
    let mut late = live.subscribe();
    assert!(is_silent(&mut late).await);
    live.publish(&event(2)).await;
    assert_eq!(next(&mut late).await, Ok(event(2)));
}

async fn a_slow_listener_learns_how_much_it_missed_and_stops_nobody(live: Live) {
    let (mut slow, mut quick) = (live.subscribe(), live.subscribe());
    for n in 0..5000 {
        live.publish(&event(n)).await;
        assert_eq!(next(&mut quick).await, Ok(event(n)));
    }
    let missed = next(&mut slow).await.unwrap_err().missed.unwrap();
    assert_eq!(missed, 5000 - 4096);
    assert_eq!(next(&mut slow).await, Ok(event(5000 - 4096)));
}

async fn the_request_after_the_last_allowed_one_is_over(live: Live) {
    let mut seen = Vec::new();
    for _ in 0..4 {
        let quota = live.hit("api_user", "1", 3, WINDOW, NOW).await;
        assert_eq!((quota.limit, quota.reset.to_iso_millis().as_str()), (3, "2026-11-25T07:10:00.000Z"));
        seen.push((quota.remaining, quota.is_over));
    }
    assert_eq!(seen, [(2, false), (1, false), (0, false), (0, true)]);
}

async fn the_next_window_starts_at_zero(live: Live) {
    for _ in 0..4 {
        live.hit("api_user", "1", 3, WINDOW, NOW).await;
    }
    let last_moment = Time(NOW.0 + 9_999_999);
    assert!(live.hit("api_user", "1", 3, WINDOW, last_moment).await.is_over);
    let quota = live.hit("api_user", "1", 3, WINDOW, Time(NOW.0 + 10_000_000)).await;
    assert_eq!((quota.remaining, quota.is_over), (2, false));
    assert_eq!(quota.reset.to_iso_millis(), "2026-11-25T07:15:00.000Z");
}

async fn buckets_and_people_are_counted_apart(live: Live) {
    assert!(!live.hit("login", "alice", 1, WINDOW, NOW).await.is_over);
    assert!(!live.hit("login", "bob", 1, WINDOW, NOW).await.is_over);
    assert!(!live.hit("reset", "alice", 1, WINDOW, NOW).await.is_over);
    assert!(live.hit("login", "alice", 1, WINDOW, NOW).await.is_over);
}

async fn peeking_counts_nothing(live: Live) {
    for _ in 0..3 {
        let quota = live.peek("login", "alice", 1, WINDOW, NOW).await;
        assert_eq!((quota.remaining, quota.is_over), (1, false));
    }
    live.hit("login", "alice", 1, WINDOW, NOW).await;
    let quota = live.peek("login", "alice", 1, WINDOW, NOW).await;
    assert_eq!((quota.remaining, quota.is_over), (0, true), "the next one would be over");
}

async fn a_forgotten_person_starts_anew(live: Live) {
    live.hit("login", "alice", 5, WINDOW, NOW).await;
    live.hit("login", "alice", 5, WINDOW, NOW).await;
    live.forget("login", "alice", WINDOW, NOW).await;
    assert_eq!(live.hit("login", "alice", 5, WINDOW, NOW).await.remaining, 4);
}

async fn a_value_is_kept_replaced_and_taken_once(live: Live) {
    assert_eq!(live.get("code").await.unwrap(), None);
    live.set("code", "one", LONG).await.unwrap();
    live.set("code", vec![0, 159, 255], LONG).await.unwrap();
    assert_eq!(live.get("code").await.unwrap().unwrap(), vec![0, 159, 255]);
    assert_eq!(live.take("code").await.unwrap().unwrap(), vec![0, 159, 255]);
    assert_eq!(live.take("code").await.unwrap(), None);
    assert_eq!(live.get("code").await.unwrap(), None);
}

async fn of_many_who_take_one_value_one_gets_it(live: Live) {
    live.set("code", "once", LONG).await.unwrap();
    let takers: Vec<_> = (0..50)
        .map(|_| {
            let live = live.clone();
            tokio::spawn(async move { live.take("code").await.unwrap() })
        })
        .collect();
    let mut n_taken = 0;
    for taker in takers {
        n_taken += usize::from(taker.await.unwrap().is_some());
    }
    assert_eq!(n_taken, 1);
}

async fn of_many_who_add_one_key_the_first_wins(live: Live) {
    assert!(live.add("seen", "first", LONG).await.unwrap());
    assert!(!live.add("seen", "second", LONG).await.unwrap());
    assert_eq!(live.get("seen").await.unwrap().unwrap(), "first");
}

async fn a_value_ends_with_its_time(live: Live) {
    let short = Duration::from_millis(250);
    live.set("set", "x", short).await.unwrap();
    assert!(live.add("added", "x", short).await.unwrap());
    live.set("stays", "x", LONG).await.unwrap();
    assert!(live.get("set").await.unwrap().is_some());
    sleep(short * 2).await;
    assert_eq!(live.get("set").await.unwrap(), None);
    assert_eq!(live.take("set").await.unwrap(), None);
    assert!(live.add("added", "y", LONG).await.unwrap(), "an ended key still blocks a new one");
    assert!(live.get("stays").await.unwrap().is_some());
}

async fn an_oversized_value_is_refused(live: Live) {
    assert!(live.set("big", vec![0; MAX_VALUE_BYTES], LONG).await.is_ok());
    assert!(live.set("big", vec![0; MAX_VALUE_BYTES + 1], LONG).await.is_err());
    assert!(live.add(&"k".repeat(1025), "x", LONG).await.is_err());
}

async fn it_is_healthy(live: Live) {
    live.health().await.unwrap();
}
