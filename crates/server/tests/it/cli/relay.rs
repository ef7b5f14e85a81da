//! `phiomia relay`.

use phiomia_testkit::on_both_engines;

use super::kit::Place;

on_both_engines! {
    async fn relays_are_added_switched_off_and_forgotten(place: Place) {
        let inbox = "https://relay.test/inbox";
        assert_eq!(place.says(&["relay", "list"]), "");
        place.says(&["relay", "add", inbox]);
        assert_eq!(place.says(&["relay", "list"]), format!("{inbox}\tmastodon\tpending"));
        assert_eq!(place.refuses(&["relay", "add", inbox]), "This relay is there already");
        assert_eq!(place.refuses(&["relay", "add", "relay.test"]), "relay.test is no address of a relay");
        assert!(place.says(&["host", "list"]).starts_with("relay.test\tnothing is known yet\t1 waiting"), "it is asked");
        place.says(&["relay", "disable", inbox]);
        let listed = place.json(&["relay", "list", "--json"]);
        assert_eq!((listed[0]["state"].as_str(), listed[0]["inbox"].as_str()), (Some("disabled"), Some(inbox)));
        place.says(&["relay", "enable", inbox]);
        assert_eq!(place.json(&["relay", "list", "--json"])[0]["state"], "pending");
        place.says(&["relay", "remove", inbox]);
        assert_eq!(place.says(&["relay", "list"]), "");
        assert_eq!(place.refuses(&["relay", "disable", inbox]), format!("There is no relay {inbox}"));
    }
}
