//! Posting.

use std::time::Duration;

use http::Method;
use insta::assert_json_snapshot;
use phiomia_testkit::on_both_engines;
use serde_json::json;

use crate::kit::House;

on_both_engines! {
    async fn a_language_is_kept_without_its_region_and_an_unknown_one_is_as_none(house: House) {
        let alice = house.person("alice").await;
        let change = json!({"source": {"language": "fr"}});
        alice.patch("/api/v1/accounts/update_credentials", change).await.ok();
        for (said, kept) in [("en-US", "en"), ("pt_BR", "pt"), ("zh-tw", "zh-TW"), ("C", "fr"), ("qq", "fr"), ("", "fr")] {
            let post = alice.post("/api/v1/statuses", json!({"status": "hi", "language": said})).await.ok().json();
            assert_eq!(post["language"], kept, "{said}");
        }
        let change = json!({"source": {"language": "qq"}});
        let me = alice.patch("/api/v1/accounts/update_credentials", change).await.ok().json();
        assert_eq!(me["source"]["language"], "fr");
    }

    async fn a_post_comes_back_whole(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        let text = "Hello @bob, see https://example.org #Cats";
        let mut post = alice.post("/api/v1/statuses", json!({"status": text, "language": "en"})).await.ok().json();
        assert_eq!(post["mentions"][0]["id"], bob.account.to_string());
        for path in ["/id", "/uri", "/url", "/mentions/0/id", "/account/id", "/account/uri"] {
            *post.pointer_mut(path).unwrap() = json!("VARIES");
        }
        assert_json_snapshot!("post", post);
    }

    async fn the_same_key_within_an_hour_gives_the_same_post(house: House) {
        let alice = house.person("alice").await;
        let post = async |text: &str| {
            let body = Some(json!({ "status": text }));
            alice.ask_with(Method::POST, "/api/v1/statuses", body, &[("Idempotency-Key", "k1")]).await.ok().id()
        };
        let first = post("once").await;
        assert_eq!(post("twice").await, first);
        house.wait(Duration::from_secs(3_700));
        assert_ne!(post("later").await, first);
    }

    async fn requests_with_one_key_that_come_at_the_same_moment_make_one_post(house: House) {
        let alice = house.person("alice").await;
        let sending = (0..8).map(|_| {
            let body = Some(json!({ "status": "once" }));
            alice.ask_with(Method::POST, "/api/v1/statuses", body, &[("Idempotency-Key", "k1")])
        });
        let given: Vec<String> = futures_util::future::join_all(sending).await.into_iter().map(|answer| answer.ok().id()).collect();
        assert!(given.iter().all(|id| *id == given[0]), "{given:?}");
        let me = alice.get("/api/v1/accounts/verify_credentials").await.ok().json();
        assert_eq!(me["statuses_count"], 1);
    }

    async fn what_cannot_be_posted_is_refused_with_the_reason(house: House) {
        let alice = house.person("alice").await;
        for (body, status, sentence) in [
            (json!({}), 422, "Validation failed: Text can't be blank"),
            (json!({"status": "x".repeat(501)}), 422, "Validation failed: Text character limit of 500 exceeded"),
            (json!({"status": "x", "visibility": "secret"}), 422, "Validation failed: Visibility is not included in the list"),
            (json!({"status": "x", "in_reply_to_id": "1"}), 404, "The post you are trying to reply to does not appear to exist."),
            (json!({"status": "x", "media_ids": ["1"]}), 422, "Validation failed: Media 1 not found or already attached to another post"),
            (json!({"status": "x", "scheduled_at": "soon"}), 422, "Invalid date supplied"),
            (json!({"status": "x", "quoted_status_id": "1"}), 404, "The post you are trying to quote does not appear to exist."),
        ] {
            let answer = alice.post("/api/v1/statuses", body.clone()).await;
            assert_eq!(answer.refusal(), (status, sentence.to_owned()), "{body}");
        }
    }

    async fn empty_lists_and_nulls_are_as_good_as_nothing(house: House) {
        let alice = house.person("alice").await;
        let body = json!({"status": "x", "media_ids": [], "poll": null, "in_reply_to_id": null, "scheduled_at": "", "visibility": ""});
        assert_eq!(alice.post("/api/v1/statuses", body).await.ok().json()["visibility"], "public");
    }
}
