//! Who may come where only staff may.

use http::Method;
use phiomia_api::gate::Who;
use phiomia_model::Role;
use phiomia_testkit::on_both_engines;

use crate::kit::House;

/// Every route for staff, with a piece of the path that nothing has.
fn routes() -> Vec<(Method, String, &'static str)> {
    let routes = phiomia_api::table().into_iter().filter(|route| matches!(route.who, Who::Staff(_)));
    let all: Vec<_> = routes
        .map(|route| (route.method, route.path.replace("{id}", "1").replace("{host}", "1"), route.scopes[0].name()))
        .collect();
    assert!(all.len() > 10);
    all
}

on_both_engines! {
    async fn without_a_token_without_the_scope_or_without_the_role_nobody_comes_in(house: House) {
        house.switch_off_rate_limits().await;
        let (alice, owner) = (house.person("alice").await, house.staff("owner", Role::Owner).await);
        let narrow = owner.bearing(house.token(Some(owner.account), "read write follow").await);
        let plain = alice.bearing(house.token(Some(alice.account), "admin:read admin:write").await);
        for (method, path, scope) in routes() {
            let nobody = house.ask(method.clone(), &path).await.refusal();
            assert_eq!(nobody, (401, "The access token is invalid".to_owned()), "{method} {path}");
            let refused = narrow.ask(method.clone(), &path, None).await.refusal();
            assert_eq!(refused, (403, "This action is outside the authorized scopes".to_owned()), "{method} {path}");
            let refused = plain.ask(method.clone(), &path, None).await.refusal();
            assert_eq!(refused, (403, "This action is not allowed".to_owned()), "{method} {path}");
            assert_eq!(scope.starts_with("admin:read"), method == Method::GET || path.ends_with("/test"), "{method} {path}");
            assert_ne!(owner.ask(method.clone(), &path, None).await.status, 403, "{method} {path}");
        }
    }

    async fn moderators_do_not_decide_about_servers(house: House) {
        let (moderator, admin) = (house.staff("mo", Role::Moderator).await, house.staff("ada", Role::Admin).await);
        for path in ["/api/v1/admin/domain_blocks", "/api/v1/admin/domain_allows", "/api/v1/admin/hosts"] {
            assert_eq!(moderator.get(path).await.refusal(), (403, "This action is not allowed".to_owned()));
            admin.get(path).await.ok();
        }
    }

    async fn an_app_without_a_person_is_no_staff(house: House) {
        let owner = house.staff("owner", Role::Owner).await;
        let app = owner.bearing(house.token(None, "admin:read").await);
        let refused = app.get("/api/v1/admin/domain_blocks").await.refusal();
        assert_eq!(refused, (422, "This method requires an authenticated user".to_owned()));
    }
}
