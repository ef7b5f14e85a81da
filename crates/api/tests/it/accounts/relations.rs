//! How people relate.

use std::time::Duration;

use phiomia_testkit::on_both_engines;
use serde_json::json;

use crate::kit::House;

on_both_engines! {
    async fn following_shows_at_once_on_both_sides(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        let follow = format!("/api/v1/accounts/{}/follow", bob.account);
        let relation = alice.post(&follow, json!({"reblogs": false, "notify": true})).await.ok().json();
        assert_eq!((&relation["following"], &relation["showing_reblogs"], &relation["notifying"]), (&json!(true), &json!(false), &json!(true)));
        let seen = bob.get(&format!("/api/v1/accounts/relationships?id[]={}", alice.account)).await.ok().json();
        assert_eq!(seen[0]["followed_by"], true);
        let followers = house.get(&format!("/api/v1/accounts/{}/followers", bob.account)).await.ok();
        assert_eq!(followers.ids(), [alice.account.to_string()]);
        let following = house.get(&format!("/api/v1/accounts/{}/following", alice.account)).await.ok();
        assert_eq!(following.ids(), [bob.account.to_string()]);
        let relation = alice.post(&format!("/api/v1/accounts/{}/unfollow", bob.account), json!({})).await.ok().json();
        assert_eq!(relation["following"], false);
    }

    async fn a_locked_account_is_asked_first(house: House) {
        let (alice, bob, carol) = (house.person("alice").await, house.person("bob").await, house.person("carol").await);
        bob.patch("/api/v1/accounts/update_credentials", json!({"locked": true})).await.ok();
        for person in [&alice, &carol] {
            let relation = person.post(&format!("/api/v1/accounts/{}/follow", bob.account), json!({})).await.ok().json();
            assert_eq!((&relation["following"], &relation["requested"]), (&json!(false), &json!(true)));
        }
        let requests = bob.get("/api/v1/follow_requests?limit=1").await.ok();
        assert_eq!(requests.ids(), [carol.account.to_string()]);
        assert!(requests.header("link").contains("rel=\"next\"") && requests.header("link").contains("since_id="));
        let path = format!("/api/v1/follow_requests/{}/authorize", alice.account);
        assert_eq!(bob.post(&path, json!({})).await.ok().json()["followed_by"], true);
        assert_eq!(bob.post(&path, json!({})).await.refusal(), (404, "Record not found".to_owned()));
        bob.post(&format!("/api/v1/follow_requests/{}/reject", carol.account), json!({})).await.ok();
        assert_eq!(bob.get("/api/v1/follow_requests").await.ok().ids(), [""; 0]);
    }

    async fn hidden_collections_are_shown_to_their_owner_alone(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        alice.follows(&bob).await;
        bob.patch("/api/v1/accounts/update_credentials", json!({"hide_collections": true})).await.ok();
        let path = format!("/api/v1/accounts/{}/followers", bob.account);
        assert_eq!(alice.get(&path).await.ok().ids(), [""; 0]);
        assert_eq!(bob.get(&path).await.ok().ids(), [alice.account.to_string()]);
    }

    async fn blocks_and_mutes_are_listed_for_their_owner(house: House) {
        let (alice, bob, carol) = (house.person("alice").await, house.person("bob").await, house.person("carol").await);
        let blocked = alice.post(&format!("/api/v1/accounts/{}/block", bob.account), json!({})).await.ok().json();
        assert_eq!(blocked["blocking"], true);
        let mute = format!("/api/v1/accounts/{}/mute", carol.account);
        let muted = alice.post(&mute, json!({"notifications": "false", "duration": 3600})).await.ok().json();
        assert_eq!((&muted["muting"], &muted["muting_notifications"]), (&json!(true), &json!(false)));
        assert_eq!(muted["muting_expires_at"], "2026-11-25T13:00:00.000Z");
        assert_eq!(alice.get("/api/v1/blocks").await.ok().ids(), [bob.account.to_string()]);
        let mutes = alice.get("/api/v1/mutes").await.ok();
        assert_eq!(mutes.ids(), [carol.account.to_string()]);
        assert_eq!(mutes.each("mute_expires_at"), [json!("2026-11-25T13:00:00.000Z")]);
        assert_eq!(bob.get("/api/v1/blocks").await.ok().ids(), [""; 0]);
        house.wait(Duration::from_secs(3601));
        house.work().await;
        assert_eq!(alice.get("/api/v1/mutes").await.ok().ids(), [""; 0]);
        alice.post(&format!("/api/v1/accounts/{}/unblock", bob.account), json!({})).await.ok();
        assert_eq!(alice.get("/api/v1/blocks").await.ok().ids(), [""; 0]);
    }

    async fn a_private_note_is_for_its_writer_alone(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        let path = format!("/api/v1/accounts/{}/note", bob.account);
        assert_eq!(alice.post(&path, json!({"comment": "met in Graz"})).await.ok().json()["note"], "met in Graz");
        let seen = bob.get(&format!("/api/v1/accounts/relationships?id[]={}", alice.account)).await.ok().json();
        assert_eq!(seen[0]["note"], "");
    }
}
