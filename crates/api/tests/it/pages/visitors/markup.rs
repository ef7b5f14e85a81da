//! What people write stays what they wrote: text.

use phiomia_model::{CustomEmojiId, Event};
use phiomia_store::db::emojis::{self, CustomEmojiView};
use phiomia_testkit::on_both_engines;
use serde_json::json;

use super::{between, browse, feed::check as check_feed, page};
use crate::kit::House;

const ATTACKS: [&str; 7] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "</title><svg onload=alert(1)>",
    "javascript:alert(1) https://x.example/\"onclick=alert(1)",
    "]]><x>&amp;<!--",
    "{{ 7 * 7 }} \u{202e}\u{1}\u{b}",
];

on_both_engines! {
    async fn markup_is_shown_and_never_run(house: House) {
        house.switch_off_rate_limits().await;
        let alice = house.person("alice").await;
        for attack in ATTACKS {
            let short: String = attack.chars().take(30).collect();
            let profile = json!({
                "display_name": short,
                "note": attack,
                "fields_attributes": [{"name": short, "value": attack}, {"name": "x", "value": "https://x.example/\"><b>"}],
            });
            alice.patch("/api/v1/accounts/update_credentials", profile).await.ok();
            let id = alice.posts(json!({"status": format!("{attack} #bees"), "spoiler_text": attack})).await;
            for path in ["/@alice".to_owned(), format!("/@alice/{id}"), format!("/@alice/{id}/embed"), "/tags/bees".to_owned(),
                "/".to_owned(), "/@alice/with_replies".to_owned(), "/about".to_owned()] {
                // The look at the page refuses scripts, handlers and elements that do not close.
                let html = page(&house, &path).await;
                for bad in ["<svg onload", "<img src=x", "<script", "href=\"javascript:", "<b>", "49 "] {
                    assert!(!html.contains(bad), "{path}: {bad}: {html}");
                }
            }
            let feed = browse(&house, "/@alice.rss").await.ok().text();
            check_feed(&feed);
            let told = house.get(&format!("/api/oembed?url=https://phiomia.example/@alice/{id}")).await.ok().json();
            let frame = told["html"].as_str().unwrap();
            assert_eq!((frame.matches('<').count(), frame.matches('"').count() % 2), (2, 0), "{frame}");
        }
        let path = "/@alice/tagged/%22%3E%3Cscript%3E";
        assert!(!browse(&house, path).await.text().contains("<script"));
        assert!(!browse(&house, "/tags/%22%3E%3Cscript%3E").await.text().contains("<script"));
    }

    async fn custom_emoji_are_drawn_in_names_and_texts(house: House) {
        house.api.db.write(|tx| {
            let emoji = CustomEmojiView {
                id: CustomEmojiId(tx.new_id()),
                shortcode: "blobcat".into(),
                file: "emoji/00/blobcat.png".into(),
                content_type: "image/png".into(),
                still: None,
                category: None,
                is_visible: true,
            };
            Ok(emojis::write(tx, &emoji)?)
        }).await.unwrap();
        house.api.hear(&Event::SettingsChanged);
        let alice = house.person("alice").await;
        alice.patch("/api/v1/accounts/update_credentials", json!({"display_name": "Al :blobcat:", "note": ":blobcat:"})).await.ok();
        alice.says("look :blobcat: :nocat:", "public").await;
        let html = page(&house, "/@alice").await;
        let picture = "<img class=\"emoji\" src=\"https://phiomia.example/system/emoji/00/blobcat.png\" alt=\":blobcat:\"";
        // Heading, bio, the post's author, the post.
        assert_eq!(html.matches(picture).count(), 4, "{html}");
        assert!(html.contains(":nocat:"));
        assert!(between(&html, "<title>", "</title>").starts_with("Al :blobcat: (@alice"));
    }
}
