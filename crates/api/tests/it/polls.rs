//! Polls: asking, voting, changing, and the end.

use std::time::Duration;

use insta::assert_json_snapshot;
use phiomia_model::Event;
use phiomia_testkit::on_both_engines;
use serde_json::{Value, json};

use crate::kit::{House, Person};

fn question(options: &[&str]) -> Value {
    json!({"status": "well?", "poll": {"options": options, "expires_in": 600}})
}

/// The ids of a post with a poll and of its poll.
async fn asks(who: &Person, body: Value) -> (String, String) {
    let post = who.post("/api/v1/statuses", body).await.ok().json();
    (post["id"].as_str().unwrap().to_owned(), post["poll"]["id"].as_str().unwrap().to_owned())
}

async fn votes(who: &Person, poll: &str, choices: &[i64]) -> crate::kit::Answer {
    who.post(&format!("/api/v1/polls/{poll}/votes"), json!({"choices": choices})).await
}

async fn told(who: &Person) -> Vec<Value> {
    who.get("/api/v1/notifications?types[]=poll").await.ok().each("status")
}

on_both_engines! {
    async fn a_poll_goes_with_its_post(house: House) {
        let alice = house.person("alice").await;
        let body = json!({"status": "well?", "poll": {"options": [" yes ", "no", ""], "expires_in": "300", "multiple": "true"}});
        let (post, poll) = asks(&alice, body).await;
        let mut shown = house.get(&format!("/api/v1/statuses/{post}")).await.ok().json()["poll"].clone();
        assert_eq!(shown, house.get(&format!("/api/v1/polls/{poll}")).await.ok().json());
        shown["id"] = json!("VARIES");
        assert_json_snapshot!("visitor", shown);
        let mine = alice.get(&format!("/api/v1/polls/{poll}")).await.ok().json();
        assert_eq!((&mine["voted"], &mine["own_votes"]), (&json!(true), &json!([])));
    }

    async fn a_poll_that_does_not_hold_is_refused_with_every_reason(house: House) {
        let alice = house.person("alice").await;
        let long = "x".repeat(51);
        for (poll, sentence) in [
            (json!({"options": [], "expires_in": 600}), "Choices can't be blank, Choices must have more than one item"),
            (json!({"options": ["a"], "expires_in": 600}), "Choices must have more than one item"),
            (json!({"options": ["a", "b", "c", "d", "e"], "expires_in": 600}), "Choices can't contain more than 4 items"),
            (json!({"options": ["a", long], "expires_in": 600}), "Choices cannot be longer than 50 characters each"),
            (json!({"options": ["a", " a"], "expires_in": 600}), "Choices contain duplicate items"),
            (json!({"options": ["a", "b"]}), "Deadline can't be blank"),
            (json!({"options": ["a", "b"], "expires_in": 299}), "Deadline is too soon"),
            (json!({"options": ["a", "b"], "expires_in": 2_629_747}), "Deadline is too far into the future"),
            (json!({"options": ["a"], "expires_in": 1}), "Choices must have more than one item, Deadline is too soon"),
        ] {
            let answer = alice.post("/api/v1/statuses", json!({"status": "x", "poll": poll})).await;
            assert_eq!(answer.refusal(), (422, format!("Validation failed: {sentence}")), "{poll}");
        }
        assert_eq!(alice.get("/api/v1/accounts/verify_credentials").await.ok().json()["statuses_count"], 0);
        let post = alice.post("/api/v1/statuses", json!({"status": "x", "poll": {}})).await.ok().json();
        assert_eq!(post["poll"], Value::Null);
    }

    async fn a_vote_counts_at_once_for_everybody(house: House) {
        let (alice, bob, carol) = (house.person("alice").await, house.person("bob").await, house.person("carol").await);
        let (post, poll) = asks(&alice, question(&["yes", "no"])).await;
        let path = format!("/api/v1/statuses/{post}");
        // Everybody has looked before, so that what is kept in memory has to go.
        house.get(&path).await.ok();
        let answer = votes(&bob, &poll, &[1]).await.ok().json();
        assert_eq!((&answer["voted"], &answer["own_votes"]), (&json!(true), &json!([1])));
        let seen = carol.get(&path).await.ok().json()["poll"].clone();
        assert_eq!((&seen["voted"], &seen["own_votes"]), (&json!(false), &json!([])));
        for poll in [&answer, &seen] {
            assert_eq!((&poll["votes_count"], &poll["voters_count"]), (&json!(1), &json!(1)));
            assert_eq!(poll["options"][1]["votes_count"], 1);
        }
    }

    async fn a_vote_that_does_not_hold_is_refused(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        let (_, poll) = asks(&alice, question(&["yes", "no"])).await;
        for (who, choices, sentence) in [
            (&bob, vec![2], "The chosen vote option does not exist"),
            (&bob, vec![-1], "The chosen vote option does not exist"),
            (&bob, vec![0, 1], "You have already voted on this poll"),
            (&alice, vec![0], "You cannot vote in your own polls"),
        ] {
            let answer = votes(who, &poll, &choices).await;
            assert_eq!(answer.refusal(), (422, format!("Validation failed: {sentence}")), "{choices:?}");
        }
        // Nothing of a refused vote counts.
        assert_eq!(votes(&bob, &poll, &[]).await.ok().json()["votes_count"], 0);
        votes(&bob, &poll, &[0]).await.ok();
        let again = (422, "Validation failed: You have already voted on this poll".to_owned());
        assert_eq!(votes(&bob, &poll, &[1]).await.refusal(), again);
        house.wait(Duration::from_secs(601));
        let carol = house.person("carol").await;
        let over = (422, "Validation failed: The poll has already ended".to_owned());
        assert_eq!(votes(&carol, &poll, &[1]).await.refusal(), over);
    }

    async fn in_a_poll_of_several_choices_voters_and_votes_are_counted_apart(house: House) {
        let (alice, bob, carol) = (house.person("alice").await, house.person("bob").await, house.person("carol").await);
        let body = json!({"status": "?", "poll": {"options": ["a", "b", "c"], "expires_in": 600, "multiple": true}});
        let (_, poll) = asks(&alice, body).await;
        votes(&bob, &poll, &[2, 0]).await.ok();
        votes(&carol, &poll, &[0]).await.ok();
        let later = votes(&carol, &poll, &[1]).await.ok().json();
        assert_eq!((&later["votes_count"], &later["voters_count"]), (&json!(4), &json!(2)));
        assert_eq!(later["own_votes"], json!([0, 1]));
        let again = (422, "Validation failed: You have already voted on this poll".to_owned());
        assert_eq!(votes(&carol, &poll, &[1]).await.refusal(), again);
    }

    async fn hidden_figures_are_shown_at_the_end(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        let body = json!({"status": "?", "poll": {"options": ["a", "b"], "expires_in": 600, "hide_totals": true}});
        let (_, poll) = asks(&alice, body).await;
        let open = votes(&bob, &poll, &[0]).await.ok().json();
        assert_eq!((&open["options"][0]["votes_count"], &open["expired"]), (&Value::Null, &json!(false)));
        house.wait(Duration::from_secs(600));
        let over = bob.get(&format!("/api/v1/polls/{poll}")).await.ok().json();
        assert_eq!((&over["options"][0]["votes_count"], &over["expired"]), (&json!(1), &json!(true)));
    }

    async fn a_poll_is_seen_by_whoever_sees_its_post(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        let mut body = question(&["yes", "no"]);
        body["visibility"] = json!("private");
        let (post, poll) = asks(&alice, body).await;
        let path = format!("/api/v1/polls/{poll}");
        let nothing = (404, "Record not found".to_owned());
        assert_eq!(house.get(&path).await.refusal(), nothing);
        assert_eq!(bob.get(&path).await.refusal(), nothing);
        assert_eq!(votes(&bob, &poll, &[0]).await.refusal(), nothing);
        bob.follows(&alice).await;
        votes(&bob, &poll, &[0]).await.ok();
        alice.delete(&format!("/api/v1/statuses/{post}")).await.ok();
        assert_eq!(bob.get(&path).await.refusal(), nothing);
        assert_eq!(bob.get("/api/v1/polls/1").await.refusal(), nothing);
        assert_eq!(bob.get("/api/v1/polls/x").await.refusal(), nothing);
    }

    async fn nobody_votes_for_whom_they_block(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        let (_, poll) = asks(&alice, question(&["yes", "no"])).await;
        bob.post(&format!("/api/v1/accounts/{}/block", alice.account), json!({})).await.ok();
        assert_eq!(votes(&bob, &poll, &[0]).await.refusal(), (403, "This action is not allowed".to_owned()));
    }

    async fn the_end_is_told_once_to_the_author_and_to_those_who_voted(house: House) {
        let mut house = house;
        let (alice, bob, carol) = (house.person("alice").await, house.person("bob").await, house.person("carol").await);
        let (post, poll) = asks(&alice, question(&["yes", "no"])).await;
        votes(&bob, &poll, &[0]).await.ok();
        house.work().await;
        assert_eq!((told(&alice).await.len(), told(&bob).await.len()), (0, 0));
        house.settle();
        house.wait(Duration::from_secs(600));
        house.work().await;
        let n_updates = house.settle().iter().filter(|event| matches!(event, Event::StatusEdited { .. })).count();
        assert_eq!(n_updates, 1);
        for who in [&alice, &bob] {
            let statuses = told(who).await;
            assert_eq!(statuses.iter().map(|status| status["id"].clone()).collect::<Vec<_>>(), [json!(post)]);
            assert_eq!(statuses[0]["poll"]["expired"], true);
        }
        assert_eq!(told(&carol).await.len(), 0);
        // Running it again is harmless.
        let id = poll.parse().unwrap();
        house.api.db.write(move |tx| phiomia_social::polls::close(tx, id, None)).await.unwrap();
        house.work().await;
        assert_eq!((told(&alice).await.len(), told(&bob).await.len()), (1, 1));
    }

    async fn an_edit_of_the_choices_takes_the_votes_away_and_stands_in_the_history(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        let (post, poll) = asks(&alice, question(&["yes", "no"])).await;
        votes(&bob, &poll, &[0]).await.ok();
        house.wait(Duration::from_secs(60));
        let path = format!("/api/v1/statuses/{post}");
        let edited = alice.put(&path, question(&["yes", "never"])).await.ok().json();
        let shown = &edited["poll"];
        assert_eq!((&shown["id"], &shown["votes_count"], &shown["voters_count"]), (&json!(poll), &json!(0), &json!(0)));
        assert_eq!(shown["expires_at"], "2026-11-25T12:11:00.000Z");
        assert_eq!(edited["edited_at"], "2026-11-25T12:01:00.000Z");
        assert_eq!(bob.get(&path).await.ok().json()["poll"]["voted"], false);
        let titles: Vec<Value> = house.get(&format!("{path}/history")).await.ok().each("poll");
        assert_eq!(titles, [
            json!({"options": [{"title": "yes"}, {"title": "no"}]}),
            json!({"options": [{"title": "yes"}, {"title": "never"}]}),
        ]);
        votes(&bob, &poll, &[1]).await.ok();
        // The first end is no longer one.
        house.wait(Duration::from_secs(540));
        house.work().await;
        assert_eq!(told(&bob).await.len(), 0);
        house.wait(Duration::from_secs(60));
        house.work().await;
        assert_eq!(told(&bob).await.len(), 1);
    }

    async fn an_edit_that_only_moves_the_end_keeps_the_votes(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        let (post, poll) = asks(&alice, question(&["yes", "no"])).await;
        votes(&bob, &poll, &[0]).await.ok();
        let body = json!({"status": "well?", "poll": {"options": ["yes", "no"], "expires_in": 3_600}});
        let edited = alice.put(&format!("/api/v1/statuses/{post}"), body).await.ok().json();
        assert_eq!((&edited["poll"]["votes_count"], &edited["poll"]["expires_at"]), (&json!(1), &json!("2026-11-25T13:00:00.000Z")));
    }

    async fn an_edit_brings_a_poll_or_takes_it_away(house: House) {
        let alice = house.person("alice").await;
        let post = alice.says("well?", "public").await;
        let path = format!("/api/v1/statuses/{post}");
        assert_eq!(alice.put(&path, question(&["yes", "no"])).await.ok().json()["poll"]["options"][0]["title"], "yes");
        let without = alice.put(&path, json!({"status": "well?"})).await.ok().json();
        assert_eq!(without["poll"], Value::Null);
        let history = house.get(&format!("{path}/history")).await.ok().json();
        assert_eq!(history[1]["poll"]["options"][1]["title"], "no");
        assert_eq!(history[2].get("poll"), None);
    }

    async fn a_deleted_post_gives_its_poll_back_and_leaves_nothing(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        let (post, poll) = asks(&alice, question(&["yes", "no"])).await;
        votes(&bob, &poll, &[0]).await.ok();
        let deleted = alice.delete(&format!("/api/v1/statuses/{post}")).await.ok().json();
        assert_eq!(deleted["poll"]["options"][0]["title"], "yes");
        house.work().await;
        let id = poll.parse().unwrap();
        let left = house.api.db.read(move |q| Ok(phiomia_store::db::statuses::poll(q, id)?)).await.unwrap();
        assert_eq!(left, None);
        house.wait(Duration::from_secs(600));
        house.work().await;
        assert_eq!((told(&alice).await.len(), told(&bob).await.len()), (0, 0));
    }

    async fn a_boost_shows_the_poll_of_what_it_boosts(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        let (post, poll) = asks(&alice, question(&["yes", "no"])).await;
        votes(&bob, &poll, &[1]).await.ok();
        let boost = bob.post(&format!("/api/v1/statuses/{post}/reblog"), json!({})).await.ok().json();
        assert_eq!((&boost["poll"], &boost["reblog"]["poll"]["own_votes"]), (&Value::Null, &json!([1])));
    }
}
