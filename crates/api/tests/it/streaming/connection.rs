//! How a WebSocket begins and ends.

use std::time::Duration;

use futures_util::SinkExt as _;
use http::StatusCode;
use phiomia_api::streaming::Pace;
use phiomia_social::users::{What, revoke};
use phiomia_store::db::inspect;
use phiomia_testkit::{Engine, on_both_engines};
use serde_json::json;
use tokio::time::{Instant, sleep, timeout};
use tokio_tungstenite::tungstenite::Message;

use super::station::Station;

/// A station where everything happens soon.
struct Hasty(Station);

impl Hasty {
    async fn open(engine: Engine) -> Hasty {
        let soon = Duration::from_millis(200);
        Hasty(Station::with_pace(engine, Pace { ping_every: soon, thump_every: soon, check_every: soon }).await)
    }
}

on_both_engines! {
    async fn the_token_comes_by_query_header_or_protocol(station: Station) {
        let bob = station.person("bob").await;
        let mut radios = [
            station.dial("?stream=user&access_token=bob", &[]).await.unwrap(),
            station.dial("/?stream=user", &[("authorization", "Bearer bob")]).await.unwrap(),
            station.dial("?stream=user", &[("sec-websocket-protocol", "bob")]).await.unwrap(),
        ];
        assert_eq!(radios[2].headers["sec-websocket-protocol"], "bob");
        assert_eq!(radios[0].headers.get("sec-websocket-protocol"), None);
        for radio in &mut radios {
            radio.settle().await;
        }
        station.says(bob, "hello").await;
        for radio in &mut radios {
            assert_eq!(radio.events(1).await, ["user update hello"]);
        }
    }

    async fn a_token_that_is_none_is_refused_at_the_door(station: Station) {
        let bob = station.person("bob").await;
        let refused = (StatusCode::UNAUTHORIZED, json!({"error": "Invalid access token"}));
        assert_eq!(station.dial("?stream=public&access_token=guess", &[]).await.err(), Some(refused.clone()));
        assert_eq!(station.dial("", &[("sec-websocket-protocol", "guess")]).await.err(), Some(refused.clone()));
        station.does(move |tx| Ok(phiomia_store::db::users::set_disabled(tx, bob, Some(tx.now()))?)).await;
        assert_eq!(station.dial("?access_token=bob", &[]).await.err(), Some(refused));
    }

    async fn a_revoked_token_ends_its_streams_within_a_second_and_no_others(station: Station) {
        let bob = station.person("bob").await;
        let phone = station.token("phone", bob, "read").await;
        let (mut lost, mut kept) = (station.tune("phone", &["user"]).await, station.tune("bob", &["user"]).await);
        let mut lost_source = station.listen("user", "phone").await;
        lost_source.hears(":)").await;
        let started = Instant::now();
        station.does(move |tx| Ok(revoke(tx, What::Token(phone))?)).await;
        assert_eq!(lost.end().await, Some(None));
        lost_source.ends().await;
        assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
        station.says(bob, "still here").await;
        assert_eq!(kept.events(1).await, ["user update still here"]);
    }

    async fn a_token_that_vanished_unheard_is_found_when_all_are_looked_at(hasty: Hasty) {
        let station = hasty.0;
        let bob = station.person("bob").await;
        let phone = station.token("phone", bob, "read").await;
        let mut radio = station.tune("phone", &["user"]).await;
        let settings = station.database.settings.clone();
        let sql = format!("delete from tokens where id = {phone}");
        tokio::task::spawn_blocking(move || inspect::run(&settings, &sql)).await.unwrap().unwrap();
        assert_eq!(radio.end().await, Some(None));
    }

    async fn a_token_that_vanished_unheard_gets_no_further_event(station: Station) {
        let bob = station.person("bob").await;
        let phone = station.token("phone", bob, "read").await;
        let mut radio = station.tune("phone", &["user"]).await;
        // Until its look at the door is no longer fresh.
        sleep(Duration::from_millis(1_100)).await;
        let settings = station.database.settings.clone();
        let sql = format!("delete from tokens where id = {phone}");
        tokio::task::spawn_blocking(move || inspect::run(&settings, &sql)).await.unwrap().unwrap();
        station.says(bob, "secret").await;
        assert_eq!(radio.end().await, Some(None));
    }

    async fn who_answers_pings_stays_and_who_does_not_is_closed(hasty: Hasty) {
        let station = hasty.0;
        let bob = station.person("bob").await;
        let (mut awake, asleep) = (station.tune("bob", &["user"]).await, station.tune("bob", &["user"]).await);
        let listening = async {
            // A client answers pings while it listens.
            awake.hears_nothing().await;
            awake.hears_nothing().await;
            awake.hears_nothing().await;
            while station.api.hub().n_open() > 1 {
                awake.hears_nothing().await;
            }
        };
        timeout(Duration::from_secs(10), listening).await.expect("the sleeper is never closed");
        station.says(bob, "hello").await;
        assert_eq!(awake.events(1).await, ["user update hello"]);
        drop(asleep);
    }

    async fn a_stop_says_that_it_goes_away_and_lets_nobody_in(station: Station) {
        station.person("bob").await;
        let mut radio = station.tune("bob", &["user"]).await;
        let mut source = station.listen("public", "").await;
        source.hears(":)").await;
        station.api.hub().close_all();
        assert_eq!(radio.end_code().await, 1001);
        source.ends().await;
        let refused = station.dial("", &[]).await.err().unwrap();
        assert_eq!(refused.0, StatusCode::SERVICE_UNAVAILABLE);
    }

    async fn a_message_beyond_any_use_ends_the_line(station: Station) {
        let mut radio = station.dial("", &[]).await.unwrap();
        radio.socket.send(Message::text(" ".repeat(5_000))).await.unwrap();
        assert_eq!(radio.end_code().await, 1009);
    }

    async fn a_closed_line_leaves_nothing_behind(station: Station) {
        station.person("bob").await;
        let radio = station.tune("bob", &["user", "public"]).await;
        let source = station.listen("user", "bob").await;
        drop((radio, source));
        let gone = async {
            while station.api.hub().n_open() > 0 {
                sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(Duration::from_secs(10), gone).await.expect("somebody is still counted");
    }

    async fn an_account_has_at_most_a_hundred_lines(station: Station) {
        station.person("bob").await;
        let mut open = Vec::new();
        for _ in 0..100 {
            open.push(station.dial("?access_token=bob", &[]).await.unwrap());
        }
        let refused = station.dial("?access_token=bob", &[]).await.err().unwrap();
        assert_eq!(refused, (StatusCode::TOO_MANY_REQUESTS, json!({"error": "Too many requests"})));
    }
}
