//! Posts of other servers that nobody here touched go after a while, and nothing else does.

use std::{
    collections::{BTreeMap, HashSet},
    time::Duration,
};

use phiomia_model::{AccountId, StatusId};
use phiomia_social::statuses::retention::{self, Bounds};
use phiomia_testkit::on_both_engines;
use serde_json::{Value, json};

use super::recorded::{PUBLIC, comes, follows, note, somebody};
use crate::kit::{House, Person};

const BOB: &str = "https://b.example/bob";
const CAROL: &str = "https://c.example/carol";

fn answer_to(author: &str, name: &str) -> Value {
    json!({ "inReplyTo": format!("{author}/{name}") })
}

/// A house whose alice follows people of two servers.
struct Scene {
    house: House,
    alice: Person,
    bob: AccountId,
    carol: AccountId,
}

impl Scene {
    async fn open(engine: phiomia_testkit::Engine) -> Scene {
        let house = House::open(engine).await;
        let alice = house.person("alice").await;
        let (bob, carol) = (somebody(&house, BOB, "bob", false).await, somebody(&house, CAROL, "carol", false).await);
        follows(&house, &alice, bob).await;
        follows(&house, &alice, carol).await;
        Scene { house, alice, bob, carol }
    }

    /// By name, what alice's home has.
    async fn home(&self) -> BTreeMap<String, String> {
        let home = self.alice.get("/api/v1/timelines/home?limit=40").await.ok().json();
        let name = |post: &Value| {
            let shown = if post["reblog"].is_null() { post } else { &post["reblog"] };
            let text = shown["content"].as_str().unwrap().replace("<p>", "").replace("</p>", "");
            let name = if post["reblog"].is_null() { text } else { format!("boost of {text}") };
            (name, post["id"].as_str().unwrap().to_owned())
        };
        home.as_array().unwrap().iter().map(name).collect()
    }

    fn bounds(&self, with_followed: bool) -> Bounds {
        Bounds::of_days(self.house.api.now(), 30, with_followed)
    }

    /// What would go, some posts at a time.
    async fn preview(&self, bounds: Bounds) -> HashSet<StatusId> {
        let (mut gone, mut below) = (HashSet::new(), bounds.top());
        loop {
            let known = gone.clone();
            let looking = self.house.api.db.read(move |q| retention::look(q, &bounds, below, 4, &known));
            let going = looking.await.unwrap();
            gone.extend(going.posts.iter().map(|post| post.id));
            let Some(next) = going.next else { return gone };
            below = next;
        }
    }

    /// What went, some posts at a time.
    async fn prune(&mut self, bounds: Bounds) -> HashSet<StatusId> {
        let (mut gone, mut below) = (HashSet::new(), bounds.top());
        loop {
            let pruning = self.house.api.db.write(move |tx| retention::prune(tx, &bounds, below, 3));
            let (posts, next) = pruning.await.unwrap();
            gone.extend(posts.iter().map(|post| post.id));
            self.house.settle();
            let Some(next) = next else { return gone };
            below = next;
        }
    }
}

