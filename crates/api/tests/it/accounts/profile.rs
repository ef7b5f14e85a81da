//! One's own profile.

use insta::assert_json_snapshot;
use phiomia_testkit::on_both_engines;
use serde_json::{Value, json};

use crate::kit::House;

on_both_engines! {
    async fn an_app_learns_whose_token_it_has(house: House) {
        let alice = house.person("alice").await;
        let mut me = alice.get("/api/v1/accounts/verify_credentials").await.ok().json();
        // The id holds the moment and this process's salt.
        assert_eq!(me["id"], alice.account.to_string());
        me["id"] = json!("ID");
        me["uri"] = json!("URI");
        assert_json_snapshot!("verify_credentials", me);
    }

    async fn a_profile_is_changed_by_json_and_by_brackets(house: House) {
        let alice = house.person("alice").await;
        let change = json!({
            "display_name": " Alice ", "note": "I like #cats", "locked": true, "bot": "true", "discoverable": true,
            "fields_attributes": {"0": {"name": "site", "value": "https://alice.example"}, "1": {"name": "", "value": ""}},
            "source": {"privacy": "private", "sensitive": true, "language": "de", "quote_policy": "nobody"},
        });
        let me = alice.patch("/api/v1/accounts/update_credentials", change).await.ok().json();
        assert_eq!(me["display_name"], "Alice");
        assert_eq!(me["note"], "<p>I like <a href=\"https://phiomia.example/tags/cats\" class=\"mention hashtag\" rel=\"tag\">#<span>cats</span></a></p>");
        assert_eq!((&me["locked"], &me["bot"], &me["discoverable"]), (&json!(true), &json!(true), &json!(true)));
        assert_eq!(me["source"]["fields"], json!([{"name": "site", "value": "https://alice.example", "verified_at": null}]));
        let source = &me["source"];
        assert_eq!((&source["privacy"], &source["language"], &source["quote_policy"]), (&json!("private"), &json!("de"), &json!("nobody")));
        let preferences = alice.get("/api/v1/preferences").await.ok().json();
        assert_eq!(preferences["posting:default:visibility"], "private");
        let post = alice.post("/api/v1/statuses", json!({"status": "hello"})).await.ok().json();
        assert_eq!((&post["visibility"], &post["sensitive"], &post["language"]), (&json!("private"), &json!(true), &json!("de")));
    }

    async fn a_profile_leads_to_whom_it_names_and_nobody_else(house: House) {
        let (alice, _bob) = (house.person("alice").await, house.person("bob").await);
        let change = json!({
            "note": "with @bob and @nobody",
            "fields_attributes": [{"name": "here", "value": "@Bob@phiomia.example"}, {"name": "there", "value": "@bob@elsewhere.example"}],
        });
        let me = alice.patch("/api/v1/accounts/update_credentials", change).await.ok().json();
        let link = "<span class=\"h-card\" translate=\"no\"><a href=\"https://phiomia.example/@bob\" class=\"u-url mention\">@<span>bob</span></a></span>";
        assert_eq!(me["note"], format!("<p>with {link} and @nobody</p>"));
        let values: Vec<&Value> = me["fields"].as_array().unwrap().iter().map(|field| &field["value"]).collect();
        assert_eq!(values, [&json!(link), &json!("@bob@elsewhere.example")]);
        // The fields still name him; then nothing does.
        let me = alice.patch("/api/v1/accounts/update_credentials", json!({"note": "alone"})).await.ok().json();
        assert_eq!((&me["note"], &me["fields"][0]["value"]), (&json!("<p>alone</p>"), &json!(link)));
        let change = json!({"note": "alone, not with @alice2", "fields_attributes": []});
        let me = alice.patch("/api/v1/accounts/update_credentials", change).await.ok().json();
        assert_eq!((&me["note"], &me["fields"]), (&json!("<p>alone, not with @alice2</p>"), &json!([])));
    }

    async fn what_tabs_a_profile_has_is_its_owners_to_say(house: House) {
        let alice = house.person("alice").await;
        let names = ["show_media", "show_media_replies", "show_featured"];
        let said = |entity: &serde_json::Value| names.map(|name| entity[name].as_bool().unwrap());
        assert_eq!(said(&alice.get("/api/v1/profile").await.ok().json()), [true; 3]);
        let change = json!({"show_media": false, "show_featured": "0"});
        assert_eq!(said(&alice.patch("/api/v1/profile", change).await.ok().json()), [false, true, false]);
        assert_eq!(said(&alice.patch("/api/v1/profile", json!({"note": "hi"})).await.ok().json()), [false, true, false]);
        let account = format!("/api/v1/accounts/{}", alice.account);
        assert_eq!(said(&house.get(&account).await.ok().json()), [false, true, false]);
        // Other servers are told, in Mastodon's words.
        let actor = house.get(&format!("/ap/users/{}", alice.account)).await.ok().json();
        let told = ["showMedia", "showRepliesInMedia", "showFeatured"].map(|name| actor[name].as_bool().unwrap());
        assert_eq!(told, [false, true, false]);
        let tab = "<a href=\"https://phiomia.example/@alice/media\"";
        assert!(!house.get("/@alice").await.ok().text().contains(tab));
        alice.patch("/api/v1/profile", json!({"show_media": true, "show_media_replies": false})).await.ok();
        assert!(house.get("/@alice").await.ok().text().contains(tab));
    }

    async fn sites_that_may_credit_somebody_are_domains(house: House) {
        let alice = house.person("alice").await;
        let path = "/api/v1/accounts/update_credentials";
        let change = json!({"attribution_domains": ["https://Blog.Example/about", " bücher.example", "", "blog.example"]});
        let me = alice.patch(path, change).await.ok().json();
        assert_eq!(me["source"]["attribution_domains"], json!(["blog.example", "xn--bcher-kva.example"]));
        let refusal = alice.patch(path, json!({"attribution_domains": ["not a domain"]})).await.refusal();
        assert_eq!(refusal, (422, "Validation failed: Attribution domains: not a domain is not a valid domain name".to_owned()));
    }

    async fn a_profile_that_is_too_long_is_refused(house: House) {
        let alice = house.person("alice").await;
        let answer = alice.patch("/api/v1/accounts/update_credentials", json!({"display_name": "x".repeat(31)})).await;
        let sentence = "Validation failed: Display name is too long (maximum is 30 characters)";
        assert_eq!(answer.refusal(), (422, sentence.to_owned()));
    }
}
