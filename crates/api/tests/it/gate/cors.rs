//! Web clients on other sites.

use http::{Method, StatusCode};
use phiomia_testkit::on_both_engines;

use crate::kit::House;

on_both_engines! {
    async fn a_browser_may_ask_beforehand_and_remembers_the_answer_for_two_hours(house: House) {
        let answer = house.ask(Method::OPTIONS, "/api/v1/statuses").await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.header("access-control-allow-origin"), "*");
        assert_eq!(answer.header("access-control-max-age"), "7200");
        for name in ["Authorization", "Content-Type", "Idempotency-Key"] {
            assert!(answer.header("access-control-allow-headers").contains(name), "{name}");
        }
        assert_eq!(answer.header("access-control-allow-credentials"), "");
    }

    async fn pages_people_sign_in_with_are_closed_to_other_sites(house: House) {
        for path in ["/oauth/authorize", "/auth/sign_in", "/health"] {
            assert_eq!(house.get(path).await.header("access-control-allow-origin"), "", "{path}");
        }
        let refused = house.get("/api/v1/no/such/thing").await;
        assert_eq!(refused.header("access-control-allow-origin"), "*");
        assert!(refused.header("access-control-expose-headers").contains("X-RateLimit-Remaining"));
        assert_eq!(
            refused.header("content-security-policy"),
            "default-src 'none'; frame-ancestors 'none'; form-action 'none'"
        );
    }
}
