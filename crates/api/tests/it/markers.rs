//! How far somebody has read, and what is unread.

use std::time::Duration;

use phiomia_store::db::markers::{self, Marked};
use phiomia_testkit::on_both_engines;
use serde_json::json;

use crate::kit::{House, Person};

async fn n_unread(who: &Person, query: &str) -> i64 {
    let answer = who.get(&format!("/api/v1/notifications/unread_count{query}")).await.ok().json();
    answer["count"].as_i64().unwrap()
}

on_both_engines! {
    async fn a_marker_is_kept_and_counts_its_changes(house: House) {
        let alice = house.person("alice").await;
        assert_eq!(alice.get("/api/v1/markers?timeline[]=home").await.ok().json(), json!({}));
        let set = alice.post("/api/v1/markers", json!({"home": {"last_read_id": "103"}})).await.ok().json();
        assert_eq!(set, json!({"home": {"last_read_id": "103", "version": 1, "updated_at": "2026-11-25T12:00:00.000Z"}}));
        house.wait(Duration::from_secs(60));
        let both = json!({"home": {"last_read_id": "104"}, "notifications": {"last_read_id": "7"}});
        alice.post("/api/v1/markers", both).await.ok();
        let shown = alice.get("/api/v1/markers?timeline[]=home&timeline[]=notifications&timeline[]=other").await.ok().json();
        assert_eq!(shown, json!({
            "home": {"last_read_id": "104", "version": 2, "updated_at": "2026-11-25T12:01:00.000Z"},
            "notifications": {"last_read_id": "7", "version": 1, "updated_at": "2026-11-25T12:01:00.000Z"},
        }));
        // What says nothing new changes nothing.
        let same = alice.post("/api/v1/markers", json!({"home": {"last_read_id": "104"}})).await.ok().json();
        assert_eq!(same["home"]["version"], 2);
        assert_eq!(alice.get("/api/v1/markers").await.ok().json(), json!({}));
        let bob = house.person("bob").await;
        assert_eq!(bob.get("/api/v1/markers?timeline[]=home").await.ok().json(), json!({}));
    }

    async fn what_is_no_position_is_refused(house: House) {
        let alice = house.person("alice").await;
        let answer = alice.post("/api/v1/markers", json!({"home": {"last_read_id": "-1"}})).await;
        assert_eq!(answer.refusal().0, 422);
        assert_eq!(alice.post("/api/v1/markers", json!({"home": {}})).await.ok().json(), json!({}));
    }

    async fn who_is_slower_loses_the_race(house: House) {
        let alice = house.person("alice").await;
        alice.post("/api/v1/markers", json!({"home": {"last_read_id": "5"}})).await.ok();
        let me = alice.account;
        let moves = house.api.db.write(move |tx| {
            let first = markers::put(tx, me, Marked::Home, 6, Some(1))?;
            let with_an_old_version = markers::put(tx, me, Marked::Home, 7, Some(1))?;
            let as_if_there_were_none = markers::put(tx, me, Marked::Home, 8, None)?;
            Ok([first, with_an_old_version, as_if_there_were_none])
        });
        assert_eq!(moves.await.unwrap(), [true, false, false]);
        let shown = alice.get("/api/v1/markers?timeline[]=home").await.ok().json();
        assert_eq!(shown["home"]["last_read_id"], "6");
    }

    async fn what_was_read_is_not_unread(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        for n in 0..3 {
            bob.says(&format!("@alice {n}"), "public").await;
        }
        bob.follows(&alice).await;
        assert_eq!(n_unread(&alice, "").await, 4);
        assert_eq!(n_unread(&alice, "?limit=2").await, 2);
        assert_eq!(n_unread(&alice, "?types[]=follow").await, 1);
        assert_eq!(n_unread(&alice, "?exclude_types[]=follow").await, 3);
        assert_eq!(n_unread(&alice, &format!("?account_id={}", alice.account)).await, 0);
        let third = alice.get("/api/v1/notifications").await.ok().ids()[2].clone();
        alice.post("/api/v1/markers", json!({"notifications": {"last_read_id": third}})).await.ok();
        assert_eq!(n_unread(&alice, "").await, 2);
        alice.post(&format!("/api/v1/accounts/{}/block", bob.account), json!({})).await.ok();
        assert_eq!(n_unread(&alice, "").await, 0);
    }
}
