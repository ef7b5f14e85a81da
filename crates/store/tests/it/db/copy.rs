//! A database in another one: every table, on either engine.

use std::collections::BTreeMap;

use phiomia_model::{Error, Fault, Time};
use phiomia_store::{
    Clock,
    db::{
        self, Settings,
        copy::{Snapshot, Sum, copy},
        inspect,
    },
};
use phiomia_testkit::{Engine, Scratch, empty, run};
use tokio::task::spawn_blocking;

/// Four databases: copies go from the first to the second and so on.
async fn databases(engines: [Engine; 3]) -> (Vec<Settings>, Vec<Scratch>) {
    let mut settings = Vec::new();
    let mut scratch = Vec::new();
    for engine in engines {
        let (one, thrown_away) = empty(engine).await;
        settings.push(one);
        scratch.push(thrown_away);
    }
    (settings, scratch)
}

/// A row in every table that the database has, whatever tables these are: all numbers are 1, so that whatever refers to
/// something finds it.
fn fill_every_table(settings: &Settings) -> usize {
    db::migrate(settings, &Clock::system()).unwrap();
    let mut sql = "pragma foreign_keys = off;".to_owned();
    let mut n_tables = 0;
    for (table, columns) in inspect::columns(settings).unwrap() {
        if table.starts_with("status_words") || table == "schema_migrations" {
            continue;
        }
        let names: Vec<&String> = columns.keys().collect();
        let value = |(kind, _): &(String, bool)| match kind.as_str() {
            "bigint" => "1",
            "boolean" => "true",
            "bytes" => "x'00ff27'",
            _ => "'\"ä''\\\u{0}\n'",
        };
        let values: Vec<&str> = columns.values().map(value).collect();
        let names = names.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
        sql.push_str(&format!("insert or replace into {table} ({names}) values ({});", values.join(", ")));
        n_tables += 1;
    }
    // A text with the character that PostgreSQL does not keep comes by a parameter or as this.
    let sql = sql.replace('\u{0}', "' || char(0) || '");
    inspect::run(settings, &sql).unwrap();
    n_tables
}

fn sums(settings: &Settings) -> BTreeMap<String, Sum> {
    let snapshot = Snapshot::take(settings).unwrap();
    let of = |table| snapshot.lines(table, &mut |_| Ok::<(), Fault>(())).unwrap();
    snapshot.tables.iter().map(|table| (table.name.clone(), of(table))).collect()
}

fn moved(from: &Settings, to: &Settings, is_last: bool) -> Result<db::copy::Copied, Error> {
    copy(from, to, is_last, Time::from_millis(1), &mut |_| ())
}

#[test]
fn every_table_goes_over_to_the_other_engine_and_comes_back_the_same() {
    run(Engine::Sqlite, async |_| {
        let (settings, _scratch) = databases([Engine::Sqlite, Engine::Postgres, Engine::Sqlite]).await;
        spawn_blocking(move || {
            let n_tables = fill_every_table(&settings[0]);
            let first = sums(&settings[0]);
            assert_eq!(first.len(), n_tables + 1, "all tables, and the one of the versions");
            assert!(first.values().all(|sum| sum.n_rows > 0), "{first:?}");
            for pair in settings.windows(2) {
                let before = sums(&pair[0]);
                moved(&pair[0], &pair[1], true).unwrap();
                let mut after = sums(&pair[1]);
                let jobs = after.insert("jobs".to_owned(), before["jobs"].clone()).unwrap();
                assert_eq!(jobs.n_rows, before["jobs"].n_rows + 1, "one more: to write the words of posts");
                assert_eq!(after, before);
                // The target is a database as any other, with all that it had before the copy began.
                let (as_ours, now) = (inspect::columns(&settings[0]).unwrap(), inspect::columns(&pair[1]).unwrap());
                let plain = |schema: inspect::Schema| -> Vec<String> {
                    schema.into_keys().filter(|name| !name.starts_with("status_words")).collect()
                };
                assert_eq!(plain(as_ours), plain(now));
                db::migrate(&pair[1], &Clock::system()).unwrap();
            }
        })
        .await
        .unwrap();
    });
}

#[test]
fn rows_that_refer_to_nothing_are_refused_again_after_a_copy() {
    run(Engine::Sqlite, async |_| {
        let (settings, _scratch) = databases([Engine::Sqlite, Engine::Postgres, Engine::Sqlite]).await;
        spawn_blocking(move || {
            fill_every_table(&settings[0]);
            moved(&settings[0], &settings[1], true).unwrap();
            moved(&settings[1], &settings[2], true).unwrap();
            for copied in &settings[1..] {
                let sql = "insert into pins (account_id, status_id, id, created_at) values (1, 77, 2, 1)";
                assert!(inspect::run(copied, sql).is_err());
            }
            inspect::run(&settings[2], "pragma foreign_keys = off; update pins set status_id = 77").unwrap();
            let (_, broken) = (&settings[1], &settings[2]);
            assert_eq!(inspect::damage(broken).unwrap().len(), 1);
        })
        .await
        .unwrap();
    });
}

#[test]
fn a_copy_ahead_is_brought_up_to_the_present_and_nobody_serves_from_it_before() {
    run(Engine::Sqlite, async |_| {
        for engines in
            [[Engine::Sqlite, Engine::Postgres, Engine::Sqlite], [Engine::Postgres, Engine::Sqlite, Engine::Sqlite]]
        {
            let (settings, _scratch) = databases(engines).await;
            spawn_blocking(move || {
                let (from, to) = (&settings[0], &settings[1]);
                db::migrate(from, &Clock::system()).unwrap();
                let tags = "insert into tags (id, name, display_name, created_at) values";
                inspect::run(from, &format!("{tags} (1, 'a', 'A', 1), (2, 'b', 'B', 1), (3, 'Ä', 'Ä', 1)")).unwrap();
                let first = moved(from, to, false).unwrap();
                assert!(!first.is_continued && first.n_written > 3);
                let why = db::migrate(to, &Clock::system()).unwrap_err().to_string();
                assert!(why.contains("a copy into this database has begun"), "{why}");
                let why = moved(to, &settings[2], true).unwrap_err().to_string();
                assert!(why.contains("a copy into this database has begun"), "{why}");

                // A name changes hands: the row that had it must go first.
                let changes = format!(
                    "delete from tags where id = 3; update tags set name = 'c' where id = 1; \
                    update tags set name = 'a' where id = 2; {tags} (4, 'd', 'D', 1)"
                );
                inspect::run(from, &changes).unwrap();
                let before = sums(from);
                let second = moved(from, to, true).unwrap();
                assert!(second.is_continued);
                let n_versions = before["schema_migrations"].n_rows;
                assert_eq!(second.n_written - n_versions, 3);
                assert_eq!(sums(to)["tags"], before["tags"]);

                let why = moved(from, to, true).unwrap_err().to_string();
                assert!(why.contains("the target is not empty"), "{why}");
            })
            .await
            .unwrap();
        }
    });
}

#[test]
fn another_database_is_not_mixed_into_a_begun_copy() {
    run(Engine::Sqlite, async |_| {
        let (settings, _scratch) = databases([Engine::Sqlite, Engine::Sqlite, Engine::Postgres]).await;
        spawn_blocking(move || {
            db::migrate(&settings[0], &Clock::system()).unwrap();
            db::migrate(&settings[1], &Clock::system()).unwrap();
            moved(&settings[0], &settings[2], false).unwrap();
            let why = moved(&settings[1], &settings[2], true).unwrap_err().to_string();
            assert!(why.contains("the copy of another database has begun"), "{why}");
        })
        .await
        .unwrap();
    });
}
