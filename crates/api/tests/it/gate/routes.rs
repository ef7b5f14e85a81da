//! The table of routes as a whole.

use http::Method;
use phiomia_testkit::on_both_engines;

use crate::kit::House;

on_both_engines! {
    async fn the_server_says_that_it_lives(house: House) {
        for path in ["/health", "/livez", "/readyz", "/health/", "/health.json"] {
            assert_eq!(house.get(path).await.ok().text(), "OK", "{path}");
        }
    }

    async fn what_is_not_there_is_not_found_by_any_method(house: House) {
        for (method, path) in [(Method::GET, "/api/v1/nothing"), (Method::DELETE, "/health"), (Method::PUT, "/api/")] {
            let answer = house.ask(method, path).await;
            assert_eq!(answer.refusal(), (404, "Not Found".to_owned()), "{path}");
        }
    }
}
