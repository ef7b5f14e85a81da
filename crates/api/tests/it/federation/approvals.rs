//! Authors elsewhere who want to be asked before somebody answers, boosts or favourites, and their servers asking ours.

use std::time::Duration;

use phiomia_model::{AccountId, Job, job::Lane};
use phiomia_store::db::{federation::deliveries, jobs};
use phiomia_testkit::on_both_engines;
use serde_json::{Value, json};

use super::{
    document, fetch, path,
    recorded::{comes, created, follows, somebody},
};
use crate::kit::{House, Person};

const CY: &str = "https://gotosocial.example/users/cy";
const POST: &str = "https://gotosocial.example/users/cy/statuses/01ASK";
const HOST: &str = "gotosocial.example";

macro_rules! recorded {
    ($path:literal) => {
        include_str!(concat!("../../../../activitypub/fixtures/gotosocial/", $path))
    };
}

/// A recorded body with ids of ours put into it.
fn with(recorded: &str, names: &[(&str, &str)]) -> Value {
    let text = names.iter().fold(recorded.to_owned(), |text, (theirs, ours)| text.replace(theirs, ours));
    serde_json::from_str(&text).unwrap()
}

/// What was told to the server of cy, oldest first.
async fn told(house: &House) -> Vec<Value> {
    loop {
        let claiming =
            house.api.db.write(|tx| Ok(jobs::claim(tx, Lane::Outgoing, 10, Duration::from_secs(60), "test")?));
        let claimed = claiming.await.unwrap();
        if claimed.is_empty() {
            break;
        }
        for job in claimed {
            house.api.federation.run(job.job.unwrap()).await.unwrap();
            house.api.db.write(move |tx| Ok(jobs::finish(tx, &[job.id])?)).await.unwrap();
        }
    }
    let telling = house.api.db.read(|q| {
        let due = deliveries::due(q, &[HOST.to_owned()], phiomia_model::Time(i64::MAX), 100)?;
        let mut ids: Vec<i64> = due.iter().map(|due| due.outgoing).collect();
        ids.sort_unstable();
        Ok(deliveries::payloads(q, &ids)?)
    });
    let mut payloads = telling.await.unwrap();
    payloads.sort_by_key(|payload| payload.id);
    payloads.iter().map(|payload| serde_json::from_str(&payload.text).unwrap()).collect()
}

async fn last_told(house: &House, kind: &str) -> Value {
    let told = told(house).await;
    told.iter().rfind(|activity| activity["type"] == kind).unwrap_or_else(|| panic!("no {kind} in {told:#?}")).clone()
}

/// cy with a post that asks: alice follows cy, bob follows alice. The post's id here.
async fn asking(house: &House) -> (AccountId, Person, Person, String) {
    let (alice, bob) = (house.person("alice").await, house.person("bob").await);
    let cy = somebody(house, CY, "cy", false).await;
    follows(house, &alice, cy).await;
    bob.post(&format!("/api/v1/accounts/{}/follow", alice.account), json!({})).await.ok();
    house.work().await;
    comes(house, cy, &created(&with(recorded!("note_asks.json"), &[]))).await;
    let found = alice.get(&format!("/api/v2/search?q={POST}&type=statuses")).await.ok().json();
    (cy, alice, bob, found["statuses"][0]["id"].as_str().unwrap().to_owned())
}

/// alice answers; her post.
async fn answers(house: &House, alice: &Person, post: &str) -> Value {
    let answer = json!({ "status": "hello #tags", "in_reply_to_id": post });
    let answer = alice.post("/api/v1/statuses", answer).await.ok().json();
    // Not `work`, which would let go what other servers are told.
    for job in fan_outs(house).await {
        let Job::FanOut { status } = job else { continue };
        house.api.db.write(move |tx| phiomia_social::timelines::fan_out(tx, status)).await.unwrap();
    }
    answer
}

async fn fan_outs(house: &House) -> Vec<Job> {
    let claiming = house.api.db.write(|tx| Ok(jobs::claim(tx, Lane::Feeds, 10, Duration::from_secs(60), "test")?));
    let claimed = claiming.await.unwrap();
    let ids: Vec<_> = claimed.iter().map(|job| job.id).collect();
    house.api.db.write(move |tx| Ok(jobs::finish(tx, &ids)?)).await.unwrap();
    claimed.into_iter().filter_map(|job| job.job.ok()).collect()
}

async fn home(who: &Person) -> Vec<Value> {
    who.get("/api/v1/timelines/home").await.ok().each("content")
}

