//! How long answers are kept, and by whom.

use http::{Method, Request};
use phiomia_testkit::on_both_engines;
use serde_json::json;

use super::browse;
use crate::kit::{Answer, House};

async fn again(house: &House, path: &str, tag: &str) -> Answer {
    let request =
        Request::builder().method(Method::GET).uri(path).header("accept", "text/html").header("if-none-match", tag);
    house.send(request.body(axum::body::Body::empty()).unwrap()).await
}

on_both_engines! {
    async fn nothing_is_sent_twice_and_nothing_stays_that_is_gone(house: House) {
        let alice = house.person("alice").await;
        let id = alice.says("hello #bees", "public").await;
        let post = format!("/@alice/{id}");
        for path in ["/@alice", "/@alice.rss", "/tags/bees", "/tags/bees.rss", &post, "/about"] {
            let answer = browse(&house, path).await.ok();
            assert_eq!(answer.header("cache-control"), "public, max-age=15, must-revalidate", "{path}");
            assert_eq!((answer.header("vary"), answer.header("set-cookie")), ("Accept", ""), "{path}");
            let tag = answer.header("etag").to_owned();
            let kept = again(&house, path, &format!("\"other\", {tag}")).await;
            assert_eq!((kept.status.as_u16(), kept.body.len(), kept.header("etag")), (304, 0, &*tag), "{path}");
            assert_eq!(again(&house, path, "\"other\"").await.status, 200, "{path}");
        }
        let tags = [browse(&house, "/@alice").await, browse(&house, "/@alice.rss").await, browse(&house, &post).await];
        alice.put(&format!("/api/v1/statuses/{id}"), json!({"status": "goodbye"})).await.ok();
        for (path, before) in ["/@alice", "/@alice.rss", &post].iter().zip(&tags) {
            let now = again(&house, path, before.header("etag")).await.ok();
            assert!(now.text().contains("goodbye"), "{path}");
        }
        alice.delete(&format!("/api/v1/statuses/{id}")).await.ok();
        for path in ["/@alice", "/@alice.rss"] {
            assert!(!browse(&house, path).await.ok().text().contains("goodbye"), "{path}");
        }
        assert_eq!(browse(&house, &post).await.status, 404);
    }

    async fn browsers_find_the_files_they_look_for(house: House) {
        let icon = house.get("/favicon.ico").await.ok();
        assert_eq!(icon.header("content-type"), "image/x-icon");
        assert!(icon.body.starts_with(&[0, 0, 1, 0]) && icon.body.len() < 4_000);
        assert_eq!(icon.header("cache-control"), "public, max-age=86400");
        let robots = house.get("/robots.txt").await.ok().text();
        assert!(robots.starts_with("User-agent: *\n") && robots.contains("Disallow: /auth/"));
        assert!(!robots.contains("Disallow: /\n") && !robots.contains("/packs"));
        for path in ["/manifest", "/manifest.json"] {
            let manifest = house.get(path).await.ok();
            assert_eq!(manifest.header("content-type"), "application/manifest+json; charset=utf-8");
            assert_eq!(manifest.json()["name"], json!("phiomia.example"));
        }
    }
}
