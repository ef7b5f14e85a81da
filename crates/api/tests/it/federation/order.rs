//! What comes in another order than it happened.

use std::time::Duration;

use phiomia_model::{AccountId, Job, job::Lane};
use phiomia_store::db::jobs;
use phiomia_testkit::on_both_engines;
use serde_json::{Value, json};

use super::recorded::{comes, created, follows, somebody};
use crate::kit::{House, Person};

const ADA: &str = "https://mastodon.example/users/ada";
const BO: &str = "https://other.example/users/bo";

fn done(actor: &str, id: &str, kind: &str, object: &Value) -> Value {
    json!({ "id": format!("{actor}/{id}"), "type": kind, "actor": actor, "object": object })
}

fn undone(activity: &Value) -> Value {
    let (actor, id) = (activity["actor"].as_str().unwrap(), activity["id"].as_str().unwrap());
    json!({ "id": format!("{id}/undo"), "type": "Undo", "actor": actor, "object": activity })
}

fn note(house: &House, author: &str, name: &str, in_reply_to: Option<&str>) -> Value {
    json!({
        "id": format!("{author}/statuses/{name}"),
        "type": "Note",
        "attributedTo": author,
        "content": format!("<p>{name}</p>"),
        "inReplyTo": in_reply_to,
        "published": house.api.now().to_iso_millis(),
        "to": "https://www.w3.org/ns/activitystreams#Public",
        "cc": format!("{author}/followers"),
    })
}

/// Works through what was left to be looked at once more, and all that follows from it.
pub(super) async fn looks_again(house: &House) {
    loop {
        let claiming = house.api.db.write(|tx| {
            let claimed = jobs::claim(tx, Lane::Federation, 10, Duration::from_secs(60), "test")?;
            for job in &claimed {
                jobs::finish(tx, &[job.id])?;
            }
            Ok(claimed)
        });
        let claimed = claiming.await.unwrap();
        if claimed.is_empty() {
            return house.work().await;
        }
        for job in claimed {
            house.api.federation.run(job.job.unwrap()).await.unwrap();
        }
    }
}

async fn n_followers(alice: &Person) -> usize {
    alice.get(&format!("/api/v1/accounts/{}/followers", alice.account)).await.ok().ids().len()
}

