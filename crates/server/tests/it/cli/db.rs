//! `phiomia db`.

use std::fs;

use phiomia_store::db::{Settings, SqliteSettings, inspect};
use phiomia_testkit::{Engine, on_both_engines, settings};

use super::kit::Place;

/// Runs SQL as a newer version or an accident would.
pub async fn tamper(place: &Place, sql: &'static str) {
    let settings = settings(&place.database);
    phiomia_testkit::tokio::task::spawn_blocking(move || inspect::run(&settings, sql).unwrap()).await.unwrap();
}

on_both_engines! {
    async fn a_database_is_migrated_once_and_found_sound(place: Place) {
        assert!(place.says(&["db", "migrate"]).starts_with("the schema was brought from version 0 to "));
        assert!(place.says(&["db", "migrate"]).ends_with(" already"));
        assert_eq!(place.says(&["db", "check"]), "the database is sound");
        let server = place.serve();
        assert_eq!(place.says(&["db", "check"]), "the database is sound");
        server.stop();
    }

    async fn a_newer_schema_is_refused_in_one_sentence(place: Place) {
        place.says(&["db", "migrate"]);
        tamper(&place, "insert into schema_migrations (version, name, applied_at) values (9999, 'later', 0)").await;
        for args in [&["serve", "--listen", "127.0.0.1:0"][..], &["account", "list"], &["db", "migrate"]] {
            let why = place.refuses(args);
            assert!(why.contains("made by a newer version"), "{why}");
        }
    }
}

async fn on_sqlite() -> Place {
    Place::open(Engine::Sqlite).await
}

#[test]
fn a_backup_made_beside_a_server_comes_back_and_what_was_there_is_kept() {
    phiomia_testkit::run(Engine::Sqlite, async |_| {
        let place = on_sqlite().await;
        let server = place.serve();
        place.says(&["account", "create", "alice", "--print-id"]);
        place.says(&["db", "backup", "copy.sqlite3"]);
        assert!(place.refuses(&["db", "backup", "copy.sqlite3"]).contains("exists already"));
        place.says(&["account", "create", "bob", "--print-id"]);
        let why = place.refuses(&["db", "restore", "copy.sqlite3", "--yes"]);
        assert_eq!(why, "a server is running on this database: stop it first");
        server.stop();

        assert!(place.refuses(&["db", "restore", "copy.sqlite3"]).ends_with("Say so with --yes"));
        let kept = place.says(&["db", "restore", "copy.sqlite3", "--yes"]);
        let names = |place: &Place| place.says(&["account", "list"]).lines().count();
        assert_eq!(names(&place), 1, "bob came after the copy");
        let server = place.serve();
        assert_eq!(server.get("/health", None).0, 200);
        server.stop();
        place.says(&["db", "restore", &kept, "--yes"]);
        assert_eq!(names(&place), 2, "what was there before is whole");
    });
}

#[test]
fn what_is_no_whole_database_of_ours_is_not_restored() {
    phiomia_testkit::run(Engine::Sqlite, async |_| {
        let place = on_sqlite().await;
        place.says(&["account", "create", "alice", "--print-id"]);
        fs::write(place.folder.join("text"), "hello".repeat(1000)).unwrap();
        assert!(place.refuses(&["db", "restore", "text", "--yes"]).contains("is no SQLite database"));
        assert!(place.refuses(&["db", "restore", "missing", "--yes"]).contains("there is no file"));
        let strange = place.folder.join("strange.sqlite3");
        let other = Settings::Sqlite(SqliteSettings::at(&strange));
        inspect::run(&other, "create table fruits (name text)").unwrap();
        assert!(place.refuses(&["db", "restore", "strange.sqlite3", "--yes"]).contains("not one of this program"));
        assert_eq!(place.says(&["account", "list"]).lines().count(), 1);
        let left: Vec<_> = fs::read_dir(
            place.database.strip_prefix("sqlite:").and_then(|p| std::path::Path::new(p).parent()).unwrap(),
        )
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains("restor"))
        .collect();
        assert_eq!(left, Vec::<String>::new());
    });
}

#[test]
fn a_database_that_is_not_there_is_neither_sound_nor_backed_up() {
    phiomia_testkit::run(Engine::Sqlite, async |_| {
        let place = on_sqlite().await;
        assert!(place.refuses(&["db", "check"]).starts_with("there is no database at "));
        assert!(place.refuses(&["db", "backup", "x"]).starts_with("there is no database at "));
    });
}

#[test]
fn postgres_is_backed_up_with_its_own_tools() {
    phiomia_testkit::run(Engine::Postgres, async |engine| {
        let place = Place::open(engine).await;
        assert!(place.refuses(&["db", "backup", "x"]).contains("pg_dump"));
        assert!(place.refuses(&["db", "restore", "x", "--yes"]).contains("pg_restore"));
    });
}
