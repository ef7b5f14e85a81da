//! Outbox, followers, following, pins, featured hashtags.

use phiomia_testkit::on_both_engines;
use serde_json::{Value, json};

use super::{document, fetch, path};
use crate::kit::House;

/// All items of a collection, by following its pages from the first one.
pub async fn walk(house: &House, collection: &str) -> Vec<Value> {
    let mut items = Vec::new();
    let mut next = document(house, collection, &[]).await["first"].clone();
    let mut n_pages = 0;
    while next.is_string() {
        let page = document(house, &path(&next), &[]).await;
        assert_eq!(page["id"], next);
        assert_eq!(path(&page["partOf"]), collection);
        items.extend(page["orderedItems"].as_array().or(page["items"].as_array()).unwrap().iter().cloned());
        next = page["next"].clone();
        n_pages += 1;
        assert!(n_pages < 20, "{collection} does not end");
    }
    items
}

on_both_engines! {
    async fn an_outbox_has_every_open_post_once_newest_first(house: House) {
        house.switch_off_rate_limits().await;
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        let own = format!("/ap/users/{}/outbox", alice.account);
        let mut wanted = Vec::new();
        for n in 0..43 {
            let visibility = ["public", "unlisted", "private", "direct"][n % 4];
            let id = alice.says(&format!("post {n}"), visibility).await;
            if n % 4 < 2 {
                wanted.insert(0, format!("https://phiomia.example/ap/users/{}/statuses/{id}", alice.account));
            }
        }
        let other = bob.says("boost me", "public").await;
        let boost = alice.post(&format!("/api/v1/statuses/{other}/reblog"), json!({})).await.ok().id();
        let items = walk(&house, &own).await;
        assert_eq!(items[0]["type"], "Announce");
        assert_eq!(items[0]["id"], format!("https://phiomia.example/ap/users/{}/statuses/{boost}/activity", alice.account));
        let notes: Vec<&str> = items[1..].iter().map(|item| item["object"]["id"].as_str().unwrap()).collect();
        assert_eq!(notes, wanted);
        // A page stays what it was when something new comes on top.
        let first = document(&house, &format!("{own}?page=true"), &[]).await;
        let second = document(&house, &path(&first["next"]), &[]).await;
        alice.says("one more", "public").await;
        assert_eq!(document(&house, &path(&first["next"]), &[]).await, second);
        let back = document(&house, &path(&second["prev"]), &[]).await;
        assert_eq!(back["orderedItems"], first["orderedItems"], "and the way back leads to the page before");
        let last = document(&house, &path(&document(&house, &own, &[]).await["last"]), &[]).await;
        assert_eq!(last["orderedItems"].as_array().unwrap().len(), 20);
        assert_eq!(last["orderedItems"][19]["object"]["id"], *wanted.last().unwrap());
    }

    async fn followers_and_following_are_told_unless_hidden(house: House) {
        house.switch_off_rate_limits().await;
        let alice = house.person("alice").await;
        let mut names = Vec::new();
        for n in 0..23 {
            let fan = house.person(&format!("fan{n}")).await;
            fan.follows(&alice).await;
            names.insert(0, json!(format!("https://phiomia.example/ap/users/{}", fan.account)));
            if n == 0 {
                alice.follows(&fan).await;
            }
        }
        let own = format!("/ap/users/{}", alice.account);
        assert_eq!(walk(&house, &format!("{own}/followers")).await, names);
        assert_eq!(walk(&house, &format!("{own}/following")).await, names[22..]);
        assert_eq!(document(&house, &format!("{own}/followers"), &[]).await["totalItems"], 23);
        alice.patch("/api/v1/accounts/update_credentials", json!({"hide_collections": true})).await.ok();
        for name in ["followers", "following"] {
            let collection = document(&house, &format!("{own}/{name}"), &[]).await;
            assert!(collection.get("first").is_none(), "{collection}");
            assert_eq!(collection["totalItems"], if name == "followers" { 23 } else { 1 });
            assert_eq!(fetch(&house, &format!("{own}/{name}?page=true")).await.refusal().0, 404);
        }
        assert_eq!(fetch(&house, &format!("{own}/followers_synchronization")).await.refusal().0, 401);
    }

    async fn pins_are_told_whole_and_featured_hashtags_by_name(house: House) {
        let alice = house.person("alice").await;
        let (one, two) = (alice.says("first #Tea", "public").await, alice.says("second", "private").await);
        let three = alice.says("third", "unlisted").await;
        for id in [&one, &two, &three] {
            alice.post(&format!("/api/v1/statuses/{id}/pin"), json!({})).await.ok();
        }
        alice.post("/api/v1/featured_tags", json!({"name": "Tea"})).await.ok();
        let own = format!("/ap/users/{}/collections", alice.account);
        let featured = document(&house, &format!("{own}/featured"), &[]).await;
        let ids: Vec<&str> =
            featured["orderedItems"].as_array().unwrap().iter().map(|note| note["id"].as_str().unwrap()).collect();
        let named = |id: &str| format!("https://phiomia.example/ap/users/{}/statuses/{id}", alice.account);
        assert_eq!(ids, [named(&three), named(&one)], "what is for followers is not told to everybody");
        assert_eq!((&featured["totalItems"], &featured["orderedItems"][1]["type"]), (&json!(2), &json!("Note")));
        let tags = document(&house, &format!("{own}/tags"), &[]).await;
        assert_eq!((&tags["items"][0]["name"], &tags["items"][0]["type"]), (&json!("#Tea"), &json!("Hashtag")));
    }

    async fn a_longer_outbox_asks_no_more_questions(house: House) {
        house.switch_off_rate_limits().await;
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        let own = format!("/ap/users/{}/outbox?page=true", alice.account);
        alice.says("@bob one #tag :smile:", "public").await;
        let cost = async || {
            fetch(&house, &own).await.ok();
            let before = house.api.db.n_statements();
            let n_items = document(&house, &own, &[]).await["orderedItems"].as_array().unwrap().len();
            (n_items, house.api.db.n_statements() - before)
        };
        let (few, cost_of_few) = cost().await;
        for n in 0..12 {
            alice.says(&format!("@bob {n} #tag{n} :smile:"), "public").await;
        }
        bob.says("@alice hello", "public").await;
        let (many, cost_of_many) = cost().await;
        assert_eq!((few, many), (1, 13));
        assert_eq!(cost_of_few, cost_of_many);
        assert!(cost_of_many < 12, "{cost_of_many}");
    }
}
