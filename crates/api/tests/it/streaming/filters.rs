//! What streams say of posts that somebody's filters match.

use phiomia_social::filters::{self, FilterEdit, KeywordEdit};
use phiomia_testkit::on_both_engines;
use serde_json::{Value, json};

use super::station::Station;

/// Alice does not want to read of tea.
async fn alice_filters_tea(station: &Station, alice: phiomia_model::AccountId) {
    let keyword = KeywordEdit { keyword: Some("tea".into()), ..KeywordEdit::default() };
    let how = FilterEdit {
        title: Some("Tea".into()),
        contexts: Some(vec!["home".into()]),
        keywords: vec![keyword],
        ..FilterEdit::default()
    };
    station.does(move |tx| filters::create(tx, alice, &how)).await;
}

fn found(status: &Value) -> Value {
    status["filtered"]
        .as_array()
        .map_or(Value::Null, |results| json!(results.iter().map(|r| &r["keyword_matches"]).collect::<Vec<_>>()))
}

on_both_engines! {
    async fn a_post_that_a_filter_matches_says_so_to_its_owner_alone(station: Station) {
        let [alice, bob, carol] = [station.person("alice").await, station.person("bob").await, station.person("carol").await];
        alice_filters_tea(&station, alice).await;
        station.follows(alice, carol).await;
        station.follows(bob, carol).await;
        let mut at_alice = station.tune("alice", &["user"]).await;
        let mut at_bob = station.tune("bob", &["user"]).await;
        let mut alice_in_public = station.tune("alice", &["public"]).await;
        let mut bob_in_public = station.tune("bob", &["public"]).await;
        let mut stranger = station.dial("?stream=public", &[]).await.unwrap();
        stranger.settle().await;
        station.says(carol, "Tea!").await;
        assert_eq!(found(&at_alice.event().await.2), json!([["Tea"]]));
        assert_eq!(found(&at_bob.event().await.2), json!([]));
        assert_eq!(found(&alice_in_public.event().await.2), json!([["Tea"]]));
        assert_eq!(found(&bob_in_public.event().await.2), Value::Null);
        assert_eq!(found(&stranger.event().await.2), Value::Null);
        station.says(carol, "coffee").await;
        assert_eq!(found(&at_alice.event().await.2), json!([]));
        assert_eq!(alice_in_public.events(1).await, ["public update coffee"]);
        stranger.event().await;
        stranger.hears_nothing().await;
    }

    async fn a_change_of_ones_filters_is_told_on_ones_own_stream(station: Station) {
        let (alice, _) = (station.person("alice").await, station.person("bob").await);
        let (mut at_alice, mut at_bob) = (station.tune("alice", &["user"]).await, station.tune("bob", &["user"]).await);
        alice_filters_tea(&station, alice).await;
        let (stream, event, _) = at_alice.event().await;
        assert_eq!((stream, event.as_str()), (vec!["user".to_owned()], "filters_changed"));
        at_alice.hears_nothing().await;
        at_bob.hears_nothing().await;
    }
}
