//! `phiomia announcement`: published, changed, hidden, shown and forgotten.

use phiomia_testkit::on_both_engines;

use super::kit::Place;

on_both_engines! {
    async fn an_announcement_is_published_changed_hidden_and_forgotten(place: Place) {
        let id = place.says(&["announcement", "publish", "We move", "--starts", "2026-12-01", "--ends", "2100-01-01", "--all-day"]);
        let later = place.says(&["announcement", "publish", "Happy new century", "--at", "2100-01-01T00:00:00Z"]);
        let states = || {
            let list = place.json(&["announcement", "list", "--json"]);
            list.as_array().unwrap().iter().map(|one| one["state"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(states(), ["waiting", "shown"]);
        place.says(&["announcement", "edit", &id, "--text", "We move again", "--starts", "none"]);
        let shown = place.json(&["announcement", "list", "--json"])[1].clone();
        assert_eq!((&shown["text"], &shown["starts_at"]), (&"We move again".into(), &serde_json::Value::Null));
        assert_eq!(shown["ends_at"], "2100-01-01T00:00:00.000Z");
        place.says(&["announcement", "hide", &id]);
        place.says(&["announcement", "show", &later]);
        assert_eq!(states(), ["shown", "hidden"]);
        place.says(&["announcement", "remove", &id]);
        assert_eq!(place.says(&["announcement", "list"]), format!("{later}\tshown\tHappy new century"));
    }

    async fn what_makes_no_sense_is_not_announced(place: Place) {
        assert_eq!(place.refuses(&["announcement", "publish", " "]), "an announcement says something");
        let turned = ["announcement", "publish", "x", "--starts", "2026-12-02", "--ends", "2026-12-01"];
        assert_eq!(place.refuses(&turned), "an announcement ends after it starts");
        assert_eq!(place.refuses(&["announcement", "remove", "12"]), "Record not found");
    }
}
