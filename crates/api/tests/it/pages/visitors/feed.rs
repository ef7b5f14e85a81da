//! Feeds.

use phiomia_testkit::on_both_engines;
use serde_json::json;

use super::{ask, between, browse, ids};
use crate::kit::House;

/// Whether a feed is XML: elements closed in their order, no bare markup, no character that XML forbids.
pub(super) fn check(xml: &str) {
    let rest = xml.strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n").expect("an XML declaration");
    let mut open: Vec<&str> = Vec::new();
    for part in rest.split('<').skip(1) {
        let (tag, text) = part.split_once('>').expect("a tag that ends");
        let name = tag.trim_start_matches('/').split(' ').next().unwrap();
        assert!(
            [
                "rss",
                "channel",
                "title",
                "description",
                "link",
                "atom:link",
                "image",
                "url",
                "webfeeds:icon",
                "lastBuildDate",
                "generator",
                "item",
                "guid",
                "pubDate",
                "category"
            ]
            .contains(&name.trim_end_matches('/')),
            "{tag}"
        );
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "{xml}");
        } else if !tag.ends_with('/') {
            open.push(name);
        }
        for entity in text.split('&').skip(1) {
            assert!(entity.contains(';'), "{text}");
        }
    }
    assert!(open.is_empty(), "{open:?}");
    assert!(!xml.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t' | '\r')), "{xml:?}");
}

on_both_engines! {
    async fn a_feed_holds_the_open_posts_of_a_person(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        let said = bob.says("from bob", "public").await;
        let first = alice.posts(json!({"status": "Bees & <b>books</b> #bees", "spoiler_text": "Insects"})).await;
        let answer = alice.posts(json!({"status": "@bob yes", "in_reply_to_id": said})).await;
        alice.post(&format!("/api/v1/statuses/{said}/reblog"), json!({})).await.ok();
        alice.says("for followers", "private").await;
        let feed = browse(&house, "/@alice.rss").await.ok();
        assert_eq!(feed.header("content-type"), "application/rss+xml; charset=utf-8");
        assert_eq!(feed.header("last-modified"), "Wed, 25 Nov 2026 12:00:00 GMT");
        let xml = feed.text();
        check(&xml);
        assert_eq!(ids(&xml), [&*first]);
        for part in [
            "<title>alice</title>",
            "<description>Public posts from @alice@phiomia.example</description>",
            "<link>https://phiomia.example/@alice</link>",
            "<pubDate>Wed, 25 Nov 2026 12:00:00 GMT</pubDate>",
            "&#60;strong&#62;Content warning:&#60;/strong&#62; Insects",
            "Bees &#38;amp; &#38;lt;b&#38;gt;books",
            "<category>bees</category>",
        ] {
            assert!(xml.contains(part), "{part} is not in {xml}");
        }
        let with_replies = ask(&house, "/@alice/with_replies.rss", "application/rss+xml").await.ok().text();
        check(&with_replies);
        assert_eq!(ids(&with_replies), [&*answer, &first]);
        for path in ["/@alice/tagged/Bees.rss", "/tags/BEES.rss"] {
            let xml = browse(&house, path).await.ok().text();
            check(&xml);
            assert_eq!(ids(&xml), [&*first], "{path}");
        }
        assert_eq!(between(&browse(&house, "/tags/bees.rss").await.text(), "<title>", "<"), "#bees");
        for path in ["/@nobody.rss", "/tags/nothing.rss", "/@alice/tagged/nothing.rss"] {
            assert_eq!(browse(&house, path).await.status, 404, "{path}");
        }
    }
}
