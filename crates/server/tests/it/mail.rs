//! Mails go out through a real SMTP conversation.

use std::{sync::Arc, time::Duration};

use phiomia_federation::Federation;
use phiomia_model::{AccountId, Addresses, Job, job::Mail};
use phiomia_server::{
    config::{Config, Inputs},
    mail::{Post, Smtp},
    workers::{AtOnce, Crew, Pace, Workers},
};
use phiomia_social::users::{self, NewUser, Passwords};
use phiomia_store::{Entropy, Secret, db::jobs};
use phiomia_testkit::{SmtpSink, TestDatabase, on_both_engines};

use crate::kit;

fn addresses() -> Addresses {
    Addresses::new("https", "example.org", "social.example.org")
}

fn post(db: &TestDatabase, sink: &SmtpSink, more: &[(&str, &str)]) -> Post {
    let port = sink.address.port().to_string();
    let mut variables = vec![("SMTP_SERVER", "127.0.0.1"), ("SMTP_PORT", port.as_str())];
    variables.extend(more);
    let environment = variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let config = Config::assemble(&Inputs { environment, ..Inputs::default() }).unwrap().config;
    let smtp = Smtp::new(&config.smtp, &addresses()).unwrap();
    Post { db: db.db.clone(), entropy: Entropy::system(), addresses: Arc::new(addresses()), smtp }
}

/// Somebody whose address is not confirmed yet.
async fn alice(db: &TestDatabase) -> AccountId {
    let new = NewUser {
        username: "alice".to_owned(),
        email: Some("alice@mail.example".to_owned()),
        password: Some(Secret::new("correct horse")),
        is_approved: true,
        ..NewUser::default()
    };
    users::create(&db.db, &addresses(), &Passwords::new(Entropy::system()), new).await.unwrap()
}

fn crew() -> Crew {
    Crew::new(Entropy::system(), AtOnce { feeds: 1, federation: 1, fetch: 1, upkeep: 1 }).unwrap()
}

fn federation(db: &TestDatabase) -> Federation {
    phiomia_testkit::federation(&db.db, addresses())
}

/// The text of a part with its soft line ends taken out, whichever of the two ways it was written in.
fn plain(data: &str) -> String {
    data.replace("=\r\n", "").replace("=3D", "=").replace("\r\n", "\n")
}

/// The secret of the link in a mail.
fn link(data: &str, name: &str) -> Secret {
    let text = plain(data);
    let rest = text.split(&format!("{name}=")).nth(1).unwrap();
    Secret::new(rest.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).collect::<String>())
}

