//! `phiomia settings`.

use phiomia_testkit::on_both_engines;

use super::kit::{LONG, Place};

on_both_engines! {
    async fn a_setting_has_a_default_a_shape_and_a_value(place: Place) {
        assert_eq!(place.says(&["settings", "get", "registrations"]), "closed");
        place.says(&["settings", "set", "registrations", "open"]);
        assert_eq!(place.says(&["settings", "get", "registrations"]), "open");
        assert_eq!(place.json(&["settings", "list", "--json"])["registrations"], "open");
        assert!(place.refuses(&["settings", "set", "registrations", "maybe"]).contains("open or approval or closed"));
        assert!(place.refuses(&["settings", "get", "registrtions"]).ends_with("did you mean registrations?"));
        assert!(place.refuses(&["settings", "set", "contact_username", "nobody"]).contains("no account nobody"));
        place.says(&["settings", "set", "registrations", ""]);
        assert_eq!(place.says(&["settings", "get", "registrations"]), "closed");
    }

    async fn the_running_server_follows_a_changed_setting(place: Place) {
        let server = place.serve();
        let has_title = || server.get("/", None).1.contains("A house with a view");
        assert!(!has_title());
        place.says(&["settings", "set", "title", "A house with a view"]);
        let started = std::time::Instant::now();
        while !has_title() {
            assert!(started.elapsed() < LONG, "{}", server.get("/", None).1);
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        server.stop();
    }
}
