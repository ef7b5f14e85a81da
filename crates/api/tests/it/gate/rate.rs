//! How often is too often.

use std::time::Duration;

use http::StatusCode;
use phiomia_testkit::on_both_engines;

use crate::kit::House;

on_both_engines! {
    async fn a_stranger_has_300_requests_in_five_minutes(house: House) {
        let first = house.get("/api/v1/timelines/public").await.ok();
        assert_eq!(first.header("x-ratelimit-limit"), "300");
        assert_eq!(first.header("x-ratelimit-remaining"), "299");
        assert_eq!(first.header("x-ratelimit-reset"), "2026-11-25T12:05:00.000000Z");
        for _ in 1..300 {
            house.get("/api/v1/custom_emojis").await.ok();
        }
        let refused = house.get("/api/v1/timelines/public").await;
        assert_eq!(refused.refusal(), (429, "Too many requests".to_owned()));
        assert_eq!(refused.header("retry-after"), "300");
        house.wait(Duration::from_secs(300));
        house.get("/api/v1/timelines/public").await.ok();
    }

    async fn the_bucket_with_the_least_left_is_told(house: House) {
        let alice = house.person("alice").await;
        let post = alice.says("hello", "public").await;
        let deleted = alice.delete(&format!("/api/v1/statuses/{post}")).await.ok();
        assert_eq!(deleted.header("x-ratelimit-limit"), "30");
        assert_eq!(deleted.header("x-ratelimit-remaining"), "29");
    }

    async fn a_trailing_slash_or_format_is_no_way_around(house: House) {
        let alice = house.person("alice").await;
        for (n, path) in ["/api/v1/statuses/1", "/api/v1/statuses/1/", "/api/v1/statuses/1.json"].iter().enumerate() {
            let answer = alice.delete(path).await;
            assert_eq!(answer.header("x-ratelimit-remaining"), (29 - n).to_string(), "{path}");
        }
    }

    async fn the_owner_may_switch_limits_off(house: House) {
        house.switch_off_rate_limits().await;
        let answer = house.get("/api/v1/timelines/public").await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.header("x-ratelimit-limit"), "");
    }
}
