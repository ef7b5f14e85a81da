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

    async fn a_path_without_the_method_says_which_it_has(house: House) {
        for path in ["/health", "/health/", "/health.json"] {
            let answer = house.ask(Method::POST, path).await;
            assert_eq!((answer.status.as_u16(), answer.header("allow")), (404, "GET,HEAD"), "{path}");
        }
        let answer = house.ask(Method::PUT, "/api/v1/accounts/1/follow").await;
        assert_eq!(answer.header("allow"), "POST");
        assert_eq!(house.ask(Method::PUT, "/api/v1/nothing").await.header("allow"), "");
    }

    async fn a_head_is_the_same_without_its_body(house: House) {
        let (whole, head) = (house.get("/api/v2/instance").await.ok(), house.ask(Method::HEAD, "/api/v2/instance").await.ok());
        assert!(head.text().is_empty() && !whole.text().is_empty());
        assert_eq!(head.header("content-length"), whole.text().len().to_string());
        assert_eq!(head.header("content-type"), whole.header("content-type"));
        assert_eq!(house.ask(Method::HEAD, "/api/v1/nothing").await.status, 404);
    }

    async fn a_piece_of_a_path_may_be_encoded(house: House) {
        house.person("alice").await;
        for path in ["/@alice", "/@%61lice", "/api/v1/accounts/lookup/?acct=alice"] {
            assert_eq!(house.get(path).await.status, 200, "{path}");
        }
        for path in ["/@%ff", "/@alice%00", "/@alice%2f"] {
            assert_ne!(house.get(path).await.status, 500, "{path}");
        }
    }
}
