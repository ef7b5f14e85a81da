//! `phiomia db copy`: a server moves to the other engine and back.

use std::{
    io::{BufRead as _, BufReader},
    process::Stdio,
    sync::Arc,
    thread::sleep,
    time::{Duration, Instant},
};

use phiomia_model::{Addresses, Handle, status::Draft};
use phiomia_social::{Social, statuses};
use phiomia_store::db::{accounts, inspect};
use phiomia_testkit::{Engine, Scratch, beside, empty_address, settings, tokio::task::spawn_blocking};

use super::kit::{LONG, Place, Running};

/// What a visitor and a member see, on whichever engine.
const PAGES: [&str; 6] = [
    "/@alice",
    "/api/v1/timelines/home",
    "/api/v1/timelines/public?local=true",
    "/api/v1/accounts/verify_credentials",
    "/api/v1/accounts/lookup?acct=alice",
    "/api/v2/instance",
];

pub fn other(engine: Engine) -> Engine {
    match engine {
        Engine::Sqlite => Engine::Postgres,
        Engine::Postgres => Engine::Sqlite,
    }
}

/// Somebody with posts, and a token of theirs.
pub async fn alice(place: &Place) -> String {
    place.says(&["account", "create", "alice", "--print-id", "--confirmed", "--approved"]);
    let flags = ["app", "create", "--name", "Test", "--redirect-uri", "urn:ietf:wg:oauth:2.0:oob", "--json"];
    let app = place.json(&[&flags[..], &["--scopes", "read write"]].concat());
    let app = app["client_id"].as_str().unwrap();
    for n in 0..3 {
        post(place, &format!("narwhal number {n} #Wal äöü 🐳")).await;
    }
    place.says(&["token", "create", "--account", "alice", "--app", app, "--print"])
}

pub async fn post(place: &Place, text: &str) {
    let opened = beside(&settings(&place.database)).await;
    let text = text.to_owned();
    let posting = opened.db.write(move |tx| {
        let me = accounts::by_handle(tx, &Handle::local("alice"))?.unwrap();
        let social = Social::new(Arc::new(Addresses::new("http", "localhost:3000", "localhost:3000")));
        let draft = Draft { text: text.clone(), ..Draft::default() };
        statuses::post(tx, &social, me, &draft)
    });
    posting.await.unwrap();
    opened.db.close();
}

fn answers(server: &Running, token: &str) -> Vec<(u16, String)> {
    PAGES.iter().map(|page| server.get(page, Some(token))).collect()
}

/// Copies to a new database of the other engine and moves there.
async fn move_over(place: &mut Place, engine: Engine) -> Scratch {
    let (to, scratch) = empty_address(engine).await;
    let said = place.says(&["db", "copy", "--to", &to]);
    assert!(said.ends_with("now set database.url to the new address and start the server"), "{said}");
    place.database = to;
    scratch
}

fn found(server: &Running, token: &str) -> usize {
    let (status, body) = server.get("/api/v2/search?q=narwhal&type=statuses", Some(token));
    assert_eq!(status, 200, "{body}");
    serde_json::from_str::<serde_json::Value>(&body).unwrap()["statuses"].as_array().unwrap().len()
}

fn there_and_back(first: Engine) {
    phiomia_testkit::run(first, async |_| {
        let mut place = Place::open(first).await;
        let token = alice(&place).await;
        let server = place.serve();
        let before = answers(&server, &token);
        assert!(before.iter().all(|(status, _)| *status == 200), "{before:?}");
        assert!(before[1].1.contains("narwhal number 2"));
        server.stop();
        let mut scratch = Vec::new();
        for engine in [other(first), first] {
            scratch.push(move_over(&mut place, engine).await);
            let server = place.serve();
            for ((page, was), is) in PAGES.iter().zip(&before).zip(answers(&server, &token)) {
                assert_eq!(*was, is, "{page} on {engine:?}");
            }
            // The words are written when the server runs.
            let started = Instant::now();
            while found(&server, &token) < 3 {
                assert!(started.elapsed() < LONG, "the posts are not found: {}", server.log());
                sleep(Duration::from_millis(20));
            }
            server.stop();
        }
    });
}

#[test]
fn a_server_moves_from_sqlite_to_postgres_and_back_and_answers_the_same() {
    there_and_back(Engine::Sqlite);
}

