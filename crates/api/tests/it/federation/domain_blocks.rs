//! Whole domains that somebody here does not want to hear of.

use std::time::Duration;

use http::{Method, StatusCode};
use phiomia_model::{AccountId, Job, Outgoing, job::Lane};
use phiomia_social::relationships;
use phiomia_store::db::jobs;
use phiomia_testkit::on_both_engines;
use serde_json::{Value, json};

use super::recorded::{comes, created, follows, somebody};
use crate::kit::{House, Person};

const CY: &str = "https://gts.example/users/cy";
const PUBLIC: &str = "https://www.w3.org/ns/activitystreams#Public";
const BLOCKS: &str = "/api/v1/domain_blocks";

/// A note of cy.
fn note(name: &str, more: &Value) -> Value {
    let mut note = json!({
        "id": format!("{CY}/statuses/{name}"), "type": "Note", "attributedTo": CY, "content": "a teapot of cy",
        "to": PUBLIC, "cc": [format!("{CY}/followers")], "tag": [], "published": "2026-11-25T11:59:00Z",
    });
    for (key, value) in more.as_object().unwrap() {
        note[key] = value.clone();
    }
    note
}

/// The id that a post from elsewhere has here.
async fn id_of(who: &Person, name: &str) -> String {
    let found = who.get(&format!("/api/v2/search?q={CY}/statuses/{name}&type=statuses")).await.ok().json();
    found["statuses"][0]["id"].as_str().unwrap().to_owned()
}

/// Where alice meets cy: each place with what shows there.
async fn places(house: &House, alice: &Person, bob: &Person) -> Vec<(String, &'static str)> {
    let cy = somebody(house, CY, "cy", false).await;
    let question = alice.posts(json!({"status": "what is a kettle?"})).await;
    let uri = alice.get(&format!("/api/v1/statuses/{question}")).await.ok().json()["uri"].clone();
    let me = house.api.addresses.account_uri(alice.account);
    alice.takes_private_mentions().await;
    alice.follows(bob).await;
    alice.post("/api/v1/tags/pottery/follow", json!({})).await.ok();
    follows(house, bob, cy).await;
    let tagged = json!([
        {"type": "Mention", "href": me},
        {"type": "Hashtag", "name": "#pottery", "href": "https://gts.example/tags/pottery"},
    ]);
    comes(house, cy, &created(&note("tagged", &json!({"tag": tagged, "cc": [me]})))).await;
    let answer = json!({"inReplyTo": uri, "content": "an answering teapot", "cc": [me], "tag": [{"type": "Mention", "href": me}]});
    comes(house, cy, &created(&note("answer", &answer))).await;
    comes(house, cy, &json!({"id": format!("{CY}#like"), "type": "Like", "actor": CY, "object": uri})).await;
    let teapot = id_of(alice, "tagged").await;
    alice.post(&format!("/api/v1/statuses/{teapot}/favourite"), json!({})).await.ok();
    bob.post(&format!("/api/v1/statuses/{teapot}/reblog"), json!({})).await.ok();
    house.work().await;
    [
        ("/api/v1/timelines/public".to_owned(), "a teapot of cy"),
        ("/api/v1/timelines/public?remote=true".to_owned(), "a teapot of cy"),
        ("/api/v1/timelines/tag/pottery".to_owned(), "a teapot of cy"),
        ("/api/v1/timelines/home".to_owned(), "a teapot of cy"),
        ("/api/v1/notifications".to_owned(), "answering teapot"),
        ("/api/v2/notifications".to_owned(), "answering teapot"),
        ("/api/v1/notifications?types[]=favourite".to_owned(), "cy@gts.example"),
        ("/api/v2/search?q=teapot".to_owned(), "a teapot of cy"),
        (format!("/api/v1/statuses/{question}/context"), "answering teapot"),
        (format!("/api/v1/statuses/{question}/favourited_by"), "cy@gts.example"),
        (format!("/api/v1/accounts/{}/statuses?exclude_replies=true", bob.account), "a teapot of cy"),
    ]
    .to_vec()
}

async fn shows(who: &Person, (path, text): &(String, &str)) -> bool {
    who.get(path).await.ok().text().contains(text)
}

