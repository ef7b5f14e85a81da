//! Who may sign up, and who may come at all.

use std::{
    net::{IpAddr, SocketAddr, UdpSocket},
    time::Duration,
};

use http::{Method, Request, header};
use phiomia_api::peer::Arrival;
use phiomia_federation::OutboundSettings;
use phiomia_model::{Addresses, Role};
use phiomia_store::{
    db::{moderation::sign_ups::canonical_hash, users as rows},
    secret::digest_of,
};
use phiomia_testkit::{Engine, on_both_engines};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::kit::House;

const DOMAINS: &str = "/api/v1/admin/email_domain_blocks";
const RANGES: &str = "/api/v1/admin/ip_blocks";
const EMAILS: &str = "/api/v1/admin/canonical_email_blocks";

/// A request from somewhere; the kit's own come from 192.0.2.1.
async fn from(house: &House, address: &str, method: Method, path: &str, token: &str, body: Value) -> (u16, Value) {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .header(header::CONTENT_TYPE, "application/json");
    let mut request = request.body(axum::body::Body::from(body.to_string())).unwrap();
    request.extensions_mut().insert(Arrival::from(address.parse::<IpAddr>().unwrap()));
    let response = house.router.clone().oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let bytes = http_body_util::BodyExt::collect(response.into_body()).await.unwrap().to_bytes();
    (status, serde_json::from_slice(&bytes).unwrap_or_default())
}

/// Somebody signs up with an app.
async fn sign_up(house: &House, address: &str, name: &str, email: &str) -> (u16, Value) {
    let app = house.token(None, "read write").await;
    let form =
        json!({"username": name, "email": email, "password": "correct horse", "agreement": true, "locale": "en"});
    from(house, address, Method::POST, "/api/v1/accounts", &app, form).await
}

async fn is_approved(house: &House, name: &'static str) -> bool {
    house
        .api
        .db
        .read(move |q| {
            let id = rows::by_name(q, name)?.unwrap();
            Ok(rows::find(q, id)?.unwrap().approved_at.is_some())
        })
        .await
        .unwrap()
}

/// A house where everybody may sign up, and its owner.
async fn open(house: &House) -> crate::kit::Person {
    house.switch_off_rate_limits().await;
    house.set("registrations", "open").await;
    house.staff("owner", Role::Owner).await
}

/// A name server that says the same mail server for every domain under `mail.test`, and nothing at all about others.
fn name_server() -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    std::thread::spawn(move || {
        let mut question = [0; 512];
        while let Ok((n, from)) = socket.recv_from(&mut question) {
            let mut answer = question[..n].to_vec();
            if !answer.windows(10).any(|bytes| bytes == b"\x04mail\x04test") {
                continue;
            }
            (answer[2], answer[3], answer[7]) = (0x81, 0x80, 1);
            answer.extend_from_slice(&[0xc0, 12, 0, 15, 0, 1, 0, 0, 0, 60, 0, 17, 0, 10]);
            answer.extend_from_slice(b"\x02mx\x04spam\x05basis\x00");
            let _ = socket.send_to(&answer, from);
        }
    });
    address
}

/// A house that asks it.
struct Asking(House);

impl Asking {
    async fn open(engine: Engine) -> Asking {
        let outbound = OutboundSettings { name_servers: vec![name_server()], ..OutboundSettings::default() };
        let settings = phiomia_federation::Settings { outbound, ..Default::default() };
        let domain = "phiomia.example".to_owned();
        Asking(House::open_at(engine, Addresses::new("https", domain.clone(), domain), settings).await)
    }
}

on_both_engines! {
    async fn nobody_signs_up_whose_mail_a_barred_server_takes(asking: Asking) {
        let house = asking.0;
        let owner = open(&house).await;
        let (status, _) = sign_up(&house, "192.0.2.9", "first", "first@innocent.mail.test").await;
        assert_eq!(status, 200, "no rule, no question");
        owner.post(DOMAINS, json!({"domain": "spam.basis"})).await.ok();
        let (status, why) = sign_up(&house, "192.0.2.9", "alice", "alice@innocent.mail.test").await;
        assert_eq!((status, &why["details"]["email"][0]["error"]), (422, &json!("ERR_BLOCKED")), "{why}");
        // What the name server does not say keeps nobody out, and nobody waiting for long.
        let begun = std::time::Instant::now();
        let (status, _) = sign_up(&house, "192.0.2.9", "bob", "bob@silent.test").await;
        assert_eq!(status, 200);
        assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());

        let barred = owner.post(DOMAINS, json!({"domain": "other.mail.test", "with_dns_records": true})).await.ok();
        assert_eq!(barred.json()["domain"], "other.mail.test");
        let names = owner.get(DOMAINS).await.ok().each("domain");
        assert_eq!(names, [json!("mx.spam.basis"), json!("other.mail.test"), json!("spam.basis")]);
        let silent = owner.post(DOMAINS, json!({"domain": "silent.test", "with_dns_records": true})).await.refusal();
        assert_eq!(silent.0, 422);
        assert!(silent.1.starts_with("Validation failed: Domain cannot be looked up: "), "{silent:?}");
    }
}