#[test]
fn beside_a_running_server_a_copy_is_made_ahead_or_not_at_all() {
    phiomia_testkit::run(Engine::Sqlite, async |_| {
        for first in [Engine::Sqlite, Engine::Postgres] {
            let mut place = Place::open(first).await;
            let token = alice(&place).await;
            let (to, _scratch) = empty_address(other(first)).await;
            let server = place.serve();
            let why = place.refuses(&["db", "copy", "--to", &to]);
            assert!(why.contains("a server is running on this database") && why.contains("--ahead"), "{why}");
            let said = place.says(&["db", "copy", "--to", &to, "--ahead"]);
            assert!(said.ends_with("what has changed meanwhile is copied then"), "{said}");
            post(&place, "after the first pass").await;
            let seen = server.get(PAGES[1], Some(&token));
            assert!(seen.1.contains("after the first pass"));
            server.stop();

            let here = std::mem::replace(&mut place.database, to.clone());
            let why = place.refuses(&["serve", "--listen", "127.0.0.1:0"]);
            assert!(why.contains("a copy into this database has begun and is not finished"), "{why}");
            place.database = here;
            let said = place.says(&["db", "copy", "--to", &to]);
            assert!(said.contains("the others were there already"), "{said}");
            place.database = to;
            let server = place.serve();
            assert_eq!(server.get(PAGES[1], Some(&token)), seen);
            server.stop();
        }
    });
}

#[test]
fn a_copy_that_was_killed_is_continued_where_it_was() {
    phiomia_testkit::run(Engine::Sqlite, async |_| {
        for first in [Engine::Sqlite, Engine::Postgres] {
            let mut place = Place::open(first).await;
            place.says(&["account", "create", "alice", "--print-id"]);
            let database = settings(&place.database);
            let many = "insert into early_activities (id, object, signer, body, created_at)
                with recursive n (i) as (select 1 union all select i + 1 from n where i < 40000)
                select i, 'https://elsewhere.example/' || i, 1, '{}', 1 from n";
            spawn_blocking(move || inspect::run(&database, many).unwrap()).await.unwrap();
            let (to, _scratch) = empty_address(other(first)).await;

            let mut command = place.command(&["db", "copy", "--to", &to]);
            let mut copy = command.stdout(Stdio::piped()).spawn().unwrap();
            let mut lines = BufReader::new(copy.stdout.take().unwrap()).lines().map(Result::unwrap);
            assert_eq!(lines.next().unwrap(), "early_activities: 10000 rows so far");
            copy.kill().unwrap();
            assert!(!copy.wait().unwrap().success());

            let here = std::mem::replace(&mut place.database, to.clone());
            let why = place.refuses(&["serve", "--listen", "127.0.0.1:0"]);
            assert!(why.contains("a copy into this database has begun and is not finished"), "{why}");
            place.database = here;
            let said = place.says(&["db", "copy", "--to", &to]);
            let last: Vec<&str> = said.lines().rev().nth(1).unwrap().split(' ').collect();
            let (written, all): (u64, u64) = (last[1].parse().unwrap(), last[3].parse().unwrap());
            assert!(written <= all - 10_000 && all > 40_000, "{said}");
            assert!(said.contains("the others were there already; counts and checksums are the same"), "{said}");
            place.database = to;
            assert_eq!(place.says(&["account", "list"]).lines().count(), 1);
            let server = place.serve();
            assert_eq!(server.get("/health", None).0, 200);
            server.stop();
        }
    });
}

#[test]
fn what_cannot_be_copied_is_said_in_one_sentence() {
    phiomia_testkit::run(Engine::Sqlite, async |_| {
        let place = Place::open(Engine::Sqlite).await;
        let why = place.refuses(&["db", "copy", "--to", "sqlite:there.sqlite3"]);
        assert!(why.starts_with("there is no database at "), "{why}");
        place.says(&["db", "migrate"]);
        let why = place.refuses(&["db", "copy", "--to", "mysql://x"]);
        assert_eq!(why, "the address must begin with postgres:// or sqlite:");
        let why = place.refuses(&["db", "copy", "--to", &place.database]);
        assert_eq!(why, "a server or another copy is at work on the target");
        place.says(&["db", "copy", "--to", "sqlite:there.sqlite3"]);
        let why = place.refuses(&["db", "copy", "--to", "sqlite:there.sqlite3"]);
        assert!(why.starts_with("the target is not empty"), "{why}");
    });
}
