//! Who sees what, everywhere: each visibility, each viewer, each place.

use phiomia_testkit::on_both_engines;
use serde_json::{Value, json};

use crate::kit::{House, Person};

const VISIBILITIES: [&str; 4] = ["public", "unlisted", "private", "direct"];

/// For each visibility: whether the viewer finds the post there.
async fn found(house: &House, viewer: Option<&Person>, posts: &[String], path: impl Fn(&str) -> String) -> [bool; 4] {
    let mut seen = [false; 4];
    for (at, id) in posts.iter().enumerate() {
        let answer = match viewer {
            Some(person) => person.get(&path(id)).await,
            None => house.get(&path(id)).await,
        };
        seen[at] = match answer.json() {
            Value::Array(list) => list.iter().any(|item| item["id"] == json!(id)),
            _ if answer.status.is_success() => true,
            _ => {
                // Not for you and not there are the same, byte for byte.
                assert_eq!(answer.text(), r#"{"error":"Record not found"}"#);
                assert_eq!(answer.status.as_u16(), 404);
                false
            }
        };
    }
    seen
}

on_both_engines! {
    async fn the_matrix_of_viewers_and_places_holds(house: House) {
        house.switch_off_rate_limits().await;
        let [author, follower, mentioned, stranger, blocked] = [
            house.person("author").await,
            house.person("follower").await,
            house.person("mentioned").await,
            house.person("stranger").await,
            house.person("blocked").await,
        ];
        follower.follows(&author).await;
        author.post(&format!("/api/v1/accounts/{}/block", blocked.account), json!({})).await.ok();
        let mut posts = Vec::new();
        for visibility in VISIBILITIES {
            posts.push(author.says("hello @mentioned #tagged", visibility).await);
        }
        house.work().await;
        let (t, f) = (true, false);
        let by_id = |id: &str| format!("/api/v1/statuses/{id}");
        let many = |id: &str| format!("/api/v1/statuses?id[]={id}");
        let context = |id: &str| format!("/api/v1/statuses/{id}/context");
        let history = |id: &str| format!("/api/v1/statuses/{id}/history");
        let profile = |_: &str| format!("/api/v1/accounts/{}/statuses", author.account);
        let public = |_: &str| "/api/v1/timelines/public".to_owned();
        let local = |_: &str| "/api/v1/timelines/public?local=true".to_owned();
        let tag = |_: &str| "/api/v1/timelines/tag/Tagged".to_owned();
        let home = |_: &str| "/api/v1/timelines/home".to_owned();
        // Viewer; by id; on the profile; in public and tag timelines; at home.
        for (viewer, opens, on_profile, in_public, at_home) in [
            (None, [t, t, f, f], [t, t, f, f], [t, f, f, f], None),
            (Some(&stranger), [t, t, f, f], [t, t, f, f], [t, f, f, f], Some([f; 4])),
            (Some(&follower), [t, t, t, f], [t, t, t, f], [t, f, f, f], Some([t, t, t, f])),
            (Some(&mentioned), [t, t, t, t], [t, t, f, f], [t, f, f, f], Some([f; 4])),
            (Some(&blocked), [f; 4], [f; 4], [f; 4], Some([f; 4])),
            (Some(&author), [t; 4], [t; 4], [t, f, f, f], Some([t; 4])),
        ] {
            let name = viewer.map_or("nobody", |person| person.name.as_str());
            assert_eq!(found(&house, viewer, &posts, by_id).await, opens, "{name} by id");
            assert_eq!(found(&house, viewer, &posts, many).await, opens, "{name} many");
            assert_eq!(found(&house, viewer, &posts, context).await, opens, "{name} context");
            assert_eq!(found_history(&house, viewer, &posts, history).await, opens, "{name} history");
            assert_eq!(found(&house, viewer, &posts, profile).await, on_profile, "{name} profile");
            for (place, path) in [("public", &public as &dyn Fn(&str) -> String), ("local", &local), ("tag", &tag)] {
                assert_eq!(found(&house, viewer, &posts, path).await, in_public, "{name} {place}");
            }
            if let Some(at_home) = at_home {
                assert_eq!(found(&house, viewer, &posts, home).await, at_home, "{name} home");
            }
        }
    }

    async fn what_one_may_not_see_one_may_not_touch(house: House) {
        house.switch_off_rate_limits().await;
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        let path = format!("/api/v1/statuses/{}", alice.says("for nobody", "direct").await);
        for act in ["favourite", "unfavourite", "reblog", "unreblog", "bookmark", "unbookmark", "pin", "unpin"] {
            let answer = bob.post(&format!("{path}/{act}"), json!({})).await;
            assert_eq!(answer.refusal(), (404, "Record not found".to_owned()), "{act}");
        }
        let id = path.rsplit('/').next().unwrap();
        let answer = bob.post("/api/v1/statuses", json!({"status": "x", "in_reply_to_id": id})).await;
        assert_eq!(answer.status.as_u16(), 404);
    }
}

/// A history is a list without ids: it is there or it is not.
async fn found_history(
    house: &House,
    viewer: Option<&Person>,
    posts: &[String],
    path: impl Fn(&str) -> String,
) -> [bool; 4] {
    let mut seen = [false; 4];
    for (at, id) in posts.iter().enumerate() {
        let answer = match viewer {
            Some(person) => person.get(&path(id)).await,
            None => house.get(&path(id)).await,
        };
        seen[at] = answer.status.is_success();
    }
    seen
}
