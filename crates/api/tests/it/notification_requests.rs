//! What somebody does not want to be told at once, and the requests that wait because of it.

use std::time::Duration;

use phiomia_model::{Event, Role};
use phiomia_testkit::on_both_engines;
use serde_json::{Value, json};

use crate::kit::{House, Person};

const POLICY: &str = "/api/v2/notifications/policy";
const REQUESTS: &str = "/api/v1/notifications/requests";

async fn told(who: &Person) -> Vec<Value> {
    who.get("/api/v1/notifications").await.ok().each("type")
}

async fn chooses(who: &Person, name: &str, choice: &str) {
    assert_eq!(who.patch(POLICY, json!({name: choice})).await.ok().json()[name], choice);
}

on_both_engines! {
    async fn a_policy_begins_as_mastodons_and_keeps_what_is_not_named(house: House) {
        let alice = house.person("alice").await;
        let policy = alice.get(POLICY).await.ok().json();
        assert_eq!(policy, json!({
            "for_not_following": "accept", "for_not_followers": "accept", "for_new_accounts": "accept",
            "for_private_mentions": "filter", "for_limited_accounts": "filter", "for_bots": "accept",
            "summary": {"pending_requests_count": 0, "pending_notifications_count": 0},
        }));
        chooses(&alice, "for_not_following", "drop").await;
        chooses(&alice, "for_bots", "filter").await;
        let policy = alice.get(POLICY).await.ok().json();
        assert_eq!((&policy["for_not_following"], &policy["for_private_mentions"]), (&json!("drop"), &json!("filter")));
        assert_eq!(alice.patch(POLICY, json!({"for_bots": "maybe"})).await.status.as_u16(), 422);
        assert_eq!(house.get(POLICY).await.status.as_u16(), 401);
        // The form from before there were three choices.
        let old = "/api/v1/notifications/policy";
        assert_eq!(alice.get(old).await.ok().json()["filter_not_following"], true);
        let changed = alice.put(old, json!({"filter_not_following": false, "filter_new_accounts": true})).await.ok().json();
        assert_eq!((&changed["filter_not_following"], &changed["filter_new_accounts"]), (&json!(false), &json!(true)));
        assert_eq!(alice.get(POLICY).await.ok().json()["for_new_accounts"], "filter");
    }

    async fn each_choice_holds_back_what_it_names(house: House) {
        house.switch_off_rate_limits().await;
        let (friend, stranger) = (house.person("friend").await, house.person("stranger").await);
        let bot = house.person("robot").await;
        bot.patch("/api/v1/accounts/update_credentials", json!({"bot": true})).await.ok();
        let mut n = 0;
        for (name, sender, visibility, heard) in [
            ("for_not_following", &stranger, "public", false),
            ("for_not_following", &friend, "public", true),
            ("for_not_followers", &stranger, "public", false),
            ("for_not_followers", &friend, "public", false),
            ("for_new_accounts", &stranger, "public", false),
            ("for_new_accounts", &friend, "public", true),
            ("for_private_mentions", &stranger, "direct", false),
            ("for_private_mentions", &stranger, "public", true),
            ("for_private_mentions", &friend, "direct", true),
            ("for_bots", &bot, "public", false),
            ("for_bots", &stranger, "public", true),
        ] {
            for choice in ["accept", "filter", "drop"] {
                let cell = format!("{name} {choice} {} {visibility}", sender.name);
                n += 1;
                let who = house.person(&format!("receiver{n}")).await;
                who.follows(&friend).await;
                // Too short a time to count as a follower.
                friend.follows(&who).await;
                who.takes_private_mentions().await;
                chooses(&who, name, choice).await;
                who.post("/api/v1/notifications/clear", json!({})).await.ok();
                sender.says(&format!("@{} hello", who.name), visibility).await;
                let shown = if heard || choice == "accept" { vec![json!("mention")] } else { Vec::new() };
                assert_eq!(told(&who).await, shown, "{cell}");
                let waits = !heard && choice == "filter";
                assert_eq!(who.get(REQUESTS).await.ok().ids().len(), usize::from(waits), "{cell}");
                let all = who.get("/api/v1/notifications?include_filtered=true").await.ok();
                let there = heard || choice != "drop";
                assert_eq!(all.ids().len(), usize::from(there), "{cell}");
                assert_eq!(all.json()[0]["filtered"].as_bool().unwrap_or_default(), waits, "{cell}");
                let grouped = who.get("/api/v2/notifications").await.ok().json();
                assert_eq!(grouped["notification_groups"].as_array().unwrap().len(), shown.len(), "{cell}");
                for unread in ["/api/v1/notifications/unread_count", "/api/v2/notifications/unread_count"] {
                    assert_eq!(who.get(unread).await.ok().json()["count"], shown.len(), "{cell}");
                }
            }
        }
    }

    async fn time_makes_followers_and_accounts_old_enough(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        bob.follows(&alice).await;
        chooses(&alice, "for_not_followers", "filter").await;
        chooses(&alice, "for_new_accounts", "filter").await;
        alice.post("/api/v1/notifications/clear", json!({})).await.ok();
        house.wait(Duration::from_secs(4 * 86_400));
        bob.says("@alice early", "public").await;
        assert_eq!(told(&alice).await, [""; 0]);
        house.wait(Duration::from_secs(27 * 86_400));
        bob.says("@alice late", "public").await;
        assert_eq!(told(&alice).await, [json!("mention")]);
    }

    async fn a_limited_account_waits(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        let owner = house.staff("owner", Role::Owner).await;
        owner.post(&format!("/api/v1/admin/accounts/{}/action", bob.account), json!({"type": "silence"})).await.ok();
        bob.says("@alice hello", "public").await;
        assert_eq!(told(&alice).await, [""; 0]);
        alice.follows(&bob).await;
        bob.says("@alice again", "public").await;
        assert_eq!(told(&alice).await, [json!("mention")]);
    }

    async fn an_answer_to_a_private_mention_is_no_stranger(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        let asked = alice.says("@bob how are you", "direct").await;
        let answer = |to: &str| json!({"status": "@alice fine", "in_reply_to_id": to, "visibility": "direct"});
        let first = bob.posts(answer(&asked)).await;
        bob.posts(answer(&first)).await;
        assert_eq!(told(&alice).await, [json!("mention"), json!("mention")]);
        // What bob began alone is not an answer, nor is what answers it.
        let begun = bob.says("@alice other thing", "direct").await;
        bob.posts(answer(&begun)).await;
        assert_eq!(told(&alice).await.len(), 2);
    }

    async fn whoever_is_accepted_is_heard_from_then_on(house: House) {
        let mut house = house;
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        let first = bob.says("@alice one", "direct").await;
        let second = bob.says("@alice two", "direct").await;
        assert_eq!((told(&alice).await.len(), alice.get("/api/v1/conversations").await.ok().ids().len()), (0, 0));
        let request = alice.get(REQUESTS).await.ok().json()[0].clone();
        assert_eq!((&request["notifications_count"], &request["account"]["username"]), (&json!("2"), &json!("bob")));
        assert_eq!(request["last_status"]["id"], json!(second));
        assert_eq!(alice.get(POLICY).await.ok().json()["summary"], json!({"pending_requests_count": 1, "pending_notifications_count": 2}));
        let path = format!("{REQUESTS}/{}", request["id"].as_str().unwrap());
        assert_eq!(alice.get(&path).await.ok().json()["id"], request["id"]);
        for answer in [bob.get(&path).await, bob.post(&format!("{path}/accept"), json!({})).await] {
            assert_eq!(answer.refusal(), (404, "Record not found".to_owned()));
        }
        house.settle();
        assert_eq!(alice.post(&format!("{path}/accept"), json!({})).await.ok().json(), json!({}));
        let merged = Event::NotificationsMerged { account: alice.account };
        assert!(house.settle().contains(&merged));
        assert_eq!(alice.get(&format!("{REQUESTS}/merged")).await.ok().json(), json!({"merged": true}));
        let shown = alice.get("/api/v1/notifications").await.ok().json();
        let posts: Vec<_> = shown.as_array().unwrap().iter().map(|n| n["status"]["id"].clone()).collect();
        assert_eq!(posts, [json!(second), json!(first)]);
        assert_eq!(shown[0].get("filtered"), None);
        let talk = alice.get("/api/v1/conversations").await.ok().json();
        assert_eq!((talk.as_array().unwrap().len(), &talk[0]["last_status"]["id"]), (2, &json!(second)));
        assert_eq!(alice.get(REQUESTS).await.ok().ids(), [""; 0]);
        assert_eq!(alice.get(&path).await.refusal().0, 404);
        bob.says("@alice three", "direct").await;
        assert_eq!(told(&alice).await.len(), 3);
    }

    async fn what_is_dismissed_is_gone_and_the_next_waits_again(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        bob.says("@alice one", "direct").await;
        let id = alice.get(REQUESTS).await.ok().ids().remove(0);
        alice.post(&format!("{REQUESTS}/{id}/dismiss"), json!({})).await.ok();
        assert_eq!(alice.get(REQUESTS).await.ok().ids(), [""; 0]);
        assert_eq!(alice.get("/api/v1/notifications?include_filtered=true").await.ok().ids(), [""; 0]);
        bob.says("@alice two", "direct").await;
        assert_eq!(alice.get(REQUESTS).await.ok().each("notifications_count"), [json!("1")]);
    }

    async fn many_are_answered_at_once(house: House) {
        let alice = house.person("alice").await;
        let mut senders = Vec::new();
        for name in ["bob", "carol", "dave", "erin"] {
            let sender = house.person(name).await;
            sender.says("@alice psst", "direct").await;
            senders.push(sender);
        }
        let ids = alice.get(REQUESTS).await.ok().ids();
        assert_eq!(ids.len(), 4);
        // Pages.
        let page = alice.get(&format!("{REQUESTS}?limit=2")).await.ok();
        assert!(page.header("link").contains(&format!("max_id={}", ids[1])), "{}", page.header("link"));
        assert_eq!(alice.get(&format!("{REQUESTS}?limit=2&max_id={}", ids[1])).await.ok().ids(), ids[2..]);
        // Others' requests are passed over.
        senders[0].post(&format!("{REQUESTS}/accept"), json!({"id": ids})).await.ok();
        assert_eq!(alice.get(REQUESTS).await.ok().ids().len(), 4);
        alice.post(&format!("{REQUESTS}/accept"), json!({"id": ids[..2]})).await.ok();
        alice.post(&format!("{REQUESTS}/dismiss"), json!({"id": [ids[2], "1", "x"]})).await.ok();
        assert_eq!(alice.get(REQUESTS).await.ok().ids(), ids[3..]);
        assert_eq!(told(&alice).await.len(), 2);
    }

    async fn a_favourite_that_is_held_back_makes_no_request_and_a_block_ends_one(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        chooses(&alice, "for_not_following", "filter").await;
        let post = alice.says("hello", "public").await;
        bob.post(&format!("/api/v1/statuses/{post}/favourite"), json!({})).await.ok();
        assert_eq!((told(&alice).await.len(), alice.get(REQUESTS).await.ok().ids().len()), (0, 0));
        let of_bob = format!("/api/v1/notifications?account_id={}", bob.account);
        assert_eq!(alice.get(&of_bob).await.ok().each("type"), [json!("favourite")]);
        bob.says("@alice hello", "public").await;
        assert_eq!(alice.get(REQUESTS).await.ok().ids().len(), 1);
        alice.post(&format!("/api/v1/accounts/{}/block", bob.account), json!({})).await.ok();
        assert_eq!(alice.get(REQUESTS).await.ok().ids(), [""; 0]);
    }
}
