//! Lists of people and their timelines.

use std::time::Duration;

use phiomia_model::Event;
use phiomia_testkit::on_both_engines;
use serde_json::{Value, json};

use crate::kit::{House, Person};

async fn made(who: &Person, body: Value) -> String {
    who.post("/api/v1/lists", body).await.ok().id()
}

async fn put(who: &Person, list: &str, members: &[&Person]) {
    let ids: Vec<String> = members.iter().map(|member| member.account.to_string()).collect();
    who.post(&format!("/api/v1/lists/{list}/accounts"), json!({ "account_ids": ids })).await.ok();
}

async fn timeline(who: &Person, list: &str) -> Vec<String> {
    who.get(&format!("/api/v1/timelines/list/{list}")).await.ok().ids()
}

async fn home(who: &Person) -> Vec<String> {
    who.get("/api/v1/timelines/home").await.ok().ids()
}

on_both_engines! {
    async fn a_list_is_made_changed_and_deleted_by_its_owner(house: House) {
        let alice = house.person("alice").await;
        let list = alice.post("/api/v1/lists", json!({"title": "Friends"})).await.ok();
        let shown = json!({"id": list.id(), "title": "Friends", "replies_policy": "list", "exclusive": false});
        assert_eq!(list.json(), shown);
        let path = format!("/api/v1/lists/{}", list.id());
        assert_eq!(alice.get(&path).await.ok().json(), shown);
        let changed = alice.put(&path, json!({"title": "Kin", "replies_policy": "none", "exclusive": true})).await.ok();
        assert_eq!(changed.json(), json!({"id": list.id(), "title": "Kin", "replies_policy": "none", "exclusive": true}));
        // What is not named stays.
        assert_eq!(alice.put(&path, json!({"title": "Clan"})).await.ok().json()["replies_policy"], "none");
        let other = made(&alice, json!({"title": "Work"})).await;
        assert_eq!(alice.get("/api/v1/lists").await.ok().ids(), [list.id(), other.clone()]);
        assert_eq!(alice.delete(&path).await.ok().json(), json!({}));
        assert_eq!(alice.get("/api/v1/lists").await.ok().ids(), [other]);
    }

    async fn a_list_is_nobody_elses_to_see(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        let list = made(&alice, json!({"title": "Friends"})).await;
        let gone = (404, "Record not found".to_owned());
        let path = format!("/api/v1/lists/{list}");
        assert_eq!(bob.get(&path).await.refusal(), gone);
        assert_eq!(bob.put(&path, json!({"title": "Mine"})).await.refusal(), gone);
        assert_eq!(bob.delete(&path).await.refusal(), gone);
        let members = format!("{path}/accounts");
        assert_eq!(bob.get(&members).await.refusal(), gone);
        assert_eq!(bob.post(&members, json!({"account_ids": [alice.account.to_string()]})).await.refusal(), gone);
        assert_eq!(bob.get(&format!("/api/v1/timelines/list/{list}")).await.refusal(), gone);
        assert_eq!(bob.get("/api/v1/lists").await.ok().ids(), [""; 0]);
        assert_eq!(alice.get("/api/v1/lists/none").await.refusal(), gone);
        assert_eq!(house.get("/api/v1/lists").await.status, 401);
        let mut narrow = house.person("carol").await;
        narrow.token = house.token(Some(narrow.account), "read:accounts").await;
        assert_eq!(narrow.get("/api/v1/lists").await.status, 403);
    }

    async fn a_list_needs_a_title_and_a_policy_that_exists(house: House) {
        let alice = house.person("alice").await;
        let refused = async |body: Value| alice.post("/api/v1/lists", body).await.refusal();
        let blank = (422, "Validation failed: Title can't be blank".to_owned());
        assert_eq!(refused(json!({})).await, blank);
        assert_eq!(refused(json!({"title": " "})).await, blank);
        let long = "Validation failed: Title is too long (maximum is 256 characters)".to_owned();
        assert_eq!(refused(json!({"title": "x".repeat(257)})).await, (422, long));
        let unknown = "'some' is not a valid replies_policy".to_owned();
        assert_eq!(refused(json!({"title": "x", "replies_policy": "some"})).await, (422, unknown));
        for n in 0..50 {
            made(&alice, json!({"title": format!("{n}")})).await;
        }
        let full = "Validation failed: You have reached the maximum number of lists".to_owned();
        assert_eq!(refused(json!({"title": "one more"})).await, (422, full));
    }

    async fn only_followed_people_are_put_on_a_list_and_once(house: House) {
        let (alice, bob, carol) = (house.person("alice").await, house.person("bob").await, house.person("carol").await);
        let list = made(&alice, json!({"title": "Friends"})).await;
        let path = format!("/api/v1/lists/{list}/accounts");
        let ids = |people: &[&Person]| json!({"account_ids": people.iter().map(|p| p.account.to_string()).collect::<Vec<_>>()});
        alice.follows(&bob).await;
        // All of them or nobody.
        assert_eq!(alice.post(&path, ids(&[&bob, &carol])).await.refusal(), (404, "Record not found".to_owned()));
        assert_eq!(alice.get(&path).await.ok().ids(), [""; 0]);
        alice.post(&path, ids(&[&bob])).await.ok();
        let taken = "Validation failed: Account has already been taken".to_owned();
        assert_eq!(alice.post(&path, ids(&[&bob])).await.refusal(), (422, taken));
        assert_eq!(alice.post(&path, json!({"account_ids": ["999"]})).await.refusal().0, 404);
        assert_eq!(alice.get(&format!("/api/v1/accounts/{}/lists", bob.account)).await.ok().ids(), std::slice::from_ref(&list));
        assert_eq!(bob.get(&format!("/api/v1/accounts/{}/lists", bob.account)).await.ok().ids(), [""; 0]);
        assert_eq!(alice.get("/api/v1/accounts/999/lists").await.refusal().0, 404);
        let removal = format!("{path}?account_ids[]={}", bob.account);
        alice.delete(&removal).await.ok();
        alice.delete(&removal).await.ok();
        assert_eq!(alice.get(&path).await.ok().ids(), [""; 0]);
    }

    async fn members_are_paged_and_a_limit_of_zero_gives_all(house: House) {
        let alice = house.person("alice").await;
        let list = made(&alice, json!({"title": "Friends"})).await;
        let mut people = Vec::new();
        for n in 0..3 {
            let person = house.person(&format!("person{n}")).await;
            alice.follows(&person).await;
            put(&alice, &list, &[&person]).await;
            people.insert(0, person.account.to_string());
        }
        let path = format!("/api/v1/lists/{list}/accounts");
        let first = alice.get(&format!("{path}?limit=2")).await.ok();
        assert_eq!(first.ids(), people[..2]);
        assert!(first.header("link").contains(&format!("max_id={}>; rel=\"next\"", people[1])));
        let rest = alice.get(&format!("{path}?limit=2&max_id={}", people[1])).await.ok();
        assert_eq!(rest.ids(), people[2..]);
        let all = alice.get(&format!("{path}?limit=0")).await.ok();
        assert_eq!((all.ids(), all.header("link")), (people, ""));
    }

    async fn a_list_shows_what_its_members_post_before_and_after_they_are_on_it(house: House) {
        let (alice, bob, carol) = (house.person("alice").await, house.person("bob").await, house.person("carol").await);
        alice.follows(&bob).await;
        alice.follows(&carol).await;
        let before = bob.says("before", "public").await;
        let list = made(&alice, json!({"title": "Friends"})).await;
        put(&alice, &list, &[&bob]).await;
        house.work().await;
        let after = bob.says("after", "private").await;
        carol.says("not on the list", "public").await;
        bob.says("@carol for you alone", "direct").await;
        house.work().await;
        assert_eq!(timeline(&alice, &list).await, [after.clone(), before.clone()]);
        let page = alice.get(&format!("/api/v1/timelines/list/{list}?limit=1")).await.ok();
        assert_eq!(page.ids(), std::slice::from_ref(&after));
        assert!(page.header("link").contains(&format!("max_id={after}")));
        alice.delete(&format!("/api/v1/lists/{list}/accounts?account_ids[]={}", bob.account)).await.ok();
        assert_eq!(timeline(&alice, &list).await, [""; 0]);
    }

    async fn unfollowing_and_blocking_take_people_off_lists(house: House) {
        let (alice, bob, carol) = (house.person("alice").await, house.person("bob").await, house.person("carol").await);
        let list = made(&alice, json!({"title": "Friends"})).await;
        for person in [&bob, &carol] {
            alice.follows(person).await;
            put(&alice, &list, &[person]).await;
            person.says("hello", "public").await;
        }
        house.work().await;
        assert_eq!(timeline(&alice, &list).await.len(), 2);
        alice.post(&format!("/api/v1/accounts/{}/unfollow", bob.account), json!({})).await.ok();
        carol.post(&format!("/api/v1/accounts/{}/block", alice.account), json!({})).await.ok();
        house.work().await;
        assert_eq!(alice.get(&format!("/api/v1/lists/{list}/accounts")).await.ok().ids(), [""; 0]);
        assert_eq!(timeline(&alice, &list).await, [""; 0]);
    }

    async fn a_muted_member_is_silent_until_the_mute_ends(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        alice.follows(&bob).await;
        let list = made(&alice, json!({"title": "Friends"})).await;
        put(&alice, &list, &[&bob]).await;
        let post = bob.says("hello", "public").await;
        house.work().await;
        alice.post(&format!("/api/v1/accounts/{}/mute", bob.account), json!({})).await.ok();
        assert_eq!(timeline(&alice, &list).await, [""; 0]);
        house.work().await;
        alice.post(&format!("/api/v1/accounts/{}/unmute", bob.account), json!({})).await.ok();
        house.work().await;
        assert_eq!(timeline(&alice, &list).await, [post]);
    }

    async fn the_replies_policy_says_which_answers_a_list_shows(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        let (member, followed) = (house.person("carol").await, house.person("dave").await);
        for person in [&bob, &member, &followed] {
            alice.follows(person).await;
        }
        let list = made(&alice, json!({"title": "Friends"})).await;
        put(&alice, &list, &[&bob, &member]).await;
        let to_member = bob.posts(json!({"status": "a", "in_reply_to_id": member.says("m", "unlisted").await})).await;
        let to_followed = bob.posts(json!({"status": "b", "in_reply_to_id": followed.says("f", "unlisted").await})).await;
        let to_owner = bob.posts(json!({"status": "c", "in_reply_to_id": alice.says("o", "unlisted").await})).await;
        house.work().await;
        let answers = async || {
            let all = timeline(&alice, &list).await;
            [&to_member, &to_followed, &to_owner].map(|id| all.contains(id))
        };
        assert_eq!(answers().await, [true, false, true]);
        for (policy, shown) in [("followed", [true, true, true]), ("none", [false, false, true])] {
            alice.put(&format!("/api/v1/lists/{list}"), json!({"replies_policy": policy})).await.ok();
            house.work().await;
            assert_eq!(answers().await, shown, "{policy}, filled anew");
            let again = bob.posts(json!({"status": "d", "in_reply_to_id": followed.says("g", "unlisted").await})).await;
            house.work().await;
            assert_eq!(timeline(&alice, &list).await.contains(&again), shown[1], "{policy}, as it comes");
        }
    }

    async fn members_of_an_exclusive_list_show_there_and_not_in_home(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        alice.follows(&bob).await;
        let first = bob.says("first", "public").await;
        house.work().await;
        let list = made(&alice, json!({"title": "Loud", "exclusive": true})).await;
        assert_eq!(home(&alice).await, std::slice::from_ref(&first));
        put(&alice, &list, &[&bob]).await;
        let second = bob.says("second", "public").await;
        house.work().await;
        assert_eq!(home(&alice).await, [""; 0]);
        assert_eq!(timeline(&alice, &list).await, [second.clone(), first.clone()]);
        alice.put(&format!("/api/v1/lists/{list}"), json!({"exclusive": false})).await.ok();
        house.work().await;
        assert_eq!(home(&alice).await, [second, first]);
        alice.put(&format!("/api/v1/lists/{list}"), json!({"exclusive": true})).await.ok();
        assert_eq!(home(&alice).await, [""; 0]);
    }

    async fn a_list_of_somebody_who_was_away_is_filled_when_they_look(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        alice.follows(&bob).await;
        let list = made(&alice, json!({"title": "Friends"})).await;
        put(&alice, &list, &[&bob]).await;
        house.work().await;
        house.wait(Duration::from_secs(20 * 86_400));
        let post = bob.says("anybody there?", "public").await;
        house.work().await;
        assert_eq!(timeline(&alice, &list).await, std::slice::from_ref(&post));
        assert_eq!(home(&alice).await, [post]);
    }

    async fn streams_hear_which_lists_gained_a_post(house: House) {
        let mut house = house;
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        alice.follows(&bob).await;
        let list = made(&alice, json!({"title": "Friends"})).await;
        put(&alice, &list, &[&bob]).await;
        house.work().await;
        house.settle();
        let post = bob.says("hello", "public").await;
        house.work().await;
        let gained = Event::ListGained { lists: vec![(list.parse().unwrap(), alice.account)], status: post.parse().unwrap() };
        assert!(house.settle().contains(&gained));
    }

    async fn a_deleted_post_leaves_lists(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        alice.follows(&bob).await;
        let list = made(&alice, json!({"title": "Friends"})).await;
        put(&alice, &list, &[&bob]).await;
        let post = bob.says("hello", "public").await;
        house.work().await;
        bob.delete(&format!("/api/v1/statuses/{post}")).await.ok();
        assert_eq!(timeline(&alice, &list).await, [""; 0]);
        house.work().await;
        assert_eq!(timeline(&alice, &list).await, [""; 0]);
    }
}
