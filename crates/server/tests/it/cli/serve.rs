//! `phiomia serve`: its first start, its end, its crash, and what it does not share.

use std::{fs, os::unix::fs::PermissionsExt as _, time::Duration};

use phiomia_testkit::{Engine, on_both_engines};

use super::kit::{LONG, Place, Running};

on_both_engines! {
    async fn the_first_start_makes_folder_and_secrets_and_invites_the_owner_until_there_is_one(place: Place) {
        let server = place.serve();
        let line = server.wait_for_line("/owner/");
        assert!(line.trim().starts_with("http://localhost:0/owner/"), "alone on its line: {line}");
        let mode = |name: &str| fs::metadata(place.folder.join(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode("phiomia-data"), mode("phiomia-data/secret.key")), (0o700, 0o600));
        let key = fs::read(place.folder.join("phiomia-data/secret.key")).unwrap();
        server.stop();
        place.says(&["account", "create", "alice", "--print-id"]);
        let server = place.serve();
        assert_eq!(server.get("/health", None), (200, "OK".to_owned()));
        assert!(!server.log().contains("/owner/"), "{}", server.log());
        server.stop();
        assert_eq!(fs::read(place.folder.join("phiomia-data/secret.key")).unwrap(), key, "made once");
    }

    async fn a_second_server_on_the_same_data_is_refused(place: Place) {
        let server = place.serve();
        let why = place.refuses(&["serve", "--listen", "127.0.0.1:0"]);
        assert!(why.starts_with("another server is running on this data ("), "{why}");
        assert_eq!(server.get("/health", None).0, 200);
        server.stop();
        place.serve().stop();
    }

    async fn a_killed_server_starts_again_with_all_it_had(place: Place) {
        let mut server = place.serve();
        place.says(&["account", "create", "alice", "--print-id"]);
        server.signal("KILL");
        assert!(server.ended_within(LONG).is_some_and(|status| !status.success()));
        place.says(&["account", "create", "bob", "--print-id"]);
        let server = place.serve();
        assert_eq!(server.get("/health", None).0, 200);
        assert_eq!(place.json(&["account", "list", "--json"]).as_array().unwrap().len(), 2);
        server.stop();
    }

    async fn a_stop_is_over_in_a_moment_when_nobody_waits(place: Place) {
        let mut server = place.serve();
        server.signal("TERM");
        let status = server.ended_within(Duration::from_secs(5));
        assert!(status.is_some_and(|status| status.success()), "{status:?}: {}", server.log());
        assert!(server.log().contains("stopped"), "{}", server.log());
    }
}

#[test]
fn a_json_log_stays_one_and_has_the_invitation() {
    phiomia_testkit::run(Engine::Sqlite, async |engine| {
        let place = Place::open(engine).await;
        let flags = ["--set", "logs.format=json", "serve", "--listen", "127.0.0.1:0"];
        let server = Running::start(place.command(&flags));
        server.wait_for_line("/owner/");
        for line in server.log().lines() {
            serde_json::from_str::<serde_json::Value>(line).unwrap();
        }
    });
}

#[test]
fn a_key_that_is_none_stops_the_start() {
    phiomia_testkit::run(Engine::Sqlite, async |engine| {
        let place = Place::open(engine).await;
        fs::create_dir(place.folder.join("phiomia-data")).unwrap();
        fs::write(place.folder.join("phiomia-data/secret.key"), "short").unwrap();
        fs::set_permissions(place.folder.join("phiomia-data"), fs::Permissions::from_mode(0o700)).unwrap();
        let why = place.refuses(&["serve", "--listen", "127.0.0.1:0"]);
        assert!(why.contains("secret.key is no key"), "{why}");
    });
}
