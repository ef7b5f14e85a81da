//! Profiles, and hashtags, whose pages are turned alike.

use phiomia_model::Event;
use phiomia_store::db::settings;
use phiomia_testkit::on_both_engines;
use serde_json::json;

use super::{between, browse, ids, page};
use crate::{
    kit::{House, Person},
    visitor::{Visitor, signed_in},
};

async fn alice(house: &House) -> Person {
    let alice = house.person("alice").await;
    let profile = json!({
        "display_name": "Alice Ångström",
        "note": "Bees & books\n\nhttps://bees.example/ #bees",
        "indexable": true,
        "fields_attributes": [{"name": "Home", "value": "https://alice.example.org"}, {"name": "They", "value": "she/her"}],
    });
    alice.patch("/api/v1/accounts/update_credentials", profile).await.ok();
    alice
}

on_both_engines! {
    async fn a_profile_says_who_somebody_is_to_people_and_machines(house: House) {
        let alice = alice(&house).await;
        alice.says("hello", "public").await;
        let html = page(&house, "/@alice").await;
        for part in [
            "<title>Alice Ångström (@alice@phiomia.example) – phiomia.example</title>",
            "<link rel=\"canonical\" href=\"https://phiomia.example/@alice\">",
            "<meta property=\"og:type\" content=\"profile\">",
            "<meta property=\"og:title\" content=\"Alice Ångström (@alice@phiomia.example)\">",
            "<meta property=\"og:description\" content=\"1 post, 0 followers. Bees &#38; books",
            "<meta property=\"og:url\" content=\"https://phiomia.example/@alice\">",
            "<meta property=\"og:image\" content=\"https://phiomia.example/avatars/",
            "<link rel=\"alternate\" type=\"application/rss+xml\" title=\"Posts of @alice@phiomia.example\" \
             href=\"https://phiomia.example/@alice.rss\">",
            "<link rel=\"me\" href=\"https://alice.example.org\">",
            "<h1 class=\"p-name\">Alice Ångström</h1>",
            "class=\"u-url u-uid\" rel=\"me\" href=\"https://phiomia.example/@alice\"",
            "<div class=\"text p-note\"><p>Bees &amp; books</p>",
            "<a href=\"https://alice.example.org\" target=\"_blank\" rel=\"nofollow noopener me\"",
            "<time datetime=\"2026-11-25T12:00:00.000Z\">25 Nov 2026</time>",
        ] {
            assert!(html.contains(part), "{part} is not in {html}");
        }
        assert!(!html.contains("name=\"robots\""));
        for path in ["/@ALICE", "/@alice@phiomia.example", "/@alice/"] {
            assert!(page(&house, path).await.contains("rel=\"canonical\" href=\"https://phiomia.example/@alice\""));
        }
        for path in ["/@bob", "/@alice@there.example", "/@", "/@%00", "/@alice/nothing"] {
            assert_eq!(browse(&house, path).await.status, 404, "{path}");
        }
        let moved = browse(&house, "/users/alice.rss").await;
        assert_eq!((moved.status.as_u16(), moved.header("location")), (302, "/@alice.rss"));
    }

    async fn search_engines_keep_away_from_who_does_not_want_them(house: House) {
        let alice = house.person("alice").await;
        alice.patch("/api/v1/accounts/update_credentials", json!({"indexable": false})).await.ok();
        let id = alice.says("hello #bees", "public").await;
        for path in ["/@alice".to_owned(), format!("/@alice/{id}"), "/tags/bees".to_owned(), "/".to_owned()] {
            assert!(page(&house, &path).await.contains("<meta name=\"robots\" content=\"noindex, noarchive\">"), "{path}");
        }
        alice.patch("/api/v1/accounts/update_credentials", json!({"indexable": true})).await.ok();
        let unlisted = alice.says("hello", "unlisted").await;
        assert!(!page(&house, &format!("/@alice/{id}")).await.contains("noindex"));
        assert!(!page(&house, "/tags/bees").await.contains("noindex"));
        assert!(page(&house, &format!("/@alice/{unlisted}")).await.contains("noindex"));
    }

    async fn pinned_posts_stand_above_all_others_and_once(house: House) {
        let alice = house.person("alice").await;
        let (first, second) = (alice.says("first", "public").await, alice.says("second", "public").await);
        let secret = alice.says("for followers", "private").await;
        for id in [&first, &secret] {
            alice.post(&format!("/api/v1/statuses/{id}/pin"), json!({})).await.ok();
        }
        let html = page(&house, "/@alice").await;
        assert_eq!(ids(&html), [&*first, &second]);
        assert_eq!(html.matches("<p class=\"why\">Pinned</p>").count(), 1);
        assert_eq!(ids(&page(&house, "/@alice/with_replies").await), [&*second, &first]);
    }

    async fn pages_lead_to_older_posts_and_back_and_lose_none(house: House) {
        house.switch_off_rate_limits().await;
        let alice = house.person("alice").await;
        let mut all = Vec::new();
        for n in 0..45 {
            all.insert(0, alice.says(&format!("post {n} #bees"), "public").await);
        }
        for start in ["/@alice", "/@alice/with_replies", "/@alice/tagged/Bees", "/tags/bees"] {
            let (mut path, mut down) = (start.to_owned(), Vec::new());
            loop {
                let html = page(&house, &path).await;
                down.extend(ids(&html));
                match between(&html, "rel=\"next\" href=\"", "\"") {
                    "" => break,
                    next => path = next.to_owned(),
                }
            }
            assert_eq!(down, all, "{start}");
            let mut n_pages = 1;
            let mut html = page(&house, &path).await;
            while !between(&html, "rel=\"prev\" href=\"", "\"").is_empty() {
                html = page(&house, between(&html, "rel=\"prev\" href=\"", "\"")).await;
                n_pages += 1;
            }
            assert!(n_pages >= 3, "{start}: {n_pages}");
            assert!(html.contains(&format!("/{}\"", all[0])), "{start}");
        }
    }

    async fn answers_and_boosts_have_their_places(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        let said = bob.says("from bob", "public").await;
        let answer = alice.posts(json!({"status": "@bob yes", "in_reply_to_id": said})).await;
        alice.post(&format!("/api/v1/statuses/{said}/reblog"), json!({})).await.ok();
        let html = page(&house, "/@alice").await;
        assert_eq!(ids(&html), [&*said]);
        assert!(html.contains("alice</a> boosted"), "{html}");
        let html = page(&house, "/@alice/with_replies").await;
        assert_eq!(ids(&html), [&*said, &answer]);
        let address = format!("In reply to <a class=\"u-in-reply-to\" href=\"https://phiomia.example/@bob/{said}\">@bob</a>");
        assert!(html.contains(&address), "{html}");
    }

    async fn a_server_of_one_person_shows_them_first(house: House) {
        let owner = signed_in(&house, "olga").await;
        assert!(page(&house, "/").await.contains("<h1 class=\"p-name\">olga</h1>"), "of itself, while she is alone");
        house.person("alice").await.says("said by alice", "public").await;
        assert!(page(&house, "/").await.contains("said by alice"));
        house.api.db.write(|tx| Ok(settings::set(tx, "single_user_mode", "on")?)).await.unwrap();
        house.api.hear(&Event::SettingsChanged);
        let html = page(&house, "/").await;
        assert!(html.contains("<h1 class=\"p-name\">olga</h1>"), "{html}");
        assert!(html.contains("rel=\"canonical\" href=\"https://phiomia.example/@olga\""));
        assert_eq!(Visitor::default().get(&house, "/").await.ok().header("cache-control"), "private, no-store");
        assert!(owner.get(&house, "/").await.ok().text().contains("You are signed in as"));
    }
}
