//! Signing up through an app.

use http::{Method, Request, header};
use phiomia_model::job::Mail;
use phiomia_social::users::{self, UserEdit};
use phiomia_store::db::users as rows;
use phiomia_testkit::on_both_engines;
use serde_json::{Value, json};

use crate::kit::{Answer, House};

async fn send(house: &House, method: Method, path: &str, token: &str, body: &Value) -> Answer {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .header(header::CONTENT_TYPE, "application/json");
    house.send(request.body(axum::body::Body::from(body.to_string())).unwrap()).await
}

fn alice() -> Value {
    json!({ "username": "alice", "email": "alice@mail.example", "password": "correct horse", "agreement": true,
        "locale": "de", "reason": "tea", "date_of_birth": "1980-01-01" })
}

async fn sign_up(house: &House, body: &Value) -> Answer {
    let app = house.token(None, "read write").await;
    send(house, Method::POST, "/api/v1/accounts", &app, body).await
}

on_both_engines! {
    async fn the_token_works_once_the_address_is_confirmed(house: House) {
        house.set("registrations", "open").await;
        let answer = sign_up(&house, &alice()).await.ok().json();
        assert_eq!((answer["token_type"].as_str(), answer["scope"].as_str()), (Some("Bearer"), Some("read write")));
        let token = answer["access_token"].as_str().unwrap().to_owned();
        let get = async |path: &str| send(&house, Method::GET, path, &token, &json!({})).await;
        let me = "/api/v1/accounts/verify_credentials";
        assert_eq!(get(me).await.refusal(), (403, "Your login is missing a confirmed e-mail address".to_owned()));
        assert_eq!(get("/api/v1/emails/check_confirmation").await.ok().json(), json!(false));
        let again = json!({ "email": "alice2@mail.example" });
        assert_eq!(send(&house, Method::POST, "/api/v1/emails/confirmations", &token, &again).await.ok().json(), json!({}));
        let id = house.api.db.read(|q| Ok(rows::by_email(q, "alice2@mail.example")?)).await.unwrap().unwrap();
        let letter = users::letter(&house.api.db, &house.api.entropy, id, Mail::Confirmation).await.unwrap().unwrap();
        assert_eq!(letter.to, "alice2@mail.example");
        users::confirm_email(&house.api.db, letter.link.unwrap().hash()).await.unwrap();
        assert_eq!(get("/api/v1/emails/check_confirmation").await.ok().json(), json!(true));
        assert_eq!(get(me).await.ok().json()["username"], "alice");
        let late = send(&house, Method::POST, "/api/v1/emails/confirmations", &token, &json!({})).await;
        assert_eq!(late.refusal().0, 403);
    }

    async fn where_staff_approves_the_token_waits_for_them_too(house: House) {
        house.set("registrations", "approval").await;
        let token = sign_up(&house, &alice()).await.ok().json()["access_token"].as_str().unwrap().to_owned();
        let id = house.api.db.read(|q| Ok(rows::by_name(q, "alice")?)).await.unwrap().unwrap();
        let get = async || send(&house, Method::GET, "/api/v1/accounts/verify_credentials", &token, &json!({})).await;
        let edit = UserEdit { is_confirmed: Some(true), ..UserEdit::default() };
        house.api.db.write(move |tx| users::modify(tx, id, &edit)).await.unwrap();
        assert_eq!(get().await.refusal(), (403, "Your login is currently pending approval".to_owned()));
        let edit = UserEdit { is_approved: Some(true), ..UserEdit::default() };
        house.api.db.write(move |tx| users::modify(tx, id, &edit)).await.unwrap();
        get().await.ok();
    }

    async fn what_is_wrong_is_told_in_codes_field_by_field(house: House) {
        house.set("registrations", "open").await;
        sign_up(&house, &alice()).await.ok();
        let wrong = json!({ "username": "alice", "email": "", "password": "short", "reason": "x".repeat(421) });
        let answer = sign_up(&house, &wrong).await;
        assert_eq!(answer.status, 422);
        let code = |field: &str| answer.json()["details"][field][0]["error"].as_str().map(str::to_owned);
        let codes: Vec<_> = ["username", "email", "password", "agreement", "reason"].into_iter().filter_map(code).collect();
        assert_eq!(codes, ["ERR_TAKEN", "ERR_BLANK", "ERR_TOO_SHORT", "ERR_ACCEPTED", "ERR_TOO_LONG"]);
        assert!(answer.refusal().1.starts_with("Validation failed: "));
    }

    async fn where_an_age_is_asked_for_nobody_below_it_gets_in(house: House) {
        house.set("registrations", "open").await;
        assert_eq!(house.get("/api/v2/instance").await.ok().json()["registrations"]["min_age"], json!(null));
        house.set("min_age", "16").await;
        assert_eq!(house.get("/api/v2/instance").await.ok().json()["registrations"]["min_age"], 16);
        for (born, code) in [(json!(null), "ERR_BLANK"), (json!("2010-11-26"), "ERR_BELOW_LIMIT"), (json!("once"), "ERR_INVALID")] {
            let answer = sign_up(&house, &json!({"date_of_birth": born, "username": "young"})).await;
            assert_eq!((answer.status.as_u16(), &answer.json()["details"]["date_of_birth"][0]["error"]), (422, &json!(code)));
        }
        let page = house.get("/auth/sign_up").await.ok().text();
        assert!(page.contains("<input id=\"born\" name=\"user[date_of_birth]\" type=\"date\"") && page.contains("You have to be 16"));
        sign_up(&house, &alice()).await.ok();
    }

    async fn it_takes_an_app_of_the_right_scope_and_an_open_door(house: House) {
        assert_eq!(sign_up(&house, &alice()).await.refusal(), (403, "This action is not allowed".to_owned()));
        house.set("registrations", "open").await;
        let reader = house.token(None, "read").await;
        let answer = send(&house, Method::POST, "/api/v1/accounts", &reader, &alice()).await;
        assert_eq!(answer.refusal(), (403, "This action is outside the authorized scopes".to_owned()));
        assert_eq!(send(&house, Method::POST, "/api/v1/accounts", "nothing", &alice()).await.status, 401);
        let app = house.token(None, "read write").await;
        assert_eq!(send(&house, Method::GET, "/api/v1/emails/check_confirmation", &app, &json!({})).await.status, 401);
        assert_eq!(send(&house, Method::POST, "/api/v1/emails/confirmations", &app, &json!({})).await.status, 422);
    }

    async fn the_6th_sign_up_of_an_address_has_to_wait(house: House) {
        for n in 0..6 {
            assert_eq!(sign_up(&house, &alice()).await.status.as_u16(), if n < 5 { 403 } else { 429 });
        }
    }
}
