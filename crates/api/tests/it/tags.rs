//! Hashtags: their use, following them, showing them on profiles.

use std::time::Duration;

use phiomia_testkit::on_both_engines;
use serde_json::{Value, json};

use crate::kit::{House, Person};

async fn act(who: &Person, tag: &str, verb: &str) -> Value {
    who.post(&format!("/api/v1/tags/{tag}/{verb}"), json!({})).await.ok().json()
}

async fn home(who: &Person) -> Vec<String> {
    who.get("/api/v1/timelines/home").await.ok().ids()
}

on_both_engines! {
    async fn a_tag_tells_how_it_was_used_in_the_last_week(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        alice.says("#Cats", "public").await;
        house.wait(Duration::from_secs(2 * 86_400));
        alice.says("#cats", "public").await;
        bob.says("#CATS again", "public").await;
        bob.says("#cats quietly", "unlisted").await;
        let tag = house.get("/api/v1/tags/cATS").await.ok().json();
        assert_eq!((&tag["name"], &tag["url"]), (&json!("Cats"), &json!("https://phiomia.example/tags/cats")));
        assert_eq!(tag["history"].as_array().unwrap().len(), 7);
        assert_eq!(tag["history"][0], json!({"day": "1795737600", "uses": "2", "accounts": "2"}));
        assert_eq!(tag["history"][1]["uses"], "0");
        assert_eq!(tag["history"][2], json!({"day": "1795564800", "uses": "1", "accounts": "1"}));
        // Visitors follow nothing.
        assert_eq!((tag.get("following"), tag.get("featuring")), (None, None));
        assert_eq!(alice.get("/api/v1/tags/cats").await.ok().json()["following"], false);
    }

    async fn a_tag_nobody_used_is_shown_and_what_can_be_none_is_not(house: House) {
        let tag = house.get("/api/v1/tags/unheard").await.ok().json();
        assert_eq!((&tag["name"], &tag["history"][0]["uses"]), (&json!("unheard"), &json!("0")));
        let alice = house.person("alice").await;
        for bad in ["12", "a%20b", "x!"] {
            assert_eq!(house.get(&format!("/api/v1/tags/{bad}")).await.status, 404, "{bad}");
            assert_eq!(alice.post(&format!("/api/v1/tags/{bad}/follow"), json!({})).await.refusal().0, 404, "{bad}");
        }
        assert_eq!(house.ask(http::Method::POST, "/api/v1/tags/cats/follow").await.status, 401);
    }

    async fn followed_tags_are_listed_last_first_and_paged(house: House) {
        let alice = house.person("alice").await;
        for tag in ["cats", "Dogs", "birds"] {
            assert_eq!(act(&alice, tag, "follow").await["following"], true);
        }
        // Twice is the same as once.
        act(&alice, "dogs", "follow").await;
        let first = alice.get("/api/v1/followed_tags?limit=2").await.ok();
        assert_eq!(first.each("name"), [json!("birds"), json!("Dogs")]);
        let link = first.header("link").to_owned();
        let next = link.split("max_id=").nth(1).unwrap().split('>').next().unwrap();
        let rest = alice.get(&format!("/api/v1/followed_tags?limit=2&max_id={next}")).await.ok();
        assert_eq!((rest.each("name"), rest.each("following")), (vec![json!("cats")], vec![json!(true)]));
        assert_eq!(act(&alice, "DOGS", "unfollow").await["following"], false);
        assert_eq!(alice.get("/api/v1/followed_tags").await.ok().each("name"), [json!("birds"), json!("cats")]);
    }

    async fn public_posts_under_followed_tags_come_into_home_once(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        act(&alice, "cats", "follow").await;
        act(&alice, "dogs", "follow").await;
        let both = bob.says("#cats and #dogs", "public").await;
        bob.says("#cats quietly", "unlisted").await;
        bob.says("#birds", "public").await;
        house.work().await;
        assert_eq!(home(&alice).await, std::slice::from_ref(&both));
        alice.follows(&bob).await;
        let again = bob.says("#cats again", "public").await;
        house.work().await;
        assert_eq!(home(&alice).await.iter().filter(|id| **id == again).count(), 1);
        assert_eq!(home(&alice).await.iter().filter(|id| **id == both).count(), 1);
    }

    async fn blocked_muted_and_blocking_people_stay_out_whatever_their_tags(house: House) {
        let alice = house.person("alice").await;
        act(&alice, "cats", "follow").await;
        let (blocked, muted) = (house.person("bob").await, house.person("carol").await);
        let (blocking, fine) = (house.person("dave").await, house.person("eve").await);
        alice.post(&format!("/api/v1/accounts/{}/block", blocked.account), json!({})).await.ok();
        alice.post(&format!("/api/v1/accounts/{}/mute", muted.account), json!({})).await.ok();
        blocking.post(&format!("/api/v1/accounts/{}/block", alice.account), json!({})).await.ok();
        for person in [&blocked, &muted, &blocking] {
            person.says("#cats", "public").await;
        }
        fine.says("#cats with @carol", "public").await;
        let shown = fine.says("#cats", "public").await;
        house.work().await;
        assert_eq!(home(&alice).await, [shown]);
    }

    async fn unfollowing_a_tag_takes_out_what_it_alone_brought(house: House) {
        let (alice, bob, carol) = (house.person("alice").await, house.person("bob").await, house.person("carol").await);
        alice.follows(&bob).await;
        act(&alice, "cats", "follow").await;
        act(&alice, "dogs", "follow").await;
        let followed = bob.says("#cats", "public").await;
        carol.says("#cats", "public").await;
        let both = carol.says("#cats #dogs", "public").await;
        let own = alice.says("#cats", "public").await;
        house.work().await;
        assert_eq!(home(&alice).await.len(), 4);
        act(&alice, "cats", "unfollow").await;
        assert_eq!(home(&alice).await, [own, both, followed]);
    }

    async fn somebody_who_was_away_finds_followed_tags_in_home(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        act(&alice, "cats", "follow").await;
        house.wait(Duration::from_secs(20 * 86_400));
        let post = bob.says("#cats", "public").await;
        house.work().await;
        assert_eq!(home(&alice).await, [post]);
    }

    async fn featured_tags_count_public_and_unlisted_posts(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        alice.says("#Cats", "public").await;
        alice.says("#cats for friends", "private").await;
        bob.says("#cats", "public").await;
        let made = alice.post("/api/v1/featured_tags", json!({"name": "cats"})).await.ok().json();
        assert_eq!((&made["name"], &made["statuses_count"], &made["last_status_at"]), (&json!("Cats"), &json!("1"), &json!("2026-11-25")));
        assert_eq!(made["url"], "https://phiomia.example/@alice/tagged/cats");
        house.wait(Duration::from_secs(86_400));
        let second = alice.says("#cats", "unlisted").await;
        let path = format!("/api/v1/accounts/{}/featured_tags", alice.account);
        let shown = async || {
            let tag = house.get(&path).await.ok().json();
            (tag[0]["statuses_count"].clone(), tag[0]["last_status_at"].clone())
        };
        assert_eq!(shown().await, (json!("2"), json!("2026-11-26")));
        alice.put(&format!("/api/v1/statuses/{second}"), json!({"status": "no tag"})).await.ok();
        assert_eq!(shown().await, (json!("1"), json!("2026-11-25")));
        alice.put(&format!("/api/v1/statuses/{second}"), json!({"status": "#cats"})).await.ok();
        assert_eq!(shown().await, (json!("2"), json!("2026-11-26")));
        alice.delete(&format!("/api/v1/statuses/{second}")).await.ok();
        house.work().await;
        assert_eq!(shown().await, (json!("1"), json!("2026-11-25")));
    }

    async fn tags_are_featured_and_taken_off_by_name_and_by_id(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        let made = alice.post("/api/v1/featured_tags", json!({"name": "#cats"})).await.ok();
        let taken = "Validation failed: Tag has already been taken".to_owned();
        assert_eq!(alice.post("/api/v1/featured_tags", json!({"name": "Cats"})).await.refusal(), (422, taken));
        for (name, why) in [("", "Name can't be blank"), ("1 2", "Name is invalid")] {
            let refusal = alice.post("/api/v1/featured_tags", json!({ "name": name })).await.refusal();
            assert_eq!(refusal, (422, format!("Validation failed: {why}")));
        }
        assert_eq!(bob.delete(&format!("/api/v1/featured_tags/{}", made.id())).await.refusal().0, 404);
        assert_eq!(alice.delete(&format!("/api/v1/featured_tags/{}", made.id())).await.ok().json(), json!({}));
        assert_eq!(act(&alice, "dogs", "feature").await["featuring"], true);
        act(&alice, "dogs", "feature").await;
        assert_eq!(alice.get("/api/v1/featured_tags").await.ok().each("name"), [json!("dogs")]);
        assert_eq!(act(&alice, "dogs", "unfeature").await["featuring"], false);
        assert_eq!(alice.get("/api/v1/featured_tags").await.ok().json(), json!([]));
        for n in 0..10 {
            act(&alice, &format!("tag{n}"), "feature").await;
        }
        let full = "Validation failed: You have already featured the maximum number of hashtags".to_owned();
        assert_eq!(alice.post("/api/v1/tags/onemore/feature", json!({})).await.refusal(), (422, full));
    }

    async fn tags_one_uses_are_suggested_until_they_are_shown(house: House) {
        let alice = house.person("alice").await;
        alice.says("#cats #dogs", "public").await;
        alice.says("#Cats", "public").await;
        alice.says("#secret", "private").await;
        let suggested = async || alice.get("/api/v1/featured_tags/suggestions").await.ok().each("name");
        assert_eq!(suggested().await, [json!("cats"), json!("dogs")]);
        act(&alice, "cats", "feature").await;
        assert_eq!(suggested().await, [json!("dogs")]);
    }

    async fn search_knows_which_tags_are_followed(house: House) {
        let alice = house.person("alice").await;
        act(&alice, "cats", "follow").await;
        let found = alice.get("/api/v2/search?q=cats&type=hashtags").await.ok().json();
        assert_eq!(found["hashtags"][0]["following"], true);
    }

    async fn trends_are_what_staff_put_forward_and_then_what_many_use(house: House) {
        house.api.db.write(|tx| phiomia_social::server::promote_tag(tx, "Elephants")).await.unwrap();
        for n in 0..5 {
            let person = house.person(&format!("person{n}")).await;
            person.says("#many", "public").await;
            person.says("#quiet", "unlisted").await;
            if n < 4 {
                person.says("#some #elephants", "public").await;
            }
        }
        let shown = house.get("/api/v1/trends/tags").await.ok();
        assert_eq!(shown.each("name"), [json!("Elephants"), json!("many")]);
        assert_eq!(shown.json()[0]["history"][0]["accounts"], "4");
        assert_eq!(house.get("/api/v1/trends?limit=1&offset=1").await.ok().each("name"), [json!("many")]);
        let first = house.get("/api/v1/trends/tags?limit=1").await.ok();
        let next = "<https://phiomia.example/api/v1/trends/tags?limit=1&offset=1>; rel=\"next\"";
        assert_eq!((first.each("name"), first.header("link")), (vec![json!("Elephants")], next));
        assert!(house.get("/api/v1/trends/tags?limit=1&offset=1").await.ok().header("link").ends_with("offset=0>; rel=\"prev\""));
        assert_eq!(house.get("/api/v1/trends/tags").await.ok().header("link"), "");
        house.wait(Duration::from_secs(3 * 86_400));
        assert_eq!(house.get("/api/v1/trends/tags").await.ok().each("name"), [json!("Elephants")]);
    }
}
