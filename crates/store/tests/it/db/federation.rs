//! What is remembered of other servers, and for how long.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use phiomia_model::{AccountId, Time};
use phiomia_store::{
    Clock, db,
    db::federation::{
        actors::{self, RemoteProfile},
        key_pairs::{self, KeyPair, SERVER},
        received,
    },
};
use phiomia_testkit::{Engine, TestDatabase, run};

const DAY: Duration = Duration::from_secs(86_400);

#[test]
fn what_was_taken_in_is_forgotten_sooner_than_what_was_deleted_sqlite() {
    run(Engine::Sqlite, forgetting);
}

#[test]
fn what_was_taken_in_is_forgotten_sooner_than_what_was_deleted_postgres() {
    run(Engine::Postgres, forgetting);
}

async fn forgetting(engine: Engine) {
    let now = Arc::new(AtomicI64::new(1_795_608_000_000_000));
    let shown = now.clone();
    let database = TestDatabase::with_clock(engine, Clock::new(move || Time(shown.load(Ordering::Relaxed)))).await;
    let (activity, object) = ("https://elsewhere.example/activities/1", "https://elsewhere.example/notes/1");
    let taken = database.db.write(move |tx| {
        received::bury(tx, object)?;
        Ok((received::note(tx, activity)?, received::note(tx, activity)?))
    });
    assert_eq!(taken.await.unwrap(), (true, false));
    for (days, is_known, is_buried) in [(13, true, true), (2, false, true), (160, false, true), (10, false, false)] {
        now.fetch_add(i64::try_from((DAY * days).as_micros()).unwrap(), Ordering::Relaxed);
        let kept = database.db.write(move |tx| {
            db::tidy(tx)?;
            Ok((received::is_known(tx, activity)?, received::is_buried(tx, object)?))
        });
        assert_eq!(kept.await.unwrap(), (is_known, is_buried), "after {days} days more");
    }
}

#[test]
fn keys_of_accounts_that_are_long_gone_are_thrown_away_sqlite() {
    run(Engine::Sqlite, throwing_keys_away);
}

#[test]
fn keys_of_accounts_that_are_long_gone_are_thrown_away_postgres() {
    run(Engine::Postgres, throwing_keys_away);
}

async fn throwing_keys_away(engine: Engine) {
    let now = Arc::new(AtomicI64::new(1_795_608_000_000_000));
    let shown = now.clone();
    let database = TestDatabase::with_clock(engine, Clock::new(move || Time(shown.load(Ordering::Relaxed)))).await;
    let (gone, here) = (AccountId(7), AccountId(8));
    let settings = database.settings.clone();
    let deleted_at = now.load(Ordering::Relaxed);
    let inserting = tokio::task::spawn_blocking(move || {
        let sql = format!(
            "insert into accounts (id, username, username_key, domain, uri, url, created_at, deleted_at) values
                (7, 'gone', 'gone', '', 'https://ours.example/7', '', 0, {deleted_at}),
                (8, 'here', 'here', '', 'https://ours.example/8', '', 0, null)"
        );
        db::inspect::run(&settings, &sql)
    });
    inserting.await.unwrap().unwrap();
    let pair = KeyPair { sealed: vec![1], public_pem: "PEM".to_owned() };
    let keeping = database.db.write(move |tx| {
        for account in [gone, here, SERVER] {
            key_pairs::keep(tx, account, &pair)?;
        }
        Ok(())
    });
    keeping.await.unwrap();
    for (days, has_key) in [(30, true), (2, false)] {
        now.fetch_add(i64::try_from((DAY * days).as_micros()).unwrap(), Ordering::Relaxed);
        let kept = database.db.write(move |tx| {
            db::tidy(tx)?;
            let has = |account| Ok::<_, phiomia_model::Error>(key_pairs::find(tx, account)?.is_some());
            Ok([has(gone)?, has(here)?, has(SERVER)?])
        });
        assert_eq!(kept.await.unwrap(), [has_key, true, true], "after {days} days more");
    }
}

#[test]
fn somebody_who_is_met_twice_at_once_is_one_person_sqlite() {
    run(Engine::Sqlite, meeting_at_once);
}

#[test]
fn somebody_who_is_met_twice_at_once_is_one_person_postgres() {
    run(Engine::Postgres, meeting_at_once);
}

async fn meeting_at_once(engine: Engine) {
    let database = TestDatabase::open(engine).await;
    for n in 0..5 {
        let profile = RemoteProfile {
            uri: format!("https://elsewhere.example/u/{n}"),
            username: format!("name{n}"),
            domain: "elsewhere.example".into(),
            url: format!("https://elsewhere.example/@name{n}"),
            host: "elsewhere.example".into(),
            inbox: format!("https://elsewhere.example/u/{n}/inbox"),
            ..RemoteProfile::default()
        };
        let meet = || {
            let profile = profile.clone();
            database.db.write(move |tx| Ok(actors::keep(tx, &profile)?))
        };
        let (one, two, three, four) = tokio::join!(meet(), meet(), meet(), meet());
        let met = [one, two, three, four].map(|kept| kept.unwrap());
        assert_eq!(met, [met[0]; 4]);
    }
}
