//! The first start and the link that signs in.

use phiomia_model::Role;
use phiomia_social::users;
use phiomia_store::db::users as rows;
use phiomia_testkit::on_both_engines;

use crate::{
    kit::House,
    visitor::{PASSWORD, Visitor, person},
};

async fn first_link(house: &House) -> String {
    let secret = users::first_owner_link(&house.api.db, &house.api.entropy).await.unwrap();
    format!("/owner/{}", secret.expose())
}

on_both_engines! {
    async fn the_owner_chooses_a_name_and_is_signed_in(house: House) {
        let link = first_link(&house).await;
        let visitor = Visitor::default();
        assert!(visitor.get(&house, "/").await.ok().text().contains("Nobody lives here yet"));
        let answer = visitor.submit(&house, &link, &link, &[("username", "@Alice"), ("password", PASSWORD)]).await;
        assert_eq!((answer.status.as_u16(), answer.header("location")), (302, "/"), "{}", answer.text());
        assert!(visitor.get(&house, "/").await.ok().text().contains("@Alice"));
        let owner = house.api.db.read(|q| {
            Ok(rows::owner(q)?.map(|id| rows::find(q, id)).transpose()?.flatten())
        }).await.unwrap().unwrap();
        assert_eq!((owner.username.as_str(), owner.role), ("Alice", Role::Owner));
        assert_eq!(visitor.get(&house, &link).await.status, 404);
        assert_eq!(Visitor::default().sign_in(&house, "alice", PASSWORD).await.header("location"), "/");
    }

    async fn what_is_wrong_stands_beside_its_field_and_the_link_stays_good(house: House) {
        let (link, visitor) = (first_link(&house).await, Visitor::default());
        let answer = visitor.submit(&house, &link, &link, &[("username", "a b\""), ("password", "short")]).await;
        assert_eq!(answer.status, 422);
        let html = answer.text();
        assert!(html.contains("This name must contain only letters, numbers and underscores."), "{html}");
        assert!(html.contains("This password is too short (minimum is 8 characters)."));
        assert!(html.contains("value=\"a b&#34;\"") && !html.contains("short\""));
        let answer = visitor.submit(&house, &link, &link, &[("username", "alice"), ("password", PASSWORD)]).await;
        assert_eq!(answer.status, 302);
    }

    async fn a_link_that_signs_in_is_used_up_by_its_button_and_not_by_looking(house: House) {
        let alice = person(&house, "alice").await;
        let secret = users::sign_in_link(&house.api.db, &house.api.entropy, alice).await.unwrap();
        let (link, visitor) = (format!("/owner/{}", secret.expose()), Visitor::default());
        visitor.get(&house, &link).await.ok();
        assert_eq!(visitor.submit(&house, &link, &link, &[]).await.header("location"), "/");
        assert!(visitor.get(&house, "/").await.ok().text().contains("You are signed in as"));
        assert_eq!(visitor.get(&house, &link).await.status, 404);
    }
}
