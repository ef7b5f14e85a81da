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

    async fn a_text_shows_nowhere_to_whom_it_is_not_for(house: House) {
        house.switch_off_rate_limits().await;
        let mut people = Vec::new();
        for name in ["author", "follower", "mentioned", "stranger", "blocked", "blocker", "muter"] {
            people.push(house.person(name).await);
        }
        let [author, follower, _, _, blocked, blocker, muter] = &people[..] else { unreachable!() };
        author.patch("/api/v1/accounts/update_credentials", json!({"indexable": true})).await.ok();
        follower.follows(author).await;
        let list = follower.post("/api/v1/lists", json!({"title": "friends"})).await.ok().id();
        let members = json!({"account_ids": [author.account.to_string()]});
        follower.post(&format!("/api/v1/lists/{list}/accounts"), members).await.ok();
        author.post(&format!("/api/v1/accounts/{}/block", blocked.account), json!({})).await.ok();
        blocker.post(&format!("/api/v1/accounts/{}/block", author.account), json!({})).await.ok();
        muter.post(&format!("/api/v1/accounts/{}/mute", author.account), json!({})).await.ok();
        for visibility in VISIBILITIES {
            let text = format!("@mentioned zebra {visibility}secret #striped");
            let poll = json!({"options": [format!("{visibility}secret"), "no"], "expires_in": 600});
            let id = author.posts(json!({"status": text, "visibility": visibility, "poll": poll})).await;
            // What is for a few is pinned for them alone, or not at all.
            author.post(&format!("/api/v1/statuses/{id}/pin"), json!({})).await;
            house.work().await;
            let post = author.get(&format!("/api/v1/statuses/{id}")).await.ok().json();
            let poll = post["poll"]["id"].as_str().unwrap().to_owned();
            let opens = |who: Option<&str>| match (who, visibility) {
                (Some("author" | "mentioned"), _) => true,
                (Some("blocked"), _) | (None, "private" | "direct") => false,
                (Some("follower"), "direct") => false,
                (Some("follower"), _) => true,
                (_, visibility) => matches!(visibility, "public" | "unlisted"),
            };
            let by_id = ["", "/context", "/history", "/favourited_by", "/reblogged_by"]
                .map(|rest| format!("/api/v1/statuses/{id}{rest}"));
            let by_id = by_id.into_iter().chain([format!("/api/v1/polls/{poll}"), format!("/api/v1/statuses/{id}/source")]);
            let by_id: Vec<String> = by_id.collect();
            let everywhere = [
                format!("/api/v1/statuses?id[]={id}"),
                format!("/api/v1/accounts/{}/statuses", author.account),
                "/api/v1/timelines/home".to_owned(),
                "/api/v1/timelines/public".to_owned(),
                "/api/v1/timelines/tag/striped".to_owned(),
                "/api/v1/notifications".to_owned(),
                "/api/v2/notifications".to_owned(),
                "/api/v1/conversations".to_owned(),
                "/api/v1/favourites".to_owned(),
                "/api/v1/bookmarks".to_owned(),
                "/api/v2/search?q=zebra".to_owned(),
                format!("/api/v2/search?q={visibility}secret"),
                format!("/api/v2/search?q=%22zebra%20{visibility}secret%22"),
                "/api/v2/search?q=zebra%20in:library".to_owned(),
                "/api/v2/search?q=zebra%20in:public".to_owned(),
                "/api/v2/search?q=from:author%20-is:reply".to_owned(),
                "/api/v2/search?q=zebra%20has:poll%20-from:stranger%20-language:xx".to_owned(),
                format!("/api/v2/search?q=zebra&account_id={}", author.account),
                format!("/api/v2/search?q=https://phiomia.example/@author/{id}&resolve=true"),
                format!("/api/v1/timelines/list/{list}"),
                "/api/v1/timelines/tag/any?any[]=striped".to_owned(),
                format!("/api/v1/accounts/{}/statuses?pinned=true", author.account),
                format!("/api/v1/accounts/{}/statuses?tagged=striped", author.account),
                format!("/api/v1/accounts/{}/statuses?exclude_replies=true&exclude_direct=true", author.account),
                "/api/v1/notifications?include_filtered=true".to_owned(),
                "/api/v1/notifications/requests".to_owned(),
                "/api/v2/notifications?expand_accounts=partial_avatars&include_filtered=true".to_owned(),
                format!("/ap/users/{}/statuses/{id}", author.account),
                format!("/ap/users/{}/statuses/{id}/activity", author.account),
                format!("/ap/users/{}/statuses/{id}/replies", author.account),
                format!("/ap/users/{}/outbox?page=true", author.account),
                format!("/ap/users/{}/collections/featured", author.account),
                format!("/api/oembed?url=https://phiomia.example/@author/{id}"),
                format!("/@author/{id}"),
                format!("/@author/{id}/embed"),
                "/@author".to_owned(),
                "/@author.rss".to_owned(),
                "/tags/striped".to_owned(),
                "/tags/striped.rss".to_owned(),
                "/@author/with_replies".to_owned(),
                "/@author/with_replies.rss".to_owned(),
                "/@author/media".to_owned(),
                "/@author/media.rss".to_owned(),
                "/@author/tagged/striped".to_owned(),
                "/@author/tagged/striped.rss".to_owned(),
                "/".to_owned(),
            ];
            for viewer in people.iter().map(Some).chain([None]) {
                let name = viewer.map(|person| person.name.as_str());
                let get = async |path: &str| match viewer {
                    Some(person) => person.get(path).await,
                    None => house.get(path).await,
                };
                // A page of ours knows no tokens: it shows what anybody may see.
                for path in &everywhere {
                    let is_page = !path.starts_with("/api/v") ;
                    let may = if is_page { opens(None) } else { opens(name) };
                    let shows = get(path).await.text().contains(&format!("{visibility}secret"));
                    assert!(may || !shows, "{path} shows {visibility} to {name:?}");
                }
                for path in &by_id {
                    let answer = get(path).await;
                    let needs_person = path.ends_with("/source") && viewer.is_none();
                    assert_eq!(answer.status == 200, opens(name) && !needs_person, "{path}, {visibility}, {name:?}");
                }
                for act in ["favourite", "reblog", "bookmark", "mute"] {
                    let Some(person) = viewer.filter(|_| !opens(name)) else { continue };
                    let answer = person.post(&format!("/api/v1/statuses/{id}/{act}"), json!({})).await;
                    assert_eq!(answer.refusal(), (404, "Record not found".to_owned()), "{act}, {visibility}, {name:?}");
                }
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