/// The server of cy answers a request.
async fn answered(house: &House, cy: AccountId, answer: &Value) {
    let body = answer.to_string();
    house.api.federation.run(Job::Receive { signer: cy, body }).await.unwrap();
    for job in fan_outs(house).await {
        let Job::FanOut { status } = job else { continue };
        house.api.db.write(move |tx| phiomia_social::timelines::fan_out(tx, status)).await.unwrap();
    }
}

on_both_engines! {
    async fn an_answer_is_its_authors_alone_until_it_is_allowed(house: House) {
        let (cy, alice, bob, post) = asking(&house).await;
        follows(&house, &bob, cy).await;
        let answer = answers(&house, &alice, &post).await;
        let id = answer["id"].as_str().unwrap();
        assert_eq!(home(&alice).await, [answer["content"].clone()]);
        assert!(home(&bob).await.is_empty());
        assert_eq!(bob.get(&format!("/api/v1/statuses/{id}")).await.status, 404);
        assert_eq!(house.get(&format!("/api/v1/statuses/{id}")).await.status, 404);
        assert_eq!(fetch(&house, &path(&answer["uri"])).await.status, 404);
        let thread = format!("/api/v1/statuses/{post}/context");
        assert_eq!(bob.get(&thread).await.ok().json()["descendants"], json!([]));
        assert_eq!(alice.get(&thread).await.ok().json()["descendants"][0]["id"], *id);
        assert_eq!(bob.get(&format!("/api/v1/statuses/{post}")).await.ok().json()["replies_count"], 0);
        assert_eq!(alice.post("/api/v1/statuses", json!({ "status": "more", "in_reply_to_id": id })).await.status, 422);

        let far = alice.get(&format!("/api/v1/statuses/{id}/deliveries")).await.ok().json();
        assert_eq!(far["approval"], "pending");
        let request = last_told(&house, "ReplyRequest").await;
        let me = house.api.addresses.account_uri(alice.account);
        assert_eq!(request["id"], format!("{me}/reply_requests/{id}"));
        assert_eq!((&request["object"], &request["to"]), (&json!(POST), &json!([CY])));
        assert_eq!((&request["instrument"]["id"], &request["instrument"]["inReplyTo"]), (&answer["uri"], &json!(POST)));
        assert!(told(&house).await.iter().all(|activity| activity["type"] != "Create"));

        let accept = with(recorded!("accept_reply_request.json"), &[
            ("https://here.example/ap/users/1/reply_requests/7", request["id"].as_str().unwrap()),
            ("https://here.example/ap/users/1/statuses/7", answer["uri"].as_str().unwrap()),
        ]);
        // Somebody else's yes is none.
        let eve = somebody(&house, "https://other.example/users/eve", "eve", false).await;
        let mut forged = accept.clone();
        forged["actor"] = json!("https://other.example/users/eve");
        answered(&house, eve, &forged).await;
        assert_eq!(bob.get(&format!("/api/v1/statuses/{id}")).await.status, 404);

        answered(&house, cy, &accept).await;
        bob.get(&format!("/api/v1/statuses/{id}")).await.ok();
        assert_eq!(home(&bob).await.len(), 1);
        assert_eq!(bob.get(&format!("/api/v1/statuses/{post}")).await.ok().json()["replies_count"], 1);
        let far = alice.get(&format!("/api/v1/statuses/{id}/deliveries")).await.ok().json();
        assert_eq!(far["approval"], "accepted");
        let create = last_told(&house, "Create").await;
        assert_eq!(create["object"]["replyAuthorization"], format!("{CY}/authorizations/01AC"));
        assert_eq!(create["object"]["approvedBy"], create["object"]["replyAuthorization"]);
        let note = document(&house, &path(&answer["uri"]), &[]).await;
        assert_eq!(note["replyAuthorization"], format!("{CY}/authorizations/01AC"));

        // Told twice is told once.
        answered(&house, cy, &accept).await;
        assert_eq!(bob.get(&format!("/api/v1/statuses/{post}")).await.ok().json()["replies_count"], 1);
        alice.ask(http::Method::DELETE, &format!("/api/v1/statuses/{id}"), None).await.ok();
        assert_eq!(bob.get(&format!("/api/v1/statuses/{post}")).await.ok().json()["replies_count"], 0);
    }

    async fn a_denied_answer_stays_with_its_author(house: House) {
        let (cy, alice, bob, post) = asking(&house).await;
        let answer = answers(&house, &alice, &post).await;
        let id = answer["id"].as_str().unwrap();
        let reject = json!({ "type": "Reject", "id": format!("{CY}/rejects/1"), "actor": CY, "object": answer["uri"] });
        answered(&house, cy, &reject).await;
        assert_eq!(bob.get(&format!("/api/v1/statuses/{id}")).await.status, 404);
        assert_eq!(alice.get(&format!("/api/v1/statuses/{id}")).await.ok().json()["content"], answer["content"]);
        alice.ask(http::Method::DELETE, &format!("/api/v1/statuses/{id}"), None).await.ok();
        assert_eq!(bob.get(&format!("/api/v1/statuses/{post}")).await.ok().json()["replies_count"], 0);
    }

    async fn a_boost_waits_and_goes_when_it_is_denied(house: House) {
        let (cy, alice, bob, post) = asking(&house).await;
        let boost = alice.post(&format!("/api/v1/statuses/{post}/reblog"), json!({})).await.ok().json();
        let id = boost["id"].as_str().unwrap();
        assert_eq!(alice.get(&format!("/api/v1/statuses/{post}")).await.ok().json()["reblogged"], true);
        assert_eq!(bob.get(&format!("/api/v1/statuses/{id}")).await.status, 404);
        assert_eq!(bob.get(&format!("/api/v1/statuses/{post}/reblogged_by")).await.ok().json(), json!([]));
        assert_eq!(bob.post(&format!("/api/v1/statuses/{post}/reblog"), json!({})).await.status, 403);
        let request = last_told(&house, "AnnounceRequest").await;
        assert_eq!((&request["object"], &request["instrument"]["type"]), (&json!(POST), &json!("Announce")));
        let reject = with(recorded!("reject_announce_request.json"), &[
            ("https://here.example/ap/users/1/announce_requests/8", request["id"].as_str().unwrap()),
            ("https://here.example/ap/users/1/statuses/8", boost["uri"].as_str().unwrap()),
        ]);
        answered(&house, cy, &reject).await;
        let seen = alice.get(&format!("/api/v1/statuses/{post}")).await.ok().json();
        assert_eq!((&seen["reblogged"], &seen["reblogs_count"]), (&json!(false), &json!(0)));
        assert!(told(&house).await.iter().all(|activity| activity["type"] != "Announce"));
    }

    async fn a_favourite_counts_when_it_is_allowed(house: House) {
        let (cy, alice, bob, _) = asking(&house).await;
        let mut note = with(recorded!("note_asks.json"), &[("01ASK", "01LIKE")]);
        note["interactionPolicy"]["canLike"]["automaticApproval"] = json!([format!("{CY}/followers")]);
        comes(&house, cy, &created(&note)).await;
        let found = alice.get(&format!("/api/v2/search?q={CY}/statuses/01LIKE&type=statuses")).await.ok().json();
        let post = found["statuses"][0]["id"].as_str().unwrap().to_owned();
        assert_eq!(bob.post(&format!("/api/v1/statuses/{post}/favourite"), json!({})).await.status, 403);
        let liked = alice.post(&format!("/api/v1/statuses/{post}/favourite"), json!({})).await.ok().json();
        assert_eq!((&liked["favourited"], &liked["favourites_count"]), (&json!(true), &json!(0)));
        assert_eq!(bob.get(&format!("/api/v1/statuses/{post}/favourited_by")).await.ok().json(), json!([]));
        let request = last_told(&house, "LikeRequest").await;
        let accept = json!({
            "type": "Accept", "id": format!("{CY}/accepts/1"), "actor": CY, "object": request["id"],
            "result": format!("{CY}/authorizations/1"),
        });
        answered(&house, cy, &accept).await;
        assert_eq!(bob.get(&format!("/api/v1/statuses/{post}")).await.ok().json()["favourites_count"], 1);
        let like = last_told(&house, "Like").await;
        assert_eq!((&like["id"], &like["object"]), (&request["instrument"]["id"], &request["object"]));
        assert_eq!(like["likeAuthorization"], format!("{CY}/authorizations/1"));
        alice.post(&format!("/api/v1/statuses/{post}/unfavourite"), json!({})).await.ok();
        assert_eq!(bob.get(&format!("/api/v1/statuses/{post}")).await.ok().json()["favourites_count"], 0);
    }

    async fn who_asks_us_is_answered_at_once_with_a_stamp_that_can_be_read(house: House) {
        let alice = house.person("alice").await;
        let cy = somebody(&house, CY, "cy", false).await;
        let post = alice.post("/api/v1/statuses", json!({"status": "hello"})).await.ok().json();
        let me = house.api.addresses.account_uri(alice.account);
        let now = house.api.now().to_iso_millis();
        let names = [
            ("2026-01-02T03:04:05Z", now.as_str()),
            ("https://here.example/ap/users/1/statuses/5", post["uri"].as_str().unwrap()),
            ("https://here.example/ap/users/1", me.as_str()),
        ];
        for (asks, kind, interacting) in [
            (recorded!("reply_request.json"), "ReplyAuthorization", format!("{CY}/statuses/01RE")),
            (recorded!("like_request.json"), "LikeAuthorization", format!("{CY}/liked/01LI")),
            (recorded!("announce_request.json"), "AnnounceAuthorization", format!("{CY}/statuses/01AN")),
        ] {
            let request = with(asks, &names);
            house.api.federation.run(Job::Receive { signer: cy, body: request.to_string() }).await.unwrap();
            let accept = last_told(&house, "Accept").await;
            assert_eq!((&accept["object"]["id"], &accept["actor"]), (&request["id"], &json!(me)));
            assert_eq!((&accept["object"]["type"], &accept["object"]["instrument"]), (&request["type"], &json!(interacting)));
            let stamp = document(&house, &path(&accept["result"]), &[]).await;
            assert_eq!((&stamp["type"], &stamp["attributedTo"]), (&json!(kind), &json!(me)));
            assert_eq!((&stamp["interactingObject"], &stamp["interactionTarget"]), (&json!(interacting), &post["uri"]));
        }
        let id = post["id"].as_str().unwrap();
        let seen = alice.get(&format!("/api/v1/statuses/{id}")).await.ok().json();
        let counts = [&seen["replies_count"], &seen["favourites_count"], &seen["reblogs_count"]];
        assert_eq!(counts, [&json!(1), &json!(1), &json!(1)]);
        let notified = alice.get("/api/v1/notifications").await.ok().each("type");
        assert_eq!(notified.len(), 3, "{notified:?}");
    }

    async fn who_is_blocked_is_answered_with_no(house: House) {
        let alice = house.person("alice").await;
        let cy = somebody(&house, CY, "cy", false).await;
        let post = alice.post("/api/v1/statuses", json!({"status": "hello"})).await.ok().json();
        alice.post(&format!("/api/v1/accounts/{cy}/block"), json!({})).await.ok();
        let me = house.api.addresses.account_uri(alice.account);
        let now = house.api.now().to_iso_millis();
        let names = [
            ("2026-01-02T03:04:05Z", now.as_str()),
            ("https://here.example/ap/users/1/statuses/5", post["uri"].as_str().unwrap()),
            ("https://here.example/ap/users/1", me.as_str()),
        ];
        for asks in [recorded!("reply_request.json"), recorded!("like_request.json"), recorded!("announce_request.json")] {
            let request = with(asks, &names);
            house.api.federation.run(Job::Receive { signer: cy, body: request.to_string() }).await.unwrap();
            assert_eq!(last_told(&house, "Reject").await["object"]["id"], request["id"]);
        }
        assert!(told(&house).await.iter().all(|activity| activity["type"] != "Accept"));
    }

    async fn what_others_do_without_the_authors_yes_is_let_go(house: House) {
        let (_, alice, _, post) = asking(&house).await;
        let bo = somebody(&house, "https://other.example/users/bo", "bo", false).await;
        follows(&house, &alice, bo).await;
        let note = json!({
            "id": "https://other.example/users/bo/statuses/9",
            "type": "Note",
            "attributedTo": "https://other.example/users/bo",
            "inReplyTo": POST,
            "content": "unasked",
            "to": "https://www.w3.org/ns/activitystreams#Public",
            "published": house.api.now().to_iso_millis(),
        });
        comes(&house, bo, &created(&note)).await;
        let boost = json!({
            "id": "https://other.example/users/bo/statuses/10",
            "type": "Announce",
            "actor": "https://other.example/users/bo",
            "object": POST,
            "to": "https://www.w3.org/ns/activitystreams#Public",
        });
        comes(&house, bo, &boost).await;
        let seen = alice.get(&format!("/api/v1/statuses/{post}")).await.ok().json();
        assert_eq!((&seen["replies_count"], &seen["reblogs_count"]), (&json!(0), &json!(0)));
        assert_eq!(alice.get(&format!("/api/v1/statuses/{post}/context")).await.ok().json()["descendants"], json!([]));
        // cy may answer herself.
        let own = json!({
            "id": format!("{CY}/statuses/11"), "type": "Note", "attributedTo": CY, "inReplyTo": POST, "content": "mine",
            "to": "https://www.w3.org/ns/activitystreams#Public", "published": house.api.now().to_iso_millis(),
        });
        let cy = somebody(&house, CY, "cy", false).await;
        comes(&house, cy, &created(&own)).await;
        let thread = alice.get(&format!("/api/v1/statuses/{post}/context")).await.ok().json();
        assert_eq!(thread["descendants"][0]["content"], "mine");
    }
}
