//! Transactions, group commit, jobs and events.

use std::time::Duration;

use phiomia_model::{AccountId, Error, Event, Fault, Job, Refusal, ScheduledStatusId, StatusId, job::Lane};
use phiomia_store::db::{foreign_events, jobs, settings};
use phiomia_testkit::{TestDatabase, beside, on_both_engines};

on_both_engines! {
    async fn what_a_write_answered_is_there_for_every_later_read(db: TestDatabase) {
        db.db.write(|tx| Ok(settings::set(tx, "colour", "green")?)).await.unwrap();
        let colour = db.db.read(|q| Ok(settings::get(q, "colour")?)).await.unwrap();
        assert_eq!(colour.as_deref(), Some("green"));
    }

    async fn a_refused_write_leaves_nothing_behind(db: TestDatabase) {
        let mut db = db;
        let outcome: Result<(), Error> = db.db.write(|tx| {
            settings::set(tx, "colour", "red")?;
            tx.enqueue(&Job::Tidy)?;
            tx.announce(Event::SettingsChanged);
            Err(Refusal::validation("no").into())
        }).await;
        assert!(matches!(outcome, Err(Error::Refused(_))));
        let (colour, counts) = db.db.read(|q| Ok((settings::get(q, "colour")?, jobs::counts(q)?))).await.unwrap();
        assert_eq!((colour, counts), (None, vec![]));
        assert_eq!(db.announced(), vec![]);
    }

    async fn a_panic_ends_one_act_and_not_its_neighbours(db: TestDatabase) {
        let bad = db.db.write(|_| -> Result<(), Error> { panic!("boom") });
        let good = db.db.write(|tx| Ok(settings::set(tx, "a", "1")?));
        let (bad, good) = tokio::join!(bad, good);
        assert!(matches!(bad, Err(Error::Broken(fault)) if fault.to_string().contains("boom")));
        good.unwrap();
        assert!(db.db.read(|_| -> Result<(), Error> { panic!("boom") }).await.is_err());
        assert_eq!(db.db.read(|q| Ok(settings::get(q, "a")?)).await.unwrap().as_deref(), Some("1"));
    }

    async fn a_read_in_place_sees_what_was_committed_and_its_panic_is_its_own(db: TestDatabase) {
        for n in 0..20 {
            db.db.write(move |tx| Ok(settings::set(tx, "n", &n.to_string())?)).await.unwrap();
            let read = db.db.read_in_place(|q| Ok(settings::get(q, "n")?)).await.unwrap();
            assert_eq!(read, Some(n.to_string()));
        }
        let bad = db.db.read_in_place(|_| -> Result<(), Error> { panic!("boom") }).await;
        assert!(matches!(bad, Err(Error::Broken(fault)) if fault.to_string().contains("boom")));
        let refused = db.db.read_in_place(|_| -> Result<(), Error> { Err(Refusal::TooLarge.into()) }).await;
        assert!(matches!(refused, Err(Error::Refused(Refusal::TooLarge))));
        assert!(db.db.read_in_place(|q| Ok(settings::get(q, "n")?)).await.is_ok());
    }

    async fn a_read_in_place_that_took_long_sends_the_next_ones_to_the_threads(db: TestDatabase) {
        let read = || db.db.read_in_place(|_| {
            std::thread::sleep(Duration::from_millis(5));
            Ok(std::thread::current().name().unwrap_or_default().to_owned())
        });
        let (first, second) = (read().await.unwrap(), read().await.unwrap());
        // PostgreSQL's connections belong to their threads.
        let is_sqlite = db.db.engine_name() == "SQLite";
        assert_eq!(first.starts_with("db-"), !is_sqlite, "{first}");
        assert!(second.starts_with("db-"), "{second}");
    }

    async fn many_readers_in_place_and_on_threads_get_their_answers(db: TestDatabase) {
        db.db.write(|tx| Ok(settings::set(tx, "colour", "green")?)).await.unwrap();
        let all = (0..200).map(|n| {
            let db = db.db.clone();
            tokio::spawn(async move {
                match n % 3 {
                    0 => db.read(|q| Ok(settings::get(q, "colour")?)).await,
                    _ => db.read_in_place(|q| Ok(settings::get(q, "colour")?)).await,
                }
            })
        });
        for task in all.collect::<Vec<_>>() {
            assert_eq!(task.await.unwrap().unwrap().as_deref(), Some("green"));
        }
    }

    async fn many_writers_at_once_lose_nothing(db: TestDatabase) {
        let all = (0..200).map(|n| {
            let db = db.db.clone();
            tokio::spawn(async move {
                db.write(move |tx| {
                    settings::set(tx, &format!("k{n}"), "v")?;
                    if n % 3 == 0 { Err(Refusal::validation("third").into()) } else { Ok(()) }
                }).await.is_ok()
            })
        });
        let mut n_done = 0;
        for task in all.collect::<Vec<_>>() {
            n_done += usize::from(task.await.unwrap());
        }
        let kept = db.db.read(|q| Ok(settings::all(q)?)).await.unwrap();
        assert_eq!((n_done, kept.len()), (133, 133));
    }

    async fn events_come_after_the_commit_and_in_order(db: TestDatabase) {
        let mut db = db;
        let event = |n| Event::AccountTouched { account: AccountId(n) };
        db.db.write(move |tx| { tx.announce(event(1)); tx.announce(event(2)); Ok(()) }).await.unwrap();
        assert_eq!(db.announced(), vec![event(1), event(2)]);
    }

    async fn a_command_beside_the_server_leaves_its_events_for_it(db: TestDatabase) {
        let mut db = db;
        let command = beside(&db.settings).await;
        command.db.write(|tx| { tx.announce(Event::SettingsChanged); Ok(()) }).await.unwrap();
        let waiting = db.db.read(|q| Ok(foreign_events::waiting(q)?)).await.unwrap();
        assert_eq!(waiting.len(), 1);
        db.db.write(move |tx| Ok(foreign_events::adopt(tx, &waiting)?)).await.unwrap();
        assert_eq!(db.announced(), vec![Event::SettingsChanged]);
        assert_eq!(db.db.read(|q| Ok(foreign_events::waiting(q)?)).await.unwrap(), vec![]);
    }

    async fn a_leased_job_is_in_nobody_elses_hands_until_its_lease_ends(db: TestDatabase) {
        db.db.write(|tx| Ok(tx.enqueue(&Job::Tidy)?)).await.unwrap();
        let claim = |lease: u64, worker: &'static str| {
            let db = db.db.clone();
            async move {
                db.write(move |tx| Ok(jobs::claim(tx, Lane::Upkeep, 10, Duration::from_millis(lease), worker)?)).await.unwrap()
            }
        };
        let first = claim(60_000, "one").await;
        assert_eq!(first.iter().map(|c| (c.job.clone(), c.attempts, c.crashes)).collect::<Vec<_>>(), vec![(Ok(Job::Tidy), 0, 0)]);
        assert!(claim(60_000, "two").await.is_empty());
        // The first worker dies; a lease that has ended makes the job a crash richer.
        let id = first[0].id;
        db.db.write(move |tx| Ok(jobs::renew(tx, &[id.0], Duration::ZERO, "one")?)).await.unwrap();
        let again = claim(60_000, "two").await;
        assert_eq!(again.iter().map(|c| (c.id, c.crashes)).collect::<Vec<_>>(), vec![(id, 1)]);
        db.db.write(move |tx| Ok(jobs::finish(tx, &[id])?)).await.unwrap();
        assert_eq!(db.db.read(|q| Ok(jobs::counts(q)?)).await.unwrap(), vec![]);
    }

    async fn a_clock_that_goes_back_moves_what_waits_a_while_and_not_what_has_a_moment(db: TestDatabase) {
        const HOUR: Duration = Duration::from_secs(3_600);
        // Left by a clock that was three hours ahead: one job is due, one in a minute, one at a moment somebody named.
        db.db.write(|tx| {
            tx.enqueue_at(&Job::Tidy, tx.now().plus(HOUR * 3))?;
            tx.enqueue_at(&Job::SweepStatus { status: StatusId(1) }, tx.now().plus(HOUR * 3 + Duration::from_secs(60)))?;
            Ok(tx.enqueue_at(&Job::Publish { scheduled: ScheduledStatusId(1) }, tx.now().plus(HOUR * 4))?)
        }).await.unwrap();
        assert_eq!(db.db.write(|tx| Ok(jobs::clock_went_back(tx, HOUR * 3)?)).await.unwrap(), 2);
        let now = db.db.clock().now();
        let due = |kind: &'static str| {
            let db = db.db.clone();
            async move {
                let counts = db.read(|q| Ok(jobs::counts(q)?)).await.unwrap();
                counts.into_iter().find(|count| count.kind == kind).unwrap().first_due.since(now).as_secs()
            }
        };
        assert_eq!(due("tidy").await, 0);
        assert!((50..=61).contains(&due("sweep_status").await));
        assert!(due("publish").await > 3 * 3_600);
    }

    async fn failed_jobs_wait_and_parked_jobs_come_back_only_by_hand(db: TestDatabase) {
        db.db.write(|tx| Ok(tx.enqueue(&Job::Tidy)?)).await.unwrap();
        let claim = || db.db.write(|tx| Ok(jobs::claim(tx, Lane::Upkeep, 10, Duration::from_secs(60), "w")?));
        let id = claim().await.unwrap()[0].id;
        db.db.write(move |tx| Ok(jobs::retry(tx, id, tx.now().plus(Duration::from_secs(3600)), "disk full")?)).await.unwrap();
        assert!(claim().await.unwrap().is_empty());
        db.db.write(move |tx| Ok(jobs::park(tx, id, "disk full")?)).await.unwrap();
        let parked = db.db.read(|q| Ok(jobs::parked(q, 10)?)).await.unwrap();
        assert_eq!((parked[0].id, parked[0].attempts, parked[0].last_error.as_deref()), (id, 1, Some("disk full")));
        assert_eq!(db.db.write(|tx| Ok(jobs::unpark(tx, None)?)).await.unwrap(), 1);
        assert_eq!(claim().await.unwrap().len(), 1);
    }
}

#[test]
fn a_fault_tells_its_whole_chain() {
    let inner = Fault::new("the disk is full");
    assert_eq!(Fault::because("writing a file", inner).chain(), "writing a file: the disk is full");
}

on_both_engines! {
    async fn a_database_closes_however_its_threads_stand(db: TestDatabase) {
        // Each round ends threads that are just about to wait; one that missed it would never end.
        for _ in 0..100 {
            let opened = phiomia_testkit::beside(&db.settings).await;
            opened.db.ping().await.unwrap();
            let closing = phiomia_testkit::tokio::task::spawn_blocking(move || opened.db.close());
            phiomia_testkit::tokio::time::timeout(std::time::Duration::from_secs(10), closing).await.unwrap().unwrap();
        }
    }
}
