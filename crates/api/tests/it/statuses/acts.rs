//! Favourites, boosts, bookmarks, pins.

use std::time::Duration;

use phiomia_testkit::on_both_engines;
use serde_json::json;

use crate::kit::House;

on_both_engines! {
    async fn each_answer_shows_the_new_state(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        let path = format!("/api/v1/statuses/{}", alice.says("hello", "public").await);
        for (act, field, state) in [
            ("favourite", "favourited", true),
            ("bookmark", "bookmarked", true),
            ("unfavourite", "favourited", false),
            ("unbookmark", "bookmarked", false),
        ] {
            let post = bob.post(&format!("{path}/{act}"), json!({})).await.ok().json();
            assert_eq!(post[field], state, "{act}");
        }
        let boost = bob.post(&format!("{path}/reblog"), json!({})).await.ok().json();
        assert_eq!((&boost["reblogged"], &boost["reblog"]["reblogged"]), (&json!(true), &json!(true)));
        assert_eq!(boost["reblog"]["reblogs_count"], 1);
        let original = bob.post(&format!("{path}/unreblog"), json!({})).await.ok().json();
        assert_eq!((&original["reblogged"], &original["reblogs_count"]), (&json!(false), &json!(0)));
        let pinned = alice.post(&format!("{path}/pin"), json!({})).await.ok().json();
        assert_eq!(pinned["pinned"], true);
        let pins = house.get(&format!("/api/v1/accounts/{}/statuses?pinned=true", alice.account)).await.ok();
        assert_eq!(pins.ids().len(), 1);
        assert_eq!(bob.post(&format!("{path}/pin"), json!({})).await.status.as_u16(), 422);
        assert_eq!(alice.post(&format!("{path}/unpin"), json!({})).await.ok().json()["pinned"], false);
    }

    async fn nothing_is_done_with_posts_of_who_is_blocked(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        let theirs = alice.says("hello", "public").await;
        let naming = bob.says("@alice hello", "public").await;
        house.wait(Duration::from_secs(60));
        bob.post(&format!("/api/v1/accounts/{}/block", alice.account), json!({})).await.ok();
        let refused = (403, "This action is not allowed".to_owned());
        for act in ["favourite", "reblog"] {
            let answer = bob.post(&format!("/api/v1/statuses/{theirs}/{act}"), json!({})).await;
            assert_eq!(answer.refusal(), refused, "{act}");
        }
        // What named somebody before they were blocked is theirs to read, and not to pass on.
        let path = format!("/api/v1/statuses/{naming}");
        alice.get(&path).await.ok();
        assert_eq!(alice.post(&format!("{path}/reblog"), json!({})).await.refusal(), refused);
        let posts = format!("/api/v1/accounts/{}/statuses", bob.account);
        for filter in ["", "?pinned=true", "?exclude_replies=true"] {
            assert_eq!(alice.get(&format!("{posts}{filter}")).await.ok().ids(), [""; 0], "{filter}");
        }
        assert_eq!(bob.get(&posts).await.ok().ids(), [naming]);
    }

    async fn what_was_done_is_listed_and_paged(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        let mut ids = Vec::new();
        for n in 0..3 {
            let id = alice.says(&format!("post {n}"), "public").await;
            bob.post(&format!("/api/v1/statuses/{id}/favourite"), json!({})).await.ok();
            bob.post(&format!("/api/v1/statuses/{id}/bookmark"), json!({})).await.ok();
            ids.push(id);
        }
        for list in ["favourites", "bookmarks"] {
            let first = bob.get(&format!("/api/v1/{list}?limit=2")).await.ok();
            assert_eq!(first.ids(), [ids[2].clone(), ids[1].clone()]);
            let next = first.header("link").split(['<', '>']).nth(1).unwrap().to_owned();
            let next = next.strip_prefix("https://phiomia.example").unwrap().to_owned();
            assert_eq!(bob.get(&next).await.ok().ids(), [ids[0].clone()], "{next}");
        }
        bob.post(&format!("/api/v1/statuses/{}/reblog", ids[0]), json!({})).await.ok();
        for list in ["favourited_by", "reblogged_by"] {
            let people = house.get(&format!("/api/v1/statuses/{}/{list}", ids[0])).await.ok();
            assert_eq!(people.ids(), [bob.account.to_string()], "{list}");
        }
    }
}
