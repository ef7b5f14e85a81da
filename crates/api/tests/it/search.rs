//! Searching.

use phiomia_testkit::on_both_engines;
use serde_json::json;

use crate::kit::House;

on_both_engines! {
    async fn people_and_hashtags_are_found(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        alice.says("#Alps", "public").await;
        let found = bob.get("/api/v2/search?q=al").await.ok().json();
        assert_eq!(found["accounts"][0]["id"], alice.account.to_string());
        assert_eq!(found["hashtags"][0]["name"], "Alps");
        assert_eq!(found["hashtags"][0]["history"][0], json!({"day": "1795564800", "uses": "1", "accounts": "1"}));
        assert_eq!(found["hashtags"][0]["history"].as_array().unwrap().len(), 7);
        assert_eq!((&found["statuses"], &found["collections"]), (&json!([]), &json!([])));
        let tags = bob.get("/api/v2/search?q=%23al&type=hashtags").await.ok().json();
        assert_eq!((tags["accounts"].as_array().unwrap().len(), tags["hashtags"].as_array().unwrap().len()), (0, 1));
        let none = bob.get("/api/v2/search").await;
        assert_eq!(none.refusal(), (400, "param is missing or the value is empty or invalid: q".to_owned()));
    }

    async fn strangers_do_not_turn_pages(house: House) {
        house.get("/api/v2/search?q=al").await.ok();
        let answer = house.get("/api/v2/search?q=al&type=accounts&offset=20").await;
        let sentence = "Search queries pagination is not supported without authentication";
        assert_eq!(answer.refusal(), (401, sentence.to_owned()));
    }
}
