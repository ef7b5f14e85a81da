//! What the server says about itself.

use insta::assert_json_snapshot;
use phiomia_api::{Api, Parts};
use phiomia_model::{CustomEmojiId, Event, Role};
use phiomia_store::{
    db::{
        emojis::{self, CustomEmojiView},
        federation::actors::{self, RemoteProfile},
        server, settings,
    },
    files::{FileKey, FileKind},
};
use phiomia_testkit::on_both_engines;
use serde_json::json;

use crate::kit::House;

on_both_engines! {
    async fn the_instance_is_told_in_both_versions(house: House) {
        assert_json_snapshot!("instance_v2", house.get("/api/v2/instance").await.ok().json());
        assert_json_snapshot!("instance_v1", house.get("/api/v1/instance").await.ok().json());
    }

    async fn the_source_is_where_the_operator_says(house: House) {
        let source = "https://code.example.org/bees/tree/main";
        let api = Api::new(Parts { source_url: Some(source.into()), ..(*house.api).clone() });
        let mut house = house;
        house.router = phiomia_api::router(&api);
        assert_eq!(house.get("/api/v2/instance").await.ok().json()["source_url"], source);
        let about = house.get("/about").await.ok().text();
        assert!(about.contains(&format!("<a href=\"{source}\" rel=\"noopener\">Source code</a>")), "{about}");
    }

    async fn a_changed_setting_shows_at_once(house: House) {
        let mut house = house;
        house.get("/api/v2/instance").await.ok();
        house.api.db.write(|tx| {
            settings::set(tx, "title", "Elephants")?;
            settings::set(tx, "registrations", "approval")?;
            server::add_rule(tx, "Be kind", "", r#"{"de": {"text": "Sei nett", "hint": ""}}"#)?;
            tx.announce(Event::SettingsChanged);
            Ok(())
        }).await.unwrap();
        house.settle();
        let instance = house.get("/api/v2/instance").await.ok().json();
        assert_eq!(instance["title"], "Elephants");
        assert_eq!((&instance["registrations"]["enabled"], &instance["registrations"]["approval_required"]), (&json!(true), &json!(true)));
        assert_eq!(instance["rules"][0]["translations"]["de"]["text"], "Sei nett");
        assert_eq!(house.get("/api/v1/instance/rules").await.ok().json(), instance["rules"]);
    }

    async fn a_custom_emoji_is_offered_used_and_drawn(house: House) {
        let mut house = house;
        let key = FileKey::new(FileKind::Emoji, u128::from(std::process::id()), "blobcat.png").unwrap();
        house.api.files.put(&key, &b"picture"[..]).await.unwrap();
        let file = key.to_string();
        house.api.db.write(move |tx| {
            let emoji = CustomEmojiView {
                id: CustomEmojiId(tx.new_id()),
                shortcode: "blobcat".into(),
                file: file.clone(),
                content_type: "image/png".into(),
                still: None,
                category: None,
                is_visible: true,
            };
            emojis::write(tx, &emoji)?;
            tx.announce(Event::SettingsChanged);
            Ok(())
        }).await.unwrap();
        house.settle();
        assert_eq!(house.get("/api/v1/custom_emojis").await.ok().each("shortcode"), [json!("blobcat")]);
        let alice = house.person("alice").await;
        let post = alice.post("/api/v1/statuses", json!({"status": "look :blobcat: :nocat:"})).await.ok().json();
        assert_eq!(post["emojis"].as_array().unwrap().len(), 1);
        let url = post["emojis"][0]["url"].as_str().unwrap().strip_prefix("https://phiomia.example").unwrap();
        let drawn = house.get(url).await.ok();
        assert_eq!((drawn.text().as_str(), drawn.header("content-type")), ("picture", "image/png"));
        assert_eq!(drawn.header("x-content-type-options"), "nosniff");
        assert_eq!(house.get("/system/emoji/../../etc/passwd").await.status.as_u16(), 404);
    }

    async fn who_has_no_picture_is_shown_with_one_of_ours(house: House) {
        let alice = house.person("alice").await;
        let me = alice.get("/api/v1/accounts/verify_credentials").await.ok().json();
        for field in ["avatar", "header"] {
            let path = me[field].as_str().unwrap().strip_prefix("https://phiomia.example").unwrap();
            let picture = house.get(path).await.ok();
            assert!(picture.body.starts_with(b"\x89PNG"), "{field}");
        }
    }

    async fn the_long_texts_are_the_owners_with_the_time_they_were_written(house: House) {
        let empty = house.get("/api/v1/instance/extended_description").await.ok().json();
        assert_eq!(empty, json!({"updated_at": "2026-11-25T12:00:00.000Z", "content": ""}));
        let policy = house.get("/api/v1/instance/privacy_policy").await.ok().json();
        assert_eq!(policy["content"], "");
        house.wait(std::time::Duration::from_secs(60));
        house.api.db.write(|tx| Ok(phiomia_social::server::set(tx, "privacy_policy", "<p>None.</p>")?)).await.unwrap();
        house.api.hear(&phiomia_model::Event::SettingsChanged);
        let policy = house.get("/api/v1/instance/privacy_policy").await.ok().json();
        assert_eq!(policy, json!({"updated_at": "2026-11-25T12:01:00.000Z", "content": "<p>None.</p>"}));
    }

    async fn terms_are_those_of_their_day(house: House) {
        assert_eq!(house.get("/api/v1/instance/terms_of_service").await.status, 404);
        for day in ["2026-01-01", "2027-01-01"] {
            house.api.db.write(move |tx| Ok(phiomia_social::server::set_terms(tx, day, &format!("<p>{day}</p>"))?)).await.unwrap();
        }
        let now = json!({"effective_date": "2026-01-01", "effective": true, "content": "<p>2026-01-01</p>", "succeeded_by": "2027-01-01"});
        assert_eq!(house.get("/api/v1/instance/terms_of_service").await.ok().json(), now);
        let next = house.get("/api/v1/instance/terms_of_service/2027-01-01").await.ok().json();
        assert_eq!((&next["effective"], &next["succeeded_by"]), (&json!(false), &json!(null)));
        assert_eq!(house.get("/api/v1/instance/terms_of_service/2025-01-01").await.status, 404);
    }

    async fn peers_are_the_servers_somebody_is_known_of_unless_they_are_blocked(house: House) {
        house.person("alice").await;
        assert_eq!(house.get("/api/v1/instance/peers").await.ok().json(), json!([]));
        for (at, domain) in ["cats.example", "cats.org", "dogs.example", "xn--bcher-kva.example", "bad.example"].into_iter().enumerate() {
            let profile = RemoteProfile {
                uri: format!("https://{domain}/u/{at}"),
                username: "bob".into(),
                domain: domain.into(),
                url: format!("https://{domain}/@bob"),
                host: domain.into(),
                inbox: format!("https://{domain}/inbox"),
                ..RemoteProfile::default()
            };
            house.api.db.write(move |tx| Ok(actors::keep(tx, &profile)?)).await.unwrap();
        }
        let staff = house.staff("rita", Role::Admin).await;
        staff.post("/api/v1/admin/domain_blocks", json!({"domain": "bad.example", "severity": "silence"})).await.ok();
        let peers = house.get("/api/v1/instance/peers").await.ok().json();
        assert_eq!(peers, json!(["cats.example", "cats.org", "dogs.example", "xn--bcher-kva.example"]));
        let found = async |beginning: &str| house.get(&format!("/api/v1/peers/search?q={beginning}")).await.ok().json();
        assert_eq!(found("Cats").await, json!(["cats.example", "cats.org"]));
        assert_eq!(found("cats.e").await, json!(["cats.example"]));
        assert_eq!(found("b%C3%BCcher.example").await, json!(["xn--bcher-kva.example"]));
        for nothing in ["", "ad", "bad", "%25", "_ats"] {
            assert_eq!(found(nothing).await, json!([]), "{nothing}");
        }
    }

    async fn what_is_translated_is_nothing(house: House) {
        assert_eq!(house.get("/api/v1/instance/translation_languages").await.ok().json(), json!({}));
        let configuration = house.get("/api/v2/instance").await.ok().json()["configuration"].clone();
        assert_eq!(configuration["translation"], json!({"enabled": false}));
    }

    async fn apps_are_told_which_pages_and_which_features_there_are(house: House) {
        let mut house = house;
        let told = async |house: &House| house.get("/api/v2/instance").await.ok().json();
        let before = told(&house).await;
        // Grouped notifications, endorsements by their new paths, quotes; no collections.
        assert_eq!(before["api_versions"], json!({"mastodon": 7}));
        let urls = &before["configuration"]["urls"];
        assert_eq!((&urls["privacy_policy"], &urls["terms_of_service"]), (&json!(null), &json!(null)));
        house.set("privacy_policy", "<p>We keep nothing.</p>").await;
        house.api.db.write(|tx| Ok(phiomia_social::server::set_terms(tx, "2026-01-01", "<p>Be kind</p>")?)).await.unwrap();
        house.settle();
        let urls = told(&house).await["configuration"]["urls"].clone();
        for (name, path) in [("about", "/about"), ("privacy_policy", "/privacy-policy"), ("terms_of_service", "/terms-of-service")] {
            assert_eq!(urls[name], format!("https://phiomia.example{path}"));
            house.get(path).await.ok();
        }
    }

    async fn old_operations_say_so(house: House) {
        let alice = house.person("alice").await;
        for (path, since) in [
            ("/api/v1/instance", "@1668384000"),
            ("/api/v1/filters", "@1668384000"),
            ("/api/v1/suggestions", "@1621123200"),
            ("/api/v1/trends", "@1648598400"),
            (format!("/api/v1/accounts/{}/identity_proofs", alice.account).as_str(), "@1648598400"),
            ("/api/v2/instance", ""),
            ("/api/v2/filters", ""),
            ("/api/v2/suggestions", ""),
            ("/api/v1/trends/tags", ""),
        ] {
            assert_eq!(alice.get(path).await.ok().header("deprecation"), since, "{path}");
        }
    }

    async fn languages_have_a_code_and_their_own_name(house: House) {
        let all = house.get("/api/v1/instance/languages").await.ok().json();
        assert!(all.as_array().unwrap().contains(&json!({"code": "de", "name": "Deutsch"})));
    }
}

on_both_engines! {
    async fn the_weeks_tell_who_was_here_who_joined_and_what_was_written(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        alice.says("hello", "public").await;
        bob.says("hi", "public").await;
        bob.get("/api/v1/timelines/home").await.ok();
        let weeks = house.get("/api/v1/instance/activity").await.ok().json();
        let weeks = weeks.as_array().unwrap();
        assert_eq!(weeks.len(), 12);
        assert_eq!((&weeks[0]["statuses"], &weeks[0]["logins"]), (&json!("2"), &json!("2")));
        assert_eq!(weeks[0]["registrations"], json!("2"));
        assert_eq!(weeks[11], json!({"week": weeks[11]["week"], "statuses": "0", "logins": "0", "registrations": "0"}));
        let begins = |week: &serde_json::Value| week["week"].as_str().unwrap().parse::<i64>().unwrap();
        assert_eq!((begins(&weeks[0]) - begins(&weeks[1]), begins(&weeks[0]) % 86_400), (7 * 86_400, 0));
        assert_eq!(house.get("/api/v2/instance").await.ok().json()["usage"]["users"]["active_month"], 2);
    }
}
