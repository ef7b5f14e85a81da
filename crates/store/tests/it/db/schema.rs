//! Both schemas are the same, every statement prepares on both, and files of other versions are met with care.

use std::collections::BTreeMap;

use phiomia_model::{Error, Page, StatusId, Time, Viewer};
use phiomia_store::{
    Clock,
    db::{
        self, Settings,
        inspect::Schema,
        timelines::{self, Origin},
    },
};
use phiomia_testkit::{Engine, TestDatabase, empty, on_both_engines, run};

/// Alice lives here and Bob elsewhere.
const PEOPLE: &str = "insert into accounts (id, username, username_key, domain, uri, url, created_at)
    values (1, 'alice', 'alice', '', 'https://here/ap/users/1', 'https://here/@alice', 1),
        (2, 'bob', 'bob', 'there', 'https://there/bob', 'https://there/@bob', 1);";

/// Takes back what the migration about media did.
const UNDONE: &str = "drop index statuses_media; drop index statuses_local_media; drop index statuses_account_media;
    drop index statuses_remote; alter table statuses drop column has_media;";

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

    async fn posts_that_show_something_are_known_from_before(db: TestDatabase) {
        let (settings, engine) = (db.settings.clone(), db.engine);
        tokio::task::spawn_blocking(move || {
            let before = "
                insert into statuses (id, account_id, uri, visibility, is_local, media, created_at) values
                    (10, 1, null, 0, true, '[]', 1), (11, 1, null, 0, true, null, 1), (12, 2, 'https://there/12', 0, false, null, 1),
                    (13, 2, 'https://there/13', 0, false, null, 1);
                insert into remote_statuses (status_id, attachments, fetched_at) values (12, '[{}]', 1), (13, '[]', 1);";
            let migration = match engine {
                Engine::Sqlite => include_str!("../../../migrations/sqlite/0037_media_timelines.sql"),
                Engine::Postgres => include_str!("../../../migrations/postgres/0037_media_timelines.sql"),
            };
            db::inspect::run(&settings, &format!("{PEOPLE} {before} {UNDONE} {migration}")).unwrap();
        })
        .await
        .unwrap();
        for (origin, expected) in [
            (Origin::Anywhere, vec![StatusId(12), StatusId(10)]),
            (Origin::Local, vec![StatusId(10)]),
            (Origin::Remote, vec![StatusId(12)]),
        ] {
            let shown = db.db.read(move |q| {
                Ok(timelines::public(q, Viewer::Anonymous, origin, true, &Page::first(40), Time(2))?)
            }).await;
            assert_eq!(shown.unwrap(), expected, "{origin:?}");
        }
    }

    async fn posts_of_people_here_lose_their_written_names_and_are_called_the_same(db: TestDatabase) {
        let (settings, engine) = (db.settings.clone(), db.engine);
        tokio::task::spawn_blocking(move || {
            let before = "
                insert into statuses (id, account_id, uri, url, visibility, is_local, reblog_of_id, created_at) values
                    (10, 1, 'https://here/ap/users/1/statuses/10', 'https://here/@alice/10', 0, true, null, 1),
                    (11, 1, 'https://here/ap/users/1/statuses/11/activity', null, 0, true, 10, 1),
                    (12, 1, 'https://formerly/ap/users/1/statuses/12', 'https://formerly/@alice/12', 0, true, null, 1),
                    (13, 2, 'https://there/bob/statuses/13', 'https://there/@bob/13', 0, false, null, 1);";
            db::inspect::run(&settings, &format!("{PEOPLE} {before}")).unwrap();
            let migration = match engine {
                Engine::Sqlite => include_str!("../../../migrations/sqlite/0022_names.sql"),
                Engine::Postgres => include_str!("../../../migrations/postgres/0022_names.sql"),
            };
            // Its indexes are there already.
            let names = migration.split("create index").next().unwrap();
            db::inspect::run(&settings, names).unwrap();
        })
        .await
        .unwrap();
        let names = [
            (10, "https://here/ap/users/1/statuses/10", Some("https://here/@alice/10")),
            (11, "https://here/ap/users/1/statuses/11/activity", None),
            (12, "https://formerly/ap/users/1/statuses/12", Some("https://formerly/@alice/12")),
            (13, "https://there/bob/statuses/13", Some("https://there/@bob/13")),
        ];
        for (id, uri, url) in names {
            let (view, found) = db
                .db
                .read(move |q| {
                    let view = db::statuses::view(q, StatusId(id), Viewer::Anonymous, Time::from_millis(2))?;
                    Ok((view, db::federation::posts::by_uri(q, uri)?))
                })
                .await
                .unwrap();
            let body = view.unwrap().body;
            assert_eq!((body.uri.as_str(), body.url.as_deref()), (uri, url));
            assert_eq!(found, Some(StatusId(id)), "{uri}");
        }
        let wrong = "https://here/ap/users/2/statuses/10";
        let found = db.db.read(move |q| Ok(db::federation::posts::by_uri(q, wrong)?)).await.unwrap();
        assert_eq!(found, None, "the number alone is no name");
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
                "alter table users drop column mentions; create table gone (id bigint);
                delete from schema_migrations where name = '0038_profile_mentions'",
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
