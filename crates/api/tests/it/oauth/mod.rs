//! OAuth as applications meet it.

mod apps;
mod authorize;
mod token;

use axum::body::Body;
use http::{Method, Request};
use serde_json::Value;
use url::form_urlencoded::Serializer;

use crate::{
    kit::{Answer, FORM, House},
    visitor::Visitor,
};

pub const OOB: &str = "urn:ietf:wg:oauth:2.0:oob";

/// Sends a form.
pub async fn post(house: &House, path: &str, fields: &[(&str, &str)]) -> Answer {
    let body = Serializer::new(String::new()).extend_pairs(fields).finish();
    let request = Request::builder().method(Method::POST).uri(path).header(FORM.0, FORM.1);
    house.send(request.body(Body::from(body)).unwrap()).await
}

/// Asks with a token.
pub async fn get_with(house: &House, path: &str, token: &str) -> Answer {
    let request = Request::builder().uri(path).header("authorization", format!("Bearer {token}"));
    house.send(request.body(Body::empty()).unwrap()).await
}

/// A registered application.
pub struct App {
    pub id: String,
    pub secret: String,
}

impl App {
    pub async fn register(house: &House, redirect_uris: &str, scopes: &str) -> App {
        let fields = [("client_name", "Toot & <Co>"), ("redirect_uris", redirect_uris), ("scopes", scopes)];
        let app = post(house, "/api/v1/apps", &fields).await.ok().json();
        App { id: text(&app, "client_id"), secret: text(&app, "client_secret") }
    }

    /// The consent page's address.
    pub fn authorize(&self, redirect_uri: &str, more: &[(&str, &str)]) -> String {
        let fixed = [("client_id", self.id.as_str()), ("redirect_uri", redirect_uri), ("response_type", "code")];
        format!("/oauth/authorize?{}", Serializer::new(String::new()).extend_pairs(fixed).extend_pairs(more).finish())
    }

    /// A code that somebody allowed.
    pub async fn code(&self, house: &House, who: &Visitor, redirect_uri: &str, more: &[(&str, &str)]) -> String {
        let page = self.authorize(redirect_uri, more);
        let answer = who.submit(house, &page, "/oauth/authorize", &[]).await;
        assert_eq!(answer.status, 302, "{}", answer.text());
        let location = answer.header("location");
        location.split("code=").nth(1).expect(location).split('&').next().unwrap().to_owned()
    }

    /// What a code is changed for.
    pub async fn redeem(&self, house: &House, code: &str, redirect_uri: &str, more: &[(&str, &str)]) -> Answer {
        let fixed = [
            ("grant_type", "authorization_code"),
            ("client_id", self.id.as_str()),
            ("client_secret", self.secret.as_str()),
            ("redirect_uri", redirect_uri),
            ("code", code),
        ];
        post(house, "/oauth/token", &[&fixed[..], more].concat()).await
    }
}

pub fn text(json: &Value, name: &str) -> String {
    json[name].as_str().unwrap_or_else(|| panic!("no {name} in {json}")).to_owned()
}
