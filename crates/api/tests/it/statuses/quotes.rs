//! Quotes: who may, what is shown to whom, and taking the permission back.

use phiomia_testkit::on_both_engines;
use serde_json::{Value, json};

use crate::kit::{House, Person};

const NO_QUOTED: &str = "The post you are trying to quote does not appear to exist.";

/// Posts a quote; the answer.
async fn quotes(who: &Person, quoted: &str, visibility: &str) -> crate::kit::Answer {
    let form = json!({"status": "see this", "quoted_status_id": quoted, "visibility": visibility});
    who.post("/api/v1/statuses", form).await
}

/// Posts with a policy; the id.
async fn says(who: &Person, visibility: &str, policy: &str) -> String {
    let form = json!({"status": "quotable", "visibility": visibility, "quote_approval_policy": policy});
    who.post("/api/v1/statuses", form).await.ok().id()
}

/// How somebody sees a post's quote: its state, and whether the quoted post is there.
async fn sees(who: &Person, status: &str) -> (Value, bool) {
    let quote = who.get(&format!("/api/v1/statuses/{status}")).await.ok().json()["quote"].clone();
    (quote["state"].clone(), !quote["quoted_status"].is_null())
}

on_both_engines! {
    async fn a_quote_shows_the_quoted_post_counts_and_tells_its_author(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        let first = alice.says("the first", "public").await;
        let second = quotes(&bob, &first, "public").await.ok().json();
        assert_eq!((&second["quote"]["state"], &second["quote"]["quoted_status"]["id"]), (&json!("accepted"), &json!(first)));
        assert_eq!(second["quote"]["quoted_status"]["quote"], Value::Null);
        let second = second["id"].as_str().unwrap().to_owned();
        // A quote of a quote ends in an id.
        let third = quotes(&alice, &second, "public").await.ok().json();
        let inner = &third["quote"]["quoted_status"]["quote"];
        assert_eq!((&inner["state"], &inner["quoted_status_id"], inner.get("quoted_status")), (&json!("accepted"), &json!(first), None));
        let counted = alice.get(&format!("/api/v1/statuses/{first}")).await.ok().json();
        assert_eq!(counted["quotes_count"], 1);
        let list = alice.get(&format!("/api/v1/statuses/{first}/quotes")).await.ok();
        assert_eq!(list.ids(), std::slice::from_ref(&second));
        let told = alice.get("/api/v1/notifications?types[]=quote").await.ok().json();
        assert_eq!((&told[0]["type"], &told[0]["status"]["id"]), (&json!("quote"), &json!(second)));
        // The quote goes: the count goes back.
        bob.delete(&format!("/api/v1/statuses/{second}")).await.ok();
        assert_eq!(alice.get(&format!("/api/v1/statuses/{first}")).await.ok().json()["quotes_count"], 0);
        assert_eq!(sees(&alice, third["id"].as_str().unwrap()).await, (json!("deleted"), false));
        house.work().await;
        assert_eq!(sees(&alice, third["id"].as_str().unwrap()).await, (json!("deleted"), false));
    }

    async fn the_policy_and_the_visibility_decide_who_may_quote(house: House) {
        let alice = house.person("alice").await;
        let (friend, stranger) = (house.person("friend").await, house.person("stranger").await);
        friend.follows(&alice).await;
        for (visibility, policy, friends, strangers) in [
            ("public", "public", true, true),
            ("unlisted", "followers", true, false),
            ("public", "nobody", false, false),
            ("private", "public", false, false),
            ("direct", "public", false, false),
        ] {
            let id = says(&alice, visibility, policy).await;
            for (who, may) in [(&friend, friends), (&stranger, strangers)] {
                let answer = quotes(who, &id, "public").await;
                if may {
                    assert_eq!(answer.ok().json()["quote"]["state"], "accepted", "{visibility} {policy}");
                } else {
                    assert_eq!(answer.refusal(), (404, NO_QUOTED.to_owned()), "{visibility} {policy}");
                }
                let approval = who.get(&format!("/api/v1/statuses/{id}")).await;
                if approval.status == 200 {
                    let expected = if may { "automatic" } else { "denied" };
                    assert_eq!(approval.json()["quote_approval"]["current_user"], expected, "{visibility} {policy}");
                }
            }
            // One's own can be quoted, but not to more people than could read it; direct ones not at all.
            let own = quotes(&alice, &id, "public").await;
            match visibility {
                "direct" => assert_eq!(own.refusal().0, 404),
                "private" => assert_eq!(own.ok().json()["visibility"], "private"),
                _ => assert_eq!(own.ok().json()["visibility"], "public"),
            }
        }
        for wrong in ["1", "x", ""] {
            let answer = quotes(&stranger, wrong, "public").await;
            assert_eq!(answer.status.as_u16(), if wrong.is_empty() { 200 } else { 404 }, "{wrong}");
        }
        let policy = says(&alice, "public", "public").await;
        let closed = json!({"quote_approval_policy": "nobody"});
        let path = format!("/api/v1/statuses/{policy}/interaction_policy");
        assert_eq!(alice.put(&path, closed).await.ok().json()["quote_approval"]["automatic"], json!([]));
        assert_eq!(quotes(&friend, &policy, "public").await.refusal().0, 404);
    }

    async fn a_direct_post_quotes_only_people_it_is_for(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        let id = says(&alice, "public", "public").await;
        let refused = quotes(&bob, &id, "direct").await.refusal();
        let sentence = "Validation failed: Cannot quote a non-mentioned user in a Private Mention post.";
        assert_eq!(refused, (422, sentence.to_owned()));
        let form = json!({"status": "@alice see", "quoted_status_id": id, "visibility": "direct"});
        assert_eq!(bob.post("/api/v1/statuses", form).await.ok().json()["quote"]["state"], "accepted");
    }

    async fn a_quote_shows_nothing_that_its_viewer_could_not_open(house: House) {
        let (alice, bob, carol) = (house.person("alice").await, house.person("bob").await, house.person("carol").await);
        let secret = says(&alice, "private", "public").await;
        let own = json!({"status": "@carol see", "quoted_status_id": secret, "visibility": "direct"});
        let quote = alice.post("/api/v1/statuses", own).await.ok().id();
        assert_eq!(sees(&carol, &quote).await, (json!("unauthorized"), false));
        let open = says(&alice, "public", "public").await;
        let quote = quotes(&bob, &open, "public").await.ok().id();
        assert_eq!(sees(&carol, &quote).await, (json!("accepted"), true));
        carol.post(&format!("/api/v1/accounts/{}/mute", alice.account), json!({})).await.ok();
        assert_eq!(sees(&carol, &quote).await, (json!("muted_account"), true));
        carol.post(&format!("/api/v1/accounts/{}/block", alice.account), json!({})).await.ok();
        assert_eq!(sees(&carol, &quote).await, (json!("blocked_account"), true));
        let dave = house.person("dave").await;
        alice.post(&format!("/api/v1/accounts/{}/block", dave.account), json!({})).await.ok();
        assert_eq!(sees(&dave, &quote).await, (json!("unauthorized"), false));
        assert_eq!(quotes(&dave, &open, "public").await.refusal(), (404, NO_QUOTED.to_owned()));
        let page = house.get(&format!("/@bob/{quote}")).await.ok().text();
        assert!(page.contains("quotable"), "a visitor's page shows the quoted post");
    }

    async fn the_quoted_author_takes_the_permission_back(house: House) {
        let (alice, bob, carol) = (house.person("alice").await, house.person("bob").await, house.person("carol").await);
        let id = says(&alice, "public", "public").await;
        let quote = quotes(&bob, &id, "public").await.ok().id();
        let path = format!("/api/v1/statuses/{id}/quotes/{quote}/revoke");
        assert_eq!(carol.post(&path, json!({})).await.refusal(), (403, "This action is not allowed".to_owned()));
        let other = format!("/api/v1/statuses/{id}/quotes/{id}/revoke");
        assert_eq!(alice.post(&other, json!({})).await.refusal(), (404, "Record not found".to_owned()));
        let revoked = alice.post(&path, json!({})).await.ok().json();
        assert_eq!((&revoked["id"], &revoked["quote"]["state"]), (&json!(quote), &json!("revoked")));
        assert_eq!(sees(&bob, &quote).await, (json!("revoked"), false));
        alice.post(&path, json!({})).await.ok();
        assert_eq!(alice.get(&format!("/api/v1/statuses/{id}")).await.ok().json()["quotes_count"], 0);
        assert!(alice.get(&format!("/api/v1/statuses/{id}/quotes")).await.ok().ids().is_empty());
    }

    async fn those_who_quoted_are_told_of_each_edit(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        let id = says(&alice, "public", "public").await;
        let quote = quotes(&bob, &id, "public").await.ok().id();
        for text in ["once", "twice"] {
            alice.put(&format!("/api/v1/statuses/{id}"), json!({"status": text})).await.ok();
        }
        let told = bob.get("/api/v1/notifications?types[]=quoted_update").await.ok();
        assert_eq!(told.each("type"), [json!("quoted_update"), json!("quoted_update")]);
        assert_eq!(told.json()[0]["status"]["id"], json!(quote));
        let edit = bob.put(&format!("/api/v1/statuses/{quote}"), json!({"status": "still quoting"})).await.ok().json();
        assert_eq!(edit["quote"]["quoted_status"]["content"], "<p>twice</p>");
    }

    async fn a_quote_needs_no_words_of_its_own(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        let id = says(&alice, "public", "public").await;
        let blank = (422, "Validation failed: Text can't be blank".to_owned());
        assert_eq!(bob.post("/api/v1/statuses", json!({"status": " "})).await.refusal(), blank);
        let silent = bob.post("/api/v1/statuses", json!({"quoted_status_id": id})).await.ok().json();
        // Apps that know no quotes get a line that leads there.
        let shown = format!("phiomia.example/@alice/{id}");
        let line = |link: &str| {
            let (seen, rest) = link.split_at(30);
            let hidden = r#"<span class="invisible">"#;
            json!(format!(
                r#"<p class="quote-inline">RE: <a href="https://{link}" target="_blank" rel="nofollow noopener" translate="no">{hidden}https://</span><span class="ellipsis">{seen}</span>{hidden}{rest}</span></a></p>"#
            ))
        };
        assert_eq!((&silent["content"], &silent["quote"]["state"]), (&line(&shown), &json!("accepted")));
        let path = format!("/api/v1/statuses/{}", silent["id"].as_str().unwrap());
        bob.put(&path, json!({"status": "with words"})).await.ok();
        let again = bob.put(&path, json!({"status": ""})).await.ok().json();
        assert_eq!((&again["content"], &again["quote"]["quoted_status"]["id"]), (&line(&shown), &json!(id)));
        let history = bob.get(&format!("{path}/history")).await.ok().json();
        assert_eq!(history[2]["content"], line(&shown));
        assert_eq!(history[2]["quote"]["quoted_status"]["id"], json!(id));
        assert_eq!(alice.put(&format!("/api/v1/statuses/{id}"), json!({"status": ""})).await.refusal(), blank);
        let page = house.get(&format!("/@bob/{}", silent["id"].as_str().unwrap())).await.ok().text();
        assert!(page.contains("u-quotation-of") && !page.contains("quote-inline"), "{page}");
        let told = format!("there it is: https://{shown}");
        let linked = bob.post("/api/v1/statuses", json!({"status": told, "quoted_status_id": id})).await.ok().json();
        assert!(!linked["content"].as_str().unwrap().contains("quote-inline"), "{linked}");
        // Where the quoted post is not for somebody, nothing leads there.
        let dave = house.person("dave").await;
        alice.post(&format!("/api/v1/accounts/{}/block", dave.account), json!({})).await.ok();
        assert_eq!(dave.get(&path).await.ok().json()["content"], "");
    }

    async fn what_a_boost_says_about_quoting_is_what_its_post_says(house: House) {
        let (alice, bob, carol) = (house.person("alice").await, house.person("bob").await, house.person("carol").await);
        let id = says(&alice, "public", "followers").await;
        carol.follows(&alice).await;
        let boost = bob.post(&format!("/api/v1/statuses/{id}/reblog"), json!({})).await.ok().json();
        let approval = |automatic: Value, mine: &str| json!({"automatic": automatic, "manual": [], "current_user": mine});
        assert_eq!(boost["quote_approval"], approval(json!(["followers"]), "denied"));
        let path = format!("/api/v1/statuses/{}", boost["id"].as_str().unwrap());
        assert_eq!(carol.get(&path).await.ok().json()["quote_approval"], approval(json!(["followers"]), "automatic"));
        // A quote of a boost is one of what it boosts.
        let quote = quotes(&carol, boost["id"].as_str().unwrap(), "public").await.ok().json();
        assert_eq!(quote["quote"]["quoted_status"]["id"], json!(id));
        assert_eq!(house.get(&format!("/api/v1/statuses/{id}")).await.ok().json()["quote_approval"]["current_user"], "denied");
        carol.post(&format!("/api/v1/accounts/{}/block", alice.account), json!({})).await.ok();
        assert_eq!(carol.get(&path).await.status, 200);
        assert_eq!(carol.get(&path).await.json()["quote_approval"]["current_user"], "denied");
    }

    async fn the_list_of_quotes_is_for_each_viewer_and_pages(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        let (carol, dave) = (house.person("carol").await, house.person("dave").await);
        let id = says(&alice, "public", "public").await;
        let path = format!("/api/v1/statuses/{id}/quotes");
        let bobs = quotes(&bob, &id, "public").await.ok().id();
        let carols = quotes(&carol, &id, "unlisted").await.ok().id();
        let private = quotes(&bob, &id, "private").await.ok().id();
        // Whoever is quoted may read it, whoever else it is for.
        assert_eq!(alice.get(&path).await.ok().ids(), [&*private, &carols, &bobs]);
        assert_eq!(dave.get(&path).await.ok().ids(), [&*carols, &bobs]);
        let first = alice.get(&format!("{path}?limit=2")).await.ok();
        assert_eq!(first.ids(), [&*private, &carols]);
        assert!(first.header("link").contains(&format!("max_id={carols}")), "{}", first.header("link"));
        assert_eq!(alice.get(&format!("{path}?limit=2&max_id={carols}")).await.ok().ids(), [&*bobs]);
        dave.post(&format!("/api/v1/accounts/{}/mute", carol.account), json!({})).await.ok();
        assert_eq!(dave.get(&path).await.ok().ids(), [&*bobs]);
        bob.post(&format!("/api/v1/accounts/{}/block", dave.account), json!({})).await.ok();
        assert!(dave.get(&path).await.ok().ids().is_empty());
        assert_eq!(house.get(&path).await.status, 401);
        assert_eq!(dave.get(&format!("/api/v1/statuses/{private}/quotes")).await.status, 404);
        assert_eq!(house.ask(http::Method::POST, &format!("{path}/{bobs}/revoke")).await.status, 401);
    }

    async fn a_policy_that_is_not_named_is_the_default(house: House) {
        let alice = house.person("alice").await;
        alice.patch("/api/v1/accounts/update_credentials", json!({"source": {"quote_policy": "followers"}})).await.ok();
        assert_eq!(alice.get("/api/v1/preferences").await.ok().json()["posting:default:quote_policy"], "followers");
        let id = alice.says("by default", "public").await;
        let policy = |answer: crate::kit::Answer| answer.ok().json()["quote_approval"]["automatic"].clone();
        assert_eq!(policy(alice.get(&format!("/api/v1/statuses/{id}")).await), json!(["followers"]));
        let path = format!("/api/v1/statuses/{id}/interaction_policy");
        assert_eq!(policy(alice.put(&path, json!({"quote_approval_policy": "public"})).await), json!(["public"]));
        assert_eq!(policy(alice.put(&path, json!({})).await), json!(["followers"]));
        assert_eq!(alice.put(&path, json!({"quote_approval_policy": "friends"})).await.status, 422);
        let edit = json!({"status": "edited", "quote_approval_policy": "nobody"});
        assert_eq!(policy(alice.put(&format!("/api/v1/statuses/{id}"), edit).await), json!([]));
        let bob = house.person("bob").await;
        assert_eq!(bob.put(&path, json!({"quote_approval_policy": "public"})).await.status, 404);
    }

    async fn a_visitor_reads_no_more_of_a_quote_than_of_the_post_itself(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        let id = says(&alice, "public", "public").await;
        let quote = quotes(&bob, &id, "public").await.ok().id();
        let read = async |path: &str| house.get(path).await.ok().text();
        let (page, feed) = (format!("/@bob/{quote}"), "/@bob.rss");
        assert!(read(&page).await.contains("quotable") && read(feed).await.contains("quotable"));
        alice.post(&format!("/api/v1/statuses/{id}/quotes/{quote}/revoke"), json!({})).await.ok();
        let after = read(&page).await;
        assert!(!after.contains("quotable") && after.contains("not available"), "{after}");
        assert!(!read(feed).await.contains("quotable"));
        // Nobody's private post comes out by a quote of its own author.
        let secret = alice.says("only for friends", "private").await;
        let own = quotes(&alice, &secret, "public").await.ok().id();
        assert_eq!(house.get(&format!("/@alice/{own}")).await.status, 404);
        assert_eq!(house.get(&format!("/api/v1/statuses/{own}")).await.status, 404);
    }

    async fn a_quote_that_can_no_longer_be_made_at_its_time_is_dropped(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        let id = says(&alice, "public", "public").await;
        let at = "2026-11-25T12:10:00Z";
        let direct = json!({"status": "psst", "quoted_status_id": id, "visibility": "direct", "scheduled_at": at});
        assert_eq!(bob.post("/api/v1/statuses", direct).await.status, 422);
        let later = |quoted: &str| json!({"status": "later", "quoted_status_id": quoted, "scheduled_at": at});
        bob.post("/api/v1/statuses", later(&id)).await.ok();
        let closed = says(&alice, "public", "public").await;
        bob.post("/api/v1/statuses", later(&closed)).await.ok();
        let path = format!("/api/v1/statuses/{closed}/interaction_policy");
        alice.put(&path, json!({"quote_approval_policy": "nobody"})).await.ok();
        let secret = alice.says("for friends", "private").await;
        let own = alice.post("/api/v1/statuses", later(&secret)).await.ok().json();
        assert_eq!(own["params"]["visibility"], "private");
        house.wait(std::time::Duration::from_secs(600));
        house.work().await;
        let posted = bob.get(&format!("/api/v1/accounts/{}/statuses", bob.account)).await.ok().json();
        assert_eq!((posted.as_array().unwrap().len(), &posted[0]["quote"]["quoted_status"]["id"]), (1, &json!(id)));
        assert!(bob.get("/api/v1/scheduled_statuses").await.ok().ids().is_empty());
        let told = alice.get("/api/v1/notifications?types[]=quote").await.ok();
        assert_eq!(told.json()[0]["status"]["id"], posted[0]["id"]);
    }

    async fn a_quote_can_wait_for_its_time(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        let id = says(&alice, "public", "public").await;
        let form = json!({"status": "later", "quoted_status_id": id, "scheduled_at": "2100-01-01T00:00:00Z"});
        let waiting = bob.post("/api/v1/statuses", form).await.ok().json();
        assert_eq!(waiting["params"]["quoted_status_id"], json!(id));
    }
}
