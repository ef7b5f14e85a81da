//! The second factor, from its first code to its end.

use std::time::Duration;

use phiomia_model::AccountId;
use phiomia_social::users;
use phiomia_store::db::{second_factor, users as rows};
use phiomia_testkit::on_both_engines;

use crate::{
    kit::{Answer, House},
    visitor::{PASSWORD, Visitor, signed_in},
};

const SESSION: &str = "__Host-phiomia_session";

async fn account(house: &House, name: &'static str) -> AccountId {
    house.api.db.read(move |q| Ok(rows::by_name(q, name)?)).await.unwrap().unwrap()
}

/// The bytes behind the text an app is given.
fn unbase32(text: &str) -> Vec<u8> {
    let bits: String = text
        .chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| format!("{:05b}", "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".find(c).unwrap()))
        .collect();
    bits.as_bytes().chunks_exact(8).map(|b| u8::from_str_radix(std::str::from_utf8(b).unwrap(), 2).unwrap()).collect()
}

/// What the app on the person's device shows.
fn shown(house: &House, secret: &[u8]) -> String {
    users::code_of(secret, house.api.now())
}

async fn begin(house: &House, alice: &Visitor) -> Vec<u8> {
    let fields = [("user[current_password]", PASSWORD)];
    let answer = alice.submit(house, "/settings/two_factor", "/settings/two_factor/setup", &fields).await;
    assert_eq!(answer.header("location"), "/settings/two_factor/setup", "{}", answer.text());
    let html = alice.get(house, "/settings/two_factor/setup").await.ok().text();
    assert!(html.contains("otpauth://totp/phiomia.example:alice?secret="), "{html}");
    unbase32(html.split("<p class=\"code\">").nth(1).unwrap().split('<').next().unwrap())
}

async fn confirm(house: &House, alice: &Visitor, code: &str) -> Answer {
    let fields = [("user[otp_attempt]", code)];
    alice.submit(house, "/settings/two_factor/setup", "/settings/two_factor/confirm", &fields).await
}

/// Turns it on: the secret and the recovery codes.
async fn turn_on(house: &House, alice: &Visitor) -> (Vec<u8>, Vec<String>) {
    let secret = begin(house, alice).await;
    let html = confirm(house, alice, &shown(house, &secret)).await.ok().text();
    assert!(html.contains("The second factor is on."));
    house.wait(Duration::from_secs(60));
    (secret, codes(&html))
}

fn codes(html: &str) -> Vec<String> {
    html.split("<ul class=\"code\">")
        .nth(1)
        .unwrap()
        .split("<li>")
        .skip(1)
        .map(|c| c.split('<').next().unwrap().to_owned())
        .collect()
}

