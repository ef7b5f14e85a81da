//! People come, sign in, change and go.

mod create;
mod modify;
mod sign_in;

use phiomia_model::{AccountId, Addresses};
use phiomia_social::users::{self, Browser, NewUser, Passwords, SignInOutcome};
use phiomia_store::{Db, Entropy, Secret};

/// Everybody's password here.
pub(crate) const PASSWORD: &str = "correct horse";

pub(crate) fn addresses() -> Addresses {
    Addresses::new("https", "example.org", "social.example.org")
}

/// Somebody confirmed and approved, with [`PASSWORD`].
pub(crate) fn somebody(username: &str) -> NewUser {
    NewUser {
        username: username.to_owned(),
        email: Some(format!("{username}@mail.example")),
        password: Some(Secret::new(PASSWORD)),
        is_confirmed: true,
        is_approved: true,
        ..NewUser::default()
    }
}

pub(crate) async fn person(db: &Db, username: &str) -> AccountId {
    users::create(db, &addresses(), &Passwords::new(Entropy::system()), somebody(username)).await.unwrap()
}

pub(crate) fn browser() -> Browser {
    Browser { user_agent: "Tests".to_owned(), address: "192.0.2.1".to_owned(), counted_as: "192.0.2.1".to_owned() }
}

pub(crate) async fn try_sign_in(db: &Db, login: &str, password: &str) -> SignInOutcome {
    let entropy = Entropy::system();
    let passwords = Passwords::new(entropy.clone());
    users::sign_in(db, &passwords, &entropy, login, &Secret::new(password), browser()).await.unwrap()
}

/// Signs in and gives the cookie.
pub(crate) async fn cookie(db: &Db, login: &str) -> Secret {
    match try_sign_in(db, login, PASSWORD).await {
        SignInOutcome::Done(done) => done.cookie,
        other => panic!("{login} could not sign in: {other:?}"),
    }
}