on_both_engines! {
    async fn a_job_sends_the_mail_whose_link_confirms_the_address(db: TestDatabase) {
        let (sink, alice) = (SmtpSink::open(0).await, alice(&db).await);
        let post = post(&db, &sink, &[("SMTP_LOGIN", "me"), ("SMTP_PASSWORD", "horse-battery"), ("SMTP_FROM_ADDRESS", "Phiomia <hello@example.org>"), ("SMTP_DOMAIN", "out.example.org")]);
        db.db.write(move |tx| Ok(tx.enqueue(&Job::SendMail { account: alice, mail: Mail::Confirmation })?)).await.unwrap();
        let workers = Workers::start(&kit::api(&db).await, crew(), Pace::default(), post, federation(&db), None, None);
        let mail = sink.wait_for(1).await.remove(0);
        workers.stop(Duration::from_secs(5)).await;
        assert_eq!((mail.hello.as_str(), mail.auth.as_deref()), ("out.example.org", Some("PLAIN AG1lAGhvcnNlLWJhdHRlcnk=")));
        assert_eq!((mail.from.as_str(), mail.to.as_slice()), ("<hello@example.org>", ["<alice@mail.example>".to_owned()].as_slice()));
        let text = plain(&mail.data);
        for expected in [
            "From: Phiomia <hello@example.org>\n",
            "Subject: example.org: Confirm your e-mail address\n",
            "Auto-Submitted: auto-generated\n",
            "multipart/alternative",
            "Hello @alice@example.org,",
            "https://social.example.org/auth/confirmation?confirmation_token=",
            "<!doctype html>",
        ] {
            assert!(text.contains(expected), "{expected}: {text}");
        }
        let user = users::confirm_email(&db.db, link(&mail.data, "confirmation_token").hash()).await.unwrap();
        assert!(user.account_id == alice && user.confirmed_at.is_some());
        assert!(db.db.read(|q| Ok(jobs::counts(q)?)).await.unwrap().iter().all(|count| count.kind != "send_mail"));
    }

    async fn the_link_of_a_reset_sets_a_new_password_and_only_that_of_the_last_mail(db: TestDatabase) {
        let (sink, alice) = (SmtpSink::open(0).await, alice(&db).await);
        let post = post(&db, &sink, &[]);
        post.send(alice, Mail::PasswordReset).await.unwrap();
        post.send(alice, Mail::PasswordReset).await.unwrap();
        let mails = sink.wait_for(2).await;
        assert_eq!((mails[0].auth.as_deref(), mails[0].from.as_str()), (None, "<notifications@example.org>"));
        let passwords = Passwords::new(Entropy::system());
        let set = async |at: usize| {
            let link = link(&mails[at].data, "reset_password_token").hash();
            users::reset_password(&db.db, &passwords, link, Secret::new("battery staple")).await
        };
        assert!(set(0).await.is_err());
        set(1).await.unwrap();
        assert!(set(1).await.is_err());
    }

    async fn another_address_is_confirmed_by_mail_and_the_old_one_is_told(db: TestDatabase) {
        let (sink, alice) = (SmtpSink::open(0).await, alice(&db).await);
        let edit = users::UserEdit { is_confirmed: Some(true), ..users::UserEdit::default() };
        db.db.write(move |tx| users::modify(tx, alice, &edit)).await.unwrap();
        let (passwords, password) = (Passwords::new(Entropy::system()), Secret::new("correct horse"));
        users::ask_for_address(&db.db, &passwords, (alice, None), &password, ("new@mail.example", Vec::new())).await.unwrap();
        let workers = Workers::start(&kit::api(&db).await, crew(), Pace::default(), post(&db, &sink, &[]), federation(&db), None, None);
        let mut mails = sink.wait_for(2).await;
        workers.stop(Duration::from_secs(5)).await;
        mails.sort_by_key(|mail| mail.to.clone());
        assert_eq!((mails[0].to[0].as_str(), mails[1].to[0].as_str()), ("<alice@mail.example>", "<new@mail.example>"));
        let (told, asked) = (plain(&mails[0].data), plain(&mails[1].data));
        assert!(told.contains("Subject: example.org: Your e-mail address is being changed") && !told.contains("http"));
        assert!(told.contains("If it was not you, set a new password at once"), "{told}");
        assert!(asked.contains("Subject: example.org: Confirm your new e-mail address"), "{asked}");
        users::confirm_email(&db.db, link(&mails[1].data, "confirmation_token").hash()).await.unwrap();
        // Words about the account go to the new address from now on.
        post(&db, &sink, &[]).send(alice, Mail::PasskeyAdded).await.unwrap();
        let word = sink.wait_for(3).await.remove(2);
        assert_eq!(word.to, ["<new@mail.example>"]);
        assert!(plain(&word.data).contains("A new passkey can be used to sign in"));
    }

    async fn a_mail_that_is_refused_for_now_is_tried_again(db: TestDatabase) {
        let (sink, alice) = (SmtpSink::open(1).await, alice(&db).await);
        let post = post(&db, &sink, &[]);
        let error = post.send(alice, Mail::Confirmation).await.unwrap_err();
        assert!(matches!(error, phiomia_model::Error::Broken(_)), "{error:?}");
        post.send(alice, Mail::Confirmation).await.unwrap();
        assert_eq!(sink.wait_for(1).await[0].to, ["<alice@mail.example>"]);
    }

    async fn who_has_confirmed_already_gets_no_mail(db: TestDatabase) {
        let (sink, alice) = (SmtpSink::open(0).await, alice(&db).await);
        let edit = users::UserEdit { is_confirmed: Some(true), ..users::UserEdit::default() };
        db.db.write(move |tx| users::modify(tx, alice, &edit)).await.unwrap();
        post(&db, &sink, &[]).send(alice, Mail::Confirmation).await.unwrap();
        let none = Post { smtp: None, ..post(&db, &sink, &[]) };
        none.send(alice, Mail::PasswordReset).await.unwrap();
        assert_eq!(sink.received(), []);
    }
}
