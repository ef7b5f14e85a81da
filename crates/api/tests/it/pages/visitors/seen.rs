//! What a visitor sees: what is open, of people who are here.

use phiomia_social::users::{self, Grace, NewUser, UserEdit};
use phiomia_testkit::on_both_engines;
use serde_json::json;

use super::{ask, browse, page};
use crate::kit::House;

/// Every page and feed on which a post of alice's could be.
fn places(id: &str) -> Vec<String> {
    let lists = ["/@alice", "/@alice/with_replies", "/@alice/tagged/bees", "/tags/bees"];
    let lists = lists.iter().flat_map(|path| [(*path).to_owned(), format!("{path}.rss")]);
    let one = format!("/@alice/{id}");
    lists.chain([format!("{one}/embed"), one, "/".to_owned()]).collect()
}

on_both_engines! {
    async fn only_open_posts_are_on_any_page(house: House) {
        house.switch_off_rate_limits().await;
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        bob.follows(&alice).await;
        for (visibility, on_profile, in_public, opens) in [
            ("public", true, true, true),
            ("unlisted", true, false, true),
            ("private", false, false, false),
            ("direct", false, false, false),
        ] {
            let word = format!("the{visibility}word");
            let id = alice.says(&format!("{word} @bob #bees"), visibility).await;
            // A boost of one's own post for followers is for followers too.
            alice.post(&format!("/api/v1/statuses/{id}/reblog"), json!({})).await;
            for path in places(&id) {
                let expected = match path.as_str() {
                    "/" | "/tags/bees" | "/tags/bees.rss" => in_public,
                    path if path.contains(&id) => opens,
                    _ => on_profile,
                };
                let answer = browse(&house, &path).await;
                assert_eq!(answer.text().contains(&word), expected, "{visibility} on {path}");
                if path.contains(&id) {
                    assert_eq!(answer.status.as_u16(), if opens { 200 } else { 404 }, "{visibility} on {path}");
                }
            }
            let told = house.get(&format!("/api/oembed?url=https://phiomia.example/@alice/{id}")).await;
            assert_eq!(told.status.as_u16(), if opens { 200 } else { 404 }, "{visibility}");
        }
        let hidden = alice.says("psst", "direct").await;
        let not_for_you = browse(&house, &format!("/@alice/{hidden}")).await;
        let not_there = browse(&house, "/@alice/1").await;
        assert_eq!((not_for_you.text(), not_for_you.status), (not_there.text(), not_there.status));
    }

    async fn the_suspended_are_nowhere_and_the_deleted_are_gone(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        let id = alice.says("buzzing #bees", "public").await;
        bob.post(&format!("/api/v1/statuses/{id}/reblog"), json!({})).await.ok();
        let account = alice.account;
        let edit = UserEdit { is_suspended: Some(true), ..UserEdit::default() };
        house.api.db.write(move |tx| users::modify(tx, account, &edit)).await.unwrap();
        for path in places(&id) {
            let answer = browse(&house, &path).await;
            assert!(!answer.text().contains("buzzing"), "{path}");
            assert!(!path.starts_with("/@alice") || answer.status == 404, "{path}: {}", answer.status);
        }
        assert!(!page(&house, "/@bob").await.contains("buzzing"));
        house.api.db.write(move |tx| users::delete(tx, account, Grace::ThirtyDays)).await.unwrap();
        for path in places(&id).iter().filter(|path| path.starts_with("/@alice")) {
            let answer = browse(&house, path).await;
            assert_eq!(answer.status, 410, "{path}");
            assert!(answer.text().contains("<h1>No longer here</h1>"), "{path}");
            assert_eq!(ask(&house, path, "application/rss+xml").await.refusal(), (410, "Record not found".to_owned()));
        }
    }

    async fn who_has_not_been_let_in_yet_is_not_shown(house: House) {
        let new = NewUser { username: "alice".into(), is_confirmed: true, is_approved: false, ..NewUser::default() };
        let alice = house.newcomer(new).await.account;
        assert_eq!(browse(&house, "/@alice").await.status, 404);
        let edit = UserEdit { is_approved: Some(true), ..UserEdit::default() };
        house.api.db.write(move |tx| users::modify(tx, alice, &edit)).await.unwrap();
        page(&house, "/@alice").await;
    }

    async fn pages_are_no_activities(house: House) {
        let alice = house.person("alice").await;
        alice.says("buzzing #bees", "public").await;
        for path in ["/@alice/with_replies", "/@alice/tagged/bees", "/tags/bees", "/about"] {
            for accept in [
                "application/activity+json",
                "application/ld+json; profile=\"https://www.w3.org/ns/activitystreams\"",
                "application/activity+json, text/html;q=0.1",
            ] {
                let answer = ask(&house, path, accept).await;
                assert_eq!(answer.status, 406, "{path}");
                assert_eq!(answer.header("vary"), "Accept", "{path}");
                assert!(!answer.text().contains("buzzing"), "{path}");
            }
        }
        assert_eq!(ask(&house, "/@nobody", "*/*").await.refusal(), (404, "Record not found".to_owned()));
        let missing = browse(&house, "/@nobody").await;
        assert!(missing.text().contains("<h1>There is nothing here</h1>"));
        assert_eq!((missing.header("vary"), missing.header("cache-control")), ("Accept", "private, no-store"));
    }
}
