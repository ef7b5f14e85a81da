//! Signing in and out, and what forms are protected by.

use phiomia_social::users::{self, SESSION_LIFE, UserEdit};
use phiomia_testkit::on_both_engines;

use crate::{
    kit::House,
    visitor::{PASSWORD, Visitor, person, signed_in},
};

const SESSION: &str = "__Host-phiomia_session";

on_both_engines! {
    async fn one_signs_in_with_a_new_session_and_out_again(house: House) {
        let alice = signed_in(&house, "alice").await;
        let first = alice.cookies.borrow()[SESSION].clone();
        assert!(alice.get(&house, "/").await.ok().text().contains("You are signed in as"));
        let elsewhere = Visitor::default();
        elsewhere.cookies.borrow_mut().insert(SESSION.to_owned(), first);
        alice.submit(&house, "/auth/sign_out", "/auth/sign_out", &[]).await;
        assert!(!alice.cookies.borrow().contains_key(SESSION));
        assert!(!elsewhere.get(&house, "/").await.ok().text().contains("You are signed in as"), "the old cookie still works");
    }

    async fn a_wrong_password_and_a_stranger_see_the_same_page(house: House) {
        person(&house, "alice").await;
        let visitor = Visitor::default();
        let wrong = visitor.sign_in(&house, "alice", "wrong horse").await;
        let stranger = visitor.sign_in(&house, "bobby", "wrong horse").await;
        assert_eq!((wrong.status.as_u16(), stranger.status.as_u16()), (422, 422));
        assert_eq!(wrong.text(), stranger.text().replace("bobby", "alice"));
        assert!(wrong.text().contains("do not belong together"));
    }

    async fn a_form_that_did_not_come_from_here_does_nothing(house: House) {
        let alice = signed_in(&house, "alice").await;
        let mallory = Visitor::default();
        let page = mallory.get(&house, "/auth/sign_in").await.ok().text();
        for token in ["", "x", page.split("authenticity_token\" value=\"").nth(1).unwrap().split('"').next().unwrap()] {
            let answer = alice.post(&house, "/auth/sign_out", &[("authenticity_token", token)]).await;
            assert_eq!(answer.status, 422, "{token}");
        }
        assert!(alice.get(&house, "/").await.ok().text().contains("You are signed in as"));
        let fields = [("user[email]", "alice"), ("user[password]", PASSWORD)];
        assert_eq!(Visitor::default().post(&house, "/auth/sign_in", &fields).await.status, 422);
    }

    async fn signing_in_anew_ends_the_session_before(house: House) {
        let alice = signed_in(&house, "alice").await;
        let first = alice.cookies.borrow()[SESSION].clone();
        let fields = [("user[email]", "alice"), ("user[password]", PASSWORD)];
        let page = "/auth/sign_in?return_to=%2Foauth%2Fauthorize%3Fclient_id%3Dx";
        let answer = alice.submit(&house, page, "/auth/sign_in", &fields).await;
        assert_eq!(answer.header("location"), "/oauth/authorize?client_id=x");
        let second = alice.cookies.borrow()[SESSION].clone();
        assert_ne!(first, second);
        alice.cookies.borrow_mut().insert(SESSION.to_owned(), first);
        assert!(!alice.get(&house, "/").await.ok().text().contains("You are signed in as"));
    }

    async fn nobody_is_sent_elsewhere_after_signing_in(house: House) {
        person(&house, "alice").await;
        for to in ["https://evil.example/", "//evil.example/", "/oauth/authorize.evil", "javascript:alert(1)"] {
            let fields = [("user[email]", "alice"), ("user[password]", PASSWORD), ("return_to", to)];
            let answer = Visitor::default().submit(&house, "/auth/sign_in", "/auth/sign_in", &fields).await;
            assert_eq!(answer.header("location"), "/", "{to}");
        }
    }

    async fn the_disabled_are_told_so_after_their_right_password(house: House) {
        let alice = person(&house, "alice").await;
        let edit = UserEdit { is_disabled: Some(true), ..UserEdit::default() };
        house.api.db.write(move |tx| users::modify(tx, alice, &edit)).await.unwrap();
        let visitor = Visitor::default();
        let answer = visitor.sign_in(&house, "alice", PASSWORD).await;
        assert_eq!(answer.status, 403);
        assert!(answer.text().contains("Your login is disabled."));
        assert!(!visitor.cookies.borrow().contains_key(SESSION));
    }

    async fn the_26th_try_is_one_too_many(house: House) {
        person(&house, "alice").await;
        let too_long = "x".repeat(300);
        for _ in 0..25 {
            assert_eq!(Visitor::default().sign_in(&house, "alice", &too_long).await.status, 422);
        }
        let answer = Visitor::default().sign_in(&house, "alice", PASSWORD).await;
        assert_eq!(answer.status, 429);
        assert!(answer.header("retry-after").parse::<u64>().unwrap() > 0);
        assert!(answer.text().contains("<h1>Too many tries</h1>"));
    }

    async fn pages_may_do_nothing_but_look_and_send_forms(house: House) {
        let answer = Visitor::default().get(&house, "/auth/password/new").await.ok();
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'") && policy.contains("form-action 'self'"), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("script-src"), "{policy}");
        assert_eq!(answer.header("cache-control"), "private, no-store");
        assert_eq!(answer.header("access-control-allow-origin"), "");
        assert!(!answer.text().contains("<script") && !answer.text().contains("style="));
        let style = answer.text().split("stylesheet\" href=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        let style = house.get(&style).await.ok();
        assert_eq!(style.header("content-type"), "text/css; charset=utf-8");
        assert!(style.header("cache-control").contains("immutable"));
        assert_eq!(house.get("/packs/pages-0.css").await.status, 404);
    }

    async fn a_session_lasts_as_long_as_it_is_used(house: House) {
        let alice = signed_in(&house, "alice").await;
        for _ in 0..3 {
            house.wait(SESSION_LIFE / 2);
            assert!(alice.get(&house, "/").await.ok().text().contains("You are signed in as"));
        }
        house.wait(SESSION_LIFE);
        assert!(!alice.get(&house, "/").await.ok().text().contains("You are signed in as"));
    }

    async fn a_page_that_is_not_there_is_a_page_for_people(house: House) {
        let answer = Visitor::default().get(&house, "/nothing").await;
        assert_eq!(answer.status, 404);
        assert!(answer.text().contains("There is nothing here"));
    }
}
