//! Every way to lose access ends at the same place.

use phiomia_model::{AccountId, Error, Event, Refusal, Scopes, TokenId};
use phiomia_social::{
    apps::{self, NewApp, OUT_OF_BAND},
    users::{self, Grace, NewUser, Passwords, UserEdit},
};
use phiomia_store::{
    Db, Entropy, Secret,
    db::{
        jobs, tokens,
        users::{self as rows, Standing},
    },
};
use phiomia_testkit::{TestDatabase, on_both_engines};

use super::{PASSWORD, addresses, cookie, person, try_sign_in};

/// A token of somebody: its row and its secret.
async fn token(db: &Db, account: AccountId) -> (TokenId, Secret) {
    let entropy = Entropy::system();
    let new = NewApp { name: "App".to_owned(), redirect_uris: vec![OUT_OF_BAND.to_owned()], ..NewApp::default() };
    let (app, _) = apps::register(db, &entropy, new).await.unwrap();
    let given = apps::give_token(db, &entropy, app.id, Some(account), Scopes::read()).await.unwrap();
    let hash = given.secret.hash();
    let id = db.read(move |q| Ok(tokens::find(q, &hash)?)).await.unwrap().unwrap().id;
    (id, given.secret)
}

async fn is_good(db: &Db, token: &Secret) -> bool {
    let hash = token.hash();
    db.read(move |q| Ok(tokens::find(q, &hash)?)).await.unwrap().is_some()
}

on_both_engines! {
    async fn a_new_password_ends_every_token_and_session_but_the_one_it_was_set_in(db: TestDatabase) {
        let mut db = db;
        let alice = person(&db.db, "alice").await;
        let (id, secret) = token(&db.db, alice).await;
        let (here, elsewhere) = (cookie(&db.db, "alice").await, cookie(&db.db, "alice").await);
        let (session, _) = users::session(&db.db, here.hash()).await.unwrap().unwrap();
        db.announced();
        let passwords = Passwords::new(Entropy::system());
        users::change_password(&db.db, &passwords, alice, Secret::new("another horse"), Some(session.id)).await.unwrap();
        assert_eq!(db.announced(), [Event::TokensRevoked { tokens: vec![id] }]);
        assert!(!is_good(&db.db, &secret).await);
        assert!(users::session(&db.db, here.hash()).await.unwrap().is_some());
        assert!(users::session(&db.db, elsewhere.hash()).await.unwrap().is_none());
        assert!(matches!(try_sign_in(&db.db, "alice", PASSWORD).await, users::SignInOutcome::Wrong));
    }

    async fn disabling_and_suspending_end_all_access(db: TestDatabase) {
        let alice = person(&db.db, "alice").await;
        let disabled = UserEdit { is_disabled: Some(true), ..UserEdit::default() };
        let suspended = UserEdit { is_disabled: Some(false), is_suspended: Some(true), ..UserEdit::default() };
        for (edit, standing) in [(disabled, Standing::Disabled), (suspended, Standing::Suspended)] {
            let (_, secret) = token(&db.db, alice).await;
            db.db.write(move |tx| users::modify(tx, alice, &edit)).await.unwrap();
            assert!(!is_good(&db.db, &secret).await);
            // A token given by command to somebody who may not act says so.
            let (_, secret) = token(&db.db, alice).await;
            let hash = secret.hash();
            let view = db.db.read(move |q| Ok(tokens::find(q, &hash)?)).await.unwrap().unwrap();
            assert_eq!(view.holder.map(|h| h.standing), Some(standing));
        }
    }

    async fn a_deleted_account_keeps_its_name_from_others(db: TestDatabase) {
        let alice = person(&db.db, "alice").await;
        let (_, secret) = token(&db.db, alice).await;
        db.db.write(move |tx| users::delete(tx, alice, Grace::ThirtyDays)).await.unwrap();
        assert!(!is_good(&db.db, &secret).await);
        assert!(matches!(try_sign_in(&db.db, "alice", PASSWORD).await, users::SignInOutcome::Wrong));
        let new = NewUser { username: "Alice".to_owned(), ..NewUser::default() };
        let outcome = users::create(&db.db, &addresses(), &Passwords::new(Entropy::system()), new).await;
        assert!(matches!(outcome, Err(Error::Refused(Refusal::InvalidFields(_)))), "{outcome:?}");
        let again = db.db.write(move |tx| users::delete(tx, alice, Grace::None)).await;
        assert!(matches!(again, Err(Error::Refused(Refusal::NotFound(_)))));
        let waiting = db.db.read(|q| Ok(jobs::counts(q)?)).await.unwrap();
        assert_eq!(waiting.iter().map(|c| (c.kind.as_str(), c.n_all)).collect::<Vec<_>>(), [("sweep_account", 1)]);
        let wait = waiting[0].first_due.as_days() - db.db.clock().now().as_days();
        assert_eq!(wait, 30);
    }

    async fn what_a_deleted_account_told_about_itself_is_erased_and_nobody_elses(db: TestDatabase) {
        let (alice, bob) = (person(&db.db, "alice").await, person(&db.db, "bob").await);
        db.db.write(move |tx| users::delete(tx, alice, Grace::None)).await.unwrap();
        db.db.write(move |tx| { users::erase(tx, alice)?; Ok(users::erase(tx, bob)?) }).await.unwrap();
        let (alice, bob) = db.db.read(move |q| Ok((rows::find(q, alice)?, rows::find(q, bob)?))).await.unwrap();
        let (alice, bob) = (alice.unwrap(), bob.unwrap());
        assert_eq!((alice.username.as_str(), alice.email.as_str(), alice.password_hash), ("alice", "", None));
        assert_eq!(bob.email, "bob@mail.example");
        assert!(bob.password_hash.is_some());
        // The address is free again, the name is not.
        let new = NewUser { username: "alice2".to_owned(), email: Some("alice@mail.example".to_owned()), ..NewUser::default() };
        users::create(&db.db, &addresses(), &Passwords::new(Entropy::system()), new).await.unwrap();
    }

    async fn an_address_of_somebody_else_is_refused(db: TestDatabase) {
        let alice = person(&db.db, "alice").await;
        person(&db.db, "bob").await;
        let edit = UserEdit { email: Some("Bob@mail.example".to_owned()), ..UserEdit::default() };
        let outcome = db.db.write(move |tx| users::modify(tx, alice, &edit)).await;
        assert!(matches!(outcome, Err(Error::Refused(r)) if r.to_string() == "Validation failed: Email has already been taken"));
    }
}
