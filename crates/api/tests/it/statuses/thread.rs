//! Conversations.

use phiomia_testkit::on_both_engines;
use serde_json::json;

use crate::kit::House;

on_both_engines! {
    async fn a_thread_has_what_stands_above_and_below(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        let root = alice.says("root", "public").await;
        let answer = bob.posts(json!({"status": "answer", "in_reply_to_id": root})).await;
        let deeper = alice.posts(json!({"status": "deeper", "in_reply_to_id": answer})).await;
        let secret = bob.posts(json!({"status": "secret", "in_reply_to_id": answer, "visibility": "direct"})).await;
        let context = house.get(&format!("/api/v1/statuses/{answer}/context")).await.ok().json();
        assert_eq!(context["ancestors"][0]["id"], json!(root));
        assert_eq!(context["descendants"].as_array().unwrap().len(), 1);
        assert_eq!(context["descendants"][0]["id"], json!(deeper));
        let own = bob.get(&format!("/api/v1/statuses/{answer}/context")).await.ok().json();
        assert!(own["descendants"].as_array().unwrap().iter().any(|post| post["id"] == json!(secret)));
        let shown = house.get(&format!("/api/v1/statuses/{root}")).await.ok().json();
        assert_eq!(shown["replies_count"], 1);
    }
}
