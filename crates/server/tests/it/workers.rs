//! Jobs: run once, tried again, set aside, given back.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use phiomia_model::{
    AccountId, Addresses, Error, Fault, Job, Noun, QuotePolicy, Refusal, StatusId, Time, Visibility, job::Lane,
};
use phiomia_server::{
    mail::Post,
    workers::{AtOnce, Crew, Pace, Retention, Run, Workers},
};
use phiomia_store::{
    Db, Entropy,
    db::{
        federation::actors::{self, RemoteProfile},
        inspect, jobs, statuses,
    },
};
use phiomia_testkit::{TestDatabase, on_both_engines};

use crate::kit;

/// Fast enough for a test to see a lease prolonged and a job postponed.
const QUICK: Pace = Pace {
    lease: Duration::from_millis(600),
    heartbeat: Duration::from_millis(150),
    poll: Duration::from_millis(50),
    postponed: Duration::from_millis(50),
};

/// Jobs of the feeds lane at the same time.
const AT_ONCE: usize = 4;

/// Work that counts how often it began and then does as told.
fn work<F>(does: impl Fn(usize, Job) -> F + Send + Sync + 'static) -> (Run, Arc<AtomicUsize>)
where
    F: Future<Output = Result<(), Error>> + Send + 'static,
{
    let n_begun = Arc::new(AtomicUsize::new(0));
    let counter = n_begun.clone();
    let run: Run = Arc::new(move |job| Box::pin(does(counter.fetch_add(1, Ordering::SeqCst), job)));
    (run, n_begun)
}

fn crew() -> Crew {
    Crew::new(Entropy::system(), AtOnce { feeds: AT_ONCE, federation: 1, fetch: 1, upkeep: 1 }).unwrap()
}

/// Nobody is spoken with.
fn federation(db: &TestDatabase) -> phiomia_federation::Federation {
    phiomia_testkit::federation(&db.db, (*no_mail(db).addresses).clone())
}

/// No SMTP server is set.
fn no_mail(db: &TestDatabase) -> Post {
    let addresses = Addresses::new("https", "example.org", "example.org");
    Post { db: db.db.clone(), entropy: Entropy::system(), addresses: Arc::new(addresses), smtp: None }
}

fn start(db: &TestDatabase, run: Run) -> Workers {
    Workers::with(db.db.clone(), crew(), run, QUICK)
}

async fn leave(db: &Db, job: Job) {
    db.write(move |tx| Ok(tx.enqueue(&job)?)).await.unwrap();
}

/// Waits until it holds, for at most ten seconds.
async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    for _ in 0..500 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("not in ten seconds: {what}");
}

async fn counts(db: &Db) -> Vec<(i64, i64, i64)> {
    let counts = db.read(|q| Ok(jobs::counts(q)?)).await.unwrap();
    counts.iter().map(|count| (count.n_all, count.n_leased, count.n_parked)).collect()
}

async fn sql(db: &TestDatabase, sql: &'static str) {
    let settings = db.settings.clone();
    tokio::task::spawn_blocking(move || inspect::run(&settings, sql)).await.unwrap().unwrap();
}

/// What the next claim says of the one job there is, whenever it is due: (attempts, crashes).
async fn troubles(db: &TestDatabase) -> (i64, i64) {
    sql(db, "update jobs set run_at = 0, leased_by = null").await;
    let claim = db.db.write(|tx| Ok(jobs::claim(tx, Lane::Upkeep, 1, Duration::ZERO, "a look")?));
    let claimed = claim.await.unwrap();
    (claimed[0].attempts, claimed[0].crashes)
}

