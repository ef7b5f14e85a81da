//! What clients say on an open WebSocket.

use phiomia_testkit::on_both_engines;
use serde_json::json;

use super::station::Station;

on_both_engines! {
    async fn what_one_unsubscribes_from_is_silent_at_once(station: Station) {
        let bob = station.person("bob").await;
        let mut radio = station.tune("bob", &["user", "public", "public:local"]).await;
        radio.say(json!({"type": "subscribe", "stream": "hashtag", "tag": "cats"})).await;
        for stream in ["user", "public", "public:local"] {
            radio.say(json!({"type": "unsubscribe", "stream": stream})).await;
        }
        radio.settle().await;
        station.says(bob, "one #cats").await;
        let (stream, _, _) = radio.event().await;
        assert_eq!(stream, ["hashtag", "cats"]);
        radio.say(json!({"type": "unsubscribe", "stream": "hashtag", "tag": "CATS"})).await;
        radio.settle().await;
        station.says(bob, "two #cats").await;
        radio.hears_nothing().await;
    }

    async fn subscribing_twice_tells_once(station: Station) {
        let bob = station.person("bob").await;
        let mut radio = station.tune("bob", &["user", "user"]).await;
        station.says(bob, "hello").await;
        radio.event().await;
        radio.hears_nothing().await;
    }

    async fn a_wish_that_does_not_hold_is_told_and_the_line_stays_open(station: Station) {
        let bob = station.person("bob").await;
        let mut radio = station.dial("?access_token=bob&stream=nonsense", &[]).await.unwrap();
        assert_eq!(radio.hear().await, json!({"error": "Unknown stream type", "status": 400}));
        for (wish, error, status) in [
            (json!({"type": "subscribe", "stream": "hashtag"}), "Missing tag name parameter", 400),
            (json!({"type": "subscribe", "stream": "list"}), "Missing list name parameter", 400),
            (json!({"type": "subscribe", "stream": "list", "list": "1"}), "Not authorized to stream this list", 401),
        ] {
            radio.say(wish).await;
            assert_eq!(radio.hear().await, json!({"error": error, "status": status}));
        }
        radio.say(json!({"type": "subscribe", "stream": "user"})).await;
        radio.settle().await;
        station.says(bob, "still here").await;
        assert_eq!(radio.events(1).await, ["user update still here"]);
    }

    async fn without_a_token_public_streams_are_open_and_personal_ones_are_not(station: Station) {
        let bob = station.person("bob").await;
        let mut radio = station.dial("?stream=public", &[]).await.unwrap();
        radio.say(json!({"type": "subscribe", "stream": "user"})).await;
        assert_eq!(radio.hear().await, json!({"error": "Missing access token", "status": 401}));
        station.says(bob, "hello").await;
        assert_eq!(radio.events(1).await, ["public update hello"]);
    }

    async fn a_hundred_streams_are_enough_for_one_socket(station: Station) {
        let mut radio = station.dial("?stream=public", &[]).await.unwrap();
        for n in 0..100 {
            radio.say(json!({"type": "subscribe", "stream": "hashtag", "tag": format!("tag{n}")})).await;
        }
        assert_eq!(radio.hear().await, json!({"error": "Too many subscriptions", "status": 422}));
    }
}
