//! People sign themselves up.

use std::time::Duration;

use phiomia_model::{AccountId, job::Mail};
use phiomia_social::users::{self, UserEdit};
use phiomia_store::db::users as rows;
use phiomia_testkit::on_both_engines;

use crate::{
    kit::{Answer, House},
    visitor::{PASSWORD, Visitor, person},
};

async fn sign_up(house: &House, username: &str, more: &[(&str, &str)]) -> Answer {
    let email = format!("{username}@mail.example");
    let mut fields = vec![
        ("user[account_attributes][username]", username),
        ("user[email]", email.as_str()),
        ("user[password]", PASSWORD),
        ("user[agreement]", "1"),
    ];
    fields.extend(more);
    Visitor::default().submit(house, "/auth/sign_up", "/auth/sign_up", &fields).await
}

async fn account(house: &House, name: &'static str) -> AccountId {
    house.api.db.read(move |q| Ok(rows::by_name(q, name)?)).await.unwrap().unwrap()
}

/// Where the link in the mail leads.
async fn link(house: &House, account: AccountId) -> String {
    let letter = users::letter(&house.api.db, &house.api.entropy, account, Mail::Confirmation).await.unwrap().unwrap();
    assert_eq!(letter.to, "alice@mail.example");
    format!("/auth/confirmation?confirmation_token={}", letter.link.unwrap().expose())
}

on_both_engines! {
    async fn one_signs_up_confirms_the_address_and_signs_in(house: House) {
        house.set("registrations", "open").await;
        person(&house, "owner").await;
        assert!(Visitor::default().get(&house, "/auth/sign_in").await.ok().text().contains("href=\"/auth/sign_up\""));
        assert!(sign_up(&house, "alice", &[]).await.ok().text().contains("We have sent you a mail"));
        let unconfirmed = Visitor::default().sign_in(&house, "alice", PASSWORD).await;
        assert_eq!(unconfirmed.status, 403);
        assert!(unconfirmed.text().contains("not confirmed yet"));
        let alice = account(&house, "alice").await;
        let (link, visitor) = (link(&house, alice).await, Visitor::default());
        visitor.get(&house, &link).await.ok();
        let thanks = visitor.submit(&house, &link, "/auth/confirmation", &[]).await.ok();
        assert!(thanks.text().contains("You can sign in"));
        assert_eq!(visitor.get(&house, &link).await.status, 404);
        assert_eq!(Visitor::default().sign_in(&house, "alice", PASSWORD).await.status, 302);
        let user = house.api.db.read(move |q| Ok(rows::find(q, alice)?)).await.unwrap().unwrap();
        assert_eq!(user.role, phiomia_model::Role::User);
    }

    async fn a_confirmation_is_good_for_two_days_and_for_its_address(house: House) {
        house.set("registrations", "open").await;
        sign_up(&house, "alice", &[]).await.ok();
        let alice = account(&house, "alice").await;
        let first = link(&house, alice).await;
        house.wait(Duration::from_secs(2 * 86_400 + 1));
        assert_eq!(Visitor::default().get(&house, &first).await.status, 404);
        let second = link(&house, alice).await;
        let edit = UserEdit { email: Some("other@mail.example".to_owned()), ..UserEdit::default() };
        house.api.db.write(move |tx| users::modify(tx, alice, &edit)).await.unwrap();
        assert_eq!(Visitor::default().submit(&house, &second, "/auth/confirmation", &[]).await.status, 404);
    }

    async fn where_staff_approves_the_confirmed_wait_until_they_did(house: House) {
        house.set("registrations", "approval").await;
        let reason = ("user[invite_request_attributes][text]", "I like tea");
        sign_up(&house, "alice", &[reason]).await.ok();
        let alice = account(&house, "alice").await;
        let link = link(&house, alice).await;
        let thanks = Visitor::default().submit(&house, &link, "/auth/confirmation", &[]).await.ok();
        assert!(thanks.text().contains("look at your sign-up"));
        assert!(Visitor::default().sign_in(&house, "alice", PASSWORD).await.text().contains("still being looked at"));
        let edit = UserEdit { is_approved: Some(true), ..UserEdit::default() };
        house.api.db.write(move |tx| users::modify(tx, alice, &edit)).await.unwrap();
        assert_eq!(Visitor::default().sign_in(&house, "alice", PASSWORD).await.status, 302);
    }

    async fn what_is_wrong_stands_beside_its_field_all_at_once(house: House) {
        house.set("registrations", "open").await;
        person(&house, "alice").await;
        let fields = [
            ("user[account_attributes][username]", "Alice"),
            ("user[email]", "no address"),
            ("user[password]", "short"),
        ];
        let answer = Visitor::default().submit(&house, "/auth/sign_up", "/auth/sign_up", &fields).await;
        assert_eq!(answer.status, 422);
        for sentence in [
            "This name has already been taken.",
            "This address is invalid.",
            "This password is too short (minimum is 8 characters).",
            "The rules must be accepted.",
        ] {
            assert!(answer.text().contains(sentence), "{sentence}");
        }
        assert!(answer.text().contains("value=\"no address\"") && !answer.text().contains("value=\"short\""));
    }

    async fn where_sign_ups_are_closed_nobody_gets_in(house: House) {
        let page = Visitor::default().get(&house, "/auth/sign_up").await;
        assert_eq!(page.status, 403);
        assert!(page.text().contains("Nobody can sign up here"));
        let visitor = Visitor::default();
        let fields = [("user[account_attributes][username]", "alice"), ("user[agreement]", "1")];
        let answer = visitor.submit(&house, "/auth/sign_in", "/auth/sign_up", &fields).await;
        assert_eq!(answer.status, 403);
        assert!(!visitor.get(&house, "/auth/sign_in").await.ok().text().contains("/auth/sign_up"));
    }

    async fn sign_ups_for_one_address_cannot_flood_it(house: House) {
        house.set("registrations", "open").await;
        for n in 0..6 {
            let name = format!("alice{n}");
            let email = ("user[email]", "victim@mail.example");
            let answer = sign_up(&house, &name, &[email]).await;
            // The first takes the address; what follows is told so and sends nothing.
            assert_eq!(answer.status.as_u16(), if n == 0 { 200 } else { 422 }, "{n}");
        }
    }
}
