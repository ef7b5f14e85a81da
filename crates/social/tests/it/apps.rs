//! Applications, codes and tokens.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use phiomia_model::{AccountId, AppId, Error, Refusal, Scopes, Time};
use phiomia_social::{
    apps::{self, Grant, NewApp, OUT_OF_BAND, Redemption},
    users,
};
use phiomia_store::{
    Clock, Db, Entropy, Secret,
    db::{apps as rows, tokens},
};
use phiomia_testkit::{Engine, TestDatabase, on_both_engines, run};

use crate::users::person;

fn new_app(scopes: &str) -> NewApp {
    NewApp {
        name: "App".to_owned(),
        redirect_uris: vec![OUT_OF_BAND.to_owned()],
        scopes: Some(scopes.to_owned()),
        ..NewApp::default()
    }
}

async fn app(db: &Db, scopes: &str) -> AppId {
    apps::register(db, &Entropy::system(), new_app(scopes)).await.unwrap().0.id
}

async fn code(db: &Db, app: AppId, account: AccountId) -> Secret {
    let grant =
        Grant { app, account, redirect_uri: OUT_OF_BAND.to_owned(), scopes: Scopes::read(), code_challenge: None };
    apps::grant(db, &Entropy::system(), grant).await.unwrap()
}

fn redemption(app: AppId, code: &Secret) -> Redemption {
    Redemption { app, code: code.hash(), redirect_uri: OUT_OF_BAND.to_owned(), code_verifier: None }
}

on_both_engines! {
    async fn a_code_gives_one_token_and_a_second_use_takes_it_away(db: TestDatabase) {
        let (entropy, alice, app) = (Entropy::system(), person(&db.db, "alice").await, app(&db.db, "read").await);
        let code = code(&db.db, app, alice).await;
        let given = apps::redeem(&db.db, &entropy, redemption(app, &code)).await.unwrap().unwrap();
        let hash = given.secret.hash();
        let view = db.db.read(move |q| Ok(tokens::find(q, &hash)?)).await.unwrap().unwrap();
        assert_eq!((view.account_id(), view.scopes), (Some(alice), Scopes::read()));
        assert!(apps::redeem(&db.db, &entropy, redemption(app, &code)).await.unwrap().is_none());
        assert!(db.db.read(move |q| Ok(tokens::find(q, &hash)?)).await.unwrap().is_none());
    }

    async fn a_code_is_for_its_app_its_address_and_its_verifier(db: TestDatabase) {
        let (entropy, alice) = (Entropy::system(), person(&db.db, "alice").await);
        let (mine, other) = (app(&db.db, "read").await, app(&db.db, "read").await);
        let code = code(&db.db, mine, alice).await;
        let elsewhere = Redemption { redirect_uri: "https://evil.example/".to_owned(), ..redemption(mine, &code) };
        let downgraded = Redemption { code_verifier: Some("v".to_owned()), ..redemption(mine, &code) };
        for wrong in [redemption(other, &code), elsewhere, downgraded] {
            assert!(apps::redeem(&db.db, &entropy, wrong).await.unwrap().is_none());
        }
        assert!(apps::redeem(&db.db, &entropy, redemption(mine, &code)).await.unwrap().is_some());
    }

    async fn a_revoked_app_has_neither_codes_nor_tokens(db: TestDatabase) {
        let (entropy, alice, app) = (Entropy::system(), person(&db.db, "alice").await, app(&db.db, "read").await);
        let given = apps::give_token(&db.db, &entropy, app, Some(alice), Scopes::read()).await.unwrap();
        let code = code(&db.db, app, alice).await;
        db.db.write(move |tx| Ok(users::revoke(tx, users::What::AppOf(app, alice))?)).await.unwrap();
        let hash = given.secret.hash();
        assert!(db.db.read(move |q| Ok(tokens::find(q, &hash)?)).await.unwrap().is_none());
        assert!(apps::redeem(&db.db, &entropy, redemption(app, &code)).await.unwrap().is_none());
    }

    async fn a_token_never_has_more_scopes_than_its_app(db: TestDatabase) {
        let app = app(&db.db, "read:statuses").await;
        let outcome = apps::give_token(&db.db, &Entropy::system(), app, None, Scopes::read()).await;
        assert!(matches!(outcome, Err(Error::Refused(Refusal::Invalid(_)))), "{outcome:?}");
    }

    async fn an_app_revokes_its_own_tokens_only(db: TestDatabase) {
        let (entropy, mine, other) = (Entropy::system(), app(&db.db, "read").await, app(&db.db, "read").await);
        let token = apps::give_token(&db.db, &entropy, mine, None, Scopes::read()).await.unwrap().secret;
        assert!(!apps::revoke_token(&db.db, other, token.hash()).await.unwrap());
        assert!(apps::revoke_token(&db.db, mine, token.hash()).await.unwrap());
        assert!(apps::revoke_token(&db.db, mine, token.hash()).await.unwrap());
    }
}

fn a_clock_moved_by(now: &Arc<AtomicI64>) -> Clock {
    let now = now.clone();
    Clock::new(move || Time(now.load(Ordering::Relaxed)))
}

async fn codes_and_unused_apps_expire(engine: Engine) {
    let now = Arc::new(AtomicI64::new(1_800_000_000_000_000));
    let database = TestDatabase::with_clock(engine, a_clock_moved_by(&now)).await;
    let db = database.db.clone();
    let (entropy, alice) = (Entropy::system(), person(&db, "alice").await);
    let (used, unused) = (app(&db, "read").await, app(&db, "read").await);
    let (in_time, late) = (code(&db, used, alice).await, code(&db, used, alice).await);
    let later = |by: Duration| now.fetch_add(i64::try_from(by.as_micros()).unwrap(), Ordering::Relaxed);
    later(Duration::from_secs(599));
    assert!(apps::redeem(&db, &entropy, redemption(used, &in_time)).await.unwrap().is_some());
    later(Duration::from_secs(1));
    assert!(apps::redeem(&db, &entropy, redemption(used, &late)).await.unwrap().is_none());
    later(Duration::from_secs(2 * 86_400));
    db.write(|tx| Ok(users::tidy(tx)?)).await.unwrap();
    let left = db.read(move |q| Ok((rows::find(q, used)?.is_some(), rows::find(q, unused)?.is_some()))).await.unwrap();
    assert_eq!(left, (true, false));
}

#[test]
fn codes_and_unused_apps_expire_on_sqlite() {
    run(Engine::Sqlite, codes_and_unused_apps_expire);
}

#[test]
fn codes_and_unused_apps_expire_on_postgres() {
    run(Engine::Postgres, codes_and_unused_apps_expire);
}