on_both_engines! {
    async fn nobody_signs_up_with_a_barred_e_mail_domain_and_tries_are_counted(house: House) {
        let owner = open(&house).await;
        let made = owner.post(DOMAINS, json!({"domain": "Spam.example"})).await.ok();
        assert_eq!((&made.json()["domain"], &made.json()["allow_with_approval"]), (&json!("spam.example"), &json!(false)));
        for (address, name, email) in [
            ("192.0.2.1", "alice", "alice@spam.example"),
            ("192.0.2.1", "alice", "alice@very.SPAM.example"),
            ("198.51.100.1", "alice", "a@spam.example"),
        ] {
            let (status, refusal) = sign_up(&house, address, name, email).await;
            assert_eq!((status, &refusal["details"]["email"][0]["error"]), (422, &json!("ERR_BLOCKED")), "{refusal}");
        }
        assert_eq!(sign_up(&house, "192.0.2.1", "alice", "alice@notspam.example").await.0, 200);
        let path = format!("{DOMAINS}/{}", made.id());
        let history = owner.get(&path).await.ok().json()["history"].clone();
        assert_eq!(history.as_array().unwrap().len(), 7);
        assert_eq!(history[0], json!({"day": "1795564800", "accounts": "2", "uses": "3"}));
        assert_eq!(history[1], json!({"day": "1795478400", "accounts": "0", "uses": "0"}));
        owner.delete(&path).await.ok();
        assert_eq!(sign_up(&house, "192.0.2.1", "bob", "bob@spam.example").await.0, 200);
    }

    async fn with_some_e_mail_domains_staff_looks_first(house: House) {
        let owner = open(&house).await;
        owner.post(DOMAINS, json!({"domain": "odd.example", "allow_with_approval": true})).await.ok();
        assert_eq!(sign_up(&house, "192.0.2.1", "alice", "alice@odd.example").await.0, 200);
        assert_eq!(sign_up(&house, "192.0.2.1", "bob", "bob@mail.example").await.0, 200);
        assert_eq!((is_approved(&house, "alice").await, is_approved(&house, "bob").await), (false, true));
        let waiting = owner.get("/api/v2/admin/accounts?status=pending").await.ok().json();
        assert_eq!((&waiting[0]["username"], &waiting[0]["ip"]), (&json!("alice"), &json!("192.0.2.1")));
        assert!(waiting[0]["created_by_application_id"].is_string());
        assert_eq!(owner.get("/api/v2/admin/accounts?ip=192.0.2.0/24").await.ok().each("username"), ["bob", "alice"]);
    }

    async fn rules_about_e_mail_domains_are_listed_and_checked(house: House) {
        let owner = open(&house).await;
        let one = owner.post(DOMAINS, json!({"domain": "one.example"})).await.ok().id();
        let two = owner.post(DOMAINS, json!({"domain": "two.example"})).await.ok().id();
        assert_eq!(owner.get(DOMAINS).await.ok().ids(), [two.clone(), one.clone()]);
        assert_eq!(owner.get(&format!("{DOMAINS}?max_id={two}")).await.ok().ids(), [one]);
        for (form, why) in [
            (json!({}), "Domain can't be blank"),
            (json!({"domain": "a b"}), "Domain is not a valid domain name"),
            (json!({"domain": "one.example"}), "Domain has already been taken"),
        ] {
            assert_eq!(owner.post(DOMAINS, form).await.refusal(), (422, format!("Validation failed: {why}")));
        }
        assert_eq!(owner.get(&format!("{DOMAINS}/1")).await.status, 404);
        assert_eq!(owner.delete(&format!("{DOMAINS}/1")).await.status, 404);
    }

    async fn whoever_comes_from_a_barred_address_gets_nothing_until_that_ends(house: House) {
        let mut house = house;
        let owner = open(&house).await;
        let form = json!({"ip": "203.0.113.7/24", "severity": "no_access", "comment": "scrapers", "expires_in": 3_600});
        let made = owner.post(RANGES, form).await.ok().json();
        house.settle();
        assert_eq!((&made["ip"], &made["comment"]), (&json!("203.0.113.0/24"), &json!("scrapers")));
        assert_eq!(made["expires_at"], "2026-11-25T13:00:00.000Z");
        for path in ["/api/v2/instance", "/health", "/about"] {
            let barred = from(&house, "203.0.113.99", Method::GET, path, "", json!({})).await;
            assert_eq!(barred, (403, json!({"error": "Forbidden"})), "{path}");
        }
        assert_eq!(from(&house, "192.0.2.1", Method::GET, "/health", "", json!({})).await.0, 200);
        house.wait(Duration::from_secs(3_600));
        assert_eq!(from(&house, "203.0.113.99", Method::GET, "/health", "", json!({})).await.0, 200);
    }

    async fn from_some_addresses_nobody_signs_up_or_staff_looks_first(house: House) {
        let mut house = house;
        let owner = open(&house).await;
        let barred = owner.post(RANGES, json!({"ip": "203.0.113.7", "severity": "sign_up_block"})).await.ok();
        owner.post(RANGES, json!({"ip": "198.51.100.0/24", "severity": "sign_up_requires_approval"})).await.ok();
        house.settle();
        let (status, refusal) = sign_up(&house, "203.0.113.7", "alice", "alice@mail.example").await;
        assert_eq!((status, &refusal["error"]), (403, &json!("This action is not allowed")));
        assert_eq!(from(&house, "203.0.113.7", Method::GET, "/health", "", json!({})).await.0, 200);
        assert_eq!(sign_up(&house, "198.51.100.9", "bob", "bob@mail.example").await.0, 200);
        assert!(!is_approved(&house, "bob").await);
        let path = format!("{RANGES}/{}", barred.id());
        let changed = owner.put(&path, json!({"severity": "sign_up_requires_approval"})).await.ok().json();
        assert_eq!((&changed["severity"], &changed["ip"]), (&json!("sign_up_requires_approval"), &json!("203.0.113.7/32")));
        house.settle();
        assert_eq!(sign_up(&house, "203.0.113.7", "alice", "alice@mail.example").await.0, 200);
        owner.delete(&path).await.ok();
        house.settle();
        assert_eq!(sign_up(&house, "203.0.113.7", "carol", "carol@mail.example").await.0, 200);
        assert!(is_approved(&house, "carol").await);
    }

    async fn rules_about_addresses_are_listed_and_checked(house: House) {
        let owner = open(&house).await;
        let one = owner.post(RANGES, json!({"ip": "203.0.113.0/24", "severity": "sign_up_block"})).await.ok().id();
        let two = owner.post(RANGES, json!({"ip": "2001:db8::/32", "severity": "sign_up_block"})).await.ok().id();
        assert_eq!(owner.get(RANGES).await.ok().ids(), [two.clone(), one]);
        assert_eq!(owner.get(&format!("{RANGES}/{two}")).await.ok().json()["expires_at"], Value::Null);
        for (form, why) in [
            (json!({"ip": "203.0.113.0"}), "Severity can't be blank"),
            (json!({"ip": "203.0.113.0", "severity": "x"}), "Severity is not included in the list"),
            (json!({"ip": "nowhere", "severity": "no_access"}), "Ip is invalid"),
            (json!({"ip": "203.0.113.9/24", "severity": "no_access"}), "Ip has already been taken"),
        ] {
            assert_eq!(owner.post(RANGES, form).await.refusal(), (422, format!("Validation failed: {why}")));
        }
        let taken = owner.put(&format!("{RANGES}/{two}"), json!({"ip": "203.0.113.0/24"})).await;
        assert_eq!(taken.refusal(), (422, "Validation failed: Ip has already been taken".to_owned()));
        assert_eq!(owner.put(&format!("{RANGES}/1"), json!({})).await.status, 404);
        assert_eq!(owner.delete(&format!("{RANGES}/1")).await.status, 404);
    }

    async fn nobody_signs_up_with_a_barred_address_however_it_is_written(house: House) {
        let owner = open(&house).await;
        let made = owner.post(EMAILS, json!({"email": "a.lice+x@Mail.example"})).await.ok();
        assert_eq!(made.json()["canonical_email_hash"], json!(digest_of("alice@mail.example")));
        let (status, refusal) = sign_up(&house, "192.0.2.1", "alice", "al.ice+again@mail.example").await;
        assert_eq!((status, &refusal["details"]["email"][0]["error"]), (422, &json!("ERR_TAKEN")));
        let found = owner.post(&format!("{EMAILS}/test"), json!({"email": "ALICE@mail.example"})).await.ok();
        assert_eq!(found.ids(), [made.id()]);
        let free = owner.post(&format!("{EMAILS}/test"), json!({"email": "bob@mail.example"})).await.ok();
        assert_eq!(free.json(), json!([]));
        let path = format!("{EMAILS}/{}", made.id());
        owner.get(&path).await.ok();
        owner.delete(&path).await.ok();
        assert_eq!(owner.get(&path).await.status, 404);
        assert_eq!(sign_up(&house, "192.0.2.1", "alice", "alice@mail.example").await.0, 200);
    }

    async fn an_address_may_be_barred_by_its_hash(house: House) {
        let owner = open(&house).await;
        let hash = canonical_hash("eve@mail.example");
        let made = owner.post(EMAILS, json!({"canonical_email_hash": hash})).await.ok();
        assert_eq!(owner.get(EMAILS).await.ok().ids(), [made.id()]);
        for (form, why) in [
            (json!({}), "Canonical email hash can't be blank"),
            (json!({"canonical_email_hash": "abc"}), "Canonical email hash is invalid"),
            (json!({"email": "eve@mail.example"}), "Canonical email hash has already been taken"),
        ] {
            assert_eq!(owner.post(EMAILS, form).await.refusal(), (422, format!("Validation failed: {why}")));
        }
        assert_eq!(owner.delete(&format!("{EMAILS}/1")).await.status, 404);
    }

    async fn who_was_suspended_does_not_come_back_by_signing_up_once_more(house: House) {
        let owner = open(&house).await;
        assert_eq!(sign_up(&house, "192.0.2.1", "eve", "eve@mail.example").await.0, 200);
        let eve = house.api.db.read(|q| Ok(rows::by_name(q, "eve")?)).await.unwrap().unwrap();
        owner.post(&format!("/api/v1/admin/accounts/{eve}/action"), json!({"type": "suspend"})).await.ok();
        let (status, refusal) = sign_up(&house, "192.0.2.1", "eve2", "e.v.e+2@mail.example").await;
        assert_eq!((status, &refusal["details"]["email"][0]["error"]), (422, &json!("ERR_TAKEN")));
        owner.post(&format!("/api/v1/admin/accounts/{eve}/unsuspend"), json!({})).await.ok();
        assert_eq!(owner.get(EMAILS).await.ok().json(), json!([]));
    }

    async fn staff_hears_of_who_signed_up_when_the_address_is_confirmed(house: House) {
        let owner = open(&house).await;
        sign_up(&house, "192.0.2.1", "alice", "alice@mail.example").await;
        assert_eq!(owner.get("/api/v1/notifications").await.ok().json(), json!([]));
        let alice = house.api.db.read(|q| Ok(rows::by_name(q, "alice")?)).await.unwrap().unwrap();
        let mail = phiomia_model::job::Mail::Confirmation;
        let letter = phiomia_social::users::letter(&house.api.db, &house.api.entropy, alice, mail).await.unwrap().unwrap();
        phiomia_social::users::confirm_email(&house.api.db, letter.link.unwrap().hash()).await.unwrap();
        let told = owner.get("/api/v1/notifications").await.ok().json();
        assert_eq!((&told[0]["type"], &told[0]["account"]["username"]), (&json!("admin.sign_up"), &json!("alice")));
    }

    async fn nobody_locks_themselves_out(house: House) {
        let owner = open(&house).await;
        // The kit's requests come from 192.0.2.1.
        for addresses in ["0.0.0.0/0", "192.0.2.0/24", "192.0.2.1"] {
            let refused = owner.post(RANGES, json!({"ip": addresses, "severity": "no_access"})).await.refusal();
            assert_eq!(refused, (422, "Validation failed: Ip contains the address that you come from".to_owned()));
        }
        let milder = owner.post(RANGES, json!({"ip": "192.0.2.0/24", "severity": "sign_up_block"})).await.ok();
        let path = format!("{RANGES}/{}", milder.id());
        assert_eq!(owner.ask(Method::PUT, &path, Some(json!({"severity": "no_access"}))).await.status, 422);
        owner.post(RANGES, json!({"ip": "198.51.100.0/24", "severity": "no_access"})).await.ok();
        owner.get(RANGES).await.ok();
    }
}
