//! JSON, forms, multipart and query strings say the same.

use axum::body::Body;
use http::{Method, Request, StatusCode, header};
use phiomia_testkit::on_both_engines;

use crate::kit::{Answer, House, Person};

async fn send(house: &House, who: &Person, media_type: &str, body: impl Into<Body>) -> Answer {
    let request = Request::builder()
        .method(Method::POST)
        .uri("/api/v1/statuses")
        .header(header::AUTHORIZATION, format!("Bearer {}", who.token))
        .header(header::CONTENT_TYPE, media_type);
    house.send(request.body(body.into()).unwrap()).await
}

const MULTIPART: &str = "--x\r\ncontent-disposition: form-data; name=\"status\"\r\n\r\nhello\r\n\
    --x\r\ncontent-disposition: form-data; name=\"spoiler_text\"\r\n\r\n\u{fc}ber\r\n--x--\r\n";

on_both_engines! {
    async fn a_post_may_come_in_every_form(house: House) {
        let alice = house.person("alice").await;
        for (media_type, body) in [
            ("application/json", r#"{"status":"hello","spoiler_text":"über"}"#),
            ("application/json; charset=utf-8", r#"{"status":"hello","spoiler_text":"über"}"#),
            ("application/x-www-form-urlencoded", "status=hello&spoiler_text=%C3%BCber"),
            ("multipart/form-data; boundary=x", MULTIPART),
        ] {
            let post = send(&house, &alice, media_type, body).await.ok().json();
            assert_eq!(post["content"], "<p>hello</p>", "{media_type}");
            assert_eq!(post["spoiler_text"], "über", "{media_type}");
        }
    }

    async fn a_body_that_is_too_large_or_of_another_kind_is_refused(house: House) {
        let alice = house.person("alice").await;
        let large = format!("status={}", "x".repeat(300_000));
        let answer = send(&house, &alice, "application/x-www-form-urlencoded", large).await;
        assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
        let answer = send(&house, &alice, "text/xml", "<status/>").await;
        assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
        let answer = send(&house, &alice, "application/json", "{").await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    }
}
