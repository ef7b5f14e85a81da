//! What our own doctor is told, and nobody else; and what the owner is shown.

use std::sync::Arc;

use axum::body::Body;
use http::{Method, Request};
use phiomia_api::{
    Api, Parts,
    doctor::{Doctor, Examination, Examine, Finding, Subject, Verdict, token},
};
use phiomia_model::limits::LIMITS;
use phiomia_store::seal::Sealer;
use phiomia_testkit::on_both_engines;

use crate::{
    kit::House,
    visitor::{Visitor, signed_in},
};

/// Finds the same every time.
struct Fixed;

impl Examine for Fixed {
    fn examine(self: Arc<Self>) -> Examination {
        let finding = |name: &str, verdict, cure: Option<&str>| Finding {
            subject: Subject::WebFinger,
            name: name.to_owned(),
            verdict,
            what: format!("This is <{name}>"),
            cure: cure.map(str::to_owned),
        };
        let all = vec![
            finding("webfinger-good", Verdict::Good, None),
            finding("webfinger-loop", Verdict::Fault, Some("Lead it here & nowhere else")),
        ];
        Box::pin(async move { all })
    }
}

fn with_doctor(mut house: House) -> House {
    let api = Api::new(Parts { doctor: Some(Doctor::new(Arc::new(Fixed))), ..(*house.api).clone() });
    house.router = phiomia_api::router(&api);
    house.api = api;
    house
}

async fn ask(house: &House, method: Method, path: &str, body: Vec<u8>) -> crate::kit::Answer {
    let request = Request::builder().method(method).uri(path).header("x-sent", "yes").body(Body::from(body));
    house.send(request.unwrap()).await
}

on_both_engines! {
    async fn who_shows_our_token_is_told_what_arrived(house: House) {
        let token = token::make(&house.api.sealer, house.api.now());
        let path = format!("/api/doctor/{token}?encoded=%2Fa");
        let answer = ask(&house, Method::POST, &path, vec![0; 300_000]).await.ok();
        let said = answer.json();
        assert_eq!(said["target"], path.as_str());
        assert_eq!(said["body_bytes"], 300_000);
        assert_eq!(said["proof"], token::proof(&house.api.sealer, &token).as_str());
        assert!(said["headers"].as_array().unwrap().contains(&serde_json::json!(["x-sent", "yes"])));
        assert_eq!(answer.header("cache-control"), "private, no-store");
    }

    async fn everybody_else_finds_nothing_there(house: House) {
        let stranger = Sealer::new(&[9; 32]).unwrap();
        let old = token::make(&house.api.sealer, house.api.now());
        for token in ["0.AAAA".to_owned(), token::make(&stranger, house.api.now())] {
            for path in [format!("/api/doctor/{token}"), format!("/api/v1/streaming/doctor/{token}")] {
                assert_eq!(ask(&house, Method::GET, &path, Vec::new()).await.status, 404, "{path}");
            }
        }
        house.wait(std::time::Duration::from_secs(3_600));
        assert_eq!(ask(&house, Method::GET, &format!("/api/doctor/{old}"), Vec::new()).await.status, 404);
    }

    async fn a_body_is_counted_and_has_an_end(house: House) {
        let token = token::make(&house.api.sealer, house.api.now());
        let path = format!("/api/doctor/{token}");
        let most = LIMITS.image_bytes + LIMITS.body_bytes;
        assert_eq!(ask(&house, Method::POST, &path, vec![0; most]).await.ok().json()["body_bytes"], most);
        assert_eq!(ask(&house, Method::POST, &path, vec![0; most + 1]).await.status, 413);
    }

    async fn the_owner_has_the_server_looked_at_and_nobody_else(house: House) {
        let house = with_doctor(house);
        let owner = signed_in(&house, "alice").await;
        let page = owner.get(&house, "/settings/doctor").await.ok();
        assert!(page.text().contains("Look now") && !page.text().contains("wrong"), "{}", page.text());
        let page = owner.submit(&house, "/settings/doctor", "/settings/doctor", &[]).await.ok();
        let text = page.text();
        let (fault, good) = (text.find("&#60;webfinger-loop&#62;"), text.find("&#60;webfinger-good&#62;"));
        assert!(fault.is_some() && fault < good, "what is wrong comes first: {text}");
        assert!(text.contains("One thing is wrong") && text.contains("Lead it here &#38; nowhere else"));

        let bob = signed_in(&house, "bob").await;
        assert_eq!(bob.get(&house, "/settings/doctor").await.status, 404);
        assert!(!bob.get(&house, "/settings/profile").await.text().contains("/settings/doctor"));
        assert_eq!(Visitor::default().get(&house, "/settings/doctor").await.status, 302);
    }
}