on_both_engines! {
    async fn what_somebody_here_touched_stays_and_the_rest_goes(scene: Scene) {
        let mut scene = scene;
        let (house, alice) = (&scene.house, &scene.alice);
        for name in ["plain", "favourited", "bookmarked", "boosted", "answered", "reported", "parent", "held"] {
            comes(house, scene.bob, &note(BOB, name, json!({}))).await;
        }
        let policy = json!({ "interactionPolicy": { "canQuote": { "automaticApproval": [PUBLIC] } } });
        comes(house, scene.bob, &note(BOB, "quoted", policy)).await;
        comes(house, scene.bob, &note(BOB, "poll", json!({ "type": "Question", "oneOf": [
            {"type": "Note", "name": "yes"}, {"type": "Note", "name": "no"}], "endTime": "2027-03-01T00:00:00Z" }))).await;
        comes(house, scene.bob, &note(BOB, "naming", json!({
            "tag": [{"type": "Mention", "href": format!("https://phiomia.example/ap/users/{}", alice.account), "name": "@alice@phiomia.example"}],
        }))).await;
        comes(house, scene.bob, &note(BOB, "child", answer_to(BOB, "parent"))).await;
        comes(house, scene.bob, &note(BOB, "liked-child", answer_to(BOB, "held"))).await;
        let home = scene.home().await;
        let id = |name: &str| home.get(name).unwrap_or_else(|| panic!("{name} in {home:?}")).clone();
        for (name, act) in [("favourited", "favourite"), ("liked-child", "favourite"), ("bookmarked", "bookmark"), ("boosted", "reblog")] {
            alice.post(&format!("/api/v1/statuses/{}/{act}", id(name)), json!({})).await.ok();
        }
        alice.posts(json!({ "status": "I see", "in_reply_to_id": id("answered") })).await;
        // The thread goes on without her.
        comes(house, scene.carol, &note(CAROL, "later-in-her-thread", answer_to(BOB, "answered"))).await;
        alice.posts(json!({ "status": "look", "quoted_status_id": id("quoted") })).await;
        let poll = alice.get(&format!("/api/v1/statuses/{}", id("poll"))).await.ok().json();
        alice.post(&format!("/api/v1/polls/{}/votes", poll["poll"]["id"].as_str().unwrap()), json!({ "choices": [0] })).await.ok();
        alice.post("/api/v1/reports", json!({ "account_id": scene.bob.to_string(), "status_ids": [id("reported")] })).await.ok();
        comes(house, scene.carol, &json!({
            "@context": "https://www.w3.org/ns/activitystreams", "id": format!("{CAROL}/boost"), "type": "Announce",
            "actor": CAROL, "to": [PUBLIC], "object": format!("{BOB}/plain"),
        })).await;
        house.work().await;
        let before = scene.home().await;
        let of_carol = format!("/api/v1/accounts/{}/statuses", scene.carol);
        assert_eq!(alice.get(&of_carol).await.ok().each("id").len(), 2, "an answer and a boost");

        assert_eq!(scene.preview(scene.bounds(true)).await.len(), 0, "everything is young");
        scene.house.wait(Duration::from_secs(40 * 86_400));
        comes(&scene.house, scene.bob, &note(BOB, "young", json!({}))).await;
        assert_eq!(scene.preview(scene.bounds(false)).await.len(), 0, "somebody here follows them");
        let bounds = scene.bounds(true);
        let expected = scene.preview(bounds).await;
        assert_eq!(scene.prune(bounds).await, expected, "what was said would go went");
        let after = scene.home().await;
        let gone: Vec<&String> = before.keys().filter(|name| !after.contains_key(*name)).collect();
        assert_eq!(gone, ["child", "parent", "plain"]);
        assert!(after.contains_key("young") && expected.len() == 4);
        assert_eq!(scene.alice.get(&of_carol).await.ok().each("id").len(), 1, "the boost went with what it boosted");
        for (name, id) in &before {
            let shown = scene.alice.get(&format!("/api/v1/statuses/{id}")).await.status.as_u16();
            assert_eq!(shown, if after.contains_key(name) { 200 } else { 404 }, "{name}");
        }
        assert_eq!(scene.preview(bounds).await.len(), 0);
    }

    async fn what_went_can_come_again_and_is_counted_once(scene: Scene) {
        let mut scene = scene;
        for activity in [note(BOB, "parent", json!({})), note(BOB, "child", answer_to(BOB, "parent"))] {
            comes(&scene.house, scene.bob, &activity).await;
        }
        let parent = scene.home().await.remove("parent").unwrap();
        scene.alice.post(&format!("/api/v1/statuses/{parent}/bookmark"), json!({})).await.ok();
        let answers = async |scene: &Scene| {
            scene.alice.get(&format!("/api/v1/statuses/{parent}")).await.ok().json()["replies_count"].clone()
        };
        assert_eq!(answers(&scene).await, 1);
        scene.house.wait(Duration::from_secs(40 * 86_400));
        let bounds = scene.bounds(true);
        assert_eq!(scene.prune(bounds).await.len(), 1);
        assert_eq!(answers(&scene).await, 0);
        comes(&scene.house, scene.bob, &note(BOB, "child", answer_to(BOB, "parent"))).await;
        scene.house.settle();
        assert_eq!(answers(&scene).await, 1);
        let bob = format!("/api/v1/accounts/{}/statuses", scene.bob);
        assert_eq!(scene.alice.get(&bob).await.ok().each("content"), [json!("<p>child</p>"), json!("<p>parent</p>")]);
    }

    async fn what_was_fetched_lately_stays_however_old_it_is(scene: Scene) {
        let mut scene = scene;
        let old = note(BOB, "old", json!({ "published": "2026-01-01T00:00:00Z" }));
        comes(&scene.house, scene.bob, &old).await;
        assert_eq!(scene.prune(scene.bounds(true)).await.len(), 0, "somebody may have just looked at its thread");
        scene.house.wait(Duration::from_secs(31 * 86_400));
        assert_eq!(scene.prune(scene.bounds(true)).await.len(), 1);
    }
}
