//! Passwords, sessions and how often one may try.

use phiomia_model::{Error, Refusal};
use phiomia_social::users::{self, MOST_SESSIONS, Passwords, SignInOutcome, UserEdit};
use phiomia_store::{
    Entropy, Secret,
    db::{
        sessions, settings,
        users::{self as rows, Standing},
    },
};
use phiomia_testkit::{TestDatabase, on_both_engines};

use super::{PASSWORD, addresses, browser, cookie, person, somebody, try_sign_in};

on_both_engines! {
    async fn one_signs_in_by_name_or_address_in_whatever_case(db: TestDatabase) {
        let alice = person(&db.db, "alice").await;
        for login in ["alice", "Alice", " @alice ", "ALICE@mail.example"] {
            let cookie = cookie(&db.db, login).await;
            let (_, user) = users::session(&db.db, cookie.hash()).await.unwrap().unwrap();
            assert_eq!(user.account_id, alice, "{login}");
        }
    }

    async fn a_wrong_password_and_a_stranger_get_the_same_answer(db: TestDatabase) {
        person(&db.db, "alice").await;
        assert!(matches!(try_sign_in(&db.db, "alice", "wrong horse").await, SignInOutcome::Wrong));
        assert!(matches!(try_sign_in(&db.db, "nobody", PASSWORD).await, SignInOutcome::Wrong));
    }

    async fn who_may_not_act_learns_why_only_with_the_right_password(db: TestDatabase) {
        let new = users::NewUser { is_approved: false, ..somebody("alice") };
        users::create(&db.db, &addresses(), &Passwords::new(Entropy::system()), new).await.unwrap();
        assert!(matches!(try_sign_in(&db.db, "alice", PASSWORD).await, SignInOutcome::Barred(Standing::Pending)));
        assert!(matches!(try_sign_in(&db.db, "alice", "wrong horse").await, SignInOutcome::Wrong));
    }

    async fn a_hash_from_mastodon_is_replaced_at_the_first_sign_in(db: TestDatabase) {
        let alice = person(&db.db, "alice").await;
        let old = Secret::new(bcrypt::hash(PASSWORD, 4).unwrap());
        db.db.write(move |tx| Ok(rows::set_password(tx, alice, Some(&old))?)).await.unwrap();
        assert!(matches!(try_sign_in(&db.db, "alice", "wrong horse").await, SignInOutcome::Wrong));
        cookie(&db.db, "alice").await;
        let kept = db.db.read(move |q| Ok(rows::find(q, alice)?)).await.unwrap().unwrap().password_hash.unwrap();
        assert!(kept.expose().starts_with("$argon2id$"));
        cookie(&db.db, "alice").await;
    }

    async fn the_eleventh_session_ends_the_oldest(db: TestDatabase) {
        let alice = person(&db.db, "alice").await;
        let first = cookie(&db.db, "alice").await;
        for _ in 0..MOST_SESSIONS {
            cookie(&db.db, "alice").await;
        }
        assert!(users::session(&db.db, first.hash()).await.unwrap().is_none());
        assert_eq!(db.db.read(move |q| Ok(sessions::list(q, alice)?)).await.unwrap().len(), 10);
    }

    async fn signing_out_ends_that_session_alone(db: TestDatabase) {
        person(&db.db, "alice").await;
        let (one, two) = (cookie(&db.db, "alice").await, cookie(&db.db, "alice").await);
        users::sign_out(&db.db, one.hash()).await.unwrap();
        assert!(users::session(&db.db, one.hash()).await.unwrap().is_none());
        assert!(users::session(&db.db, two.hash()).await.unwrap().is_some());
    }

    async fn after_25_tries_even_the_right_password_has_to_wait(db: TestDatabase) {
        person(&db.db, "alice").await;
        // A password longer than any is refused before it is hashed, which keeps the test short.
        let too_long = "x".repeat(300);
        for _ in 0..25 {
            assert!(matches!(try_sign_in(&db.db, "alice", &too_long).await, SignInOutcome::Wrong));
        }
        let (entropy, right) = (Entropy::system(), Secret::new(PASSWORD));
        let passwords = Passwords::new(entropy.clone());
        let elsewhere = users::Browser { counted_as: "198.51.100.7".to_owned(), ..browser() };
        for browser in [browser(), elsewhere] {
            let outcome = users::sign_in(&db.db, &passwords, &entropy, "alice", &right, browser).await;
            assert!(matches!(outcome, Err(Error::Refused(Refusal::TooMany { .. }))), "{outcome:?}");
        }
    }

    async fn where_limits_are_off_nobody_waits(db: TestDatabase) {
        person(&db.db, "alice").await;
        db.db.write(|tx| Ok(settings::set(tx, "rate_limits", "off")?)).await.unwrap();
        let too_long = "x".repeat(300);
        for _ in 0..30 {
            assert!(matches!(try_sign_in(&db.db, "alice", &too_long).await, SignInOutcome::Wrong));
        }
    }

    async fn a_sign_in_link_works_once_and_not_for_the_disabled(db: TestDatabase) {
        let alice = person(&db.db, "alice").await;
        let entropy = Entropy::system();
        let link = users::sign_in_link(&db.db, &entropy, alice).await.unwrap();
        let outcome = users::sign_in_by_link(&db.db, &entropy, link.hash(), browser()).await.unwrap();
        assert!(matches!(outcome, SignInOutcome::Done(done) if done.account == alice));
        let again = users::sign_in_by_link(&db.db, &entropy, link.hash(), browser()).await;
        assert!(matches!(again, Err(Error::Refused(Refusal::NotFound(_)))));
        let edit = UserEdit { is_disabled: Some(true), ..UserEdit::default() };
        db.db.write(move |tx| users::modify(tx, alice, &edit)).await.unwrap();
        let link = users::sign_in_link(&db.db, &entropy, alice).await.unwrap();
        let outcome = users::sign_in_by_link(&db.db, &entropy, link.hash(), browser()).await.unwrap();
        assert!(matches!(outcome, SignInOutcome::Barred(Standing::Disabled)));
    }
}
