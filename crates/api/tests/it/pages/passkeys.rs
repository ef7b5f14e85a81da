//! Passkeys: made, used after the password and in its place, renamed and removed.

use std::time::Duration;

use phiomia_social::users;
use phiomia_store::db::{passkeys, users as rows};
use phiomia_testkit::on_both_engines;
use serde_json::Value;

use crate::{
    authenticator::{Authenticator, Key, PRESENT, VERIFIED},
    kit::{Answer, House},
    visitor::{PASSWORD, Visitor, person, signed_in},
};

const HERE: &str = "/settings/passkeys";
const SESSION: &str = "__Host-phiomia_session";

/// The hidden token of the page.
fn token(html: &str) -> String {
    html.split("name=\"authenticity_token\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

/// What the script is told to have made.
async fn to_make(house: &House, visitor: &Visitor, password: &str) -> Answer {
    let token = token(&visitor.get(house, HERE).await.ok().text());
    let fields = [("authenticity_token", token.as_str()), ("user[current_password]", password)];
    visitor.post(house, "/settings/passkeys/options", &fields).await
}

async fn send(house: &House, visitor: &Visitor, nickname: &str, credential: &str) -> Answer {
    let token = token(&visitor.get(house, HERE).await.ok().text());
    let fields = [("authenticity_token", token.as_str()), ("credential", credential), ("passkey[nickname]", nickname)];
    visitor.post(house, HERE, &fields).await
}

async fn add(house: &House, visitor: &Visitor, authenticator: &mut Authenticator, nickname: &str) -> Answer {
    let options = to_make(house, visitor, PASSWORD).await.ok().json();
    send(house, visitor, nickname, &authenticator.make(&options)).await
}

/// Alice, signed in, with a passkey.
async fn alice_with(house: &House, key: Key) -> (Visitor, Authenticator) {
    let alice = signed_in(house, "alice").await;
    let mut authenticator = Authenticator::new(key, b"the credential of alice");
    add(house, &alice, &mut authenticator, "My phone").await.ok();
    (alice, authenticator)
}

/// What the script is told to have signed, on the sign-in page or after the password.
async fn to_sign(house: &House, visitor: &Visitor, html: &str) -> Value {
    let mut fields = vec![("authenticity_token", token(html))];
    fields.extend(attempt(html).map(|attempt| ("attempt", attempt)));
    let fields: Vec<_> = fields.iter().map(|(n, v)| (*n, v.as_str())).collect();
    visitor.post(house, "/auth/sign_in/passkey/options", &fields).await.ok().json()
}

fn attempt(html: &str) -> Option<String> {
    Some(html.split("name=\"attempt\" value=\"").nth(1)?.split('"').next()?.to_owned())
}

async fn show(house: &House, visitor: &Visitor, html: &str, credential: &str) -> Answer {
    let mut fields = vec![("authenticity_token", token(html)), ("credential", credential.to_owned())];
    fields.extend(attempt(html).map(|attempt| ("attempt", attempt)));
    let fields: Vec<_> = fields.iter().map(|(n, v)| (*n, v.as_str())).collect();
    visitor.post(house, "/auth/sign_in/passkey", &fields).await
}

/// Signs in without a password.
async fn enter(house: &House, visitor: &Visitor, authenticator: &mut Authenticator) -> Answer {
    let html = visitor.get(house, "/auth/sign_in").await.ok().text();
    let options = to_sign(house, visitor, &html).await;
    show(house, visitor, &html, &authenticator.sign(&options)).await
}

async fn the_passkeys(house: &House) -> Vec<passkeys::PasskeyView> {
    let found = house.api.db.read(|q| Ok(passkeys::list(q, rows::by_name(q, "alice")?.unwrap())?)).await;
    found.unwrap()
}

on_both_engines! {
    async fn a_passkey_signs_in_without_name_or_password(house: House) {
        let (_, mut authenticator) = alice_with(&house, Key::p256()).await;
        let visitor = Visitor::default();
        let html = visitor.get(&house, "/auth/sign_in").await.ok().text();
        let options = to_sign(&house, &visitor, &html).await;
        assert_eq!((&options["rpId"], &options["userVerification"]), (&"phiomia.example".into(), &"required".into()));
        assert_eq!(options["allow"], serde_json::json!([]));
        let answer = show(&house, &visitor, &html, &authenticator.sign(&options)).await;
        assert_eq!((answer.status.as_u16(), answer.header("location")), (302, "/"), "{}", answer.text());
        assert!(visitor.get(&house, "/").await.ok().text().contains("You are signed in as"));
    }

    async fn every_kind_of_key_that_browsers_are_told_of_signs_in(house: House) {
        let alice = signed_in(&house, "alice").await;
        for (at, key) in [Key::p256(), Key::ed25519(), Key::rsa()].into_iter().enumerate() {
            let mut authenticator = Authenticator::new(key, format!("credential {at}").as_bytes());
            assert!(add(&house, &alice, &mut authenticator, "One of three").await.status.as_u16() < 400);
            assert_eq!(enter(&house, &Visitor::default(), &mut authenticator).await.header("location"), "/", "{at}");
        }
    }

    async fn the_first_passkey_comes_with_recovery_codes_and_is_asked_for_after_the_password(house: House) {
        let alice = signed_in(&house, "alice").await;
        let mut authenticator = Authenticator::new(Key::p256(), b"alice");
        authenticator.flags = PRESENT;
        let codes = add(&house, &alice, &mut authenticator, "My key").await.ok().text();
        let code = codes.split("<li>").nth(1).unwrap().split('<').next().unwrap().to_owned();
        let again = add(&house, &alice, &mut Authenticator::new(Key::p256(), b"second"), "Another").await;
        assert_eq!(again.header("location"), "/settings/passkeys?saved=added");

        let visitor = Visitor::default();
        let html = visitor.sign_in(&house, "alice", PASSWORD).await.ok().text();
        assert!(!visitor.cookies.borrow().contains_key(SESSION));
        let options = to_sign(&house, &visitor, &html).await;
        assert_eq!(options["allow"].as_array().unwrap().len(), 2);
        // A security key that only asks to be touched does here, and not in the place of the password.
        let answer = show(&house, &visitor, &html, &authenticator.sign(&options)).await;
        assert_eq!(answer.header("location"), "/");
        assert_eq!(enter(&house, &Visitor::default(), &mut authenticator).await.status, 422);

        let visitor = Visitor::default();
        let html = visitor.sign_in(&house, "alice", PASSWORD).await.ok().text();
        let fields = [("user[otp_attempt]", code.as_str())];
        assert_eq!(visitor.submit_shown(&house, &html, "/auth/sign_in", &fields).await.header("location"), "/");
    }

    async fn after_a_password_the_passkey_of_somebody_else_does_not_do(house: House) {
        let (_, mut of_alice) = alice_with(&house, Key::p256()).await;
        let bob = signed_in(&house, "bob").await;
        let mut of_bob = Authenticator::new(Key::p256(), b"the credential of bob");
        add(&house, &bob, &mut of_bob, "Bob's").await.ok();
        let visitor = Visitor::default();
        let html = visitor.sign_in(&house, "bob", PASSWORD).await.ok().text();
        let options = to_sign(&house, &visitor, &html).await;
        assert_eq!(show(&house, &visitor, &html, &of_alice.sign(&options)).await.status, 422);
        // Nor does what was signed without a password.
        let bare = visitor.get(&house, "/auth/sign_in").await.ok().text();
        let options = to_sign(&house, &visitor, &bare).await;
        assert_eq!(show(&house, &visitor, &html, &of_bob.sign(&options)).await.status, 422);
        let options = to_sign(&house, &visitor, &html).await;
        assert_eq!(show(&house, &visitor, &html, &of_bob.sign(&options)).await.status, 302);
    }

    async fn an_answer_counts_once_in_its_browser_and_for_five_minutes(house: House) {
        let (_, mut authenticator) = alice_with(&house, Key::p256()).await;
        let (visitor, other) = (Visitor::default(), Visitor::default());
        let html = visitor.get(&house, "/auth/sign_in").await.ok().text();
        let of_other = other.get(&house, "/auth/sign_in").await.ok().text();
        let answer = authenticator.sign(&to_sign(&house, &visitor, &html).await);
        assert_eq!(show(&house, &other, &of_other, &answer).await.status, 422);
        // It was used up by the try.
        assert_eq!(show(&house, &visitor, &html, &answer).await.status, 422);
        let answer = authenticator.sign(&to_sign(&house, &visitor, &html).await);
        house.wait(Duration::from_secs(301));
        assert_eq!(show(&house, &visitor, &html, &answer).await.status, 422);
        let answer = authenticator.sign(&to_sign(&house, &visitor, &html).await);
        assert_eq!(show(&house, &visitor, &html, &answer).await.status, 302);
        let again = Visitor::default();
        let html = again.get(&house, "/auth/sign_in").await.ok().text();
        assert_eq!(show(&house, &again, &html, &answer).await.status, 422);
    }

    async fn answers_for_another_site_another_key_or_of_nobody_do_not_sign_in(house: House) {
        let (_, authenticator) = alice_with(&house, Key::p256()).await;
        let bend = |how: fn(&mut Authenticator)| {
            let mut bent = Authenticator::new(Key::p256(), &authenticator.id);
            bent.handle.clone_from(&authenticator.handle);
            how(&mut bent);
            bent
        };
        let mut forged = bend(|_| ());
        assert_eq!(enter(&house, &Visitor::default(), &mut forged).await.status, 422);
        let mut unknown = bend(|a| a.id = b"unknown".to_vec());
        assert_eq!(enter(&house, &Visitor::default(), &mut unknown).await.status, 422);
        let mut good = authenticator;
        for (origin, host, flags, handle) in [
            ("https://evil.example", "phiomia.example", PRESENT | VERIFIED, good.handle.clone()),
            ("https://phiomia.example", "evil.example", PRESENT | VERIFIED, good.handle.clone()),
            ("https://phiomia.example", "phiomia.example", PRESENT, good.handle.clone()),
            ("https://phiomia.example", "phiomia.example", VERIFIED, good.handle.clone()),
            ("https://phiomia.example", "phiomia.example", PRESENT | VERIFIED, "AAAA".to_owned()),
            ("https://phiomia.example", "phiomia.example", PRESENT | VERIFIED, String::new()),
        ] {
            let kept = std::mem::replace(&mut good.handle, handle);
            (good.origin, good.host, good.flags) = (origin.to_owned(), host.to_owned(), flags);
            assert_eq!(enter(&house, &Visitor::default(), &mut good).await.status, 422, "{origin} {host} {flags}");
            good.handle = kept;
        }
        (good.origin, good.host, good.flags) =
            ("https://phiomia.example".to_owned(), "phiomia.example".to_owned(), PRESENT | VERIFIED);
        assert_eq!(enter(&house, &Visitor::default(), &mut good).await.status, 302);
        house.wait(Duration::from_secs(300));
        for garbage in ["", "{}", "[]", "null", "{\"id\":\"AA\",\"clientDataJSON\":\"AA\",\"authenticatorData\":\"AA\",\"signature\":\"AA\"}"] {
            let visitor = Visitor::default();
            let html = visitor.get(&house, "/auth/sign_in").await.ok().text();
            assert_eq!(show(&house, &visitor, &html, garbage).await.status, 422, "{garbage}");
        }
    }

    async fn a_counter_that_does_not_go_on_is_refused(house: House) {
        let alice = signed_in(&house, "alice").await;
        let mut authenticator = Authenticator::new(Key::p256(), b"counts");
        authenticator.count = 5;
        add(&house, &alice, &mut authenticator, "Counts").await.ok();
        assert_eq!(enter(&house, &Visitor::default(), &mut authenticator).await.status, 302);
        assert_eq!(the_passkeys(&house).await[0].sign_count, 6);
        for behind in [5, 4, 0] {
            authenticator.count = behind;
            let visitor = Visitor::default();
            let html = visitor.get(&house, "/auth/sign_in").await.ok().text();
            let options = to_sign(&house, &visitor, &html).await;
            let answer = authenticator.sign_as_counted(&options).to_string();
            assert_eq!(show(&house, &visitor, &html, &answer).await.status, 422, "{behind}");
        }
        authenticator.count = 6;
        assert_eq!(enter(&house, &Visitor::default(), &mut authenticator).await.status, 302);
    }

    async fn adding_takes_a_fresh_sign_in_or_the_password(house: House) {
        let alice = signed_in(&house, "alice").await;
        assert!(!alice.get(&house, HERE).await.ok().text().contains("current_password"));
        assert_eq!(to_make(&house, &alice, "").await.status, 200);
        house.wait(Duration::from_secs(601));
        assert!(alice.get(&house, HERE).await.ok().text().contains("current_password"));
        let refused = to_make(&house, &alice, "wrong horse").await;
        assert_eq!(refused.status, 422);
        assert!(refused.json()["error"].as_str().unwrap().contains("is not right"), "{}", refused.text());
        assert_eq!(to_make(&house, &alice, PASSWORD).await.status, 200);
    }

    async fn what_is_added_answers_this_session_and_has_a_name(house: House) {
        let (alice, bob) = (signed_in(&house, "alice").await, signed_in(&house, "bob").await);
        let mut authenticator = Authenticator::new(Key::p256(), b"a");
        let made = authenticator.make(&to_make(&house, &alice, "").await.ok().json());
        assert_eq!(send(&house, &bob, "Stolen", &made).await.status, 422);
        assert_eq!(send(&house, &alice, "Used up", &made).await.status, 422);
        let options = to_make(&house, &alice, "").await.ok().json();
        assert_eq!(send(&house, &alice, "  ", &authenticator.make(&options)).await.status, 422);
        assert_eq!(send(&house, &alice, &"x".repeat(61), &authenticator.make(&options)).await.status, 422);
        send(&house, &alice, " Mine <3 ", &authenticator.make(&options)).await.ok();
        assert_eq!(the_passkeys(&house).await[0].nickname, "Mine <3");
        // A credential belongs to one account.
        let options = to_make(&house, &bob, "").await.ok().json();
        assert_eq!(send(&house, &bob, "The same", &authenticator.make(&options)).await.status, 422);
        let existing = to_make(&house, &alice, "").await.ok().json();
        assert_eq!(existing["exclude"], serde_json::json!(["YQ"]));
    }

    async fn passkeys_are_listed_renamed_and_removed_by_their_owner_alone(house: House) {
        let (alice, mut authenticator) = alice_with(&house, Key::p256()).await;
        let id = the_passkeys(&house).await[0].id;
        assert!(alice.get(&house, HERE).await.ok().text().contains("not used yet"));
        enter(&house, &Visitor::default(), &mut authenticator).await;
        let html = alice.get(&house, HERE).await.ok().text();
        assert!(html.contains("My phone") && html.contains("last used "), "{html}");
        let bob = signed_in(&house, "bob").await;
        let (rename, remove) = (format!("{HERE}/{id}"), format!("{HERE}/{id}/remove"));
        let name = [("passkey[nickname]", "Old phone")];
        assert_eq!(bob.submit(&house, HERE, &rename, &name).await.status, 404);
        assert_eq!(bob.submit(&house, HERE, &remove, &[]).await.status, 404);
        assert_eq!(alice.submit(&house, HERE, &rename, &name).await.status, 302);
        assert_eq!(the_passkeys(&house).await[0].nickname, "Old phone");
        assert_eq!(alice.submit(&house, HERE, &rename, &[("passkey[nickname]", "")]).await.status, 422);
        house.wait(Duration::from_secs(601));
        let wrong = [("user[current_password]", "wrong horse")];
        assert_eq!(alice.submit(&house, HERE, &remove, &wrong).await.status, 422);
        let right = [("user[current_password]", PASSWORD)];
        assert_eq!(alice.submit(&house, HERE, &remove, &right).await.header("location"), "/settings/passkeys?saved=removed");
        assert_eq!(enter(&house, &Visitor::default(), &mut authenticator).await.status, 422);
        // The password alone is enough again.
        assert_eq!(Visitor::default().sign_in(&house, "alice", PASSWORD).await.header("location"), "/");
    }

    async fn a_command_takes_passkeys_away_from_somebody_locked_out(house: House) {
        let (alice, mut authenticator) = alice_with(&house, Key::p256()).await;
        let id = house.api.db.read(|q| Ok(rows::by_name(q, "alice")?.unwrap())).await.unwrap();
        house.api.db.write(move |tx| users::disable_two_factor(tx, id)).await.unwrap();
        assert_eq!(alice.get(&house, HERE).await.status, 302);
        assert_eq!(enter(&house, &Visitor::default(), &mut authenticator).await.status, 422);
        assert_eq!(Visitor::default().sign_in(&house, "alice", PASSWORD).await.header("location"), "/");
    }

    async fn a_disabled_login_is_not_opened_by_a_passkey(house: House) {
        let (_, mut authenticator) = alice_with(&house, Key::p256()).await;
        let id = the_passkeys(&house).await[0].account_id;
        let edit = users::UserEdit { is_disabled: Some(true), ..users::UserEdit::default() };
        house.api.db.write(move |tx| users::modify(tx, id, &edit)).await.unwrap();
        let visitor = Visitor::default();
        assert_eq!(enter(&house, &visitor, &mut authenticator).await.status, 403);
        assert!(!visitor.cookies.borrow().contains_key(SESSION));
    }

    async fn signing_in_with_a_passkey_goes_on_to_where_one_wanted(house: House) {
        let (_, mut authenticator) = alice_with(&house, Key::p256()).await;
        let visitor = Visitor::default();
        let html = visitor.get(&house, "/auth/sign_in?return_to=%2Foauth%2Fauthorize%3Fclient_id%3D1").await.ok().text();
        let options = to_sign(&house, &visitor, &html).await;
        let credential = authenticator.sign(&options);
        let token = token(&html);
        let fields = [
            ("authenticity_token", token.as_str()),
            ("credential", credential.as_str()),
            ("return_to", "/oauth/authorize?client_id=1"),
        ];
        assert!(html.contains("name=\"return_to\" value=\"/oauth/authorize?client_id=1\""));
        let answer = visitor.post(&house, "/auth/sign_in/passkey", &fields).await;
        assert_eq!(answer.header("location"), "/oauth/authorize?client_id=1");
    }

    async fn the_sign_in_page_tells_nobody_who_has_passkeys(house: House) {
        alice_with(&house, Key::p256()).await;
        person(&house, "bob").await;
        let without_token = |html: &str| html.replace(&token(html), "");
        let mut pages = Vec::new();
        for name in ["alice", "bob", "nobody"] {
            let html = Visitor::default().sign_in(&house, name, "wrong horse").await.text();
            pages.push(without_token(&html).replace(name, ""));
        }
        assert!(pages.iter().all(|page| *page == pages[0]));
    }

    async fn only_pages_with_passkeys_may_run_our_script(house: House) {
        let alice = signed_in(&house, "alice").await;
        for (path, is_allowed) in [("/auth/sign_in?return_to=/settings/", true), (HERE, true), ("/auth/edit", false)] {
            let answer = alice.get(&house, path).await.ok();
            let policy = answer.header("content-security-policy").to_owned();
            assert_eq!(policy.contains("script-src 'self'; connect-src 'self'"), is_allowed, "{path}");
            assert!(!policy.contains("unsafe"), "{policy}");
            assert_eq!(answer.text().contains("<script"), is_allowed);
        }
        let html = alice.get(&house, HERE).await.ok().text();
        let script = html.split("<script src=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        let script = house.get(&script).await.ok();
        assert_eq!(script.header("content-type"), "text/javascript; charset=utf-8");
        assert!(script.header("cache-control").contains("immutable") && script.text().len() < 6_000);
    }
}
