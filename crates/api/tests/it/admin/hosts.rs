//! How it stands with other servers.

use std::time::Duration;

use phiomia_model::Role;
use phiomia_store::db::federation::{deliveries, key_pairs::SERVER};
use phiomia_testkit::{has_failed, leave_for, on_both_engines};
use serde_json::{Value, json};

use crate::kit::House;

/// Leaves a post for two hosts, of which one failed before.
async fn two_hosts(house: &House) {
    let leaving = house.api.db.write(|tx| {
        leave_for(tx, SERVER, None, &["broken.test", "new.test:8443"])?;
        Ok(has_failed(tx, "broken.test")?)
    });
    leaving.await.unwrap();
}

on_both_engines! {
    async fn staff_reads_how_it_stands_with_each_host(house: House) {
        let owner = house.staff("owner", Role::Owner).await;
        two_hosts(&house).await;
        let all = owner.get("/api/v1/admin/hosts").await.ok();
        assert_eq!(all.each("host"), [json!("broken.test"), json!("new.test:8443")]);
        assert_eq!(all.each("waiting"), [json!(1), json!(1)]);
        let first = owner.get("/api/v1/admin/hosts?limit=1").await.ok();
        assert_eq!(first.each("host"), [json!("broken.test")]);
        assert!(first.header("link").contains("after=broken.test&limit=1>; rel=\"next\""), "{}", first.header("link"));
        assert_eq!(owner.get("/api/v1/admin/hosts?after=broken.test").await.ok().each("host"), [json!("new.test:8443")]);
        assert_eq!(owner.get("/api/v1/admin/hosts?failing=true").await.ok().each("state"), [json!("left_alone")]);
        let one = owner.get("/api/v1/admin/hosts/broken.test").await.ok().json();
        assert_eq!(one["state_in_words"], "left alone until 2026-11-25T13:00:00.000Z");
        assert_eq!((&one["last_error"], &one["failures"]), (&json!("502 Bad Gateway"), &json!(3)));
        assert_eq!((&one["people"], &one["last_received_at"]), (&json!(0), &Value::Null));
    }

    async fn how_far_a_post_came_is_told_to_its_author_and_to_staff(house: House) {
        let owner = house.staff("owner", Role::Owner).await;
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        let post = alice.post("/api/v1/statuses", json!({"status": "hello"})).await.ok().json();
        let id = post["id"].as_str().unwrap().to_owned();
        let status = id.parse().unwrap();
        let hosts = ["broken.test", "waits.test"];
        house.api.db.write(move |tx| Ok(leave_for(tx, SERVER, Some(status), &hosts)?)).await.unwrap();
        house.wait(Duration::from_secs(8 * 86_400));
        house.api.db.write(|tx| Ok(deliveries::expire(tx, "broken.test")?)).await.unwrap();

        let mine = alice.get(&format!("/api/v1/statuses/{id}/deliveries")).await.ok().json();
        let expected = json!({ "approval": null, "waiting": 1, "expired": 1, "hosts": [{ "host": "waits.test", "waiting": 1 }] });
        assert_eq!(mine, expected);
        let refused = bob.get(&format!("/api/v1/statuses/{id}/deliveries")).await.refusal();
        assert_eq!(refused, (404, "Record not found".to_owned()));
        let staff = format!("/api/v1/admin/statuses/{id}/deliveries");
        assert_eq!(owner.get(&staff).await.ok().json(), expected);
        assert_eq!(alice.get(&staff).await.refusal().0, 403);
        let host = owner.get("/api/v1/admin/hosts/broken.test").await.ok().json();
        assert_eq!((&host["expired"], &host["waiting"]), (&json!(1), &json!(0)));
    }

    async fn staff_tries_a_host_at_once_or_forgives_it(house: House) {
        let owner = house.staff("owner", Role::Owner).await;
        two_hosts(&house).await;
        let tried = owner.post("/api/v1/admin/hosts/broken.test/retry", json!({})).await.ok().json();
        assert_eq!((&tried["state"], &tried["failures"]), (&json!("fails"), &json!(3)));
        assert_eq!(tried["next_try_at"], "2026-11-25T12:00:00.000Z");
        let forgiven = owner.post("/api/v1/admin/hosts/broken.test/reset", json!({})).await.ok().json();
        assert_eq!((&forgiven["state"], &forgiven["failures"]), (&json!("new"), &json!(0)));
        for path in ["nobody.test", "nobody.test/retry", "nobody.test/reset"] {
            let path = format!("/api/v1/admin/hosts/{path}");
            let answer = if path.ends_with(".test") { owner.get(&path).await } else { owner.post(&path, json!({})).await };
            assert_eq!(answer.refusal(), (404, "Record not found".to_owned()));
        }
    }
}
