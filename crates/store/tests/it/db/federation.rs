//! What is remembered of other servers, and for how long.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use phiomia_model::Time;
use phiomia_store::{Clock, db, db::federation::received};
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
