//! Both schemas are the same, every statement prepares on both, and files of other versions are met with care.

use std::collections::BTreeMap;

use phiomia_model::Error;
use phiomia_store::{
    Clock,
    db::{self, Settings, inspect::Schema},
};
use phiomia_testkit::{Engine, TestDatabase, empty, on_both_engines, run};

on_both_engines! {
    async fn every_statement_prepares(db: TestDatabase) {
        let names = tokio::task::spawn_blocking({
            let settings = db.settings.clone();
            move || db::inspect::prepare_all(&settings)
        }).await.unwrap();
        assert_eq!(names, Vec::<String>::new(), "statements that do not prepare");
    }

    async fn migrating_twice_changes_nothing(db: TestDatabase) {
        let settings = db.settings.clone();
        let migrated = tokio::task::spawn_blocking(move || db::migrate(&settings, &Clock::system())).await.unwrap().unwrap();
        assert_eq!((migrated.from, migrated.backup), (migrated.to, None));
    }

    async fn a_newer_schema_is_refused(db: TestDatabase) {
        let settings = db.settings.clone();
        let outcome = tokio::task::spawn_blocking(move || {
            db::inspect::run(&settings, "insert into schema_migrations (version, name, applied_at) values (999, 'later', 0)").unwrap();
            db::migrate(&settings, &Clock::system())
        }).await.unwrap();
        assert!(matches!(outcome, Err(Error::Refused(r)) if r.to_string().contains("newer version")));
    }
}

#[test]
fn the_two_engines_have_the_same_tables_columns_and_indexes() {
    run(Engine::Sqlite, async |_| {
        let mut seen: Vec<(Schema, BTreeMap<String, String>)> = Vec::new();
        for engine in [Engine::Sqlite, Engine::Postgres] {
            let (settings, _scratch) = empty(engine).await;
            let found = tokio::task::spawn_blocking(move || {
                db::migrate(&settings, &Clock::system()).unwrap();
                (db::inspect::columns(&settings).unwrap(), db::inspect::indexes(&settings).unwrap())
            });
            seen.push(found.await.unwrap());
        }
        // The words of posts are a virtual table with shadows of its own here, a column and its index there.
        for (tables, indexes) in &mut seen {
            tables.retain(|name, _| !name.starts_with("status_words"));
            indexes.retain(|name, _| !name.starts_with("status_words"));
        }
        let (sqlite, postgres) = (&seen[0], &seen[1]);
        assert_eq!(sqlite.0, postgres.0, "columns");
        assert_eq!(sqlite.1, postgres.1, "indexes and the tables they are on");
        assert!(sqlite.0.len() > 20);
    });
}

#[test]
fn a_copy_is_made_before_a_sqlite_file_is_migrated() {
    run(Engine::Sqlite, async |engine| {
        let (settings, _scratch) = empty(engine).await;
        let backup = tokio::task::spawn_blocking(move || {
            db::migrate(&settings, &Clock::system()).unwrap();
            // As an older version left it: the last migration has not run.
            let last = db::migrate(&settings, &Clock::system()).unwrap().to;
            db::inspect::run(
                &settings,
                "drop table certificates;
                drop table acme_accounts;
                drop table acme_challenges;
                create table gone (id bigint);
                delete from schema_migrations where name = '0021_certificates'",
            )
            .unwrap();
            let migrated = db::migrate(&settings, &Clock::system()).unwrap();
            assert_eq!((migrated.from, migrated.to), (last - 1, last));
            let copy = migrated.backup.unwrap();
            let Settings::Sqlite(mut old) = settings else { unreachable!() };
            old.path.clone_from(&copy);
            db::inspect::columns(&Settings::Sqlite(old)).unwrap()
        });
        let tables = backup.await.unwrap();
        assert!(tables.contains_key("statuses") && tables.contains_key("gone"));
    });
}
