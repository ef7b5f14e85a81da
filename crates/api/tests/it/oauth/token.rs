//! Tokens: what they are given for, and how they end.

use axum::body::Body;
use base64::{Engine, engine::general_purpose::STANDARD};
use http::{Method, Request};
use phiomia_testkit::on_both_engines;
use serde_json::json;

use super::{App, OOB, get_with, post, text};
use crate::{kit::House, visitor::signed_in};

on_both_engines! {
    async fn a_second_use_of_a_code_takes_the_first_token_away(house: House) {
        let (alice, app) = (signed_in(&house, "alice").await, App::register(&house, OOB, "read profile").await);
        let code = app.code(&house, &alice, OOB, &[("scope", "read profile")]).await;
        let token = app.redeem(&house, &code, OOB, &[]).await.ok();
        assert_eq!(token.header("cache-control"), "private, no-store");
        let token = token.json();
        assert_eq!((&token["token_type"], &token["scope"]), (&json!("Bearer"), &json!("profile read")));
        assert_eq!(token["created_at"], json!(crate::kit::NOON.as_secs()));
        let token = text(&token, "access_token");
        assert_eq!(get_with(&house, "/oauth/userinfo", &token).await.ok().json()["preferred_username"], json!("alice"));
        let again = app.redeem(&house, &code, OOB, &[]).await;
        assert_eq!(again.refusal(), (400, "invalid_grant".to_owned()));
        assert!(again.json()["error_description"].as_str().unwrap().starts_with("The provided authorization grant is invalid"));
        assert_eq!(get_with(&house, "/oauth/userinfo", &token).await.status, 401);
    }

    async fn an_app_shows_who_it_is_in_the_body_or_by_basic(house: House) {
        let app = App::register(&house, OOB, "read").await;
        let basic = |secret: &str| format!("Basic {}", STANDARD.encode(format!("{}:{secret}", app.id)));
        let ask = |secret: &str| {
            Request::builder().method(Method::POST).uri("/oauth/token").header("authorization", basic(secret))
                .header("content-type", "application/x-www-form-urlencoded")
                .body(Body::from("grant_type=client_credentials")).unwrap()
        };
        house.send(ask(&app.secret)).await.ok();
        let wrong = house.send(ask("wrong")).await;
        assert_eq!(wrong.refusal(), (401, "invalid_client".to_owned()));
        assert!(wrong.header("www-authenticate").starts_with("Basic"));
        let fields = [("grant_type", "client_credentials"), ("client_id", app.id.as_str())];
        assert_eq!(post(&house, "/oauth/token", &fields).await.refusal().0, 401);
    }

    async fn grants_and_scopes_we_do_not_give_are_refused_by_name(house: House) {
        let app = App::register(&house, OOB, "read").await;
        let ask = async |more: &[(&str, &str)]| {
            let fixed = [("client_id", app.id.as_str()), ("client_secret", app.secret.as_str())];
            post(&house, "/oauth/token", &[&fixed[..], more].concat()).await.refusal()
        };
        assert_eq!(ask(&[]).await, (400, "invalid_request".to_owned()));
        assert_eq!(ask(&[("grant_type", "password")]).await, (400, "unsupported_grant_type".to_owned()));
        assert_eq!(ask(&[("grant_type", "authorization_code")]).await, (400, "invalid_request".to_owned()));
        let beyond = [("grant_type", "client_credentials"), ("scope", "write")];
        assert_eq!(ask(&beyond).await, (400, "invalid_scope".to_owned()));
    }

    async fn an_app_gives_back_its_own_token_and_nobody_elses(house: House) {
        let (mine, other) = (App::register(&house, OOB, "read").await, App::register(&house, OOB, "read").await);
        let fields = [("grant_type", "client_credentials"), ("client_id", &mine.id), ("client_secret", &mine.secret)];
        let token = text(&post(&house, "/oauth/token", &fields).await.ok().json(), "access_token");
        let revoke = async |app: &App, secret: &str| {
            let fields = [("client_id", app.id.as_str()), ("client_secret", secret), ("token", token.as_str())];
            post(&house, "/oauth/revoke", &fields).await.status.as_u16()
        };
        assert_eq!(revoke(&other, &other.secret).await, 403);
        assert_eq!(revoke(&mine, "wrong").await, 403);
        get_with(&house, "/api/v1/apps/verify_credentials", &token).await.ok();
        assert_eq!(revoke(&mine, &mine.secret).await, 200);
        assert_eq!(get_with(&house, "/api/v1/apps/verify_credentials", &token).await.status, 401);
    }

    async fn metadata_names_what_there_is_and_nothing_else(house: House) {
        let metadata = house.get("/.well-known/oauth-authorization-server").await.ok().json();
        assert_eq!(metadata["issuer"], json!("https://phiomia.example/"));
        assert_eq!(metadata["grant_types_supported"], json!(["authorization_code", "client_credentials"]));
        assert_eq!(metadata["code_challenge_methods_supported"], json!(["S256"]));
        assert_eq!(metadata["scopes_supported"].as_array().unwrap().len(), 47);
        for path in ["/oauth/introspect", "/oauth/token/info"] {
            assert_eq!(house.get(path).await.status, 404);
            assert_eq!(post(&house, path, &[]).await.status, 404);
        }
    }
}