on_both_engines! {
    async fn a_job_runs_as_soon_as_it_is_left_and_then_is_gone(db: TestDatabase) {
        let (run, n_begun) = work(async |_, _| Ok(()));
        let workers = start(&db, run);
        for status in 1..=20 {
            leave(&db.db, Job::FanOut { status: StatusId(status) }).await;
        }
        leave(&db.db, Job::Tidy).await;
        until("all done", async || counts(&db.db).await.is_empty()).await;
        assert_eq!(n_begun.load(Ordering::SeqCst), 21);
        workers.stop(Duration::from_secs(1)).await;
    }

    async fn a_lane_runs_no_more_at_once_than_it_may(db: TestDatabase) {
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (run, n_begun) = work({
            let (now, most) = (now.clone(), most.clone());
            move |_, _| {
                let (now, most) = (now.clone(), most.clone());
                async move {
                    most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    tokio::time::sleep(Duration::from_millis(30)).await;
                    now.fetch_sub(1, Ordering::SeqCst);
                    Ok(())
                }
            }
        });
        let db_handle = db.db.clone();
        db_handle.write(|tx| {
            for status in 1..=16 {
                tx.enqueue(&Job::FanOut { status: StatusId(status) })?;
            }
            Ok(())
        }).await.unwrap();
        let workers = start(&db, run);
        until("all done", async || counts(&db.db).await.is_empty()).await;
        assert_eq!((n_begun.load(Ordering::SeqCst), most.load(Ordering::SeqCst)), (16, AT_ONCE));
        workers.stop(Duration::from_secs(1)).await;
    }

    async fn a_failed_job_is_tried_again_a_second_later(db: TestDatabase) {
        let (run, n_begun) = work(async |n, _| if n == 0 { Err(Fault::new("a bug").into()) } else { Ok(()) });
        let begun = std::time::Instant::now();
        let workers = start(&db, run);
        leave(&db.db, Job::Tidy).await;
        until("done in the end", async || counts(&db.db).await.is_empty()).await;
        assert_eq!(n_begun.load(Ordering::SeqCst), 2);
        assert!(begun.elapsed() >= Duration::from_millis(750));
        workers.stop(Duration::from_secs(1)).await;
    }

    async fn a_panic_fails_one_job_and_not_its_lane(db: TestDatabase) {
        let (run, n_begun) = work(async |_, job| {
            assert!(job == Job::SweepStatus { status: StatusId(2) }, "this one is bad");
            Ok(())
        });
        let workers = start(&db, run);
        leave(&db.db, Job::SweepStatus { status: StatusId(1) }).await;
        leave(&db.db, Job::SweepStatus { status: StatusId(2) }).await;
        until("the good one is done", async || n_begun.load(Ordering::SeqCst) >= 2 && counts(&db.db).await == [(1, 0, 0)]).await;
        workers.stop(Duration::from_secs(1)).await;
        assert!(troubles(&db).await.0 >= 1);
    }

    async fn a_refused_job_is_done(db: TestDatabase) {
        let (run, n_begun) = work(async |_, _| Err(Refusal::NotFound(Noun::Status).into()));
        let workers = start(&db, run);
        leave(&db.db, Job::Tidy).await;
        until("done", async || counts(&db.db).await.is_empty()).await;
        assert_eq!(n_begun.load(Ordering::SeqCst), 1);
        workers.stop(Duration::from_secs(1)).await;
    }

    async fn a_fault_that_passes_by_itself_uses_no_attempt(db: TestDatabase) {
        let (run, n_begun) = work(async |_, _| Err(Fault::new("the disk is full").transient().into()));
        let workers = start(&db, run);
        leave(&db.db, Job::Tidy).await;
        until("tried thrice", async || n_begun.load(Ordering::SeqCst) >= 3).await;
        workers.stop(Duration::from_secs(1)).await;
        assert_eq!(troubles(&db).await, (0, 0));
    }

    async fn the_25th_failure_sets_a_job_aside(db: TestDatabase) {
        leave(&db.db, Job::Tidy).await;
        sql(&db, "update jobs set attempts = 24").await;
        let (run, n_begun) = work(async |_, _| Err(Fault::new("a bug").into()));
        let workers = start(&db, run);
        until("set aside", async || counts(&db.db).await == [(1, 0, 1)]).await;
        let parked = db.db.read(|q| Ok(jobs::parked(q, 10)?)).await.unwrap();
        assert_eq!((parked[0].attempts, parked[0].last_error.as_deref()), (25, Some("a bug")));
        assert_eq!(n_begun.load(Ordering::SeqCst), 1);
        workers.stop(Duration::from_secs(1)).await;
    }

    async fn a_job_eight_processes_died_with_is_not_begun(db: TestDatabase) {
        leave(&db.db, Job::Tidy).await;
        sql(&db, "update jobs set crashes = 8").await;
        let (run, n_begun) = work(async |_, _| Ok(()));
        let workers = start(&db, run);
        until("set aside", async || counts(&db.db).await == [(1, 0, 1)]).await;
        assert_eq!(n_begun.load(Ordering::SeqCst), 0);
        workers.stop(Duration::from_secs(1)).await;
    }

    async fn a_job_of_another_version_is_set_aside_and_not_lost(db: TestDatabase) {
        leave(&db.db, Job::Tidy).await;
        sql(&db, "update jobs set payload = '{\"kind\":\"fly\"}'").await;
        let (run, _) = work(async |_, _| Ok(()));
        let workers = start(&db, run);
        until("set aside", async || counts(&db.db).await == [(1, 0, 1)]).await;
        workers.stop(Duration::from_secs(1)).await;
    }

    async fn a_long_job_stays_in_our_hands(db: TestDatabase) {
        let (run, n_begun) = work(async |_, _| {
            tokio::time::sleep(QUICK.lease * 3).await;
            Ok(())
        });
        let workers = start(&db, run);
        leave(&db.db, Job::Tidy).await;
        until("begun", async || n_begun.load(Ordering::SeqCst) == 1).await;
        for _ in 0..6 {
            tokio::time::sleep(QUICK.lease / 3).await;
            let claim = db.db.write(|tx| Ok(jobs::claim(tx, Lane::Upkeep, 1, QUICK.lease, "another")?));
            assert!(claim.await.unwrap().is_empty());
        }
        until("done", async || counts(&db.db).await.is_empty()).await;
        assert_eq!(n_begun.load(Ordering::SeqCst), 1);
        workers.stop(Duration::from_secs(1)).await;
    }

    async fn a_stop_waits_for_what_is_nearly_done(db: TestDatabase) {
        let (run, n_begun) = work(async |_, _| {
            tokio::time::sleep(Duration::from_millis(300)).await;
            Ok(())
        });
        let workers = start(&db, run);
        leave(&db.db, Job::Tidy).await;
        until("begun", async || n_begun.load(Ordering::SeqCst) == 1).await;
        leave(&db.db, Job::SweepStatus { status: StatusId(1) }).await;
        workers.stop(Duration::from_secs(5)).await;
        assert_eq!(n_begun.load(Ordering::SeqCst), 1, "nothing new is begun");
        assert_eq!(counts(&db.db).await, [(1, 0, 0)]);
    }

    async fn a_stop_gives_back_what_takes_too_long(db: TestDatabase) {
        let (run, n_begun) = work(async |_, _| {
            tokio::time::sleep(Duration::from_secs(3_600)).await;
            Ok(())
        });
        let workers = start(&db, run);
        leave(&db.db, Job::Tidy).await;
        until("begun", async || n_begun.load(Ordering::SeqCst) == 1).await;
        workers.stop(Duration::from_millis(100)).await;
        assert_eq!(counts(&db.db).await, [(1, 0, 0)]);
        assert_eq!(troubles(&db).await, (0, 0), "an orderly stop is no crash");
    }

    async fn the_job_of_a_dead_process_runs_again(db: TestDatabase) {
        leave(&db.db, Job::Tidy).await;
        let claim = db.db.write(|tx| Ok(jobs::claim(tx, Lane::Upkeep, 1, Duration::from_millis(300), "dead")?));
        assert_eq!(claim.await.unwrap().len(), 1);
        let (run, n_begun) = work(async |_, _| Ok(()));
        let workers = start(&db, run);
        until("done", async || counts(&db.db).await.is_empty()).await;
        assert_eq!(n_begun.load(Ordering::SeqCst), 1);
        workers.stop(Duration::from_secs(1)).await;
    }

    async fn every_room_does_its_jobs(db: TestDatabase) {
        let workers = Workers::start(&kit::api(&db).await, crew(), Pace::default(), no_mail(&db), federation(&db), None, None);
        let (alice, bob, status) = (AccountId(1), AccountId(2), StatusId(3));
        db.db.write(move |tx| {
            for job in [
                Job::FanOut { status },
                Job::SweepStatus { status },
                Job::RebuildHome { account: alice },
                Job::SweepHome { account: alice, author: bob },
                Job::EndMute { account: alice, target: bob },
                Job::SweepAccount { account: alice },
                Job::Tidy,
            ] {
                tx.enqueue(&job)?;
            }
            Ok(())
        }).await.unwrap();
        until("all done", async || counts(&db.db).await.is_empty()).await;
        workers.stop(Duration::from_secs(5)).await;
    }

    async fn old_posts_of_other_servers_go_when_that_is_wanted(db: TestDatabase) {
        let profile = RemoteProfile {
            uri: "https://b.example/bob".into(),
            username: "bob".into(),
            domain: "b.example".into(),
            host: "b.example".into(),
            ..RemoteProfile::default()
        };
        let n_posts = 90_i64;
        db.db.write(move |tx| {
            let bob = actors::keep(tx, &profile)?;
            for n in 1..=n_posts {
                let uri = format!("https://b.example/bob/{n}");
                statuses::insert(tx, &statuses::NewStatus {
                    id: StatusId(n),
                    author: bob,
                    uri: Some(&uri),
                    url: None,
                    text: "<p>long ago</p>",
                    spoiler_text: "",
                    visibility: Visibility::Public,
                    is_sensitive: false,
                    is_local: false,
                    language: None,
                    in_reply_to: None,
                    reblog_of: None,
                    conversation: Some(statuses::insert_conversation(tx)?),
                    app: None,
                    quote_policy: QuotePolicy::Public,
                    created_at: Time(0),
                    media: &[],
                    has_remote_media: false,
                })?;
            }
            Ok(())
        }).await.unwrap();
        let left = async || db.db.read(|q| {
            let ids: Vec<StatusId> = (1..=90).map(StatusId).collect();
            Ok(ids.into_iter().filter(|id| statuses::source(q, *id).is_ok_and(|row| row.is_some())).count())
        }).await.unwrap();
        assert_eq!(left().await, 90);
        let kept = Retention { days: 30, with_followed: false };
        let workers = Workers::start(&kit::api(&db).await, crew(), Pace::default(), no_mail(&db), federation(&db), None, Some(kept));
        until("all are gone", async || left().await == 0).await;
        workers.stop(Duration::from_secs(5)).await;
    }

    async fn the_daily_work_is_left_by_itself(db: TestDatabase) {
        sql(&db, "insert into rate_buckets (bucket, who, window_start, count, ends_at) values ('login', 'x', 0, 1, 1)").await;
        let workers = Workers::start(&kit::api(&db).await, crew(), Pace::default(), no_mail(&db), federation(&db), None, None);
        let settings = db.settings.clone();
        until("what has expired is thrown away", async || {
            let settings = settings.clone();
            // A second row of the same key can only be written once the first is gone.
            tokio::task::spawn_blocking(move || {
                inspect::run(&settings, "insert into rate_buckets (bucket, who, window_start, count, ends_at)
                    values ('login', 'x', 0, 1, 9000000000000000)").is_ok()
            }).await.unwrap()
        }).await;
        workers.stop(Duration::from_secs(1)).await;
    }
}
