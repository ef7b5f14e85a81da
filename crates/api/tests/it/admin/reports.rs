//! What was reported, and what becomes of it.

use phiomia_model::Role;
use phiomia_testkit::on_both_engines;
use serde_json::{Value, json};

use crate::kit::{House, Person};

const REPORTS: &str = "/api/v1/admin/reports";

/// Alice reports Bob; its number.
async fn report(alice: &Person, bob: &Person, more: Value) -> String {
    let mut form = json!({"account_id": bob.account.to_string(), "comment": "please look"});
    form.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    alice.post("/api/v1/reports", form).await.ok().id()
}

on_both_engines! {
    async fn staff_reads_a_report_with_its_people_and_posts_whoever_they_were_for(house: House) {
        let moderator = house.staff("mo", Role::Moderator).await;
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        let private = bob.says("@alice boo", "direct").await;
        let id = report(&alice, &bob, json!({"status_ids": [private], "category": "spam"})).await;
        let seen = moderator.get(&format!("{REPORTS}/{id}")).await.ok().json();
        assert_eq!((&seen["category"], &seen["comment"]), (&json!("spam"), &json!("please look")));
        assert_eq!((&seen["account"]["username"], &seen["target_account"]["username"]), (&json!("alice"), &json!("bob")));
        assert_eq!((&seen["statuses"][0]["id"], &seen["action_taken"]), (&json!(private), &json!(false)));
        assert_eq!((&seen["assigned_account"], &seen["action_taken_by_account"]), (&Value::Null, &Value::Null));
        assert_eq!(moderator.get(&format!("/api/v1/statuses/{private}")).await.status, 404, "elsewhere it is not theirs");
        assert_eq!(moderator.get(&format!("{REPORTS}/1")).await.refusal(), (404, "Record not found".to_owned()));
    }

    async fn staff_is_told_of_a_report_and_nobody_else(house: House) {
        let moderator = house.staff("mo", Role::Moderator).await;
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        let first = report(&alice, &bob, json!({})).await;
        let second = report(&alice, &bob, json!({})).await;
        let told = moderator.get("/api/v1/notifications").await.ok().json();
        let about = |n: usize| (told[n]["type"].clone(), told[n]["account"]["username"].clone(), told[n]["report"]["id"].clone());
        assert_eq!(about(0), (json!("admin.report"), json!("alice"), json!(second)));
        assert_eq!(about(1), (json!("admin.report"), json!("alice"), json!(first)));
        assert_eq!(told[0]["report"]["target_account"]["username"], "bob");
        let groups = moderator.get("/api/v2/notifications").await.ok().json();
        assert_eq!(groups["notification_groups"][0]["report"]["id"], json!(second));
        for person in [&alice, &bob] {
            assert_eq!(person.get("/api/v1/notifications").await.ok().json(), json!([]));
        }
    }

    async fn a_report_is_taken_given_back_resolved_and_opened_again(house: House) {
        let moderator = house.staff("mo", Role::Moderator).await;
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        let id = report(&alice, &bob, json!({})).await;
        house.wait(std::time::Duration::from_secs(60));
        let step = async |step: &str| moderator.post(&format!("{REPORTS}/{id}/{step}"), json!({})).await.ok().json();
        let taken = step("assign_to_self").await;
        assert_eq!((&taken["assigned_account"]["username"], &taken["updated_at"]), (&json!("mo"), &json!("2026-11-25T12:01:00.000Z")));
        assert_eq!(step("unassign").await["assigned_account"], Value::Null);
        let resolved = step("resolve").await;
        assert_eq!((&resolved["action_taken"], &resolved["action_taken_by_account"]["username"]), (&json!(true), &json!("mo")));
        assert_eq!(moderator.get(REPORTS).await.ok().json(), json!([]));
        assert_eq!(moderator.get(&format!("{REPORTS}?resolved=true")).await.ok().ids(), std::slice::from_ref(&id));
        let reopened = step("reopen").await;
        assert_eq!((&reopened["action_taken"], &reopened["action_taken_by_account"]), (&json!(false), &Value::Null));
        for word in ["assign_to_self", "unassign", "resolve", "reopen"] {
            assert_eq!(moderator.post(&format!("{REPORTS}/1/{word}"), json!({})).await.status, 404);
        }
    }

    async fn reports_are_found_by_their_parties(house: House) {
        let moderator = house.staff("mo", Role::Moderator).await;
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        let (one, two) = (report(&alice, &bob, json!({})).await, report(&bob, &alice, json!({})).await);
        assert_eq!(moderator.get(REPORTS).await.ok().ids(), [two.clone(), one.clone()]);
        let by = |query: String| format!("{REPORTS}?{query}");
        assert_eq!(moderator.get(&by(format!("account_id={}", alice.account))).await.ok().ids(), std::slice::from_ref(&one));
        assert_eq!(moderator.get(&by(format!("target_account_id={}", alice.account))).await.ok().ids(), std::slice::from_ref(&two));
        assert_eq!(moderator.get(&by("account_id=x".into())).await.ok().json(), json!([]));
        assert_eq!(moderator.get(&by("limit=1".into())).await.ok().ids(), std::slice::from_ref(&two));
        assert_eq!(moderator.get(&by(format!("max_id={two}"))).await.ok().ids(), [one]);
    }

    async fn a_report_gets_another_reason(house: House) {
        let moderator = house.staff("mo", Role::Moderator).await;
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        let id = report(&alice, &bob, json!({})).await;
        let path = format!("{REPORTS}/{id}");
        assert_eq!(moderator.put(&path, json!({"category": "legal"})).await.ok().json()["category"], "legal");
        let refused = moderator.put(&path, json!({"category": "rude"})).await.refusal();
        assert_eq!(refused, (422, "Validation failed: Category is not included in the list".to_owned()));
        let refused = moderator.put(&path, json!({"category": "violation", "rule_ids": [7]})).await.refusal();
        assert_eq!(refused, (422, "Validation failed: Rules does not reference valid rules".to_owned()));
        assert_eq!(moderator.put(&format!("{REPORTS}/1"), json!({"category": "spam"})).await.status, 404);
    }

    async fn acting_on_somebody_resolves_what_was_reported_about_them(house: House) {
        let moderator = house.staff("mo", Role::Moderator).await;
        let (alice, bob, carol) = (house.person("alice").await, house.person("bob").await, house.person("carol").await);
        let (one, two) = (report(&alice, &bob, json!({})).await, report(&carol, &bob, json!({})).await);
        let other = report(&bob, &alice, json!({})).await;
        let path = format!("/api/v1/admin/accounts/{}/action", bob.account);
        assert_eq!(moderator.post(&path, json!({"type": "none", "report_id": other})).await.status, 404, "it is not about Bob");
        moderator.post(&path, json!({"type": "none", "report_id": one, "text": "be nice"})).await.ok();
        assert_eq!(moderator.get(REPORTS).await.ok().ids(), [other.clone(), two.clone()]);
        moderator.post(&path, json!({"type": "silence", "report_id": two})).await.ok();
        assert_eq!(moderator.get(REPORTS).await.ok().ids(), [other]);
        let resolved = moderator.get(&format!("{REPORTS}/{two}")).await.ok().json();
        assert_eq!(resolved["action_taken_by_account"]["username"], "mo");
    }
}
