//! Announcements: who sees them until when, what they refer to, and how people react.

use std::time::Duration;

use phiomia_model::{Addresses, AnnouncementId, Time};
use phiomia_social::announcements::{self, Announcement};
use phiomia_testkit::{Engine, on_both_engines};
use serde_json::json;

use crate::kit::House;

impl House {
    async fn announces(&self, text: &str, ends_at: Option<Time>, at: Option<Time>) -> AnnouncementId {
        let said = Announcement { text: text.to_owned(), ends_at, ..Announcement::default() };
        self.api.db.write(move |tx| announcements::publish(tx, &said, at)).await.unwrap()
    }
}

/// A house at a domain that makes links: top-level domains for examples do not.
struct Linked(House);

impl Linked {
    async fn open(engine: Engine) -> Linked {
        let addresses = Addresses::new("https", "phiomia.org", "phiomia.org");
        Linked(House::open_at(engine, addresses, phiomia_federation::Settings::default()).await)
    }
}

on_both_engines! {
    async fn an_announcement_is_shown_until_it_was_read(house: House) {
        let alice = house.person("alice").await;
        house.announces("Moving #soon", None, None).await;
        let list = alice.get("/api/v1/announcements").await.ok().json();
        assert_eq!((&list[0]["read"], &list[0]["tags"][0]["name"]), (&json!(false), &json!("soon")));
        let id = list[0]["id"].as_str().unwrap();
        alice.post(&format!("/api/v1/announcements/{id}/dismiss"), json!({})).await.ok();
        assert_eq!(alice.get("/api/v1/announcements").await.ok().json(), json!([]));
        let all = alice.get("/api/v1/announcements?with_dismissed=true").await.ok();
        assert_eq!(all.each("read"), [json!(true)]);
    }

    async fn an_announcement_comes_at_its_time_and_goes_when_it_is_over(house: House) {
        let alice = house.person("alice").await;
        let (at, end) = (house.api.now().plus(Duration::from_secs(60)), house.api.now().plus(Duration::from_secs(120)));
        let id = house.announces("Down for a minute", Some(end), Some(at)).await;
        house.work().await;
        assert_eq!(alice.get("/api/v1/announcements").await.ok().json(), json!([]));
        house.wait(Duration::from_secs(60));
        house.work().await;
        assert_eq!(alice.get("/api/v1/announcements").await.ok().each("published_at"), [json!("2026-11-25T12:01:00.000Z")]);
        house.wait(Duration::from_secs(60));
        assert_eq!(alice.get("/api/v1/announcements").await.ok().json(), json!([]));
        let path = format!("/api/v1/announcements/{id}/dismiss");
        assert_eq!(alice.post(&path, json!({})).await.refusal(), (404, "Record not found".into()));
    }

    async fn an_announcement_leads_to_people_and_public_posts(house: Linked) {
        let house = house.0;
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        let public = bob.says("come", "public").await;
        let hidden = bob.post("/api/v1/statuses", json!({"status": "not you", "visibility": "private"})).await.ok().json();
        let url = |id: &str| format!("https://phiomia.org/@bob/{id}");
        let (open, closed) = (url(&public), url(hidden["id"].as_str().unwrap()));
        house.announces(&format!("Ask @bob or @nobody, see {open} and {closed}"), None, None).await;
        let shown = alice.get("/api/v1/announcements").await.ok().json()[0].clone();
        assert_eq!(shown["mentions"], json!([{
            "id": bob.account.to_string(), "username": "bob", "acct": "bob", "url": "https://phiomia.org/@bob",
        }]));
        assert_eq!(shown["statuses"], json!([{"id": public, "url": open}]));
        let content = shown["content"].as_str().unwrap();
        assert!(content.contains(r#"href="https://phiomia.org/@bob""#), "{content}");
    }

    async fn people_react_and_take_it_back(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        let id = house.announces("Cake", None, None).await;
        let path = |name: &str| format!("/api/v1/announcements/{id}/reactions/{name}");
        for person in [&alice, &bob, &alice] {
            assert_eq!(person.put(&path("%F0%9F%91%8D"), json!({})).await.ok().json(), json!({}));
        }
        house.wait(Duration::from_secs(1));
        bob.put(&path("%F0%9F%8E%82"), json!({})).await.ok();
        let seen = alice.get("/api/v1/announcements").await.ok().json()[0]["reactions"].clone();
        assert_eq!(seen, json!([{"name": "👍", "count": 2, "me": true}, {"name": "🎂", "count": 1, "me": false}]));
        alice.delete(&path("%F0%9F%91%8D")).await.ok();
        assert_eq!(alice.delete(&path("%F0%9F%91%8D")).await.refusal(), (404, "Record not found".into()));
        bob.delete(&path("%F0%9F%91%8D")).await.ok();
        let seen = alice.get("/api/v1/announcements").await.ok().json()[0]["reactions"].clone();
        assert_eq!(seen, json!([{"name": "🎂", "count": 1, "me": false}]));
    }

    async fn a_reaction_is_an_emoji_and_of_few_kinds(house: House) {
        let alice = house.person("alice").await;
        let id = house.announces("Cake", None, None).await;
        let path = |name: &str| format!("/api/v1/announcements/{id}/reactions/{name}");
        for name in ["blobcat", "1", "no", "%F0%9F%91%8D%F0%9F%91%8D"] {
            let refused = alice.put(&path(name), json!({})).await;
            assert_eq!(refused.refusal(), (422, "Validation failed: Name is not a recognized emoji".into()));
        }
        // 🍀 and the seven after it
        for last in 0x80..0x88 {
            alice.put(&path(&format!("%F0%9F%8D%{last:X}")), json!({})).await.ok();
        }
        let refused = alice.put(&path("%F0%9F%91%8D"), json!({})).await;
        assert_eq!(refused.refusal(), (422, "Validation failed: Limit of different reactions reached".into()));
        alice.put(&path("%F0%9F%8D%80"), json!({})).await.ok();
        let elsewhere = alice.put("/api/v1/announcements/1/reactions/%F0%9F%91%8D", json!({})).await;
        assert_eq!(elsewhere.refusal(), (404, "Record not found".into()));
    }
}
