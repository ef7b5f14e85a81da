//! Posts that wait for their time.

use std::time::Duration;

use http::Method;
use insta::assert_json_snapshot;
use phiomia_testkit::on_both_engines;
use serde_json::{Value, json};

use crate::kit::{House, Person};

const PATH: &str = "/api/v1/scheduled_statuses";
const TOO_SOON: &str = "Validation failed: Scheduled at The scheduled date must be in the future";

/// Keeps a post until a time; its id.
async fn waits(who: &Person, text: &str, at: &str) -> String {
    who.posts(json!({"status": text, "scheduled_at": at})).await
}

async fn posted(who: &Person) -> Vec<Value> {
    who.get(&format!("/api/v1/accounts/{}/statuses", who.account)).await.ok().each("content")
}

on_both_engines! {
    async fn a_post_waits_and_is_posted_once_at_its_time(house: House) {
        let alice = house.person("alice").await;
        let body = json!({
            "status": "later", "scheduled_at": "2026-11-25T13:10:00+01:00", "visibility": "unlisted", "spoiler_text": "cw",
            "sensitive": true, "language": "de", "poll": {"options": ["yes", "no"], "expires_in": 600, "multiple": true},
        });
        let mut shown = alice.post("/api/v1/statuses", body).await.ok().json();
        let path = format!("{PATH}/{}", shown["id"].as_str().unwrap());
        assert_eq!(alice.get(&path).await.ok().json(), shown);
        assert_eq!(alice.get(PATH).await.ok().json(), json!([shown]));
        shown["id"] = json!("VARIES");
        shown["params"]["application_id"] = json!("VARIES");
        assert_json_snapshot!("waiting", shown);
        house.wait(Duration::from_secs(599));
        house.work().await;
        assert_eq!(posted(&alice).await, [Value::Null; 0]);
        house.wait(Duration::from_secs(1));
        house.work().await;
        let list = alice.get(&format!("/api/v1/accounts/{}/statuses", alice.account)).await.ok().json();
        let post = &list[0];
        assert_eq!((&post["content"], &post["visibility"], &post["language"]), (&json!("<p>later</p>"), &json!("unlisted"), &json!("de")));
        assert_eq!((&post["spoiler_text"], &post["application"]["name"]), (&json!("cw"), &json!("Trunk")));
        // The poll runs from the moment of the post.
        assert_eq!(post["poll"]["expires_at"], "2026-11-25T12:20:00.000Z");
        assert_eq!(alice.get(&path).await.refusal(), (404, "Record not found".to_owned()));
        assert_eq!(alice.get(PATH).await.ok().json(), json!([]));
    }

    async fn a_job_that_runs_again_posts_nothing_again(house: House) {
        let alice = house.person("alice").await;
        let id = waits(&alice, "once", "2026-11-25T12:10:00Z").await.parse().unwrap();
        house.wait(Duration::from_secs(600));
        house.work().await;
        let social = house.api.social();
        house.api.db.write(move |tx| phiomia_social::scheduled::publish(tx, &social, id)).await.unwrap();
        assert_eq!(posted(&alice).await, [json!("<p>once</p>")]);
    }

    async fn the_time_has_to_be_five_minutes_ahead_and_the_past_is_now(house: House) {
        let alice = house.person("alice").await;
        let body = json!({"status": "x", "scheduled_at": "2026-11-25T12:05:00Z"});
        assert_eq!(alice.post("/api/v1/statuses", body).await.refusal(), (422, TOO_SOON.to_owned()));
        waits(&alice, "x", "2026-11-25T12:05:01Z").await;
        let now = alice.post("/api/v1/statuses", json!({"status": "now", "scheduled_at": "2026-11-25T11:59:00Z"})).await;
        assert_eq!(now.ok().json()["content"], "<p>now</p>");
        let body = json!({"status": "x", "scheduled_at": "tomorrow"});
        assert_eq!(alice.post("/api/v1/statuses", body).await.refusal(), (422, "Invalid date supplied".to_owned()));
    }

    async fn what_could_not_be_posted_now_is_refused_now(house: House) {
        let alice = house.person("alice").await;
        let at = "2026-11-26";
        for (body, status) in [
            (json!({"scheduled_at": at}), 422),
            (json!({"status": "x".repeat(501), "scheduled_at": at}), 422),
            (json!({"status": "x", "poll": {"options": ["a"], "expires_in": 600}, "scheduled_at": at}), 422),
            (json!({"status": "x", "in_reply_to_id": "1", "scheduled_at": at}), 404),
        ] {
            assert_eq!(alice.post("/api/v1/statuses", body.clone()).await.refusal().0, status, "{body}");
        }
        assert_eq!(alice.get(PATH).await.ok().json(), json!([]));
    }

    async fn a_day_takes_25_and_a_list_300(house: House) {
        house.switch_off_rate_limits().await;
        let alice = house.person("alice").await;
        let at = |n: i32| format!("2026-12-{:02}T12:00:00Z", n + 1);
        for n in 0..300 {
            waits(&alice, "x", &at(n / 25)).await;
            if n == 24 {
                let body = json!({"status": "x", "scheduled_at": "2026-12-01T23:59:59Z"});
                let sentence = "Validation failed: You have exceeded the limit of 25 scheduled posts for today".to_owned();
                assert_eq!(alice.post("/api/v1/statuses", body).await.refusal(), (422, sentence));
            }
        }
        let body = json!({"status": "x", "scheduled_at": at(20)});
        let sentence = "Validation failed: You have exceeded the limit of 300 scheduled posts".to_owned();
        assert_eq!(alice.post("/api/v1/statuses", body).await.refusal(), (422, sentence));
        let page = alice.get(&format!("{PATH}?limit=50")).await.ok();
        assert_eq!(page.ids().len(), 40);
        assert!(page.header("link").contains(&format!("max_id={}", page.ids()[39])));
        // One that waits already may move, also within its own full day.
        let path = format!("{PATH}/{}", page.ids()[0]);
        alice.put(&path, json!({"scheduled_at": "2026-12-12T15:00:00Z"})).await.ok();
    }

    async fn a_waiting_post_is_moved_and_cancelled_by_its_author_alone(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        let (first, second) = (waits(&alice, "first", "2026-11-25T12:10:00Z").await, waits(&alice, "second", "2026-11-25T12:10:00Z").await);
        let path = format!("{PATH}/{first}");
        let nothing = (404, "Record not found".to_owned());
        let later = json!({"scheduled_at": "2026-11-25T12:20:00Z"});
        assert_eq!(bob.get(&path).await.refusal(), nothing);
        assert_eq!(bob.put(&path, later.clone()).await.refusal(), nothing);
        assert_eq!(bob.delete(&path).await.refusal(), nothing);
        assert_eq!(bob.get(PATH).await.ok().json(), json!([]));
        let soon = alice.put(&path, json!({"scheduled_at": "2026-11-25T12:01:00Z"})).await;
        assert_eq!(soon.refusal(), (422, TOO_SOON.to_owned()));
        assert_eq!(alice.put(&path, later).await.ok().json()["scheduled_at"], "2026-11-25T12:20:00.000Z");
        assert_eq!(alice.put(&path, json!({})).await.ok().json()["scheduled_at"], "2026-11-25T12:20:00.000Z");
        assert_eq!(alice.delete(&format!("{PATH}/{second}")).await.ok().json(), json!({}));
        house.wait(Duration::from_secs(600));
        house.work().await;
        assert_eq!(posted(&alice).await, [Value::Null; 0]);
        house.wait(Duration::from_secs(600));
        house.work().await;
        assert_eq!(posted(&alice).await, [json!("<p>first</p>")]);
    }

    async fn the_same_key_gives_the_same_waiting_post_and_then_its_post(house: House) {
        let alice = house.person("alice").await;
        let send = async || {
            let body = Some(json!({"status": "once", "scheduled_at": "2026-11-25T12:10:00Z"}));
            alice.ask_with(Method::POST, "/api/v1/statuses", body, &[("Idempotency-Key", "k1")]).await.ok().json()
        };
        let first = send().await;
        assert_eq!(send().await, first);
        assert_eq!(alice.get(PATH).await.ok().ids().len(), 1);
        house.wait(Duration::from_secs(600));
        house.work().await;
        assert_eq!(send().await["content"], "<p>once</p>");
        assert_eq!(posted(&alice).await.len(), 1);
    }

    async fn what_can_no_longer_be_posted_is_dropped(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        let root = bob.says("root", "public").await;
        alice.posts(json!({"status": "@bob ah", "in_reply_to_id": root, "scheduled_at": "2026-11-25T12:10:00Z"})).await;
        waits(&bob, "from nobody", "2026-11-25T12:10:00Z").await;
        bob.delete(&format!("/api/v1/statuses/{root}")).await.ok();
        let gone = bob.account;
        house.api.db.write(move |tx| Ok(phiomia_store::db::users::set_suspended(tx, gone, Some(tx.now()))?)).await.unwrap();
        house.wait(Duration::from_secs(600));
        house.work().await;
        assert_eq!(posted(&alice).await, [Value::Null; 0]);
        assert_eq!(alice.get(PATH).await.ok().json(), json!([]));
        let n_public = house.get("/api/v1/timelines/public").await.ok().ids().len();
        assert_eq!(n_public, 0);
    }
}
