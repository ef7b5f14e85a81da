//! Server-sent events.

use std::time::Duration;

use phiomia_api::streaming::Pace;
use phiomia_testkit::{Engine, on_both_engines};

use super::station::{Station, get};

/// A station whose heart beats fast.
struct Hasty(Station);

impl Hasty {
    async fn open(engine: Engine) -> Hasty {
        let pace = Pace { thump_every: Duration::from_millis(50), ..Pace::default() };
        Hasty(Station::with_pace(engine, pace).await)
    }
}

on_both_engines! {
    async fn events_are_lines_of_an_answer_that_does_not_end(station: Station) {
        let bob = station.person("bob").await;
        let mut sources = Vec::new();
        for (path, token) in [
            ("user", "bob"),
            ("public", ""),
            ("public/local", "bob"),
            ("hashtag?tag=cats", ""),
            ("hashtag/local?tag=Cats", ""),
        ] {
            let mut source = station.listen(path, token).await;
            source.hears(":)\n\n").await;
            assert!(source.heard.contains("content-type: text/event-stream"), "{}", source.heard);
            assert!(source.heard.contains("no-store"), "{}", source.heard);
            sources.push(source);
        }
        let id = station.says(bob, "#cats").await;
        for source in &mut sources {
            source.hears(&format!("event: update\ndata: {{\"id\":\"{id}\"")).await;
        }
    }

    async fn streams_where_nothing_happens_are_kept_open_by_a_comment(hasty: Hasty) {
        let station = hasty.0;
        let bob = station.person("bob").await;
        for path in ["user/notification", "direct", "public/remote", "public/media", "public/local/media",
            "public/remote/media", "public?only_media=true"] {
            let mut source = station.listen(path, "bob").await;
            source.hears(":)").await;
            station.says(bob, "nothing for you").await;
            source.hears(":thump\n\n").await;
            source.heard.clear();
            source.hears(":thump\n\n").await;
            assert!(!source.heard.contains("event:"), "{path}: {}", source.heard);
        }
    }

    async fn what_cannot_be_listened_to_is_refused(station: Station) {
        let bob = station.person("bob").await;
        station.token("narrow", bob, "write").await;
        for (path, token, status, error) in [
            ("/nonsense", "bob", 400, "Unknown channel requested"),
            ("", "bob", 400, "Unknown channel requested"),
            ("/hashtag", "bob", 400, "Missing tag name parameter"),
            ("/list", "bob", 400, "Missing list name parameter"),
            ("/list?list=1", "bob", 401, "Not authorized to stream this list"),
            ("/user", "", 401, "Missing access token"),
            ("/user", "guess", 401, "Invalid access token"),
            ("/user", "narrow", 401, "Access token does not have the required scopes"),
        ] {
            assert_eq!(get(&station, path, token).await, (status, format!(r#"{{"error":"{error}"}}"#)), "{path}");
        }
    }

    async fn the_service_says_that_it_is_well(station: Station) {
        assert_eq!(get(&station, "/health", "").await, (200, "OK".to_owned()));
    }
}
