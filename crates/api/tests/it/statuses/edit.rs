//! Changing and deleting posts.

use std::time::Duration;

use phiomia_testkit::on_both_engines;
use serde_json::json;

use crate::kit::House;

on_both_engines! {
    async fn an_edit_shows_and_leaves_its_history(house: House) {
        let alice = house.person("alice").await;
        let id = alice.says("helo", "public").await;
        let path = format!("/api/v1/statuses/{id}");
        assert_eq!(house.get(&format!("{path}/history")).await.ok().each("content"), [json!("<p>helo</p>")]);
        house.wait(Duration::from_secs(60));
        let edited = alice.put(&path, json!({"status": "hello", "spoiler_text": "cw"})).await.ok().json();
        assert_eq!((&edited["content"], &edited["edited_at"]), (&json!("<p>hello</p>"), &json!("2026-11-25T12:01:00.000Z")));
        let history = house.get(&format!("{path}/history")).await.ok();
        assert_eq!(history.each("content"), [json!("<p>helo</p>"), json!("<p>hello</p>")]);
        assert_eq!(history.each("created_at"), [json!("2026-11-25T12:00:00.000Z"), json!("2026-11-25T12:01:00.000Z")]);
        let source = alice.get(&format!("{path}/source")).await.ok().json();
        assert_eq!(source, json!({"id": id, "text": "hello", "spoiler_text": "cw"}));
    }

    async fn what_an_edit_does_not_name_is_taken_away(house: House) {
        let alice = house.person("alice").await;
        let draft = json!({"status": "hello", "spoiler_text": "cw", "sensitive": true, "language": "de"});
        let post = alice.post("/api/v1/statuses", draft).await.ok().json();
        let path = format!("/api/v1/statuses/{}", post["id"].as_str().unwrap());
        let edited = alice.put(&path, json!({"status": "hello!", "sensitive": true})).await.ok().json();
        let shown = ["spoiler_text", "sensitive", "language"].map(|field| edited[field].clone());
        assert_eq!(shown, [json!(""), json!(true), json!("de")]);
        let edited = alice.put(&path, json!({"status": "hello!"})).await.ok().json();
        assert_eq!(edited["sensitive"], false);
        let refusal = alice.put(&path, json!({"language": "en"})).await.refusal();
        assert_eq!(refusal, (422, "Validation failed: Text can't be blank".to_owned()));
    }

    async fn nobody_edits_or_deletes_what_is_not_theirs(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        let path = format!("/api/v1/statuses/{}", alice.says("mine", "public").await);
        assert_eq!(bob.put(&path, json!({"status": "x"})).await.refusal(), (404, "Record not found".to_owned()));
        assert_eq!(bob.delete(&path).await.refusal(), (404, "Record not found".to_owned()));
        house.get(&path).await.ok();
    }

    async fn a_deleted_post_comes_back_as_text_and_is_gone_everywhere(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        let id = alice.says("Hi @bob", "public").await;
        let deleted = alice.delete(&format!("/api/v1/statuses/{id}")).await.ok().json();
        assert_eq!((&deleted["id"], &deleted["text"]), (&json!(id), &json!("Hi @bob")));
        for path in ["", "/context", "/history", "/source", "/favourited_by"] {
            let answer = alice.get(&format!("/api/v1/statuses/{id}{path}")).await;
            assert_eq!(answer.refusal(), (404, "Record not found".to_owned()), "{path}");
        }
        assert_eq!(house.get("/api/v1/timelines/public").await.ok().ids(), [""; 0]);
        assert_eq!(alice.get("/api/v1/timelines/home").await.ok().ids(), [""; 0]);
        assert_eq!(bob.get("/api/v1/notifications").await.ok().ids(), [""; 0]);
        assert_eq!(alice.get("/api/v1/accounts/verify_credentials").await.ok().json()["statuses_count"], 0);
    }

    async fn who_may_quote_is_changed_without_an_edit_mark(house: House) {
        let alice = house.person("alice").await;
        let path = format!("/api/v1/statuses/{}/interaction_policy", alice.says("hi", "public").await);
        let post = alice.put(&path, json!({"quote_approval_policy": "followers"})).await.ok().json();
        assert_eq!(post["quote_approval"]["automatic"], json!(["followers"]));
        assert_eq!(post["edited_at"], json!(null));
    }
}
