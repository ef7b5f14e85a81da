//! WebFinger, host-meta, NodeInfo, and one address in two forms.

use phiomia_federation::Settings;
use phiomia_model::Addresses;
use phiomia_testkit::{Engine, on_both_engines};
use serde_json::json;

use super::{ACTIVITY, fetch, fetch_as, named};
use crate::kit::House;

/// A house whose handles end otherwise than its host does.
struct Split(House);

impl Split {
    async fn open(engine: Engine) -> Split {
        let addresses = Addresses::new("https", "handle.example", "social.handle.example");
        let settings = Settings { alternate_domains: vec!["old.example".into()], ..Settings::default() };
        Split(House::open_at(engine, addresses, settings).await)
    }
}

async fn finger(house: &House, resource: &str) -> crate::kit::Answer {
    let encoded: String = resource.bytes().map(|byte| format!("%{byte:02X}")).collect();
    house.get(&format!("/.well-known/webfinger?resource={encoded}")).await
}

on_both_engines! {
    async fn a_person_is_found_by_handle_and_by_every_address(house: House) {
        let alice = house.person("alice").await;
        let answer = finger(&house, "acct:alice@phiomia.example").await.ok();
        assert_eq!(answer.header("content-type"), "application/jrd+json; charset=utf-8");
        assert_eq!(answer.header("access-control-allow-origin"), "*");
        let id = alice.account.to_string();
        insta::allow_duplicates! {
            insta::assert_json_snapshot!(named(&answer.text(), &[(&id, "ALICE")]), @r#"
            {
              "aliases": [
                "https://phiomia.example/@alice",
                "https://phiomia.example/ap/users/ALICE"
              ],
              "links": [
                {
                  "href": "https://phiomia.example/@alice",
                  "rel": "http://webfinger.net/rel/profile-page",
                  "type": "text/html"
                },
                {
                  "href": "https://phiomia.example/ap/users/ALICE",
                  "rel": "self",
                  "type": "application/activity+json"
                },
                {
                  "rel": "http://ostatus.org/schema/1.0/subscribe",
                  "template": "https://phiomia.example/authorize_interaction?uri={uri}"
                }
              ],
              "subject": "acct:alice@phiomia.example"
            }
            "#);
        }
        for other in [
            "alice@phiomia.example",
            "acct:ALICE@Phiomia.Example",
            "https://phiomia.example/@alice",
            "https://phiomia.example/users/Alice",
            "https://PHIOMIA.example/@alice/",
            &format!("https://phiomia.example/ap/users/{id}"),
        ] {
            assert_eq!(finger(&house, other).await.ok().body, answer.body, "{other}");
        }
    }

    async fn who_is_not_here_is_not_found(house: House) {
        let alice = house.person("alice").await;
        assert_eq!(house.get("/.well-known/webfinger").await.refusal().0, 400);
        assert_eq!(house.get("/.well-known/webfinger?resource=").await.refusal().0, 400);
        for resource in [
            "acct:bob@phiomia.example",
            "acct:alice@elsewhere.example",
            "https://elsewhere.example/@alice",
            &format!("https://elsewhere.example/ap/users/{}", alice.account),
            "https://phiomia.example/@alice/1",
            "https://phiomia.example/ap/users/1",
            "https://phiomia.example/ap/users/alice",
            "https://phiomia.example/",
            "https://phiomia.example",
            "alice",
            "acct:",
            "mailto:alice@phiomia.example",
        ] {
            assert_eq!(finger(&house, resource).await.refusal().0, 404, "{resource}");
        }
    }

    async fn the_server_itself_is_found(house: House) {
        let jrd = finger(&house, "acct:phiomia.example@phiomia.example").await.ok().json();
        assert_eq!(jrd["links"][1]["href"], "https://phiomia.example/actor");
        assert_eq!(finger(&house, "https://phiomia.example/actor").await.ok().json(), jrd);
    }

    async fn handles_end_with_their_own_domain_and_ids_with_the_hosts(house: Split) {
        let house = house.0;
        let alice = house.person("alice").await;
        let jrd = finger(&house, "acct:alice@handle.example").await.ok().json();
        assert_eq!(jrd["subject"], "acct:alice@handle.example");
        let id = format!("https://social.handle.example/ap/users/{}", alice.account);
        assert_eq!(jrd["links"][1]["href"], id);
        for other in ["acct:alice@social.handle.example", "acct:alice@old.example", &id, "https://old.example/@alice"] {
            assert_eq!(finger(&house, other).await.ok().json(), jrd, "{other}");
        }
        assert_eq!(finger(&house, "acct:alice@other.example").await.status, 404);
        let actor = fetch(&house, &format!("/ap/users/{}", alice.account)).await.ok();
        assert_eq!(actor.json()["webfinger"], "alice@handle.example");
        let ids = actor.text().replace("social.handle.example", "").replace("alice@handle.example", "");
        assert!(!ids.contains("handle.example"), "no id contains the domain of handles: {}", actor.text());
        let bob = house.person("bob").await;
        let post = bob.says("hello @alice", "public").await;
        let note = fetch(&house, &format!("/@bob/{post}")).await.ok().json();
        assert_eq!(note["tag"][0], json!({"type": "Mention", "href": id, "name": "@alice@handle.example"}));
    }

    async fn host_meta_leads_to_webfinger(house: House) {
        let xrd = house.get("/.well-known/host-meta").await.ok();
        assert_eq!(xrd.header("content-type"), "application/xrd+xml; charset=utf-8");
        let template = "https://phiomia.example/.well-known/webfinger?resource={uri}";
        assert!(xrd.text().contains(&format!("<Link rel=\"lrdd\" template=\"{template}\"/>")), "{}", xrd.text());
        let jrd = house.get("/.well-known/host-meta.json").await.ok().json();
        assert_eq!(jrd["links"][0]["template"], template);
    }

    async fn nodeinfo_tells_what_this_is(house: House) {
        let alice = house.person("alice").await;
        alice.says("hello", "public").await;
        let links = house.get("/.well-known/nodeinfo").await.ok().json();
        assert_eq!(links["links"].as_array().unwrap().len(), 2);
        let newer = house.get("/nodeinfo/2.1").await.ok();
        assert!(newer.header("content-type").contains("schema/2.1#"));
        let json = newer.json();
        assert_eq!(json["software"]["name"], "phiomia");
        assert!(json["software"]["repository"].is_string());
        assert_eq!(json["protocols"], json!(["activitypub"]));
        assert_eq!(json["usage"]["localPosts"], 1);
        assert_eq!(json["usage"]["users"]["total"], 1);
        assert_eq!(json["openRegistrations"], false);
        let older = house.get("/nodeinfo/2.0").await.ok();
        assert!(older.header("content-type").contains("schema/2.0#"));
        assert!(older.json()["software"].get("repository").is_none());
        assert_eq!(house.get("/nodeinfo/1.0").await.status, 404);
    }

    async fn one_address_is_a_page_for_people_and_a_document_for_servers(house: House) {
        let alice = house.person("alice").await;
        let post = alice.says("hello", "public").await;
        let (actor, note) = (format!("/ap/users/{}", alice.account), format!("/ap/users/{}/statuses/{post}", alice.account));
        let ld = "application/ld+json; profile=\"https://www.w3.org/ns/activitystreams\"";
        for (pretty, own) in [("/@alice", &actor), ("/users/alice", &actor), (&format!("/@alice/{post}"), &note)] {
            let document = fetch(&house, own).await.ok();
            for accept in [ACTIVITY, ld, "application/activity+json, text/html;q=0.5", "application/json"] {
                let answer = fetch_as(&house, pretty, accept).await.ok();
                assert_eq!(answer.body, document.body, "{pretty} {accept}");
                assert!(answer.header("vary").contains("Accept"), "{pretty}");
                assert!(answer.header("content-type").starts_with("application/activity+json"), "{pretty}");
            }
            for accept in ["text/html", "text/html, application/activity+json;q=0.9"] {
                let answer = fetch_as(&house, pretty, accept).await;
                assert!(!answer.text().starts_with('{'), "{pretty} {accept}");
                let hint = format!("type=\"application/activity+json\" href=\"https://phiomia.example{own}\"");
                assert!(pretty.starts_with("/users/") || answer.text().contains(&hint), "{}", answer.text());
                assert!(answer.header("vary").contains("Accept"), "{pretty}");
            }
            let led = fetch_as(&house, own, "text/html,application/xhtml+xml,*/*;q=0.8").await;
            assert_eq!(led.status, 302, "{own}");
            assert!(led.header("location").starts_with("https://phiomia.example/@alice"), "{own}");
        }
        assert_eq!(fetch(&house, "/@bob").await.refusal().0, 404);
        assert_eq!(fetch(&house, "/@alice@elsewhere.example").await.refusal().0, 404);
        assert!(fetch_as(&house, "/@alice.rss", ACTIVITY).await.ok().text().contains("<rss"), "a feed is a feed");
    }
}
