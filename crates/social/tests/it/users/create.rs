//! New people and what may be wrong with them.

use phiomia_model::{Error, Refusal, Role};
use phiomia_social::users::{self, NewUser, Passwords};
use phiomia_store::{Entropy, Secret, db::users as rows};
use phiomia_testkit::{TestDatabase, on_both_engines};

use super::{addresses, person, somebody};

fn codes(outcome: Result<phiomia_model::AccountId, Error>) -> Vec<String> {
    match outcome {
        Err(Error::Refused(Refusal::InvalidFields(wrong))) => {
            wrong.iter().map(|w| format!("{} {}", w.field, w.code)).collect()
        }
        other => panic!("expected refused fields, not {other:?}"),
    }
}

on_both_engines! {
    async fn the_first_to_come_is_the_owner_and_the_next_a_user(db: TestDatabase) {
        let (alice, bob) = (person(&db.db, "Alice").await, person(&db.db, "bob").await);
        let (alice, bob) = db.db.read(move |q| Ok((rows::find(q, alice)?, rows::find(q, bob)?))).await.unwrap();
        let (alice, bob) = (alice.unwrap(), bob.unwrap());
        assert_eq!((alice.username.as_str(), alice.role, bob.role), ("Alice", Role::Owner, Role::User));
        assert!(alice.password_hash.unwrap().expose().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
    }

    async fn names_and_addresses_are_taken_in_whatever_case(db: TestDatabase) {
        person(&db.db, "alice").await;
        let new = NewUser { email: Some("ALICE@mail.example".to_owned()), ..somebody("ALICE") };
        let outcome = users::create(&db.db, &addresses(), &Passwords::new(Entropy::system()), new).await;
        assert_eq!(codes(outcome), ["username ERR_TAKEN", "email ERR_TAKEN"]);
    }

    async fn everything_that_is_wrong_is_told_at_once(db: TestDatabase) {
        let passwords = Passwords::new(Entropy::system());
        let new = NewUser { password: Some(Secret::new("short")), email: Some("nowhere".to_owned()), ..somebody("no-no") };
        let outcome = users::create(&db.db, &addresses(), &passwords, new).await;
        assert_eq!(codes(outcome), ["username ERR_INVALID", "email ERR_INVALID", "password ERR_TOO_SHORT"]);
        let outcome = users::create(&db.db, &addresses(), &passwords, somebody("Admin")).await;
        assert_eq!(codes(outcome), ["username ERR_RESERVED"]);
        assert_eq!(db.db.read(|q| Ok(rows::count(q)?)).await.unwrap(), 0);
    }

    async fn two_who_ask_for_one_name_at_once_do_not_both_get_it(db: TestDatabase) {
        let passwords = Passwords::new(Entropy::system());
        let new = NewUser { password: None, ..somebody("alice") };
        let other = NewUser { email: None, ..new.clone() };
        let at = addresses();
        let (one, two) = tokio::join!(
            users::create(&db.db, &at, &passwords, new),
            users::create(&db.db, &at, &passwords, other),
        );
        let refused = if one.is_ok() { two } else { one };
        assert_eq!(codes(refused), ["username ERR_TAKEN"]);
    }

    async fn the_first_owner_link_is_good_once_and_only_for_an_empty_server(db: TestDatabase) {
        let (entropy, at) = (Entropy::system(), addresses());
        let passwords = Passwords::new(entropy.clone());
        let old = users::first_owner_link(&db.db, &entropy).await.unwrap();
        let link = users::first_owner_link(&db.db, &entropy).await.unwrap();
        let claim = |secret: &Secret| users::create_first_owner(&db.db, &at, &passwords, secret.hash(), somebody("alice"));
        assert!(matches!(claim(&old).await, Err(Error::Refused(Refusal::NotFound(_)))), "an earlier link still works");
        let owner = claim(&link).await.unwrap();
        assert_eq!(db.db.read(|q| Ok(rows::owner(q)?)).await.unwrap(), Some(owner));
        assert!(matches!(claim(&link).await, Err(Error::Refused(Refusal::NotFound(_)))));
        let another = users::first_owner_link(&db.db, &entropy).await;
        assert!(matches!(another, Err(Error::Refused(Refusal::Conflict(_)))));
    }
}
