//! Who is let in, and in which words the others are not.

use axum::body::Body;
use http::{Method, Request, header};
use phiomia_api::{
    gate::{Route, Who},
    table,
};
use phiomia_social::users::NewUser;
use phiomia_store::db::users;
use phiomia_testkit::on_both_engines;

use crate::kit::{Answer, House};

const INVALID: (u16, &str) = (401, "The access token is invalid");
const OUTSIDE: (u16, &str) = (403, "This action is outside the authorized scopes");
const NEEDS_USER: (u16, &str) = (422, "This method requires an authenticated user");

/// A route's path with its pieces filled in.
fn path_of(route: &Route) -> String {
    let pieces = route.path.split('/').map(|piece| if piece.starts_with('{') { "1" } else { piece });
    pieces.collect::<Vec<_>>().join("/")
}

/// Whether the answers to a route say what follows; the API's own routes only.
fn is_of_the_api(route: &Route) -> bool {
    route.path.starts_with("/api/") && matches!(route.who, Who::Anyone | Who::Member | Who::Client)
}

async fn knock(house: &House, route: &Route, token: Option<&str>) -> Answer {
    let mut request = Request::builder().method(route.method.clone()).uri(path_of(route));
    if let Some(token) = token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    house.send(request.body(Body::empty()).unwrap()).await
}

fn said(answer: &Answer, expected: (u16, &str), route: &Route) {
    let (status, sentence) = answer.refusal();
    assert_eq!((status, sentence.as_str()), expected, "{} {}", route.method, route.path);
}

on_both_engines! {
    async fn every_route_asks_for_what_it_declares(house: House) {
        house.switch_off_rate_limits().await;
        let alice = house.person("alice").await;
        let app = house.token(None, "read write follow push profile").await;
        // A token with the one scope that no route of the walk asks for.
        let narrow = house.token(Some(alice.account), "push").await;
        for route in table().iter().filter(|route| is_of_the_api(route)) {
            let [none, bad, narrow, app] = [
                knock(&house, route, None).await,
                knock(&house, route, Some("no-such-token")).await,
                knock(&house, route, Some(&narrow)).await,
                knock(&house, route, Some(&app)).await,
            ];
            match (route.who, route.scopes.is_empty()) {
                (Who::Anyone, true) => assert_ne!(bad.status.as_u16(), 401, "{}", route.path),
                (Who::Anyone, false) => {
                    assert_ne!(none.status.as_u16(), 403, "{}", route.path);
                    said(&bad, INVALID, route);
                    said(&narrow, OUTSIDE, route);
                }
                (Who::Client, _) => {
                    said(&none, INVALID, route);
                    said(&bad, INVALID, route);
                    if !route.scopes.is_empty() {
                        said(&narrow, OUTSIDE, route);
                    }
                }
                (Who::Member, true) => {
                    said(&none, NEEDS_USER, route);
                    said(&bad, INVALID, route);
                    said(&app, NEEDS_USER, route);
                }
                (Who::Member, false) | (Who::Staff(_), _) => {
                    said(&none, INVALID, route);
                    said(&bad, INVALID, route);
                    said(&narrow, OUTSIDE, route);
                    said(&app, NEEDS_USER, route);
                }
                (Who::Listener, _) => said(&bad, (401, "Invalid access token"), route),
                (Who::Doctor, _) => assert_eq!(bad.status.as_u16(), 404, "{}", route.path),
                (Who::Browser | Who::Visitor | Who::Fetcher | Who::Reader | Who::Server, _) => {}
            }
        }
    }

    async fn what_is_not_there_is_answered_alike_everywhere(house: House) {
        house.switch_off_rate_limits().await;
        let alice = house.person("alice").await;
        let by_id = table().into_iter().filter(|route| is_of_the_api(route) && route.path.contains("{id}"));
        for route in by_id {
            let answer = knock(&house, &route, Some(&alice.token)).await;
            // A policy that was not named is told first.
            if route.path.ends_with("interaction_policy") {
                continue;
            }
            said(&answer, (404, "Record not found"), &route);
        }
    }

    async fn a_token_may_come_in_the_header_the_query_or_the_body(house: House) {
        let alice = house.person("alice").await;
        let query = house.get(&format!("/api/v1/accounts/verify_credentials?access_token={}", alice.token)).await;
        assert_eq!(query.ok().json()["username"], "alice");
        let form = Request::builder()
            .method(Method::POST)
            .uri("/api/v1/statuses")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(format!("status=hi&access_token={}", alice.token)));
        house.send(form.unwrap()).await.ok();
    }

    async fn who_may_not_act_is_told_why_and_is_a_stranger_on_public_routes(house: House) {
        let unconfirmed = house.newcomer(NewUser { is_approved: true, ..named("una") }).await;
        let pending = house.newcomer(NewUser { is_confirmed: true, ..named("pen") }).await;
        let disabled = house.person("dis").await;
        let suspended = house.person("sus").await;
        let (d, s, now) = (disabled.account, suspended.account, house.api.now());
        let change = move |tx: &phiomia_store::Tx<'_>| {
            users::set_disabled(tx, d, Some(now))?;
            Ok(users::set_suspended(tx, s, Some(now))?)
        };
        house.api.db.write(change).await.unwrap();
        for (person, sentence) in [
            (unconfirmed, "Your login is missing a confirmed e-mail address"),
            (pending, "Your login is currently pending approval"),
            (disabled, "Your login is currently disabled"),
            (suspended, "Your login is currently disabled"),
        ] {
            assert_eq!(person.get("/api/v1/timelines/home").await.refusal(), (403, sentence.to_owned()));
            person.get("/api/v1/timelines/public").await.ok();
        }
    }
}

fn named(name: &str) -> NewUser {
    NewUser { username: name.into(), ..NewUser::default() }
}
