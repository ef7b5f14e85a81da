//! Actors and posts, as they are fetched.

use http::Method;
use phiomia_federation::{Settings, documents};
use phiomia_model::{Addresses, StatusId, Viewer};
use phiomia_social::{
    relationships,
    users::{self, UserEdit},
};
use phiomia_testkit::{Engine, on_both_engines};
use serde_json::json;

use super::{document, fetch, fetch_as, path, stranger};
use crate::kit::House;

/// A house that shows nothing without a signature.
struct Closed(House);

impl Closed {
    async fn open(engine: Engine) -> Closed {
        let domain = "phiomia.example".to_owned();
        let addresses = Addresses::new("https", domain.clone(), domain);
        Closed(House::open_at(engine, addresses, Settings { authorized_fetch: true, ..Settings::default() }).await)
    }
}

on_both_engines! {
    async fn an_actor_can_be_fetched_with_its_key_and_every_address_it_names_answers(house: House) {
        let alice = house.person("alice").await;
        let own = format!("/ap/users/{}", alice.account);
        let answer = fetch(&house, &own).await.ok();
        assert_eq!(answer.header("access-control-allow-origin"), "*");
        assert_eq!(answer.header("cache-control"), "public, max-age=15, must-revalidate");
        let actor = answer.json();
        let pem = actor["publicKey"]["publicKeyPem"].as_str().unwrap();
        assert!(pem.starts_with("-----BEGIN PUBLIC KEY-----"), "{pem}");
        assert_eq!(fetch(&house, &own).await.ok().json(), actor, "the key stays");
        for name in ["outbox", "followers", "following", "featured", "featuredTags"] {
            let collection = document(&house, &path(&actor[name]), &[]).await;
            assert_eq!(collection["id"], actor[name], "{name}");
        }
        let head = house.ask(Method::HEAD, &own).await.ok();
        assert_eq!(head.header("content-type"), "application/activity+json; charset=utf-8");
        assert!(head.body.is_empty());
        assert_eq!(fetch(&house, "/ap/users/12345").await.refusal().0, 404);
        assert_eq!(fetch(&house, "/ap/users/alice").await.refusal().0, 404);
        let carol = stranger(&house, "carol").await;
        assert_eq!(fetch(&house, &format!("/ap/users/{carol}")).await.refusal().0, 404, "who lives elsewhere is told there");
    }

    async fn the_server_has_an_actor_of_its_own(house: House) {
        let actor = document(&house, "/actor", &[]).await;
        assert_eq!((&actor["type"], &actor["preferredUsername"]), (&json!("Application"), &json!("phiomia.example")));
        assert_eq!(actor["publicKey"]["id"], "https://phiomia.example/actor#main-key");
        let outbox = document(&house, &path(&actor["outbox"]), &[]).await;
        assert_eq!((&outbox["totalItems"], &outbox["orderedItems"]), (&json!(0), &json!([])));
    }

    async fn a_post_is_fetched_as_it_is_shown(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        let root = bob.says("a question", "public").await;
        let post = json!({"status": "@bob see #Tea :)", "spoiler_text": "tea", "language": "en", "in_reply_to_id": root,
            "quote_approval_policy": "followers"});
        let id = alice.posts(post).await;
        let shown = alice.get(&format!("/api/v1/statuses/{id}")).await.ok().json();
        let own = format!("/ap/users/{}/statuses/{id}", alice.account);
        assert_eq!(shown["uri"], format!("https://phiomia.example{own}"));
        let note = fetch(&house, &own).await.ok().json();
        assert_eq!(note["content"], shown["content"]);
        assert_eq!(note["contentMap"], json!({"en": shown["content"]}));
        assert_eq!(note["url"], shown["url"]);
        assert_eq!((&note["summary"], &note["sensitive"]), (&json!("tea"), &json!(true)));
        assert_eq!(note["inReplyTo"], format!("https://phiomia.example/ap/users/{}/statuses/{root}", bob.account));
        let followers = format!("https://phiomia.example/ap/users/{}/followers", alice.account);
        assert_eq!(note["interactionPolicy"]["canQuote"]["automaticApproval"], json!([followers]));
        let activity = fetch(&house, &format!("{own}/activity")).await.ok().json();
        assert_eq!((&activity["type"], &activity["object"]["id"]), (&json!("Create"), &note["id"]));
        for name in ["replies", "likes", "shares"] {
            let collection = document(&house, &path(&note[name]["id"]), &[]).await;
            assert_eq!(collection["totalItems"], 0, "{name}");
        }
        assert_eq!(fetch(&house, &format!("/ap/users/{}/statuses/{id}", bob.account)).await.refusal().0, 404);
    }

    async fn a_boost_is_an_activity_and_no_post(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        let id = bob.says("boost me", "public").await;
        let boost = alice.post(&format!("/api/v1/statuses/{id}/reblog"), json!({})).await.ok().id();
        let own = format!("/ap/users/{}/statuses/{boost}", alice.account);
        assert_eq!(fetch(&house, &own).await.refusal().0, 404);
        let activity = fetch(&house, &format!("{own}/activity")).await.ok().json();
        assert_eq!(activity["type"], "Announce");
        assert_eq!(activity["id"], format!("https://phiomia.example{own}/activity"));
        assert_eq!(activity["object"], format!("https://phiomia.example/ap/users/{}/statuses/{id}", bob.account));
    }

    async fn who_may_not_see_a_post_is_told_that_there_is_none(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        let nothing = fetch(&house, &format!("/ap/users/{}/statuses/12345", alice.account)).await;
        for visibility in ["private", "direct"] {
            let id = alice.says("@bob psst", visibility).await;
            let own = format!("/ap/users/{}/statuses/{id}", alice.account);
            for end in ["", "/activity", "/replies", "/likes", "/shares"] {
                let answer = fetch(&house, &format!("{own}{end}")).await;
                assert_eq!((answer.status, &answer.body), (nothing.status, &nothing.body), "{visibility} {end}");
            }
            let page = fetch_as(&house, &own, "text/html").await;
            assert_eq!(page.status, 404, "{visibility}");
        }
        assert_eq!(bob.get("/api/v1/timelines/home").await.ok().ids(), Vec::<String>::new());
    }

    async fn a_follower_elsewhere_sees_what_followers_see_unless_blocked(house: House) {
        let alice = house.person("alice").await;
        let (carol, dan) = (stranger(&house, "carol").await, stranger(&house, "dan").await);
        let open = alice.says("for all", "public").await.parse::<StatusId>().unwrap();
        let closed = alice.says("for followers", "private").await.parse::<StatusId>().unwrap();
        let target = alice.account;
        house.api.db.write(move |tx| {
            relationships::follow(tx, carol, target, &relationships::FollowOptions::default())?;
            Ok(())
        }).await.unwrap();
        let federation = &house.api.federation;
        let sees = async |id, who| documents::note(federation, target, id, Viewer::Account(who)).await.is_ok();
        assert!(sees(open, carol).await && sees(closed, carol).await);
        assert!(sees(open, dan).await && !sees(closed, dan).await);
        alice.post(&format!("/api/v1/accounts/{carol}/block"), json!({})).await.ok();
        assert!(!sees(open, carol).await && !sees(closed, carol).await);
    }

    async fn of_a_deleted_post_that_was_for_everybody_a_tombstone_is_left(house: House) {
        let alice = house.person("alice").await;
        for (visibility, status) in [("public", 410), ("unlisted", 410), ("private", 404), ("direct", 404)] {
            let id = alice.says("soon gone", visibility).await;
            alice.delete(&format!("/api/v1/statuses/{id}")).await.ok();
            let own = format!("/ap/users/{}/statuses/{id}", alice.account);
            assert_eq!(fetch(&house, &own).await.status.as_u16(), status, "{visibility}");
            house.work().await;
            let answer = fetch(&house, &own).await;
            assert_eq!(answer.status.as_u16(), status, "{visibility}, swept");
            if status == 410 {
                assert_eq!(answer.json()["type"], "Tombstone");
                assert_eq!(answer.json()["id"], format!("https://phiomia.example{own}"));
                assert_eq!(answer.header("cache-control"), "private, no-store");
            }
        }
    }

    async fn of_a_suspended_account_there_is_the_name_alone_and_of_a_deleted_one_nothing(house: House) {
        let alice = house.person("alice").await;
        let id = alice.says("hello", "public").await;
        let (account, own) = (alice.account, format!("/ap/users/{}", alice.account));
        let ends = ["/outbox", "/followers", "/following", "/collections/featured", "/collections/tags", &format!("/statuses/{id}")];
        let edit = UserEdit { is_suspended: Some(true), ..UserEdit::default() };
        house.api.db.write(move |tx| users::modify(tx, account, &edit)).await.unwrap();
        let actor = fetch(&house, &own).await.ok().json();
        assert_eq!((&actor["suspended"], actor.get("summary")), (&json!(true), None));
        for end in ends {
            assert_eq!(fetch(&house, &format!("{own}{end}")).await.refusal().0, 404, "{end}");
        }
        let edit = UserEdit { is_suspended: Some(false), ..UserEdit::default() };
        house.api.db.write(move |tx| users::modify(tx, account, &edit)).await.unwrap();
        assert!(fetch(&house, &own).await.ok().json().get("suspended").is_none());
        house.api.db.write(move |tx| users::delete(tx, account, users::Grace::None)).await.unwrap();
        for end in ["", "/outbox", "/followers", &format!("/statuses/{id}")] {
            assert_eq!(fetch(&house, &format!("{own}{end}")).await.refusal().0, 410, "{end}");
        }
        assert_eq!(fetch(&house, "/@alice").await.refusal().0, 410);
        assert_eq!(house.get("/.well-known/webfinger?resource=acct:alice@phiomia.example").await.refusal().0, 410);
    }

    async fn without_a_signature_a_closed_house_shows_keys_alone(house: Closed) {
        let house = house.0;
        let alice = house.person("alice").await;
        let id = alice.says("hello", "public").await;
        let own = format!("/ap/users/{}", alice.account);
        let refused = (401, "Request not signed".to_owned());
        for end in ["/outbox", "/followers", "/collections/featured", "/collections/tags", &format!("/statuses/{id}")] {
            assert_eq!(fetch(&house, &format!("{own}{end}")).await.refusal(), refused, "{end}");
        }
        assert_eq!(fetch(&house, &format!("/@alice/{id}")).await.refusal(), refused);
        let actor = fetch(&house, &own).await.ok();
        assert_eq!(actor.header("cache-control"), "private, no-store");
        let actor = actor.json();
        assert!(actor["publicKey"]["publicKeyPem"].is_string() && actor["inbox"].is_string());
        assert!(actor.get("summary").is_none() && actor.get("followers").is_none() && actor.get("outbox").is_none());
        assert!(fetch(&house, "/actor").await.ok().json()["publicKey"].is_object());
        assert_eq!(fetch_as(&house, &format!("/@alice/{id}"), "text/html").await.status, 200, "pages are for people");
    }

    async fn a_consent_to_a_quote_can_be_looked_up_as_long_as_it_holds(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        let quoted = alice.posts(json!({"status": "quote me", "quote_approval_policy": "public"})).await;
        let quoting = bob.posts(json!({"status": "look", "quoted_status_id": quoted})).await;
        let note = fetch(&house, &format!("/ap/users/{}/statuses/{quoting}", bob.account)).await.ok().json();
        assert_eq!(note["quote"], format!("https://phiomia.example/ap/users/{}/statuses/{quoted}", alice.account));
        let stamp = path(&note["quoteAuthorization"]);
        let json = fetch(&house, &stamp).await.ok().json();
        assert_eq!(json["type"], "QuoteAuthorization");
        assert_eq!((&json["interactingObject"], &json["interactionTarget"]), (&note["id"], &note["quote"]));
        assert_eq!(json["attributedTo"], format!("https://phiomia.example/ap/users/{}", alice.account));
        assert_eq!(json["id"], note["quoteAuthorization"]);
        let foreign = stamp.replace(&alice.account.to_string(), &bob.account.to_string());
        assert_eq!(fetch(&house, &foreign).await.refusal().0, 404);
        alice.post(&format!("/api/v1/statuses/{quoted}/quotes/{quoting}/revoke"), json!({})).await.ok();
        assert_eq!(fetch(&house, &stamp).await.refusal().0, 404);
        let note = fetch(&house, &format!("/ap/users/{}/statuses/{quoting}", bob.account)).await.ok().json();
        assert!(note.get("quote").is_none());
    }
}
