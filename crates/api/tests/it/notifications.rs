//! What people are told.

use phiomia_testkit::on_both_engines;
use serde_json::json;

use crate::kit::House;

on_both_engines! {
    async fn people_are_told_what_others_did(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        let post = alice.says("hello", "public").await;
        bob.follows(&alice).await;
        bob.post(&format!("/api/v1/statuses/{post}/favourite"), json!({})).await.ok();
        bob.post(&format!("/api/v1/statuses/{post}/reblog"), json!({})).await.ok();
        let mention = bob.says("@alice hi", "direct").await;
        let list = alice.get("/api/v1/notifications").await.ok();
        assert_eq!(list.each("type"), [json!("mention"), json!("reblog"), json!("favourite"), json!("follow")]);
        assert_eq!(list.json()[0]["status"]["id"], json!(mention));
        assert_eq!(list.json()[3].get("status"), None);
        let count = alice.get("/api/v1/notifications/unread_count").await.ok().json();
        assert_eq!(count, json!({"count": 4}));
        let only = alice.get("/api/v1/notifications?types[]=follow&types[]=mention").await.ok();
        assert_eq!(only.each("type"), [json!("mention"), json!("follow")]);
        let without = alice.get("/api/v1/notifications?exclude_types[]=mention").await.ok();
        assert_eq!(without.each("type").len(), 3);
        let nobody = alice.get("/api/v1/notifications?account_id=x").await.ok();
        assert_eq!(nobody.ids(), [""; 0]);
    }

    async fn a_notification_is_dismissed_by_its_receiver_alone(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        bob.follows(&alice).await;
        bob.says("@alice hi", "public").await;
        let ids = alice.get("/api/v1/notifications").await.ok().ids();
        let path = format!("/api/v1/notifications/{}", ids[0]);
        assert_eq!(bob.get(&path).await.refusal(), (404, "Record not found".to_owned()));
        let dismiss = format!("{path}/dismiss");
        assert_eq!(bob.post(&dismiss, json!({})).await.refusal(), (404, "Record not found".to_owned()));
        assert_eq!(alice.get(&path).await.ok().json()["type"], "mention");
        assert_eq!(alice.post(&dismiss, json!({})).await.ok().json(), json!({}));
        assert_eq!(alice.get("/api/v1/notifications").await.ok().ids(), [ids[1].clone()]);
        alice.post("/api/v1/notifications/clear", json!({})).await.ok();
        assert_eq!(alice.get("/api/v1/notifications").await.ok().ids(), [""; 0]);
    }
}
