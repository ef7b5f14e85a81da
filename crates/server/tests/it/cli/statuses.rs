//! `phiomia statuses`: says how old, and what would go.

use phiomia_testkit::on_both_engines;
use serde_json::json;

use super::kit::Place;

on_both_engines! {
    async fn pruning_wants_an_age_and_has_the_configured_one(place: Place) {
        assert_eq!(place.refuses(&["statuses", "prune"]), "say --days, at least 1, or set retention.remote_statuses");
        let said = place.says(&["statuses", "prune", "--days", "90", "--dry-run"]);
        assert_eq!(said, "would remove 0 posts and 0 boosts of other servers, older than 90 days");
        let said = place.json(&["statuses", "prune", "--json", "--set", "retention.remote_statuses=7"]);
        assert_eq!(said, json!({ "days": 7, "dry_run": false, "posts": 0, "boosts": 0, "domains": [] }));
    }
}
