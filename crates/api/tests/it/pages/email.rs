//! Another e-mail address: asked for with the password, in force when its link is opened.

use std::time::Duration;

use phiomia_api::{Api, Parts};
use phiomia_model::{AccountId, job::Mail};
use phiomia_social::users::{self, Letter};
use phiomia_store::db::users as rows;
use phiomia_testkit::on_both_engines;

use crate::{
    kit::{Answer, House},
    visitor::{PASSWORD, Visitor, person, signed_in},
};

const HERE: &str = "/settings/email";
const OLD: &str = "alice@mail.example";
const NEW: &str = "alice@new.example";

async fn alice(house: &House) -> (Visitor, AccountId) {
    let visitor = signed_in(house, "alice").await;
    let id = house.api.db.read(|q| Ok(rows::by_name(q, "alice")?.unwrap())).await.unwrap();
    (visitor, id)
}

async fn ask(house: &House, visitor: &Visitor, email: &str, password: &str) -> Answer {
    visitor.submit(house, HERE, HERE, &[("user[email]", email), ("user[current_password]", password)]).await
}

async fn letter(house: &House, account: AccountId, mail: Mail) -> Option<Letter> {
    users::letter(&house.api.db, &house.api.entropy, account, mail).await.unwrap()
}

async fn address(house: &House, account: AccountId) -> String {
    house.api.db.read(move |q| Ok(rows::find(q, account)?.unwrap().email)).await.unwrap()
}

async fn open(house: &House, letter: &Letter) -> Answer {
    let page = format!("/auth/confirmation?confirmation_token={}", letter.link.as_ref().unwrap().expose());
    Visitor::default().submit(house, &page, "/auth/confirmation", &[]).await
}

on_both_engines! {
    async fn a_new_address_takes_its_place_when_its_link_is_opened(house: House) {
        let (visitor, id) = alice(&house).await;
        let answer = ask(&house, &visitor, NEW, PASSWORD).await;
        assert_eq!(answer.header("location"), "/settings/email?saved=1", "{}", answer.text());
        let html = visitor.get(&house, "/settings/email?saved=1").await.ok().text();
        assert!(html.contains("A mail is on its way") && html.contains(OLD) && html.contains(NEW), "{html}");
        assert_eq!(address(&house, id).await, OLD);
        let notice = letter(&house, id, Mail::AddressChanging).await.unwrap();
        assert_eq!((notice.to.as_str(), notice.link.is_none()), (OLD, true));
        let link = letter(&house, id, Mail::NewAddress).await.unwrap();
        assert_eq!(link.to, NEW);
        assert!(open(&house, &link).await.status.as_u16() < 400);
        assert_eq!(address(&house, id).await, NEW);
        assert!(letter(&house, id, Mail::NewAddress).await.is_none());
        assert_eq!(Visitor::default().sign_in(&house, NEW, PASSWORD).await.status, 302);
        assert_eq!(Visitor::default().sign_in(&house, OLD, PASSWORD).await.status, 422);
    }

    async fn it_takes_the_password_and_an_address(house: House) {
        let (visitor, id) = alice(&house).await;
        for (email, password) in [(NEW, "wrong horse"), (NEW, ""), ("no address", PASSWORD), ("", PASSWORD)] {
            assert_eq!(ask(&house, &visitor, email, password).await.status, 422, "{email} {password}");
        }
        assert!(letter(&house, id, Mail::NewAddress).await.is_none());
        assert_eq!(Visitor::default().get(&house, HERE).await.status, 302);
    }

    async fn a_link_is_worth_nothing_when_the_address_was_forgotten_or_another_was_asked_for(house: House) {
        let (visitor, id) = alice(&house).await;
        ask(&house, &visitor, NEW, PASSWORD).await;
        let first = letter(&house, id, Mail::NewAddress).await.unwrap();
        ask(&house, &visitor, "other@new.example", PASSWORD).await;
        let page = format!("/auth/confirmation?confirmation_token={}", first.link.as_ref().unwrap().expose());
        let html = Visitor::default().get(&house, &page).await.text();
        let answer = Visitor::default().submit_shown(&house, &html, "/auth/confirmation", &[]).await;
        assert!(answer.status.as_u16() >= 400);
        assert_eq!(address(&house, id).await, OLD);
        assert_eq!(visitor.submit(&house, HERE, "/settings/email/keep", &[]).await.status, 302);
        assert!(letter(&house, id, Mail::NewAddress).await.is_none());
        assert!(!visitor.get(&house, HERE).await.ok().text().contains("new.example"));
    }

    async fn nobody_learns_that_somebody_else_has_an_address_and_nobody_gets_it(house: House) {
        let (visitor, id) = alice(&house).await;
        person(&house, "bob").await;
        assert_eq!(ask(&house, &visitor, "Bob@mail.example", PASSWORD).await.header("location"), "/settings/email?saved=1");
        assert!(letter(&house, id, Mail::NewAddress).await.is_none());
        // Somebody takes it between the mail and the click.
        ask(&house, &visitor, NEW, PASSWORD).await;
        let link = letter(&house, id, Mail::NewAddress).await.unwrap();
        let bob = house.api.db.read(|q| Ok(rows::by_name(q, "bob")?.unwrap())).await.unwrap();
        let edit = users::UserEdit { email: Some(NEW.to_owned()), ..users::UserEdit::default() };
        house.api.db.write(move |tx| users::modify(tx, bob, &edit)).await.unwrap();
        assert!(open(&house, &link).await.status.as_u16() >= 400);
        assert_eq!(address(&house, id).await, OLD);
    }

    async fn a_sixth_mail_in_half_an_hour_is_too_many(house: House) {
        let (visitor, _) = alice(&house).await;
        for _ in 0..5 {
            assert_eq!(ask(&house, &visitor, NEW, PASSWORD).await.status, 302);
        }
        assert_eq!(ask(&house, &visitor, NEW, PASSWORD).await.status, 429);
        house.wait(Duration::from_secs(1_800));
        assert_eq!(ask(&house, &visitor, NEW, PASSWORD).await.status, 302);
    }

    async fn without_a_mail_server_the_page_says_so(house: House) {
        let mut house = house;
        let visitor = signed_in(&house, "alice").await;
        let api = Api::new(Parts { sends_mail: false, ..(*house.api).clone() });
        house.router = phiomia_api::router(&api);
        let html = visitor.get(&house, HERE).await.ok().text();
        assert!(html.contains("This server sends no mail") && !html.contains("user[email]"), "{html}");
    }
}
