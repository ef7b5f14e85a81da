//! Finding people.

use phiomia_social::server;
use phiomia_testkit::on_both_engines;
use serde_json::json;

use crate::kit::{House, Person};

async fn edit(who: &Person, change: serde_json::Value) {
    who.patch("/api/v1/accounts/update_credentials", change).await.ok();
}

fn names(people: &[&Person]) -> Vec<serde_json::Value> {
    people.iter().map(|person| json!(person.name)).collect()
}

on_both_engines! {
    async fn the_directory_has_those_who_want_to_be_found_last_active_first(house: House) {
        let (alice, bob, carol) = (house.person("alice").await, house.person("bob").await, house.person("carol").await);
        for person in [&alice, &bob] {
            edit(person, json!({"discoverable": true})).await;
        }
        edit(&carol, json!({"discoverable": false})).await;
        alice.says("hello", "public").await;
        assert_eq!(house.get("/api/v1/directory").await.ok().each("username"), names(&[&alice, &bob]));
        assert_eq!(house.get("/api/v1/directory?order=new").await.ok().each("username"), names(&[&bob, &alice]));
        let second = house.get("/api/v1/directory?order=new&limit=1&offset=1&local=true").await.ok();
        assert_eq!(second.each("username"), names(&[&alice]));
        bob.post(&format!("/api/v1/accounts/{}/block", alice.account), json!({})).await.ok();
        assert_eq!(bob.get("/api/v1/directory").await.ok().each("username"), names(&[&bob]));
    }

    async fn people_are_suggested_by_staff_by_friends_and_by_many(house: House) {
        let alice = house.person("alice").await;
        let (friend, theirs) = (house.person("bob").await, house.person("carol").await);
        let (chosen, popular) = (house.person("dave").await, house.person("eve").await);
        for person in [&friend, &theirs, &chosen, &popular] {
            edit(person, json!({"discoverable": true})).await;
        }
        alice.follows(&friend).await;
        friend.follows(&theirs).await;
        theirs.follows(&popular).await;
        let (me, target) = (alice.account, chosen.account);
        house.api.db.write(move |tx| server::suggest(tx, me, target)).await.unwrap();
        let found = alice.get("/api/v2/suggestions").await.ok().json();
        let told: Vec<_> = found.as_array().unwrap().iter()
            .map(|s| (s["account"]["username"].clone(), s["source"].clone(), s["sources"].clone()))
            .collect();
        assert_eq!(told, [
            (json!("dave"), json!("staff"), json!(["featured"])),
            (json!("carol"), json!("past_interactions"), json!(["friends_of_friends", "most_followed"])),
            (json!("eve"), json!("global"), json!(["most_followed"])),
        ]);
        alice.delete(&format!("/api/v1/suggestions/{}", chosen.account)).await.ok();
        alice.delete("/api/v1/suggestions/999").await.ok();
        alice.follows(&theirs).await;
        alice.post(&format!("/api/v1/accounts/{}/block", popular.account), json!({})).await.ok();
        assert_eq!(alice.get("/api/v1/suggestions").await.ok().json(), json!([]));
        assert_eq!(house.get("/api/v2/suggestions").await.status, 401);
    }

    async fn familiar_followers_are_those_i_follow_too_unless_one_side_hides_it(house: House) {
        let alice = house.person("alice").await;
        let (friend, shy, stranger) = (house.person("bob").await, house.person("carol").await, house.person("dave").await);
        let target = house.person("eve").await;
        for person in [&friend, &shy, &stranger] {
            person.follows(&target).await;
        }
        alice.follows(&friend).await;
        alice.follows(&shy).await;
        edit(&shy, json!({"hide_collections": true})).await;
        let path = format!("/api/v1/accounts/familiar_followers?id[]={}&id[]=999", target.account);
        let found = alice.get(&path).await.ok();
        assert_eq!(found.ids(), [target.account.to_string()]);
        assert_eq!(found.json()[0]["accounts"].as_array().unwrap().len(), 1);
        assert_eq!(found.json()[0]["accounts"][0]["username"], "bob");
        // Mastodon.py sends this question's parameters as the JSON body of its GET.
        let asked = alice
            .ask(http::Method::GET, "/api/v1/accounts/familiar_followers", Some(json!({"id": [target.account.to_string()]})))
            .await;
        assert_eq!(asked.ok().ids(), [target.account.to_string()]);
        edit(&target, json!({"hide_collections": true})).await;
        assert_eq!(alice.get(&path).await.ok().json()[0]["accounts"], json!([]));
    }

    async fn endorsed_people_are_listed_for_oneself_and_others(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        let refused = alice.post(&format!("/api/v1/accounts/{}/endorse", bob.account), json!({})).await;
        assert_eq!(refused.status, 422);
        alice.follows(&bob).await;
        alice.post(&format!("/api/v1/accounts/{}/endorse", bob.account), json!({})).await.ok();
        assert_eq!(alice.get("/api/v1/endorsements").await.ok().ids(), [bob.account.to_string()]);
        assert_eq!(bob.get("/api/v1/endorsements").await.ok().ids(), [""; 0]);
        let shown = house.get(&format!("/api/v1/accounts/{}/endorsements", alice.account)).await.ok();
        assert_eq!(shown.ids(), [bob.account.to_string()]);
    }

    async fn the_profile_is_read_and_changed_as_raw_text(house: House) {
        let alice = house.person("alice").await;
        alice.post("/api/v1/featured_tags", json!({"name": "cats"})).await.ok();
        let change = json!({"display_name": "Alice", "note": "likes #cats", "locked": true,
            "fields_attributes": [{"name": "home", "value": "https://example.org"}]});
        let changed = alice.patch("/api/v1/profile", change).await.ok().json();
        assert_eq!(changed, alice.get("/api/v1/profile").await.ok().json());
        assert_eq!((&changed["display_name"], &changed["note"], &changed["locked"]), (&json!("Alice"), &json!("likes #cats"), &json!(true)));
        assert!(changed["formatted_note"].as_str().unwrap().starts_with("<p>likes <a"));
        assert_eq!(changed["fields"][0]["value"], "https://example.org");
        assert!(changed["formatted_fields"][0]["value"].as_str().unwrap().contains("<a href"));
        assert_eq!((&changed["avatar"], &changed["featured_tags"][0]["name"]), (&json!(null), &json!("cats")));
        assert_eq!(alice.patch("/api/v1/profile", json!({"display_name": "x".repeat(31)})).await.status, 422);
        assert_eq!(house.get("/api/v1/profile").await.status, 401);
    }
}
