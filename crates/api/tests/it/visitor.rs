//! A browser: keeps cookies, fills in forms, follows nothing by itself.

use std::{cell::RefCell, collections::BTreeMap};

use axum::body::Body;
use http::{Method, Request, header};
use phiomia_model::AccountId;
use phiomia_social::users::{self, NewUser};
use phiomia_store::Secret;
use url::form_urlencoded::Serializer;

use crate::kit::{Answer, FORM, House};

/// Everybody's password here.
pub const PASSWORD: &str = "correct horse";

/// The browser.
#[derive(Default)]
pub struct Visitor {
    pub cookies: RefCell<BTreeMap<String, String>>,
}

impl Visitor {
    pub async fn get(&self, house: &House, path: &str) -> Answer {
        self.send(house, Request::builder().method(Method::GET).uri(path).body(Body::empty()).unwrap()).await
    }

    /// Sends a form as it is, without looking at a page before.
    pub async fn post(&self, house: &House, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body = Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = Request::builder().method(Method::POST).uri(path).header(FORM.0, FORM.1);
        self.send(house, request.body(Body::from(body)).unwrap()).await
    }

    /// Looks at a page, then sends its form (the one that has all of `fields`) with its hidden fields.
    pub async fn submit(&self, house: &House, page: &str, to: &str, fields: &[(&str, &str)]) -> Answer {
        let html = self.get(house, page).await.ok().text();
        self.submit_shown(house, &html, to, fields).await
    }

    /// The same for a page already looked at; hidden fields of its first form.
    pub async fn submit_shown(&self, house: &House, html: &str, to: &str, fields: &[(&str, &str)]) -> Answer {
        let form = html.split("<form").nth(1).expect("the page has no form").split("</form>").next().unwrap();
        let hidden: Vec<(String, String)> = form.split("<input type=\"hidden\" ").skip(1).map(hidden_field).collect();
        let hidden = hidden.iter().map(|(n, v)| (n.as_str(), v.as_str()));
        self.post(house, to, &hidden.chain(fields.iter().copied()).collect::<Vec<_>>()).await
    }

    pub async fn sign_in(&self, house: &House, login: &str, password: &str) -> Answer {
        let fields = [("user[email]", login), ("user[password]", password)];
        self.submit(house, "/auth/sign_in", "/auth/sign_in", &fields).await
    }

    async fn send(&self, house: &House, request: Request<Body>) -> Answer {
        let mut request = request;
        let cookies: Vec<String> = self.cookies.borrow().iter().map(|(n, v)| format!("{n}={v}")).collect();
        request.headers_mut().insert(header::COOKIE, cookies.join("; ").parse().unwrap());
        request.headers_mut().insert(header::ACCEPT, "text/html".parse().unwrap());
        let answer = house.send(request).await;
        for set in answer.headers.get_all(header::SET_COOKIE) {
            let set = set.to_str().unwrap();
            let (name, rest) = set.split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            assert!(set.contains("; Path=/; HttpOnly; SameSite=Lax; Secure"), "{set}");
            if set.contains("Max-Age=0") {
                self.cookies.borrow_mut().remove(name);
            } else {
                self.cookies.borrow_mut().insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }
}

fn hidden_field(tag: &str) -> (String, String) {
    let part = |name: &str| {
        let text = tag.split(&format!("{name}=\"")).nth(1).unwrap().split('"').next().unwrap();
        text.replace("&#38;", "&").replace("&#34;", "\"").replace("&#60;", "<").replace("&#62;", ">")
    };
    (part("name"), part("value"))
}

/// Somebody with [`PASSWORD`].
pub async fn person(house: &House, username: &str) -> AccountId {
    let new = NewUser {
        username: username.to_owned(),
        email: Some(format!("{username}@mail.example")),
        password: Some(Secret::new(PASSWORD)),
        is_confirmed: true,
        is_approved: true,
        ..NewUser::default()
    };
    users::create(&house.api.db, &house.api.addresses, &house.api.passwords, new).await.unwrap()
}

/// Somebody signed in.
pub async fn signed_in(house: &House, username: &str) -> Visitor {
    person(house, username).await;
    let visitor = Visitor::default();
    let answer = visitor.sign_in(house, username, PASSWORD).await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (302, "/"), "{}", answer.text());
    visitor
}
