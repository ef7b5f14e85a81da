//! Acting on accounts.

use std::time::Duration;

use phiomia_model::{
    Job, Role,
    job::{Lane, Mail},
};
use phiomia_social::users::NewUser;
use phiomia_store::db::jobs;
use phiomia_testkit::on_both_engines;
use serde_json::{Value, json};

use crate::{
    federation::stranger,
    kit::{House, Person},
};

const V1: &str = "/api/v1/admin/accounts";
const V2: &str = "/api/v2/admin/accounts";

async fn acts(by: &Person, on: &Person, kind: &str) {
    by.post(&format!("{V1}/{}/action", on.account), json!({"type": kind})).await.ok();
}

async fn names(by: &Person, path: &str) -> Vec<Value> {
    by.get(path).await.ok().each("username")
}

/// Somebody who waits to be let in.
async fn newcomer(house: &House, name: &str) -> Person {
    let new = NewUser {
        username: name.into(),
        email: Some(format!("{name}@mail.example")),
        reason: Some("I like it here".into()),
        is_confirmed: true,
        ..NewUser::default()
    };
    house.newcomer(new).await
}

on_both_engines! {
    async fn staff_finds_people_by_origin_state_and_the_beginning_of_names(house: House) {
        let owner = house.staff("owner", Role::Owner).await;
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        let sam = stranger(&house, "sam").await;
        newcomer(&house, "nora").await;
        acts(&owner, &alice, "silence").await;
        acts(&owner, &bob, "suspend").await;
        assert_eq!(names(&owner, V2).await, ["nora", "sam", "bob", "alice", "owner"]);
        for (query, expected) in [
            ("origin=local&status=active", vec!["nora", "alice", "owner"]),
            ("origin=remote", vec!["sam"]),
            ("status=pending", vec!["nora"]),
            ("status=silenced", vec!["alice"]),
            ("status=suspended", vec!["bob"]),
            ("permissions=staff", vec!["owner"]),
            ("role_ids[]=3", vec!["owner"]),
            ("by_domain=remote.example", vec!["sam"]),
            ("username=AL", vec!["alice"]),
            ("username=%25", vec![]),
            ("email=nora@mail", vec!["nora"]),
            ("ip=192.0.2.0/24", vec![]),
            ("ip=nonsense", vec![]),
            ("invited_by=1", vec![]),
        ] {
            assert_eq!(names(&owner, &format!("{V2}?{query}")).await, expected, "{query}");
        }
        for (query, expected) in [
            ("remote=true", vec!["sam"]),
            ("local=true&pending=true", vec!["nora"]),
            ("staff=true", vec!["owner"]),
            ("suspended=true", vec!["bob"]),
            ("sensitized=1", vec![]),
        ] {
            assert_eq!(names(&owner, &format!("{V1}?{query}")).await, expected, "{query}");
        }
        let page = owner.get(&format!("{V2}?limit=2")).await.ok();
        assert_eq!(page.each("username"), ["nora", "sam"]);
        assert_eq!(names(&owner, &format!("{V2}?limit=2&max_id={sam}")).await, ["bob", "alice"]);
        assert!(page.header("link").contains(&format!("max_id={sam}")));
    }

    async fn staff_sees_of_an_account_what_others_do_not(house: House) {
        let owner = house.staff("owner", Role::Owner).await;
        let (nora, sam) = (newcomer(&house, "nora").await, stranger(&house, "sam").await);
        let seen = owner.get(&format!("{V1}/{}", nora.account)).await.ok().json();
        assert_eq!((&seen["email"], &seen["invite_request"]), (&json!("nora@mail.example"), &json!("I like it here")));
        assert_eq!((&seen["confirmed"], &seen["approved"], &seen["role"]["id"]), (&json!(true), &json!(false), &json!("-99")));
        assert_eq!((&seen["account"]["username"], &seen["ips"]), (&json!("nora"), &json!([])));
        let seen = owner.get(&format!("{V1}/{sam}")).await.ok().json();
        assert_eq!((&seen["domain"], &seen["email"]), (&json!("remote.example"), &json!("")));
        assert_eq!(owner.get(&format!("{V1}/1")).await.refusal(), (404, "Record not found".to_owned()));
    }

    async fn who_is_let_in_may_act_and_is_told(house: House) {
        let owner = house.staff("owner", Role::Owner).await;
        let nora = newcomer(&house, "nora").await;
        assert_eq!(nora.get("/api/v1/timelines/home").await.status, 403);
        let path = format!("{V1}/{}/approve", nora.account);
        assert_eq!(owner.post(&path, json!({})).await.ok().json()["approved"], true);
        nora.get("/api/v1/timelines/home").await.ok();
        assert_eq!(mails(&house).await, [Mail::Approved]);
        assert_eq!(owner.post(&path, json!({})).await.refusal(), (403, "This action is not allowed".to_owned()));
    }

    async fn who_is_turned_down_is_gone_and_others_may_have_the_name(house: House) {
        let owner = house.staff("owner", Role::Owner).await;
        let nora = newcomer(&house, "nora").await;
        let path = format!("{V1}/{}", nora.account);
        assert_eq!(owner.post(&format!("{path}/reject"), json!({})).await.ok().json()["username"], "nora");
        assert_eq!((owner.get(&path).await.status.as_u16(), nora.get("/api/v1/preferences").await.status.as_u16()), (404, 401));
        assert_eq!(owner.post(&format!("{path}/approve"), json!({})).await.status, 404);
        newcomer(&house, "Nora").await;
        let sam = stranger(&house, "sam").await;
        assert_eq!(owner.post(&format!("{V1}/{sam}/reject"), json!({})).await.status, 404);
    }

    async fn a_limited_person_leaves_public_timelines_and_stays_with_followers(house: House) {
        let owner = house.staff("owner", Role::Owner).await;
        let (alice, bob, carol) = (house.person("alice").await, house.person("bob").await, house.person("carol").await);
        bob.follows(&alice).await;
        acts(&owner, &alice, "silence").await;
        let post = alice.says("hello #topic @carol", "public").await;
        house.work().await;
        for path in ["/api/v1/timelines/public", "/api/v1/timelines/tag/topic"] {
            assert_eq!(carol.get(path).await.ok().json(), json!([]), "{path}");
        }
        assert_eq!(bob.get("/api/v1/timelines/home").await.ok().ids(), [post]);
        assert_eq!(carol.get("/api/v1/notifications").await.ok().json(), json!([]));
        let seen = bob.get(&format!("/api/v1/accounts/{}", alice.account)).await.ok().json();
        assert_eq!(seen["limited"], true);
        let path = format!("{V1}/{}/unsilence", alice.account);
        assert_eq!(owner.post(&path, json!({})).await.ok().json()["silenced"], false);
        assert_eq!(carol.get("/api/v1/timelines/public").await.ok().json().as_array().unwrap().len(), 1);
    }

    async fn media_of_a_sensitized_person_are_veiled_for_others(house: House) {
        let owner = house.staff("owner", Role::Owner).await;
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        let post = format!("/api/v1/statuses/{}", alice.says("look", "public").await);
        let is_veiled = async |who: &Person| who.get(&post).await.ok().json()["sensitive"].clone();
        assert_eq!(is_veiled(&bob).await, false);
        acts(&owner, &alice, "sensitive").await;
        assert_eq!((is_veiled(&bob).await, is_veiled(&alice).await), (json!(true), json!(false)));
        assert_eq!(house.get(&post).await.ok().json()["sensitive"], true);
        let path = format!("{V1}/{}", alice.account);
        assert_eq!(owner.get(&path).await.ok().json()["sensitized"], true);
        assert_eq!(owner.post(&format!("{path}/unsensitive"), json!({})).await.ok().json()["sensitized"], false);
        assert_eq!(is_veiled(&bob).await, false);
    }

    async fn a_disabled_login_opens_nothing_until_it_is_enabled(house: House) {
        let owner = house.staff("owner", Role::Owner).await;
        let (alice, sam) = (house.person("alice").await, stranger(&house, "sam").await);
        acts(&owner, &alice, "disable").await;
        assert_eq!(alice.get("/api/v1/preferences").await.status, 401);
        let path = format!("{V1}/{}/enable", alice.account);
        assert_eq!(owner.post(&path, json!({})).await.ok().json()["disabled"], false);
        let token = house.token(Some(alice.account), "read").await;
        alice.bearing(token).get("/api/v1/preferences").await.ok();
        let refused = owner.post(&format!("{V1}/{sam}/action"), json!({"type": "disable"})).await;
        assert_eq!(refused.refusal(), (422, "Validation failed: Type is not included in the list".to_owned()));
        assert_eq!(owner.post(&format!("{V1}/{sam}/enable"), json!({})).await.status, 404);
    }

    async fn who_is_suspended_is_seen_nowhere_and_comes_back_with_all_posts(house: House) {
        let owner = house.staff("owner", Role::Owner).await;
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        let sam = stranger(&house, "sam").await;
        let post = format!("/api/v1/statuses/{}", alice.says("hello", "public").await);
        bob.post(&format!("/api/v1/accounts/{sam}/follow"), json!({})).await.ok();
        acts(&owner, &alice, "suspend").await;
        owner.post(&format!("{V1}/{sam}/action"), json!({"type": "suspend"})).await.ok();
        assert_eq!((bob.get(&post).await.status.as_u16(), alice.get("/api/v1/preferences").await.status.as_u16()), (404, 401));
        for account in [alice.account, sam] {
            let seen = bob.get(&format!("/api/v1/accounts/{account}")).await.ok().json();
            assert_eq!(seen["suspended"], true);
        }
        let relation = bob.get(&format!("/api/v1/accounts/relationships?with_suspended=true&id[]={sam}")).await.ok().json();
        assert_eq!(relation[0]["requested"], false);
        for account in [alice.account, sam] {
            let lifted = owner.post(&format!("{V1}/{account}/unsuspend"), json!({})).await.ok().json();
            assert_eq!(lifted["suspended"], false);
        }
        bob.get(&post).await.ok();
    }

    async fn only_what_is_suspended_is_erased(house: House) {
        let (owner, moderator) = (house.staff("owner", Role::Owner).await, house.staff("mo", Role::Moderator).await);
        let (alice, sam) = (house.person("alice").await, stranger(&house, "sam").await);
        for account in [alice.account, sam] {
            let path = format!("{V1}/{account}");
            assert_eq!(owner.delete(&path).await.refusal(), (403, "This action is not allowed".to_owned()));
            moderator.post(&format!("{path}/action"), json!({"type": "suspend"})).await.ok();
            assert_eq!(moderator.delete(&path).await.status, 403, "moderators erase nobody");
            assert_eq!(owner.delete(&path).await.ok().json()["suspended"], true);
            house.work().await;
            assert_eq!(owner.get(&path).await.status, 404);
        }
    }

    async fn nobody_acts_on_themselves_or_on_whoever_is_not_lower(house: House) {
        let (owner, admin) = (house.staff("owner", Role::Owner).await, house.staff("ada", Role::Admin).await);
        let (mo, max) = (house.staff("mo", Role::Moderator).await, house.staff("max", Role::Moderator).await);
        for (by, on) in [(&mo, &max), (&mo, &admin), (&admin, &owner), (&owner, &owner)] {
            let refused = by.post(&format!("{V1}/{}/action", on.account), json!({"type": "silence"})).await;
            assert_eq!(refused.refusal(), (403, "This action is not allowed".to_owned()), "{} on {}", by.name, on.name);
        }
        acts(&admin, &mo, "silence").await;
        let missing = owner.post(&format!("{V1}/{}/action", mo.account), json!({"type": "tickle"})).await;
        assert_eq!(missing.refusal(), (422, "Validation failed: Type is not included in the list".to_owned()));
        assert_eq!(owner.post(&format!("{V1}/1/action"), json!({"type": "none"})).await.status, 404);
    }

    async fn who_is_acted_on_gets_a_mail_unless_that_is_not_wanted(house: House) {
        let owner = house.staff("owner", Role::Owner).await;
        let alice = house.person("alice").await;
        let path = format!("{V1}/{}/action", alice.account);
        let silently = json!({"type": "none", "text": "careful", "send_email_notification": false});
        owner.post(&path, silently).await.ok();
        assert_eq!(mails(&house).await, []);
        owner.post(&path, json!({"type": "silence", "text": "enough"})).await.ok();
        assert!(matches!(mails(&house).await[..], [Mail::Strike(_)]));
    }

    async fn who_is_warned_or_limited_finds_it_among_their_notifications(house: House) {
        let owner = house.staff("owner", Role::Owner).await;
        let alice = house.person("alice").await;
        let path = format!("{V1}/{}/action", alice.account);
        owner.post(&path, json!({"type": "none", "text": "careful"})).await.ok();
        owner.post(&path, json!({"type": "sensitive", "text": "enough"})).await.ok();
        owner.post(&path, json!({"type": "none", "send_email_notification": false})).await.ok();
        let told = alice.get("/api/v1/notifications").await.ok().json();
        let told = told.as_array().unwrap();
        assert_eq!(told.len(), 2, "each of both, and what was not to be told of not");
        let warning = &told[0]["moderation_warning"];
        assert_eq!((&told[0]["type"], &told[0]["account"]["username"]), (&json!("moderation_warning"), &json!("alice")));
        assert_eq!((&warning["action"], &warning["text"]), (&json!("sensitive"), &json!("enough")));
        assert_eq!((&warning["target_account"]["id"], &warning["appeal"]), (&json!(alice.account.to_string()), &Value::Null));
        assert_eq!(told[1]["moderation_warning"]["action"], "none");

        let grouped = alice.get("/api/v2/notifications").await.ok().json();
        let groups = grouped["notification_groups"].as_array().unwrap();
        assert_eq!(groups.len(), 2);
        assert_eq!(groups[0]["moderation_warning"], *warning);
        let one = alice.get(&format!("/api/v2/notifications/{}", groups[0]["group_key"].as_str().unwrap())).await.ok().json();
        assert_eq!(one["notification_groups"][0]["moderation_warning"]["id"], warning["id"]);
        let others = alice.get("/api/v1/notifications?exclude_types[]=moderation_warning").await.ok().json();
        assert_eq!(others, json!([]));
        assert_eq!(owner.get("/api/v1/notifications?types[]=moderation_warning").await.ok().json(), json!([]));
    }

    async fn who_loses_follows_by_a_suspension_is_told_how_many(house: House) {
        let owner = house.staff("owner", Role::Owner).await;
        let alice = house.person("alice").await;
        let sam = stranger(&house, "sam").await;
        let me = alice.account;
        alice.post(&format!("/api/v1/accounts/{sam}/follow"), json!({})).await.ok();
        let following = house.api.db.write(move |tx| {
            phiomia_social::remote::follow_accepted(tx, sam, me)?;
            phiomia_social::remote::follow(tx, sam, me, "https://remote.example/f/1")
        });
        following.await.unwrap();
        owner.post(&format!("{V1}/{sam}/action"), json!({"type": "suspend"})).await.ok();
        let told = alice.get("/api/v1/notifications?types[]=severed_relationships").await.ok().json();
        let event = &told[0]["event"];
        assert_eq!((&event["type"], &event["target_name"]), (&json!("account_suspension"), &json!("sam@remote.example")));
        assert_eq!((&event["followers_count"], &event["following_count"]), (&json!(1), &json!(1)));
        assert_eq!((&event["purged"], &told[0]["account"]["username"]), (&json!(true), &json!("alice")));
        assert_eq!(told.as_array().unwrap().len(), 1);
    }
}

/// The mails that wait to be sent; afterwards none does.
async fn mails(house: &House) -> Vec<Mail> {
    let taking = house.api.db.write(|tx| {
        let claimed = jobs::claim(tx, Lane::Upkeep, 100, Duration::from_secs(60), "test")?;
        jobs::finish(tx, &claimed.iter().map(|claimed| claimed.id).collect::<Vec<_>>())?;
        Ok(claimed.into_iter().filter_map(|claimed| claimed.job.ok()).collect::<Vec<Job>>())
    });
    let mail = |job| if let Job::SendMail { mail, .. } = job { Some(mail) } else { None };
    taking.await.unwrap().into_iter().filter_map(mail).collect()
}
