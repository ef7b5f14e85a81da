//! What the server says about itself.

use phiomia_model::Event;
use phiomia_store::db::{server, settings, terms};
use phiomia_testkit::on_both_engines;
use serde_json::json;

use super::{browse, page};
use crate::kit::House;

async fn set(house: &House, values: &'static [(&'static str, &'static str)]) {
    house
        .api
        .db
        .write(move |tx| {
            for (name, value) in values {
                settings::set(tx, name, value)?;
            }
            Ok(())
        })
        .await
        .unwrap();
    house.api.hear(&Event::SettingsChanged);
}

on_both_engines! {
    async fn the_about_page_tells_what_this_is_and_which_rules_hold(house: House) {
        let alice = house.person("alice").await;
        alice.says("hello", "public").await;
        house.api.db.write(|tx| {
            let german = json!({"de": {"text": "Sei nett", "hint": "Auch <nachts>"}}).to_string();
            server::add_rule(tx, "Be kind", "Even at <night>", &german)?;
            server::add_rule(tx, "No spam", "", "{}")?;
            Ok(())
        }).await.unwrap();
        set(&house, &[
            ("title", "Bee & Co"),
            ("description", "For people who like bees"),
            ("extended_description", "<h2>More</h2><p>about <b>us</b></p><script>alert(1)</script>"),
            ("contact_username", "alice"),
            ("contact_email", "bees@phiomia.example"),
        ]).await;
        let html = page(&house, "/about").await;
        for part in [
            "<h1>Bee &#38; Co</h1>",
            "For people who like bees",
            "about <b>us</b>",
            "<a href=\"mailto:bees@phiomia.example\">",
            "href=\"https://phiomia.example/@alice\"",
            "<li><strong>Be kind</strong><br><span class=\"quiet\">Even at &#60;night&#62;</span></li>",
            "<details lang=\"de\"><summary>Deutsch</summary>",
            "<li><strong>Sei nett</strong><br><span class=\"quiet\">Auch &#60;nachts&#62;</span></li>\n<li><strong>No spam</strong></li>",
            "<strong>1</strong> post<",
        ] {
            assert!(html.contains(part), "{part} is not in {html}");
        }
        assert!(!html.contains("/privacy-policy"));
    }

    async fn a_privacy_policy_is_there_when_it_was_written(house: House) {
        assert_eq!(browse(&house, "/privacy-policy").await.status, 404);
        set(&house, &[("privacy_policy", "We keep nothing.\n\nAsk at https://law.example.org")]).await;
        let html = page(&house, "/privacy-policy").await;
        assert!(html.contains("<p>We keep nothing.</p><p>Ask at <a href=\"https://law.example.org\""), "{html}");
        assert!(page(&house, "/about").await.contains("<a href=\"/privacy-policy\">Privacy policy</a>"));
    }

    async fn terms_have_a_day_from_which_they_hold(house: House) {
        assert_eq!(browse(&house, "/terms-of-service").await.status, 404);
        house.api.db.write(|tx| {
            terms::set(tx, "2026-12-01", "<p>To come</p>")?;
            Ok(terms::set(tx, "2026-11-25", "<p>In force</p>")?)
        }).await.unwrap();
        let html = page(&house, "/terms-of-service").await;
        assert!(html.contains("In force") && !html.contains("To come"), "{html}");
        assert!(html.contains("<a href=\"/terms-of-service/2026-12-01\">2026-12-01</a>"));
        assert!(page(&house, "/terms-of-service/2026-12-01").await.contains("To come"));
        assert_eq!(browse(&house, "/terms-of-service/2020-01-01").await.status, 404);
        assert!(page(&house, "/about").await.contains("href=\"/terms-of-service\""));
    }
}
