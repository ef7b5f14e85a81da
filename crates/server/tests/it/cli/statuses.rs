//! `phiomia statuses`: how far a post came; how old, and what would go.

use std::sync::Arc;

use phiomia_model::{Addresses, status::Draft};
use phiomia_social::{Social, statuses};
use phiomia_store::db::{
    federation::{deliveries, hosts},
    statuses as rows, users,
};
use phiomia_testkit::{beside, leave_for, on_both_engines, settings};
use serde_json::json;

use super::kit::Place;

/// A post of alice for two hosts, of which one never took it.
async fn given_up(place: &Place) -> (String, String) {
    place.says(&["account", "create", "alice", "--email", "alice@example.org"]);
    let opened = beside(&settings(&place.database)).await;
    let writing = opened.db.write(|tx| {
        let Some(alice) = users::by_name(tx, "alice")? else { unreachable!() };
        let addresses = Arc::new(Addresses::new("http", "localhost:3000", "localhost:3000"));
        let social = Social::new(addresses);
        let draft = Draft { text: "hello".to_owned(), ..Draft::default() };
        let status = statuses::post(tx, &social, alice, &draft)?;
        leave_for(tx, alice, Some(status), &["broken.test", "waits.test"])?;
        let due = deliveries::due(tx, &["broken.test".to_owned()], tx.now(), 10)?;
        let given_up = deliveries::give_up(tx, &due.iter().map(|due| due.id).collect::<Vec<_>>())?;
        for (host, n) in given_up {
            hosts::count_expired(tx, &host, n)?;
        }
        let Some(row) = rows::source(tx, status)? else { unreachable!() };
        Ok((status.to_string(), row.uri))
    });
    let named = writing.await.unwrap();
    opened.db.close();
    named
}

on_both_engines! {
    async fn a_post_is_shown_with_what_was_given_up(place: Place) {
        assert_eq!(place.refuses(&["statuses", "show", "7"]), "there is no post 7 of anybody here");
        let (id, uri) = given_up(&place).await;
        let shown = place.json(&["statuses", "show", &uri, "--json"]);
        assert_eq!(shown["author"], "alice");
        assert_eq!((&shown["waiting"], &shown["expired"]), (&json!(1), &json!(1)));
        let shown = place.says(&["statuses", "show", &id]);
        assert!(shown.contains("given up\t1\n") && shown.contains("waits for\twaits.test\t1"), "{shown}");
        let host = place.says(&["host", "show", "broken.test"]);
        assert!(host.contains("given up\t1 deliveries\n"), "{host}");
    }

    async fn pruning_wants_an_age_and_has_the_configured_one(place: Place) {
        assert_eq!(place.refuses(&["statuses", "prune"]), "say --days, at least 1, or set retention.remote_statuses");
        let said = place.says(&["statuses", "prune", "--days", "90", "--dry-run"]);
        assert_eq!(said, "would remove 0 posts and 0 boosts of other servers, older than 90 days");
        let said = place.json(&["statuses", "prune", "--json", "--set", "retention.remote_statuses=7"]);
        assert_eq!(said, json!({ "days": 7, "dry_run": false, "posts": 0, "boosts": 0, "domains": [] }));
    }
}