/// What is shown at this address, as the contents of its posts.
async fn contents(viewer: &Person, path: &str) -> Vec<String> {
    let posts = viewer.get(path).await.ok();
    posts.each("content").iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

async fn uri_of(viewer: &Person, post: &str) -> Value {
    viewer.get(&format!("/api/v1/statuses/{post}")).await.ok().json()["uri"].clone()
}

on_both_engines! {
    async fn a_follow_that_was_taken_back_before_it_came_does_not_come(house: House) {
        let (alice, ada) = (house.person("alice").await, somebody(&house, ADA, "ada", false).await);
        let me = json!(house.api.addresses.account_uri(alice.account));
        let follow = done(ADA, "follows/alice", "Follow", &me);
        comes(&house, ada, &undone(&follow)).await;
        comes(&house, ada, &follow).await;
        assert_eq!(n_followers(&alice).await, 0);
        // Some give the next one the same id.
        comes(&house, ada, &follow).await;
        assert_eq!(n_followers(&alice).await, 1);
        comes(&house, ada, &undone(&follow)).await;
        assert_eq!(n_followers(&alice).await, 0);
        comes(&house, ada, &follow).await;
        assert_eq!(n_followers(&alice).await, 1);
    }

    async fn what_was_taken_back_long_ago_may_come_again(house: House) {
        let (alice, ada) = (house.person("alice").await, somebody(&house, ADA, "ada", false).await);
        let me = json!(house.api.addresses.account_uri(alice.account));
        let follow = done(ADA, "follows/alice", "Follow", &me);
        comes(&house, ada, &undone(&follow)).await;
        house.wait(Duration::from_secs(2 * 86_400));
        comes(&house, ada, &follow).await;
        assert_eq!(n_followers(&alice).await, 1);
    }

    async fn likes_boosts_and_blocks_that_were_taken_back_do_not_come(house: House) {
        let (alice, ada) = (house.person("alice").await, somebody(&house, ADA, "ada", false).await);
        let post = alice.says("hello", "public").await;
        let uri = uri_of(&alice, &post).await;
        let me = json!(house.api.addresses.account_uri(alice.account));
        let reaction = json!({ "id": format!("{ADA}/reactions/1"), "type": "EmojiReact", "actor": ADA, "object": uri, "content": "🦊" });
        let all = [
            done(ADA, "likes/1", "Like", &uri), done(ADA, "boosts/1", "Announce", &uri), reaction, done(ADA, "blocks/1", "Block", &me),
        ];
        for activity in &all {
            comes(&house, ada, &undone(activity)).await;
        }
        for activity in &all {
            comes(&house, ada, activity).await;
        }
        let shown = alice.get(&format!("/api/v1/statuses/{post}")).await.ok().json();
        assert_eq!((shown["favourites_count"].as_i64(), shown["reblogs_count"].as_i64()), (Some(0), Some(0)));
        assert!(alice.get("/api/v1/notifications").await.ok().ids().is_empty());
        let relation = alice.get(&format!("/api/v1/accounts/relationships?id[]={ada}")).await.ok().json();
        assert_eq!(relation[0]["blocked_by"], false);
        // The next ones are not meant.
        comes(&house, ada, &done(ADA, "likes/2", "Like", &uri)).await;
        comes(&house, ada, &done(ADA, "boosts/2", "Announce", &uri)).await;
        let shown = alice.get(&format!("/api/v1/statuses/{post}")).await.ok().json();
        assert_eq!((shown["favourites_count"].as_i64(), shown["reblogs_count"].as_i64()), (Some(1), Some(1)));
    }

    async fn reactions_that_overtake_their_post_wait_for_it(house: House) {
        let (alice, ada) = (house.person("alice").await, somebody(&house, ADA, "ada", false).await);
        let bo = somebody(&house, BO, "bo", false).await;
        follows(&house, &alice, ada).await;
        let note = note(&house, ADA, "late", None);
        comes(&house, bo, &done(BO, "likes/1", "Like", &note["id"])).await;
        comes(&house, bo, &done(BO, "boosts/1", "Announce", &note["id"])).await;
        let taken_back = done(ADA, "likes/2", "Like", &note["id"]);
        comes(&house, ada, &taken_back).await;
        comes(&house, ada, &undone(&taken_back)).await;
        let body = created(&note).to_string();
        house.api.federation.run(Job::Receive { signer: ada, body }).await.unwrap();
        looks_again(&house).await;
        let home = alice.get("/api/v1/timelines/home").await.ok().json();
        assert_eq!(home[0]["content"], "<p>late</p>");
        assert_eq!((home[0]["favourites_count"].as_i64(), home[0]["reblogs_count"].as_i64()), (Some(1), Some(1)));
    }

    async fn the_favourite_goes_with_the_last_reaction(house: House) {
        let (alice, ada) = (house.person("alice").await, somebody(&house, ADA, "ada", false).await);
        let post = alice.says("hello", "public").await;
        let uri = uri_of(&alice, &post).await;
        let react = |n: i64, content: &str| {
            json!({ "id": format!("{ADA}/reactions/{n}"), "type": "EmojiReact", "actor": ADA, "object": uri, "content": content })
        };
        let (fox, frog) = (react(1, "🦊"), react(2, "🐸"));
        let path = format!("/api/v1/statuses/{post}");
        for (activity, n_favourites) in [(&fox, 1), (&frog, 1), (&undone(&fox), 1), (&undone(&frog), 0)] {
            comes(&house, ada, activity).await;
            assert_eq!(alice.get(&path).await.ok().json()["favourites_count"], n_favourites);
        }
    }

    async fn an_answer_to_an_unknown_post_is_an_answer(house: House) {
        let (alice, ada) = (house.person("alice").await, somebody(&house, ADA, "ada", false).await);
        let bo = somebody(&house, BO, "bo", false).await;
        follows(&house, &alice, ada).await;
        let parent = note(&house, BO, "parent", None);
        let answer = note(&house, ADA, "answer", parent["id"].as_str());
        comes(&house, ada, &created(&answer)).await;
        let own = format!("/api/v1/accounts/{ada}/statuses");
        assert_eq!(contents(&alice, &own).await, ["<p>answer</p>"]);
        for path in ["/api/v1/timelines/home", "/api/v1/timelines/public?remote=true", &format!("{own}?exclude_replies=true")] {
            assert!(contents(&alice, path).await.is_empty(), "{path}");
        }
        // What it answers comes, by somebody who is followed too: now it belongs into home.
        follows(&house, &alice, bo).await;
        comes(&house, bo, &created(&parent)).await;
        assert_eq!(contents(&alice, "/api/v1/timelines/home").await, ["<p>parent</p>", "<p>answer</p>"]);
        assert_eq!(contents(&alice, "/api/v1/timelines/public?remote=true").await, ["<p>parent</p>"]);
    }

    async fn an_answer_to_somebody_nobody_follows_stays_out_of_home_when_its_post_comes(house: House) {
        let (alice, ada) = (house.person("alice").await, somebody(&house, ADA, "ada", false).await);
        let (carl, bo) = (house.person("carl").await, somebody(&house, BO, "bo", false).await);
        follows(&house, &alice, ada).await;
        follows(&house, &carl, bo).await;
        let parent = note(&house, BO, "parent", None);
        comes(&house, ada, &created(&note(&house, ADA, "answer", parent["id"].as_str()))).await;
        comes(&house, bo, &created(&parent)).await;
        assert!(contents(&alice, "/api/v1/timelines/home").await.is_empty());
        // Nor when home is filled anew.
        fill_anew(&house, alice.account).await;
        assert!(contents(&alice, "/api/v1/timelines/home").await.is_empty());
    }
}

async fn fill_anew(house: &House, account: AccountId) {
    house.api.db.write(move |tx| Ok(tx.enqueue(&Job::RebuildHome { account })?)).await.unwrap();
    house.work().await;
}
