//! What people are told.

use phiomia_testkit::on_both_engines;
use serde_json::json;

use crate::kit::House;

on_both_engines! {
    async fn people_are_told_what_others_did(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        let post = alice.says("hello", "public").await;
        bob.follows(&alice).await;
        bob.post(&format!("/api/v1/statuses/{post}/favourite"), json!({})).await.ok();
        bob.post(&format!("/api/v1/statuses/{post}/reblog"), json!({})).await.ok();
        alice.takes_private_mentions().await;
        let mention = bob.says("@alice hi", "direct").await;
        let list = alice.get("/api/v1/notifications").await.ok();
        assert_eq!(list.each("type"), [json!("mention"), json!("reblog"), json!("favourite"), json!("follow")]);
        assert_eq!(list.json()[0]["status"]["id"], json!(mention));
        assert_eq!(list.json()[3].get("status"), None);
        let count = alice.get("/api/v1/notifications/unread_count").await.ok().json();
        assert_eq!(count, json!({"count": 4}));
        let only = alice.get("/api/v1/notifications?types[]=follow&types[]=mention").await.ok();
        assert_eq!(only.each("type"), [json!("mention"), json!("follow")]);
        let without = alice.get("/api/v1/notifications?exclude_types[]=mention").await.ok();
        assert_eq!(without.each("type").len(), 3);
        let nobody = alice.get("/api/v1/notifications?account_id=x").await.ok();
        assert_eq!(nobody.ids(), [""; 0]);
    }

    async fn favourites_of_one_post_and_new_followers_are_folded(house: House) {
        let alice = house.person("alice").await;
        let (first, second) = (alice.says("one", "public").await, alice.says("two", "public").await);
        let mut names = Vec::new();
        for name in ["bob", "carol", "dave"] {
            let person = house.person(name).await;
            person.follows(&alice).await;
            person.post(&format!("/api/v1/statuses/{first}/favourite"), json!({})).await.ok();
            names.push(person);
        }
        names[0].post(&format!("/api/v1/statuses/{second}/favourite"), json!({})).await.ok();
        names[1].says("@alice hi", "public").await;
        let page = alice.get("/api/v2/notifications").await.ok().json();
        let groups = page["notification_groups"].as_array().unwrap();
        let told: Vec<(&str, i64, usize)> = groups
            .iter()
            .map(|g| {
                let samples = g["sample_account_ids"].as_array().unwrap().len();
                (g["type"].as_str().unwrap(), g["notifications_count"].as_i64().unwrap(), samples)
            })
            .collect();
        assert_eq!(told, [("mention", 1, 1), ("favourite", 1, 1), ("favourite", 3, 3), ("follow", 3, 3)]);
        assert_eq!(groups[2]["status_id"], json!(first));
        assert_eq!(page["accounts"].as_array().unwrap().len(), 3);
        assert_eq!(page["statuses"].as_array().unwrap().len(), 3);
        assert_eq!(page.get("partial_accounts"), None);
        let count = alice.get("/api/v2/notifications/unread_count").await.ok().json();
        assert_eq!(count, json!({"count": 4}));
        let ungrouped = alice.get("/api/v2/notifications?grouped_types[]=follow").await.ok().json();
        assert_eq!(ungrouped["notification_groups"].as_array().unwrap().len(), 6);
        let partial = alice.get("/api/v2/notifications?expand_accounts=partial_avatars&types[]=follow").await.ok().json();
        assert_eq!(partial["accounts"].as_array().unwrap().len(), 1);
        assert_eq!(partial["partial_accounts"].as_array().unwrap().len(), 2);
        let wrong = alice.get("/api/v2/notifications?expand_accounts=none").await;
        assert_eq!(wrong.refusal().0, 400);
        // Each by its key.
        let key = groups[2]["group_key"].as_str().unwrap();
        let one = alice.get(&format!("/api/v2/notifications/{key}")).await.ok().json();
        assert_eq!(one["notification_groups"][0]["notifications_count"], json!(3));
        assert_eq!(one["notification_groups"][0].get("page_min_id"), None);
        let people = alice.get(&format!("/api/v2/notifications/{key}/accounts")).await.ok();
        assert_eq!(people.each("username"), [json!("dave"), json!("carol"), json!("bob")]);
        let alone = groups[0]["group_key"].as_str().unwrap();
        assert!(alone.starts_with("ungrouped-"), "{alone}");
        alice.get(&format!("/api/v2/notifications/{alone}")).await.ok();
        assert_eq!(alice.get("/api/v2/notifications/favourite-1-1").await.refusal().0, 404);
        assert_eq!(names[0].get(&format!("/api/v2/notifications/{key}")).await.refusal().0, 404);
        // The same keys one by one.
        let singly = alice.get("/api/v1/notifications?types[]=favourite").await.ok();
        assert_eq!(singly.each("group_key").iter().filter(|k| **k == json!(key)).count(), 3);
        // Dismissed as one.
        alice.post(&format!("/api/v2/notifications/{key}/dismiss"), json!({})).await.ok();
        alice.post(&format!("/api/v2/notifications/{alone}/dismiss"), json!({})).await.ok();
        let left = alice.get("/api/v2/notifications").await.ok().json();
        let left: Vec<_> = left["notification_groups"].as_array().unwrap().iter().map(|g| g["type"].clone()).collect();
        assert_eq!(left, [json!("favourite"), json!("follow")]);
    }

    async fn pages_of_groups_lose_nothing_while_others_come_in(house: House) {
        let alice = house.person("alice").await;
        let mut posts = Vec::new();
        for n in 0..5 {
            posts.push(alice.says(&format!("post {n}"), "public").await);
        }
        let (bob, carol) = (house.person("bob").await, house.person("carol").await);
        for post in &posts {
            bob.post(&format!("/api/v1/statuses/{post}/favourite"), json!({})).await.ok();
            carol.post(&format!("/api/v1/statuses/{post}/favourite"), json!({})).await.ok();
        }
        let (mut path, mut seen) = ("/api/v2/notifications?limit=2".to_owned(), Vec::new());
        for _ in 0..4 {
            let page = alice.get(&path).await.ok();
            let link = page.header("link").to_owned();
            let Some(next) = link.split(">; rel=\"next\"").next().filter(|_| link.contains("next")) else { break };
            let next = next.trim_start_matches("<https://phiomia.example").to_owned();
            let groups = page.json()["notification_groups"].clone();
            seen.extend(groups.as_array().unwrap().iter().map(|g| g["status_id"].as_str().unwrap().to_owned()));
            let whole = groups.as_array().unwrap().iter().all(|g| g["notifications_count"] == 2);
            assert!(whole, "{groups}");
            bob.says("@alice again", "public").await;
            path = next;
        }
        posts.reverse();
        assert_eq!(seen, posts);
        // Upwards from the oldest.
        let oldest = alice.get("/api/v1/notifications?limit=80").await.ok().ids().pop().unwrap();
        let up = alice.get(&format!("/api/v2/notifications?limit=2&types[]=favourite&min_id={}", oldest)).await.ok().json();
        let up: Vec<_> = up["notification_groups"].as_array().unwrap().iter().map(|g| g["status_id"].clone()).collect();
        assert_eq!(up, [json!(posts[3]), json!(posts[4])]);
    }

    async fn a_notification_is_dismissed_by_its_receiver_alone(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        bob.follows(&alice).await;
        bob.says("@alice hi", "public").await;
        let ids = alice.get("/api/v1/notifications").await.ok().ids();
        let path = format!("/api/v1/notifications/{}", ids[0]);
        assert_eq!(bob.get(&path).await.refusal(), (404, "Record not found".to_owned()));
        let dismiss = format!("{path}/dismiss");
        assert_eq!(bob.post(&dismiss, json!({})).await.refusal(), (404, "Record not found".to_owned()));
        assert_eq!(alice.get(&path).await.ok().json()["type"], "mention");
        assert_eq!(alice.post(&dismiss, json!({})).await.ok().json(), json!({}));
        assert_eq!(alice.get("/api/v1/notifications").await.ok().ids(), [ids[1].clone()]);
        alice.post("/api/v1/notifications/clear", json!({})).await.ok();
        assert_eq!(alice.get("/api/v1/notifications").await.ok().ids(), [""; 0]);
    }

    async fn older_apps_dismiss_by_deleting_one_or_several(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        for n in 0..4 {
            bob.says(&format!("@alice {n}"), "public").await;
        }
        let ids = alice.get("/api/v1/notifications").await.ok().ids();
        let path = format!("/api/v1/notifications/{}", ids[0]);
        assert_eq!(bob.delete(&path).await.refusal(), (404, "Record not found".to_owned()));
        assert_eq!(alice.delete(&path).await.ok().json(), json!({}));
        assert_eq!(alice.delete(&path).await.refusal(), (404, "Record not found".to_owned()));
        let several = "/api/v1/notifications/destroy_multiple";
        let query = format!("?ids[]={}&ids[]={}&ids[]=none&ids[]={}", ids[1], ids[2], ids[0]);
        assert_eq!(bob.delete(&format!("{several}{query}")).await.ok().json(), json!({}));
        assert_eq!(alice.get("/api/v1/notifications").await.ok().ids(), ids[1..].to_vec());
        assert_eq!(alice.delete(&format!("{several}{query}")).await.ok().json(), json!({}));
        assert_eq!(alice.get("/api/v1/notifications").await.ok().ids(), [ids[3].clone()]);
        assert_eq!(alice.delete(several).await.ok().json(), json!({}));
        assert_eq!(alice.get("/api/v1/notifications").await.ok().ids(), [ids[3].clone()]);
    }
}
