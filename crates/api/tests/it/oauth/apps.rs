//! Registering applications.

use axum::body::Body;
use http::{Method, Request};
use phiomia_testkit::on_both_engines;
use serde_json::json;

use super::{App, OOB, get_with, post, text};
use crate::kit::House;

on_both_engines! {
    async fn an_app_is_told_its_credentials_once(house: House) {
        let fields = [("client_name", "Toot"), ("redirect_uris", OOB), ("website", "https://toot.example")];
        let app = post(&house, "/api/v1/apps", &fields).await.ok().json();
        let (id, client_id, secret) = (text(&app, "id"), text(&app, "client_id"), text(&app, "client_secret"));
        assert!(id.parse::<i64>().unwrap() > 0 && client_id.len() == 43 && secret.len() == 43);
        let shown = json!({
            "id": id, "name": "Toot", "website": "https://toot.example", "scopes": ["read"],
            "redirect_uris": [OOB], "redirect_uri": OOB, "vapid_key": "",
            "client_id": client_id, "client_secret": secret, "client_secret_expires_at": 0,
        });
        assert_eq!(app, shown);
        let fields = [("grant_type", "client_credentials"), ("client_id", &client_id), ("client_secret", &secret)];
        let token = text(&post(&house, "/oauth/token", &fields).await.ok().json(), "access_token");
        let seen = get_with(&house, "/api/v1/apps/verify_credentials", &token).await.ok().json();
        assert_eq!(text(&seen, "id"), id);
        assert!(seen.get("client_secret").is_none() && seen.get("client_id").is_none());
    }

    async fn several_addresses_come_as_lines_or_as_an_array(house: House) {
        let wanted = json!(["https://a.example/cb", "app://cb"]);
        let fields = [("client_name", "A"), ("redirect_uris", "https://a.example/cb\napp://cb")];
        assert_eq!(post(&house, "/api/v1/apps", &fields).await.ok().json()["redirect_uris"], wanted);
        let body = json!({ "client_name": "A", "redirect_uris": wanted, "scopes": "read write:media" }).to_string();
        let request = Request::builder().method(Method::POST).uri("/api/v1/apps").header("content-type", "application/json");
        let app = house.send(request.body(Body::from(body)).unwrap()).await.ok().json();
        assert_eq!((&app["redirect_uris"], &app["scopes"]), (&wanted, &json!(["read", "write:media"])));
    }

    async fn what_does_not_hold_is_refused_in_mastodons_words(house: House) {
        for (fields, sentence) in [
            ([("redirect_uris", OOB), ("client_name", "")], "Validation failed: Application name can't be blank"),
            ([("redirect_uris", ""), ("client_name", "A")], "Validation failed: Redirect URI can't be blank"),
            ([("redirect_uris", "cb"), ("client_name", "A")], "Validation failed: Redirect URI must be an absolute URI."),
            ([("redirect_uris", "javascript:x"), ("client_name", "A")],
             "Validation failed: Redirect URI is forbidden by the server."),
        ] {
            assert_eq!(post(&house, "/api/v1/apps", &fields).await.refusal(), (422, sentence.to_owned()));
        }
    }

    async fn the_sixth_app_from_one_address_has_to_wait(house: House) {
        for _ in 0..5 {
            App::register(&house, OOB, "read").await;
        }
        let fields = [("client_name", "A"), ("redirect_uris", OOB)];
        assert_eq!(post(&house, "/api/v1/apps", &fields).await.status, 429);
    }
}
