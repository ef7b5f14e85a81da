//! Servers that are kept away, and those that are allowed.

use phiomia_model::Role;
use phiomia_testkit::on_both_engines;
use serde_json::{Value, json};

use crate::{federation::stranger, kit::House};

const BLOCKS: &str = "/api/v1/admin/domain_blocks";
const ALLOWS: &str = "/api/v1/admin/domain_allows";

on_both_engines! {
    async fn whoever_lives_on_a_suspended_server_is_seen_nowhere_and_follows_end(house: House) {
        let (alice, owner) = (house.person("alice").await, house.staff("owner", Role::Owner).await);
        let sam = stranger(&house, "sam").await;
        let domain = "remote.example";
        let followed = alice.post(&format!("/api/v1/accounts/{sam}/follow"), json!({})).await.ok().json();
        assert_eq!(followed["requested"], true);
        let block = owner.post(BLOCKS, json!({"domain": domain, "severity": "suspend", "private_comment": "spam"})).await.ok();
        assert_eq!(block.json()["severity"], "suspend");
        let seen = alice.get(&format!("/api/v1/accounts/{sam}")).await.ok().json();
        assert_eq!((&seen["suspended"], &seen["note"]), (&json!(true), &json!("")));
        let relation = alice.get(&format!("/api/v1/accounts/relationships?with_suspended=true&id[]={sam}")).await.ok().json();
        assert_eq!((&relation[0]["requested"], &relation[0]["following"]), (&json!(false), &json!(false)));
        // Less strict: seen again, by followers alone.
        let path = format!("{BLOCKS}/{}", block.id());
        let limited = owner.put(&path, json!({"severity": "silence"})).await.ok().json();
        assert_eq!((&limited["severity"], &limited["private_comment"]), (&json!("silence"), &json!("spam")));
        let seen = alice.get(&format!("/api/v1/accounts/{sam}")).await.ok().json();
        assert_eq!((&seen["suspended"], &seen["limited"]), (&Value::Null, &json!(true)));
        assert_eq!(owner.delete(&path).await.ok().json()["domain"], domain);
        let seen = alice.get(&format!("/api/v1/accounts/{sam}")).await.ok().json();
        assert_eq!((&seen["suspended"], &seen["limited"]), (&Value::Null, &Value::Null));
        assert_eq!(owner.get(&path).await.status, 404);
    }

    async fn decisions_are_listed_newest_first_in_pages(house: House) {
        let owner = house.staff("owner", Role::Owner).await;
        let mut ids = Vec::new();
        for domain in ["a.example", "b.example", "c.example"] {
            let form = json!({"domain": domain, "reject_media": true, "reject_reports": true, "obfuscate": true, "public_comment": "why"});
            ids.push(owner.post(BLOCKS, form).await.ok().id());
        }
        ids.reverse();
        let page = owner.get(&format!("{BLOCKS}?limit=2")).await.ok();
        assert_eq!(page.ids(), ids[..2]);
        assert!(page.header("link").contains("max_id="));
        assert_eq!(owner.get(&format!("{BLOCKS}?max_id={}", ids[1])).await.ok().ids(), ids[2..]);
        let one = owner.get(&format!("{BLOCKS}/{}", ids[0])).await.ok().json();
        let expected = json!({
            "id": ids[0], "domain": "c.example", "severity": "silence", "reject_media": true, "reject_reports": true,
            "private_comment": null, "public_comment": "why", "obfuscate": true, "created_at": "2026-11-25T12:00:00.000Z",
            "digest": phiomia_store::secret::digest_of("c.example"),
        });
        assert_eq!(one, expected);
    }

    async fn a_second_decision_about_a_domain_is_answered_with_the_first(house: House) {
        let owner = house.staff("owner", Role::Owner).await;
        let first = owner.post(BLOCKS, json!({"domain": "enemy.example", "severity": "suspend"})).await.ok();
        for domain in ["ENEMY.example", "sub.enemy.example"] {
            let again = owner.post(BLOCKS, json!({"domain": domain, "severity": "silence"})).await;
            let sentence = "You have already imposed stricter limits on enemy.example.";
            assert_eq!(again.refusal(), (422, sentence.to_owned()));
            assert_eq!(again.json()["existing_domain_block"]["id"], first.id());
        }
        owner.post(BLOCKS, json!({"domain": "other.example", "severity": "silence"})).await.ok();
        owner.post(BLOCKS, json!({"domain": "sub.other.example", "severity": "suspend"})).await.ok();
    }

    async fn who_loses_follows_by_a_blocked_server_is_told_how_many(house: House) {
        let owner = house.staff("owner", Role::Owner).await;
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        let me = alice.account;
        for name in ["sam", "sue"] {
            let them = stranger(&house, name).await;
            alice.post(&format!("/api/v1/accounts/{them}/follow"), json!({})).await.ok();
            house.api.db.write(move |tx| phiomia_social::remote::follow_accepted(tx, them, me)).await.unwrap();
        }
        // A request is no follow yet.
        let sam = stranger(&house, "sam").await;
        bob.post(&format!("/api/v1/accounts/{sam}/follow"), json!({})).await.ok();
        owner.post(BLOCKS, json!({"domain": "remote.example", "severity": "suspend"})).await.ok();
        let grouped = alice.get("/api/v2/notifications").await.ok().json();
        let group = &grouped["notification_groups"][0];
        let event = &group["event"];
        assert_eq!((&group["type"], &event["type"]), (&json!("severed_relationships"), &json!("domain_block")));
        assert_eq!((&event["target_name"], &event["following_count"]), (&json!("remote.example"), &json!(2)));
        assert_eq!((&event["followers_count"], &group["sample_account_ids"]), (&json!(0), &json!([me.to_string()])));
        assert_eq!(bob.get("/api/v1/notifications").await.ok().json(), json!([]));
    }

    async fn what_is_no_domain_or_no_severity_is_refused(house: House) {
        let owner = house.staff("owner", Role::Owner).await;
        let tries = [
            (json!({}), "Domain can't be blank"),
            (json!({"domain": "https://x.example/"}), "Domain is not a valid domain name"),
            (json!({"domain": "phiomia.example"}), "Domain is not a valid domain name"),
            (json!({"domain": "x.example", "severity": "harsh"}), "Severity is not included in the list"),
        ];
        for (form, why) in tries {
            assert_eq!(owner.post(BLOCKS, form).await.refusal(), (422, format!("Validation failed: {why}")));
        }
        assert_eq!(owner.post(ALLOWS, json!({"domain": ""})).await.status, 422);
        for path in [format!("{BLOCKS}/1"), format!("{ALLOWS}/1"), format!("{BLOCKS}/x")] {
            assert_eq!(owner.get(&path).await.refusal(), (404, "Record not found".to_owned()));
            assert_eq!(owner.delete(&path).await.status, 404);
        }
    }

    async fn an_allowed_server_is_blocked_no_longer(house: House) {
        let owner = house.staff("owner", Role::Owner).await;
        owner.post(BLOCKS, json!({"domain": "friend.example"})).await.ok();
        let allowed = owner.post(ALLOWS, json!({"domain": "Friend.example"})).await.ok();
        assert_eq!(allowed.json(), json!({"id": allowed.id(), "domain": "friend.example", "created_at": "2026-11-25T12:00:00.000Z"}));
        assert_eq!(owner.post(ALLOWS, json!({"domain": "friend.example"})).await.ok().id(), allowed.id());
        assert_eq!(owner.get(BLOCKS).await.ok().json(), json!([]));
        assert_eq!(owner.get(ALLOWS).await.ok().ids(), [allowed.id()]);
        let path = format!("{ALLOWS}/{}", allowed.id());
        owner.get(&path).await.ok();
        owner.delete(&path).await.ok();
        assert_eq!(owner.get(ALLOWS).await.ok().json(), json!([]));
    }

    async fn what_is_published_about_servers_is_the_owners_choice(house: House) {
        let (alice, owner) = (house.person("alice").await, house.staff("owner", Role::Owner).await);
        let path = "/api/v1/instance/domain_blocks";
        for form in [
            json!({"domain": "quiet.example", "severity": "silence", "public_comment": "noisy"}),
            json!({"domain": "enemy.example", "severity": "suspend", "obfuscate": true, "private_comment": "secret"}),
            json!({"domain": "odd.example", "severity": "noop", "reject_media": true}),
        ] {
            owner.post(BLOCKS, form).await.ok();
        }
        assert_eq!(alice.get(path).await.status, 404);
        house.set("show_domain_blocks", "users").await;
        assert_eq!(house.get(path).await.status, 401);
        alice.get(path).await.ok();
        house.set("show_domain_blocks", "all").await;
        let published = house.get(path).await.ok().json();
        let digest = phiomia_store::secret::digest_of;
        assert_eq!(published, json!([
            {"domain": "enem*.****ple", "digest": digest("enemy.example"), "severity": "suspend"},
            {"domain": "quiet.example", "digest": digest("quiet.example"), "severity": "silence", "comment": "noisy"},
        ]));
    }
}
