//! Conversations.

use phiomia_testkit::on_both_engines;
use serde_json::json;

use crate::kit::House;

on_both_engines! {
    async fn people_who_are_blocked_or_muted_stand_in_no_thread(house: House) {
        let (alice, bob, carl) = (house.person("alice").await, house.person("bob").await, house.person("carl").await);
        let root = bob.says("root", "public").await;
        let answer = alice.posts(json!({"status": "answer", "in_reply_to_id": root})).await;
        carl.posts(json!({"status": "deeper", "in_reply_to_id": answer})).await;
        let path = format!("/api/v1/statuses/{answer}/context");
        let n = |context: serde_json::Value| {
            ["ancestors", "descendants"].map(|name| context[name].as_array().unwrap().len())
        };
        assert_eq!(n(alice.get(&path).await.ok().json()), [1, 1]);
        alice.post(&format!("/api/v1/accounts/{}/mute", bob.account), json!({})).await.ok();
        assert_eq!(n(alice.get(&path).await.ok().json()), [0, 1]);
        alice.post(&format!("/api/v1/accounts/{}/block", carl.account), json!({})).await.ok();
        assert_eq!(n(alice.get(&path).await.ok().json()), [0, 0]);
        // Others are not concerned.
        assert_eq!(n(house.get(&path).await.ok().json()), [1, 1]);
    }

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
