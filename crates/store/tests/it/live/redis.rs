//! Several processes around one Redis: what they share, and what happens when it goes away.

use std::time::{Duration, Instant};

use futures_util::FutureExt;
use phiomia_model::Time;
use phiomia_store::live::{Lagged, Live, RedisSettings};
use tokio::time::{sleep, timeout};

use super::{
    both::{event, is_silent, next},
    server::RedisServer,
};

const WINDOW: Duration = Duration::from_secs(300);
const LONG: Duration = Duration::from_secs(60);
const NOW: Time = Time(1_795_590_590_000_000);
const GAP: Lagged = Lagged { missed: None };

async fn named(url: String, namespace: &str) -> Live {
    let namespace = Some(namespace.to_owned());
    Live::redis(RedisSettings { url, namespace, ca_pem: None }).await.unwrap()
}

#[tokio::test]
async fn two_processes_hear_each_other_and_themselves_once() {
    let server = RedisServer::start();
    let (here, there) = (server.live().await, server.live().await);
    let (mut ear_here, mut ear_there) = (here.subscribe(), there.subscribe());
    here.publish(&event(1)).await;
    assert_eq!(next(&mut ear_here).await, Ok(event(1)));
    assert_eq!(next(&mut ear_there).await, Ok(event(1)));
    there.publish(&event(2)).await;
    assert_eq!(next(&mut ear_here).await, Ok(event(2)));
    assert_eq!(next(&mut ear_there).await, Ok(event(2)));
    assert!(is_silent(&mut ear_here).await && is_silent(&mut ear_there).await);
}

#[tokio::test]
async fn two_processes_share_limits_and_keys() {
    let server = RedisServer::start();
    let (here, there) = (server.live().await, server.live().await);
    for live in [&here, &there, &here] {
        assert!(!live.hit("login", "alice", 3, WINDOW, NOW).await.is_over);
    }
    assert!(there.hit("login", "alice", 3, WINDOW, NOW).await.is_over);
    there.forget("login", "alice", WINDOW, NOW).await;
    assert_eq!(here.peek("login", "alice", 3, WINDOW, NOW).await.remaining, 3);
    here.set("code", "x", LONG).await.unwrap();
    assert_eq!(there.take("code").await.unwrap().unwrap(), "x");
    assert_eq!(here.get("code").await.unwrap(), None);
}

#[tokio::test]
async fn two_servers_on_one_redis_stay_apart() {
    let server = RedisServer::start();
    let lives = [
        named(server.url(), "").await,
        named(server.url(), "other").await,
        // Databases separate keys but not channels.
        named(format!("{}/1", server.url()), "").await,
    ];
    let mut ears: Vec<_> = lives.iter().map(Live::subscribe).collect();
    for (n, live) in (1..).zip(&lives) {
        live.publish(&event(n)).await;
        assert!(live.add("key", "x", LONG).await.unwrap());
        assert!(!live.hit("login", "alice", 1, WINDOW, NOW).await.is_over);
    }
    for (n, ear) in (1..).zip(&mut ears) {
        assert_eq!(next(ear).await, Ok(event(n)));
        assert!(is_silent(ear).await, "an event of another server came");
    }
}

#[tokio::test]
async fn every_name_of_ours_ends_by_itself_and_leaves_mastodons_alone() {
    let server = RedisServer::start();
    let live = named(server.url(), "cats").await;
    live.set("code", "x", LONG).await.unwrap();
    live.add("seen", "x", LONG).await.unwrap();
    live.hit("login", "alice", 1, WINDOW, NOW).await;
    let mut direct = redis::Client::open(server.url()).unwrap().get_multiplexed_async_connection().await.unwrap();
    let keys: Vec<String> = redis::cmd("KEYS").arg("*").query_async(&mut direct).await.unwrap();
    assert_eq!(keys.len(), 3);
    for key in keys {
        assert!(key.starts_with("cats:phiomia:"), "{key}");
        let ttl_ms: i64 = redis::cmd("PTTL").arg(&key).query_async(&mut direct).await.unwrap();
        assert!((1..=60_000).contains(&ttl_ms), "{key} lives for {ttl_ms} ms");
    }
}

#[tokio::test]
async fn events_go_on_here_while_redis_is_away_and_everywhere_when_it_is_back() {
    let mut server = RedisServer::start();
    let (here, there) = (server.live().await, server.live().await);
    let (mut ear_here, mut ear_there) = (here.subscribe(), there.subscribe());
    server.kill();
    here.publish(&event(1)).await;
    assert_eq!(next(&mut ear_here).await, Ok(event(1)));
    assert!(is_silent(&mut ear_there).await);
    server.restart();
    assert_eq!(next(&mut ear_here).await, Err(GAP), "after a loss a listener must read anew");
    assert_eq!(next(&mut ear_there).await, Err(GAP));
    // A second gap may come: the one process owes the other an event.
    here.publish(&event(2)).await;
    there.publish(&event(3)).await;
    let mut heard = Vec::new();
    for ear in [&mut ear_here, &mut ear_there] {
        while !(heard.contains(&event(2)) && heard.contains(&event(3))) {
            heard.extend(next(ear).await);
        }
        heard.clear();
    }
}