/// What the second page carries from the first.
fn attempt(html: &str) -> String {
    html.split("name=\"attempt\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

/// The first step; the page of the second.
async fn first_step(house: &House, visitor: &Visitor) -> String {
    let answer = visitor.sign_in(house, "alice", PASSWORD).await.ok();
    assert!(!visitor.cookies.borrow().contains_key(SESSION));
    answer.text()
}

async fn second_step(house: &House, visitor: &Visitor, html: &str, code: &str) -> Answer {
    visitor.submit_shown(house, html, "/auth/sign_in", &[("user[otp_attempt]", code)]).await
}

on_both_engines! {
    async fn signing_in_takes_a_code_of_the_app_which_works_once(house: House) {
        let alice = signed_in(&house, "alice").await;
        let (secret, codes) = turn_on(&house, &alice).await;
        assert_eq!(codes.len(), 10);
        let (one, two) = (Visitor::default(), Visitor::default());
        let (first, second) = (first_step(&house, &one).await, first_step(&house, &two).await);
        assert_eq!(second_step(&house, &one, &first, "000000").await.status, 422);
        let code = shown(&house, &secret);
        let spaced = format!("{} {}", &code[..3], &code[3..]);
        assert_eq!(second_step(&house, &one, &first, &spaced).await.header("location"), "/");
        assert!(one.get(&house, "/").await.ok().text().contains("You are signed in as"));
        // Somebody who looked over the shoulder comes too late.
        assert_eq!(second_step(&house, &two, &second, &code).await.status, 422);
        // And the first step is used up by the second.
        house.wait(Duration::from_secs(60));
        let spent = second.replace(&attempt(&second), &attempt(&first));
        let answer = second_step(&house, &two, &spent, &shown(&house, &secret)).await;
        assert_eq!(answer.header("location"), "/auth/sign_in");
    }

    async fn a_recovery_code_signs_in_once_and_however_it_is_typed(house: House) {
        let alice = signed_in(&house, "alice").await;
        let (_, codes) = turn_on(&house, &alice).await;
        let visitor = Visitor::default();
        let html = first_step(&house, &visitor).await;
        let typed = codes[3].replace('-', " ").to_uppercase();
        assert_eq!(second_step(&house, &visitor, &html, &typed).await.header("location"), "/");
        let again = Visitor::default();
        let html = first_step(&house, &again).await;
        assert_eq!(second_step(&house, &again, &html, &codes[3]).await.status, 422);
        assert_eq!(second_step(&house, &again, &html, &codes[4]).await.status, 302);
        assert!(alice.get(&house, "/settings/two_factor").await.ok().text().contains("8 recovery codes left"));
    }

    async fn after_five_codes_even_the_right_one_has_to_wait(house: House) {
        let alice = signed_in(&house, "alice").await;
        let (secret, _) = turn_on(&house, &alice).await;
        house.wait(Duration::from_secs(1_800));
        let visitor = Visitor::default();
        let html = first_step(&house, &visitor).await;
        for _ in 0..5 {
            assert_eq!(second_step(&house, &visitor, &html, "000000").await.status, 422);
        }
        assert_eq!(second_step(&house, &visitor, &html, &shown(&house, &secret)).await.status, 429);
        house.wait(Duration::from_secs(1_800));
        let html = first_step(&house, &visitor).await;
        assert_eq!(second_step(&house, &visitor, &html, &shown(&house, &secret)).await.status, 302);
    }

    async fn the_second_step_ends_ten_minutes_after_the_first(house: House) {
        let alice = signed_in(&house, "alice").await;
        let (secret, _) = turn_on(&house, &alice).await;
        let visitor = Visitor::default();
        let html = first_step(&house, &visitor).await;
        house.wait(Duration::from_secs(601));
        let answer = second_step(&house, &visitor, &html, &shown(&house, &secret)).await;
        assert_eq!(answer.header("location"), "/auth/sign_in");
        assert!(!visitor.cookies.borrow().contains_key(SESSION));
    }

    async fn it_is_off_until_the_first_code_and_after_the_right_password(house: House) {
        let alice = signed_in(&house, "alice").await;
        let wrong = [("user[current_password]", "wrong horse")];
        for to in ["setup", "codes", "disable"] {
            let to = format!("/settings/two_factor/{to}");
            assert_eq!(alice.submit(&house, "/settings/two_factor", &to, &wrong).await.status, 422, "{to}");
        }
        let first = begin(&house, &alice).await;
        let second = begin(&house, &alice).await;
        assert_ne!(first, second);
        assert_eq!(confirm(&house, &alice, &shown(&house, &first)).await.status, 422);
        assert_eq!(Visitor::default().sign_in(&house, "alice", PASSWORD).await.header("location"), "/");
        confirm(&house, &alice, &shown(&house, &second)).await.ok();
        first_step(&house, &Visitor::default()).await;
        let right = [("user[current_password]", PASSWORD)];
        let again = alice.submit(&house, "/settings/two_factor", "/settings/two_factor/setup", &right).await;
        assert_eq!(again.status, 409);
        let answer = alice.submit(&house, "/settings/two_factor", "/settings/two_factor/disable", &right).await;
        assert_eq!(answer.header("location"), "/settings/two_factor?saved=1");
        assert_eq!(Visitor::default().sign_in(&house, "alice", PASSWORD).await.header("location"), "/");
        let id = account(&house, "alice").await;
        assert_eq!(house.api.db.read(move |q| Ok(second_factor::n_codes(q, id)?)).await.unwrap(), 0);
    }

    async fn new_recovery_codes_end_the_old_ones(house: House) {
        let alice = signed_in(&house, "alice").await;
        let (_, old) = turn_on(&house, &alice).await;
        let right = [("user[current_password]", PASSWORD)];
        let html = alice.submit(&house, "/settings/two_factor", "/settings/two_factor/codes", &right).await.ok().text();
        let new = codes(&html);
        let visitor = Visitor::default();
        let page = first_step(&house, &visitor).await;
        assert_eq!(second_step(&house, &visitor, &page, &old[0]).await.status, 422);
        assert_eq!(second_step(&house, &visitor, &page, &new[0]).await.status, 302);
    }

    async fn neither_secret_nor_codes_stand_in_the_database(house: House) {
        let alice = signed_in(&house, "alice").await;
        let (secret, _) = turn_on(&house, &alice).await;
        let id = account(&house, "alice").await;
        let kept = house.api.db.read(move |q| Ok(second_factor::find(q, id)?)).await.unwrap().unwrap().secret.unwrap();
        assert!(!kept.windows(secret.len()).any(|window| window == secret));
    }

    async fn disabling_by_command_lets_the_password_in_again(house: House) {
        let alice = signed_in(&house, "alice").await;
        turn_on(&house, &alice).await;
        let id = account(&house, "alice").await;
        house.api.db.write(move |tx| users::disable_two_factor(tx, id)).await.unwrap();
        assert_eq!(alice.get(&house, "/settings/two_factor").await.status, 302);
        assert_eq!(Visitor::default().sign_in(&house, "alice", PASSWORD).await.header("location"), "/");
    }
}
