//! Pages that people call their own, and that link back.

use std::time::Duration;

use axum::body::Body;
use http::Request;
use phiomia_model::{AccountId, Job};
use phiomia_testkit::on_both_engines;
use serde_json::{Value, json};

use crate::street::Street;

impl Street {
    /// Changes the fields of alice's profile, and does the work that leaves.
    async fn shows(&self, fields: &[(&str, &str)]) -> Vec<bool> {
        let fields: Vec<Value> = fields.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
        let change = json!({ "fields_attributes": fields });
        self.alice.patch("/api/v1/accounts/update_credentials", change).await.ok();
        self.verifies(self.alice.account).await
    }

    /// Which of somebody's fields have a tick after their pages were asked.
    async fn verifies(&self, account: AccountId) -> Vec<bool> {
        let asking = self.house.api.federation.run(Job::VerifyLinks { account });
        tokio::time::timeout(Duration::from_secs(20), asking).await.unwrap().unwrap();
        let shown = self.house.get(&format!("/api/v1/accounts/{account}")).await.ok().json();
        shown["fields"].as_array().unwrap().iter().map(|field| field["verified_at"].is_string()).collect()
    }
}

const HTML: &str = "text/html; charset=utf-8";

on_both_engines! {
    async fn a_page_that_links_back_gets_a_tick(street: Street) {
        street.puts("/a", HTML, "<p><a rel='nofollow me' href='https://phiomia.example/@alice'>me elsewhere</a>");
        street.puts("/b", HTML, "<link rel=me href='https://phiomia.example/@ALICE/'>");
        street.puts("/c", HTML, "<a href='https://phiomia.example/@alice'>alice</a><a rel=me href='https://phiomia.example/@bob'>");
        let [a, b, c] = ["a", "b", "c"].map(|name| format!("{}/{name}", street.at));
        let seen = street.shows(&[("A", &a), ("B", &b), ("C", &c), ("D", "tea")]).await;
        assert_eq!(seen, [true, true, false, false]);
        let own = street.alice.get("/api/v1/accounts/verify_credentials").await.ok().json();
        assert!(own["source"]["fields"][0]["verified_at"].is_string(), "{own}");
        let page = Request::builder().uri("/@alice").header("accept", "text/html").body(Body::empty()).unwrap();
        let html = street.house.send(page).await.ok().text();
        assert_eq!(html.matches("class=\"verified\"").count(), 2, "{html}");
    }

    async fn a_tick_stays_as_long_as_the_address_does(street: Street) {
        street.puts("/a", HTML, "<a rel=me href='https://phiomia.example/@alice'>");
        let (a, b) = (format!("{}/a", street.at), format!("{}/b", street.at));
        assert_eq!(street.shows(&[("Home", &a)]).await, [true]);
        assert_eq!(street.shows(&[("Likes", "tea"), ("My home", &a)]).await, [false, true]);
        assert_eq!(street.n_asked("/a"), 1, "what was seen is not asked again");
        assert_eq!(street.shows(&[("Home", &b)]).await, [false]);
        assert_eq!(street.shows(&[("Home", &a)]).await, [true]);
        assert_eq!(street.n_asked("/a"), 2);
    }

    async fn people_elsewhere_get_theirs_when_a_field_is_one_link(street: Street) {
        street.puts("/a", HTML, "<a rel=me href='https://elsewhere.example/@carol'>");
        let (carol, at) = (street.house.person("carol").await, &street.at);
        let link = |text: &str| format!("<a href=\"{at}/a\">{text}</a>");
        let fields = json!([
            { "name": "Home", "value": link(&format!("<span class=\"invisible\">http://</span>{}/a", at.trim_start_matches("http://"))) },
            { "name": "Another", "value": link("https://other.example") },
        ]);
        street.sql(format!(
            "update accounts set domain = 'elsewhere.example', uri = 'https://elsewhere.example/carol',
                url = 'https://elsewhere.example/@carol', fields = '{fields}' where id = {}",
            carol.account,
        )).await;
        assert_eq!(street.verifies(carol.account).await, [true, false]);
    }
}
