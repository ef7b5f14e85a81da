//! A password is lost and set anew.

use std::time::Duration;

use phiomia_api::{Api, Parts};
use phiomia_model::job::Mail;
use phiomia_social::users;
use phiomia_store::db::jobs;
use phiomia_testkit::on_both_engines;

use crate::{
    kit::{Answer, House},
    visitor::{PASSWORD, Visitor, person, signed_in},
};

const NEW: &str = "battery staple";

async fn ask_for(house: &House, email: &str) -> Answer {
    let fields = [("user[email]", email)];
    Visitor::default().submit(house, "/auth/password/new", "/auth/password/new", &fields).await
}

async fn n_mails(house: &House) -> i64 {
    let counts = house.api.db.read(|q| Ok(jobs::counts(q)?)).await.unwrap();
    counts.iter().filter(|count| count.kind == "send_mail").map(|count| count.n_all).sum()
}

/// Where the link in the mail leads.
async fn link(house: &House, account: phiomia_model::AccountId) -> String {
    let letter = users::letter(&house.api.db, &house.api.entropy, account, Mail::PasswordReset).await.unwrap().unwrap();
    format!("/auth/password/edit?reset_password_token={}", letter.link.unwrap().expose())
}

async fn set(house: &House, visitor: &Visitor, link: &str, password: &str) -> Answer {
    visitor.submit(house, link, "/auth/password/edit", &[("user[password]", password)]).await
}

on_both_engines! {
    async fn nobody_learns_whether_somebody_has_an_address(house: House) {
        person(&house, "alice").await;
        let known = ask_for(&house, "Alice@mail.example").await.ok();
        assert_eq!(n_mails(&house).await, 1);
        let unknown = ask_for(&house, "nobody@mail.example").await.ok();
        assert_eq!(n_mails(&house).await, 1);
        assert_eq!(known.text(), unknown.text());
        assert!(known.text().contains("If somebody here has this address"));
    }

    async fn the_6th_mail_to_an_address_has_to_wait_whoever_has_it(house: House) {
        person(&house, "alice").await;
        for email in ["alice@mail.example", "nobody@mail.example"] {
            for _ in 0..5 {
                ask_for(&house, email).await.ok();
            }
            assert_eq!(ask_for(&house, email).await.status, 429, "{email}");
        }
        assert_eq!(n_mails(&house).await, 5);
    }

    async fn the_link_sets_a_password_once_and_signs_everything_out(house: House) {
        let alice = signed_in(&house, "alice").await;
        let id = house.api.db.read(|q| Ok(phiomia_store::db::users::by_name(q, "alice")?)).await.unwrap().unwrap();
        let (link, elsewhere) = (link(&house, id).await, Visitor::default());
        let short = set(&house, &elsewhere, &link, "short").await;
        assert_eq!(short.status, 422);
        assert!(short.text().contains("too short"));
        assert!(set(&house, &elsewhere, &link, NEW).await.ok().text().contains("Your new password is set"));
        assert_eq!(alice.get(&house, "/auth/edit").await.status, 302);
        assert_eq!(elsewhere.get(&house, &link).await.status, 404);
        assert_eq!(Visitor::default().sign_in(&house, "alice", PASSWORD).await.status, 422);
        assert_eq!(Visitor::default().sign_in(&house, "alice", NEW).await.status, 302);
    }

    async fn a_link_is_good_for_six_hours_and_no_other_secret_is(house: House) {
        let alice = person(&house, "alice").await;
        let link = link(&house, alice).await;
        house.wait(Duration::from_secs(6 * 3_600 - 1));
        Visitor::default().get(&house, &link).await.ok();
        house.wait(Duration::from_secs(2));
        assert_eq!(Visitor::default().get(&house, &link).await.status, 404);
        assert_eq!(Visitor::default().get(&house, "/auth/password/edit").await.status, 404);
        let sign_in = users::sign_in_link(&house.api.db, &house.api.entropy, alice).await.unwrap();
        let other = format!("/auth/password/edit?reset_password_token={}", sign_in.expose());
        assert_eq!(Visitor::default().get(&house, &other).await.status, 404);
    }

    async fn a_server_without_mail_says_so(house: House) {
        let mut house = house;
        let api = Api::new(Parts { sends_mail: false, ..(*house.api).clone() });
        house.router = phiomia_api::router(&api);
        let page = Visitor::default().get(&house, "/auth/password/new").await.ok().text();
        assert!(page.contains("This server sends no mail") && !page.contains("<form"));
    }
}
