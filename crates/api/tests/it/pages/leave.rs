//! Somebody ends their own account.

use phiomia_model::Role;
use phiomia_store::db::users as rows;
use phiomia_testkit::on_both_engines;

use crate::{
    kit::{ALL_SCOPES, House},
    visitor::{PASSWORD, Visitor, person, signed_in},
};

const HERE: &str = "/settings/delete";

on_both_engines! {
    async fn who_ends_their_account_is_gone_at_once(house: House) {
        // The first person owns the server.
        person(&house, "owner").await;
        let alice = signed_in(&house, "alice").await;
        let id = house.api.db.read(|q| Ok(rows::by_name(q, "alice")?.unwrap())).await.unwrap();
        let app = house.person("bob").await.bearing(house.token(Some(id), ALL_SCOPES).await);
        let answer = alice.submit(&house, HERE, HERE, &[("user[current_password]", "wrong horse")]).await;
        assert_eq!(answer.status, 422);
        assert!(answer.text().contains("This password is not right."), "{}", answer.text());
        house.get("/@alice").await.ok();

        let answer = alice.submit(&house, HERE, HERE, &[("user[current_password]", PASSWORD)]).await;
        assert!(answer.ok().text().contains("Your account is deleted"));
        assert!(alice.cookies.borrow().keys().all(|name| !name.contains("session")));
        assert_eq!(house.get("/@alice").await.status, 410);
        assert_eq!(house.get(&format!("/api/v1/accounts/{id}")).await.status, 410);
        assert_eq!(app.get("/api/v1/accounts/verify_credentials").await.status, 401);
        assert_eq!(Visitor::default().sign_in(&house, "alice", PASSWORD).await.status, 422);
        assert_eq!(alice.get(&house, HERE).await.header("location"), "/auth/sign_in?return_to=%2Fsettings%2Fdelete");
    }

    async fn the_owner_of_a_server_stays(house: House) {
        let alice = signed_in(&house, "alice").await;
        let id = house.api.db.read(|q| Ok(rows::by_name(q, "alice")?.unwrap())).await.unwrap();
        house.api.db.write(move |tx| Ok(rows::set_role(tx, id, Role::Owner)?)).await.unwrap();
        let html = alice.get(&house, HERE).await.ok().text();
        assert!(html.contains("You own this server") && !html.contains("current_password"), "{html}");
        // The token is the same on every page.
        let other = alice.get(&house, "/auth/edit").await.ok().text();
        let answer = alice.submit_shown(&house, &other, HERE, &[("user[current_password]", PASSWORD)]).await;
        assert_eq!(answer.status, 403);
        house.get("/@alice").await.ok();
    }
}