/// What other servers are about to be told, as `Undo` of follows and `Reject` of followers.
async fn told(house: &House) -> [usize; 2] {
    let claiming = house.api.db.write(|tx| {
        let claimed = jobs::claim(tx, Lane::Outgoing, 10, Duration::from_secs(60), "test")?;
        for job in &claimed {
            jobs::finish(tx, &[job.id])?;
        }
        Ok(claimed)
    });
    let mut n = [0; 2];
    for job in claiming.await.unwrap() {
        match job.job.unwrap() {
            Job::Federate { what: Outgoing::Unfollowed { .. } } => n[0] += 1,
            Job::Federate { what: Outgoing::Answered { accepts: false, .. } } => n[1] += 1,
            _ => {}
        }
    }
    n
}

async fn relationship(who: &Person, account: AccountId) -> Value {
    who.get(&format!("/api/v1/accounts/relationships?id[]={account}")).await.ok().json()[0].clone()
}

on_both_engines! {
    async fn a_blocked_domain_is_met_nowhere(house: House) {
        house.switch_off_rate_limits().await;
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        let places = places(&house, &alice, &bob).await;
        for place in &places {
            assert!(shows(&alice, place).await, "{} shows no {}", place.0, place.1);
        }
        let for_all = |path: &str| path.contains("public") || path.contains("tag/") || path.contains("statuses");
        assert_eq!(alice.post(BLOCKS, json!({"domain": "GTS.example"})).await.ok().text(), "{}");
        for worked in [false, true] {
            for place in &places {
                assert!(!shows(&alice, place).await, "{} shows {}, worked: {worked}", place.0, place.1);
            }
            house.work().await;
        }
        for place in places.iter().filter(|place| for_all(&place.0)) {
            assert!(shows(&bob, place).await, "{} hides {} from everybody", place.0, place.1);
        }
        // By name and address it is still there, as with every block.
        let teapot = id_of(&alice, "tagged").await;
        alice.get(&format!("/api/v1/statuses/{teapot}")).await.ok();
        // What comes later is heard of by others alone.
        let cy = somebody(&house, CY, "cy", false).await;
        let me = house.api.addresses.account_uri(alice.account);
        let later = json!({"content": "a later teapot", "to": [me], "cc": [], "tag": [{"type": "Mention", "href": me}]});
        comes(&house, cy, &created(&note("later", &later))).await;
        for path in ["/api/v1/notifications", "/api/v1/conversations", "/api/v1/timelines/home"] {
            assert!(!alice.get(path).await.ok().text().contains("later teapot"), "{path}");
        }
        alice.ask(Method::DELETE, BLOCKS, Some(json!({"domain": "gts.example"}))).await.ok();
        assert!(shows(&alice, &places[0]).await);
    }

    async fn a_block_ends_follows_both_ways_and_says_so(house: House) {
        let alice = house.person("alice").await;
        let cy = somebody(&house, CY, "cy", false).await;
        let di = somebody(&house, "https://gts.example/users/di", "di", false).await;
        let other = somebody(&house, "https://other.example/users/di", "di", false).await;
        for account in [cy, other] {
            follows(&house, &alice, account).await;
        }
        let me = house.api.addresses.account_uri(alice.account);
        for (account, name) in [(cy, "cy"), (di, "di")] {
            let uri = format!("https://gts.example/users/{name}");
            let follow = json!({"id": format!("{uri}#f"), "type": "Follow", "actor": uri, "object": me});
            comes(&house, account, &follow).await;
        }
        let preview = alice.get(&format!("{BLOCKS}/preview?domain=gts.example")).await.ok().json();
        assert_eq!(preview, json!({"following_count": 1, "followers_count": 2}));
        assert_eq!(relationship(&alice, cy).await["domain_blocking"], false);
        alice.post(BLOCKS, json!({"domain": "gts.example"})).await.ok();
        // She is told once what that costs her, in Mastodon's words.
        let told_of = async || alice.get("/api/v1/notifications?types[]=severed_relationships").await.ok().json();
        let severed = told_of().await;
        assert_eq!(severed.as_array().unwrap().len(), 1);
        let event = &severed[0]["event"];
        let facts = ["type", "target_name", "followers_count", "following_count", "purged"].map(|name| event[name].clone());
        assert_eq!(facts, [json!("user_domain_block"), json!("gts.example"), json!(2), json!(1), json!(true)]);
        alice.post(BLOCKS, json!({"domain": "gts.example"})).await.ok();
        alice.post(BLOCKS, json!({"domain": "nobody.example"})).await.ok();
        let owner = alice.account;
        // Two runs: one parts, the next finds nobody left and sweeps.
        for _ in 0..2 {
            let parting = house.api.db.write(move |tx| relationships::part_with_domain(tx, owner, "gts.example"));
            parting.await.unwrap();
        }
        assert_eq!(told(&house).await, [1, 2]);
        house.work().await;
        let notices = told_of().await;
        assert_eq!((notices.as_array().unwrap().len(), &notices[0]["event"]), (1, event), "told of nothing twice");
        for account in [cy, di] {
            let now = relationship(&alice, account).await;
            let held = ["following", "followed_by", "requested", "domain_blocking"].map(|name| now[name].clone());
            assert_eq!(held, [json!(false), json!(false), json!(false), json!(true)]);
        }
        let untouched = relationship(&alice, other).await;
        assert_eq!((&untouched["following"], &untouched["domain_blocking"]), (&json!(true), &json!(false)));
        // Neither can follow the other now; a request from there is refused.
        let answer = alice.post(&format!("/api/v1/accounts/{cy}/follow"), json!({})).await;
        assert_eq!(answer.refusal(), (403, "This action is not allowed".to_owned()));
        let follow = json!({"id": format!("{CY}#again"), "type": "Follow", "actor": CY, "object": me});
        house.api.federation.run(Job::Receive { signer: cy, body: follow.to_string() }).await.unwrap();
        assert_eq!(told(&house).await, [0, 1]);
        assert_eq!(relationship(&alice, cy).await["followed_by"], false);
    }

    async fn who_is_kept_away_is_not_mentioned(house: House) {
        let alice = house.person("alice").await;
        let bob = house.person("bob").await;
        somebody(&house, CY, "cy", false).await;
        alice.post(BLOCKS, json!({"domain": "gts.example"})).await.ok();
        alice.post(&format!("/api/v1/accounts/{}/block", bob.account), json!({})).await.ok();
        let post = alice.post("/api/v1/statuses", json!({"status": "@cy@gts.example @bob listen"})).await.ok().json();
        assert_eq!(post["mentions"], json!([]));
        assert!(!post["content"].as_str().unwrap().contains("<a "), "{}", post["content"]);
    }

    async fn the_list_of_domains_has_pages_and_takes_only_domains(house: House) {
        let alice = house.person("alice").await;
        for domain in ["one.example", "two.example", "münchen.example", "one.example"] {
            alice.post(BLOCKS, json!({"domain": domain})).await.ok();
        }
        let list = alice.get(BLOCKS).await.ok();
        assert_eq!(list.json(), json!(["xn--mnchen-3ya.example", "two.example", "one.example"]));
        let first = alice.get(&format!("{BLOCKS}?limit=2")).await.ok();
        let next = first.header("link").split('>').next().unwrap().trim_start_matches('<').to_owned();
        let next = next.strip_prefix("https://phiomia.example").unwrap();
        assert_eq!(alice.get(next).await.ok().json(), json!(["one.example"]));
        for (domain, sentence) in
            [("", "Validation failed: Domain can't be blank"), ("a b", "Validation failed: Domain is not a valid domain name")]
        {
            assert_eq!(alice.post(BLOCKS, json!({"domain": domain})).await.refusal(), (422, sentence.to_owned()));
        }
        alice.ask(Method::DELETE, BLOCKS, Some(json!({"domain": "nowhere.example"}))).await.ok();
        alice.ask(Method::DELETE, BLOCKS, Some(json!({"domain": "Two.example"}))).await.ok();
        assert_eq!(alice.get(BLOCKS).await.ok().json(), json!(["xn--mnchen-3ya.example", "one.example"]));
        assert_eq!(house.person("bob").await.get(BLOCKS).await.ok().json(), json!([]), "a list is its owner's");
        let reader = alice.bearing(house.token(Some(alice.account), "read:blocks").await);
        assert_eq!(reader.post(BLOCKS, json!({"domain": "x.example"})).await.status, StatusCode::FORBIDDEN);
        assert_eq!(house.get(BLOCKS).await.status, StatusCode::UNAUTHORIZED);
    }
}
