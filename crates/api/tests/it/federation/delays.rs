//! What is told a while after it happened, and only once.

use std::time::Duration;

use phiomia_federation::{Delays, Settings};
use phiomia_model::{Addresses, Job, PollId, job::Lane};
use phiomia_store::db::{federation::deliveries, jobs};
use phiomia_testkit::{Engine, on_both_engines};
use serde_json::{Value, json};

use super::stranger;
use crate::kit::{House, Person};

const POLL: Duration = Duration::from_secs(90);
const PROFILE: Duration = Duration::from_secs(7);
const AGE: Duration = Duration::from_secs(3_600);
const SECOND: Duration = Duration::from_secs(1);

/// A house that waits as long as was chosen.
async fn open(engine: Engine) -> House {
    let domain = "phiomia.example".to_owned();
    let addresses = Addresses::new("https", domain.clone(), domain);
    let delays = Delays { poll_update: POLL, profile_update: PROFILE, account_rest: AGE, ..Delays::default() };
    House::open_at(engine, addresses, Settings { delays, ..Settings::default() }).await
}

/// Does what is due in a lane; which jobs that were.
async fn due(house: &House, lane: Lane) -> Vec<Job> {
    let mut done = Vec::new();
    loop {
        let claiming = house.api.db.write(move |tx| Ok(jobs::claim(tx, lane, 10, Duration::from_secs(60), "test")?));
        let claimed = claiming.await.unwrap();
        if claimed.is_empty() {
            return done;
        }
        for job in claimed {
            let what = job.job.unwrap();
            if lane == Lane::Outgoing {
                house.api.federation.run(what.clone()).await.unwrap();
            }
            house.api.db.write(move |tx| Ok(jobs::finish(tx, &[job.id])?)).await.unwrap();
            done.push(what);
        }
    }
}

/// Activities that wait to be sent.
async fn n_told(house: &House) -> i64 {
    due(house, Lane::Outgoing).await;
    house.api.db.read(|q| Ok(deliveries::waiting(q)?.1)).await.unwrap()
}

/// Somebody here whom somebody elsewhere follows, with nothing left to tell.
async fn followed(house: &House) -> Person {
    let alice = house.person("alice").await;
    let (bob, me) = (stranger(house, "bob").await, alice.account);
    let following =
        house.api.db.write(move |tx| phiomia_social::remote::follow(tx, bob, me, "https://remote.example/f/1"));
    following.await.unwrap();
    n_told(house).await;
    alice
}

async fn asks(who: &Person, hides_totals: bool) -> String {
    let poll = json!({"options": ["yes", "no"], "expires_in": 86_400, "hide_totals": hides_totals, "multiple": true});
    let post: Value = who.post("/api/v1/statuses", json!({"status": "well?", "poll": poll})).await.ok().json();
    post["poll"]["id"].as_str().unwrap().to_owned()
}

async fn votes(who: &Person, poll: &str, choice: i64) {
    who.post(&format!("/api/v1/polls/{poll}/votes"), json!({"choices": [choice]})).await.ok();
}

/// A house of [`open`], for both engines.
struct Slow(House);

impl Slow {
    async fn open(engine: Engine) -> Slow {
        Slow(open(engine).await)
    }
}

on_both_engines! {
    async fn votes_in_a_running_poll_are_told_together_after_a_while(slow: Slow) {
        let house = slow.0;
        let alice = followed(&house).await;
        let (carol, dave) = (house.person("carol").await, house.person("dave").await);
        let poll = asks(&alice, false).await;
        let before = n_told(&house).await;
        votes(&carol, &poll, 0).await;
        votes(&carol, &poll, 1).await;
        votes(&dave, &poll, 1).await;
        assert_eq!(n_told(&house).await, before, "not at once");
        house.wait(POLL + SECOND);
        assert_eq!(n_told(&house).await, before + 1, "all three together");
        votes(&dave, &poll, 0).await;
        n_told(&house).await;
        house.wait(POLL - SECOND);
        assert_eq!(n_told(&house).await, before + 1, "later votes wait anew");
        house.wait(2 * SECOND);
        assert_eq!(n_told(&house).await, before + 2);
    }

    async fn votes_that_are_hidden_until_the_end_are_told_then(slow: Slow) {
        let house = slow.0;
        let alice = followed(&house).await;
        let poll = asks(&alice, true).await;
        let before = n_told(&house).await;
        votes(&house.person("carol").await, &poll, 0).await;
        n_told(&house).await;
        house.wait(POLL + SECOND);
        assert_eq!(n_told(&house).await, before);
        house.wait(Duration::from_secs(86_400));
        let poll: PollId = poll.parse().unwrap();
        house.api.db.write(move |tx| phiomia_social::polls::close(tx, poll, None)).await.unwrap();
        assert_eq!(n_told(&house).await, before + 1);
    }

    async fn changes_of_a_profile_are_told_together(slow: Slow) {
        let house = slow.0;
        let alice = followed(&house).await;
        let before = n_told(&house).await;
        let renames = async |name: &str| {
            alice.patch("/api/v1/accounts/update_credentials", json!({"display_name": name})).await.ok();
            n_told(&house).await
        };
        for name in ["A", "Al", "Ali"] {
            assert_eq!(renames(name).await, before);
        }
        house.wait(PROFILE + SECOND);
        assert_eq!(n_told(&house).await, before + 1);
        assert_eq!(renames("Alice").await, before + 1);
        house.wait(PROFILE + SECOND);
        assert_eq!(n_told(&house).await, before + 2);
    }

    async fn a_profile_that_grew_old_is_read_anew_when_it_is_looked_at(slow: Slow) {
        let house = slow.0;
        let (alice, bob) = (house.person("alice").await, stranger(&house, "bob").await);
        let looks = async || {
            alice.get(&format!("/api/v1/accounts/{bob}")).await.ok();
            due(&house, Lane::Fetch).await.contains(&Job::RefreshAccount { account: bob })
        };
        assert!(!looks().await);
        house.wait(AGE - SECOND);
        assert!(!looks().await);
        house.wait(2 * SECOND);
        assert!(looks().await);
    }
}
