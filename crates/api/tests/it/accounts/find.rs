//! Finding people.

use phiomia_store::db::users;
use phiomia_testkit::on_both_engines;
use serde_json::json;

use crate::kit::House;

on_both_engines! {
    async fn an_account_is_found_by_id_by_handle_and_by_name(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("Bob").await);
        let path = format!("/api/v1/accounts/{}", bob.account);
        assert_eq!(house.get(&path).await.ok().json()["acct"], "Bob");
        for acct in ["bob", "@BOB", "bob@phiomia.example"] {
            let found = house.get(&format!("/api/v1/accounts/lookup?acct={acct}")).await.ok();
            assert_eq!(found.id(), bob.account.to_string(), "{acct}");
        }
        for q in ["bo", "@bob", "bob@phiomia.example"] {
            let found = alice.get(&format!("/api/v1/accounts/search?q={q}")).await.ok();
            assert_eq!(found.ids(), [bob.account.to_string()], "{q}");
        }
        let many = house.get(&format!("/api/v1/accounts?id[]={}&id[]=1&id[]={}", bob.account, alice.account)).await;
        assert_eq!(many.ok().ids(), [bob.account.to_string(), alice.account.to_string()]);
    }

    async fn who_is_suspended_is_named_and_nothing_more_and_who_left_is_gone(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        alice.patch("/api/v1/accounts/update_credentials", json!({"display_name": "Al", "note": "hi"})).await.ok();
        alice.says("hello", "public").await;
        let (a, b, now) = (alice.account, bob.account, house.api.now());
        let change = move |tx: &phiomia_store::Tx<'_>| {
            users::set_suspended(tx, a, Some(now))?;
            Ok(users::set_deleted(tx, b, Some(now))?)
        };
        house.api.db.write(change).await.unwrap();
        let shown = house.get(&format!("/api/v1/accounts/{a}")).await.ok().json();
        assert_eq!((&shown["suspended"], &shown["display_name"], &shown["note"]), (&json!(true), &json!(""), &json!("")));
        let posts = house.get(&format!("/api/v1/accounts/{a}/statuses")).await.ok();
        assert_eq!((posts.ids(), posts.headers.get("link")), (Vec::new(), None), "not even the ids of posts");
        assert_eq!(house.get(&format!("/api/v1/accounts/{b}")).await.refusal(), (410, "Record not found".to_owned()));
    }
}
