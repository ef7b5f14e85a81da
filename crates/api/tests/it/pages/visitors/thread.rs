//! Posts in their threads, and in frames.

use phiomia_testkit::on_both_engines;
use serde_json::json;

use super::{between, browse, ids, page};
use crate::kit::House;

on_both_engines! {
    async fn a_post_stands_in_its_thread(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        let first = bob.says("How are the bees?", "public").await;
        let second = alice.posts(json!({"status": "@bob fine", "in_reply_to_id": first, "language": "de"})).await;
        let third = bob.posts(json!({"status": "@alice good", "in_reply_to_id": second})).await;
        let hidden = bob.posts(json!({"status": "@alice psst", "in_reply_to_id": second, "visibility": "direct"})).await;
        let path = format!("/@alice/{second}");
        let html = page(&house, &path).await;
        assert_eq!(ids(&html), [&*first, &second, &third]);
        assert!(!html.contains(&hidden) && !html.contains("psst"));
        for part in [
            &format!("<link rel=\"canonical\" href=\"https://phiomia.example{path}\">"),
            "<meta property=\"og:type\" content=\"article\">",
            "<meta property=\"article:published_time\" content=\"2026-11-25T12:00:00.000Z\">",
            "<time class=\"dt-published\" datetime=\"2026-11-25T12:00:00.000Z\">25 Nov 2026, 12:00</time>",
            "<div class=\"text e-content\" lang=\"de\">",
            "type=\"application/json+oembed\"",
            "1 reply</span>",
        ] {
            assert!(html.contains(part), "{part} is not in {html}");
        }
        assert_eq!(browse(&house, &format!("/@bob/{second}")).await.status, 404, "not at somebody else's");
        alice.put(&format!("/api/v1/statuses/{second}"), json!({"status": "@bob very well"})).await.ok();
        assert!(page(&house, &path).await.contains("edited <time class=\"dt-updated\""));
        alice.delete(&format!("/api/v1/statuses/{second}")).await.ok();
        for end in ["", "/embed"] {
            assert_eq!(browse(&house, &format!("{path}{end}")).await.status, 404);
        }
    }

    async fn a_boost_leads_to_what_it_boosts(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        let said = bob.says("from bob", "public").await;
        let boost = alice.post(&format!("/api/v1/statuses/{said}/reblog"), json!({})).await.ok().id();
        let answer = browse(&house, &format!("/@alice/{boost}")).await;
        assert_eq!((answer.status.as_u16(), answer.header("location")), (302, &*format!("/@bob/{said}")));
        assert_eq!(browse(&house, &format!("/@alice/{boost}/embed")).await.status, 404);
    }

    async fn a_warning_covers_the_text_everywhere(house: House) {
        let alice = house.person("alice").await;
        let id = alice.posts(json!({"status": "he dies in the end", "spoiler_text": "End of <film>"})).await;
        for path in [format!("/@alice/{id}"), "/@alice".to_owned(), format!("/@alice/{id}/embed"), "/".to_owned()] {
            let html = page(&house, &path).await;
            let covered = between(&html, "<details>", "</details>");
            assert!(covered.contains("End of &lt;film&gt;</summary>") && covered.contains("he dies"), "{path}: {html}");
            assert!(!html.replace(covered, "").contains("he dies"), "{path}");
        }
        let html = page(&house, &format!("/@alice/{id}")).await;
        assert!(html.contains("og:description\" content=\"Content warning: End of &#60;film&#62;\""), "{html}");
    }

    async fn other_sites_may_frame_an_embedded_post_and_nothing_else(house: House) {
        let alice = house.person("alice").await;
        let id = alice.says("hello", "public").await;
        let answer = browse(&house, &format!("/@alice/{id}/embed")).await.ok();
        let policy = answer.header("content-security-policy");
        assert!(policy.contains("frame-ancestors *;") && policy.starts_with("default-src 'none'"), "{policy}");
        assert!(answer.text().contains("noindex"));
        for path in ["/@alice".to_owned(), format!("/@alice/{id}"), "/about".to_owned()] {
            let answer = browse(&house, &path).await.ok();
            assert!(answer.header("content-security-policy").contains("frame-ancestors 'none'"), "{path}");
        }
        let url = format!("https://phiomia.example/@alice/{id}");
        let told = house.get(&format!("/api/oembed?url={url}&maxwidth=300&maxheight=200")).await.ok();
        assert_eq!(told.header("access-control-allow-origin"), "*");
        let told = told.json();
        assert_eq!((&told["type"], &told["version"]), (&json!("rich"), &json!("1.0")));
        assert_eq!((&told["width"], &told["height"]), (&json!(300), &json!(200)));
        assert_eq!((&told["author_name"], &told["author_url"]), (&json!("alice"), &json!("https://phiomia.example/@alice")));
        assert!(told["html"].as_str().unwrap().starts_with(&format!("<iframe src=\"{url}/embed\"")));
        for url in ["", "https://elsewhere.example/@alice/1", "https://phiomia.example/@alice", "x"] {
            let refused = house.get(&format!("/api/oembed?url={url}")).await.refusal();
            assert_eq!(refused, (404, "Record not found".to_owned()), "{url}");
        }
    }
}
