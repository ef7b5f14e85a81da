//! Certificates from authorities: who may order, what is kept, what an authority finds.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use phiomia_model::Time;
use phiomia_store::{Clock, Db, db::certificates};
use phiomia_testkit::{Engine, TestDatabase, on_both_engines};

const DIRECTORY: &str = "https://authority.example/directory";
const MINUTE: Duration = Duration::from_secs(60);

/// A database whose clock goes when the test says so.
struct Slow {
    now: Arc<AtomicI64>,
    house: TestDatabase,
}

impl Slow {
    async fn open(engine: Engine) -> Slow {
        let now = Arc::new(AtomicI64::new(1_000_000));
        let shown = now.clone();
        let clock = Clock::new(move || Time(shown.load(Ordering::Relaxed)));
        Slow { now, house: TestDatabase::with_clock(engine, clock).await }
    }
}

async fn may_order(db: &Db) -> bool {
    db.write(|tx| Ok(certificates::lease(tx, DIRECTORY, MINUTE)?)).await.unwrap()
}

on_both_engines! {
    async fn one_orders_until_it_is_done_or_silent_for_too_long(slow: Slow) {
        let db = &slow.house.db;
        assert!(may_order(db).await && !may_order(db).await);
        slow.now.fetch_add(60_000_000, Ordering::Relaxed);
        assert!(may_order(db).await, "whoever ordered is dead");
        let names = ["example.org".to_owned(), "old.example".to_owned()];
        let asked = names.clone();
        db.write(move |tx| Ok(certificates::fail(tx, DIRECTORY, &asked, "no", Time(5))?)).await.unwrap();
        let row = db.read(|q| Ok(certificates::find(q, DIRECTORY)?)).await.unwrap().unwrap();
        assert_eq!((row.n_failures, row.failure.as_deref(), row.next_at), (1, Some("no"), Time(5)));
        assert!(may_order(db).await, "it was given back");
        let asked = names.clone();
        db.write(move |tx| Ok(certificates::keep(tx, DIRECTORY, &asked, "chain", b"sealed", Time(9))?)).await.unwrap();
        let row = db.read(|q| Ok(certificates::find(q, DIRECTORY)?)).await.unwrap().unwrap();
        assert_eq!((row.names.as_slice(), row.n_failures, row.failure), (names.as_slice(), 0, None));
        assert_eq!((row.chain.as_deref(), row.sealed_key.as_deref()), (Some("chain"), Some(b"sealed".as_slice())));
        assert!(may_order(db).await);
        db.write(|tx| Ok(certificates::adopt(tx)?)).await.unwrap();
        assert!(may_order(db).await, "whoever ordered is known to be dead");
    }

    async fn an_answer_is_found_until_it_is_withdrawn_or_out_of_date(slow: Slow) {
        let db = &slow.house.db;
        let found = async |now: i64| {
            db.read(move |q| Ok(certificates::challenge(q, "http-01", "token", Time(now))?)).await.unwrap()
        };
        for answer in ["old", "new"] {
            db.write(move |tx| Ok(certificates::pose(tx, "http-01", "token", answer, MINUTE)?)).await.unwrap();
        }
        assert_eq!(found(2_000_000).await.as_deref(), Some("new"));
        assert_eq!(found(62_000_000).await, None);
        db.write(|tx| Ok(certificates::withdraw(tx, "http-01", "token")?)).await.unwrap();
        assert_eq!(found(2_000_000).await, None);
    }
}