#[tokio::test]
async fn while_redis_is_away_nobody_waits_and_limits_hold() {
    let mut server = RedisServer::start();
    let live = server.live().await;
    live.hit("login", "alice", 3, WINDOW, NOW).await;
    live.set("code", "x", LONG).await.unwrap();
    server.kill();
    let since = Instant::now();
    assert_eq!(live.hit("login", "alice", 3, WINDOW, NOW).await.remaining, 1, "the count goes on");
    live.hit("login", "alice", 3, WINDOW, NOW).await;
    assert!(live.hit("login", "alice", 3, WINDOW, NOW).await.is_over);
    assert!(live.peek("login", "alice", 3, WINDOW, NOW).await.is_over);
    assert!(live.get("code").await.unwrap_err().is_transient());
    assert!(live.add("seen", "x", LONG).await.unwrap_err().is_transient());
    assert!(live.health().await.unwrap_err().is_transient());
    assert!(since.elapsed() < Duration::from_secs(2), "somebody waited for {:?}", since.elapsed());
    server.restart();
    let healthy = async {
        while live.health().await.is_err() {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(Duration::from_secs(10), healthy).await.unwrap();
    assert!(live.add("seen", "x", LONG).await.unwrap());
}

#[tokio::test]
async fn a_frozen_redis_holds_nobody_up_for_long() {
    let server = RedisServer::start();
    let live = server.live().await;
    let mut ear = live.subscribe();
    let mut direct = redis::Client::open(server.url()).unwrap().get_multiplexed_async_connection().await.unwrap();
    redis::cmd("CLIENT").arg("PAUSE").arg(4000).arg("ALL").exec_async(&mut direct).await.unwrap();
    let since = Instant::now();
    for _ in 0..3 {
        live.publish(&event(1)).await;
        live.hit("login", "alice", 3, WINDOW, NOW).await;
    }
    assert!(since.elapsed() < Duration::from_secs(2), "six calls took {:?}", since.elapsed());
    for _ in 0..3 {
        assert_eq!(next(&mut ear).await, Ok(event(1)));
    }
    assert_eq!(next(&mut ear).await, Err(GAP));
    live.health().await.unwrap();
}

#[tokio::test]
async fn an_event_given_up_half_way_makes_the_others_read_anew() {
    let server = RedisServer::start();
    let (here, there) = (server.live().await, server.live().await);
    let mut ear_there = there.subscribe();
    // Whoever asked hung up: the future is dropped where it first waits.
    assert!(here.publish(&event(1)).now_or_never().is_none());
    let mut heard = next(&mut ear_there).await;
    if heard == Ok(event(1)) {
        heard = next(&mut ear_there).await;
    }
    assert_eq!(heard, Err(GAP));
}

#[tokio::test]
async fn an_event_that_only_a_newer_version_knows_makes_us_read_anew() {
    let server = RedisServer::start();
    let live = server.live().await;
    let mut ear = live.subscribe();
    let mut direct = redis::Client::open(server.url()).unwrap().get_multiplexed_async_connection().await.unwrap();
    let message = r#"{"from":"newer","event":{"event":"moon_landed","crater":7}}"#;
    let n_ears: i64 =
        redis::cmd("PUBLISH").arg("phiomia:events:0").arg(message).query_async(&mut direct).await.unwrap();
    assert_eq!(n_ears, 1);
    assert_eq!(next(&mut ear).await, Err(GAP));
}

#[tokio::test]
async fn a_start_without_redis_says_where_it_looked_and_hides_the_password() {
    let mut server = RedisServer::start();
    server.kill();
    let url = server.url().replace("//", "//:hunter2@");
    let settings = RedisSettings { url, ..RedisSettings::default() };
    assert!(!format!("{settings:?}").contains("hunter2"));
    let fault = Live::redis(settings).await.unwrap_err();
    assert!(fault.chain().starts_with("connecting to Redis at 127.0.0.1:"), "{}", fault.chain());
    assert!(!format!("{fault:?}").contains("hunter2"));
    assert!(Live::redis(RedisSettings::default()).await.is_err(), "an empty address is no address");
}

#[tokio::test]
async fn over_tls_the_servers_certificate_must_be_trusted() {
    let (server, authority) = RedisServer::start_with_tls();
    let (mut here, mut there) = (None, None);
    for live in [&mut here, &mut there] {
        let settings = RedisSettings { url: server.tls_url(), namespace: None, ca_pem: Some(authority.clone()) };
        *live = Some(Live::redis(settings).await.unwrap());
    }
    let (here, there) = (here.unwrap(), there.unwrap());
    let mut ear = there.subscribe();
    here.publish(&event(1)).await;
    assert_eq!(next(&mut ear).await, Ok(event(1)));
    let untrusted = RedisSettings { url: server.tls_url(), ..RedisSettings::default() };
    assert!(Live::redis(untrusted).await.is_err());
}
