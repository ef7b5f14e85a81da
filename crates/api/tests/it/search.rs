//! Searching.

use phiomia_testkit::on_both_engines;
use serde_json::json;

use crate::kit::House;

/// The ids of the posts that somebody finds.
async fn finds(who: &crate::kit::Person, question: &str) -> Vec<String> {
    let coded: String = question.bytes().map(|b| format!("%{b:02X}")).collect();
    let found = who.get(&format!("/api/v2/search?type=statuses&q={coded}")).await.ok().json();
    found["statuses"].as_array().unwrap().iter().map(|s| s["id"].as_str().unwrap().to_owned()).collect()
}

on_both_engines! {
    async fn of_hashtags_the_one_that_was_written_comes_first_then_the_most_used(house: House) {
        let alice = house.person("alice").await;
        for text in ["#beekeepers", "#beekeepers again", "#beekeepers and #bees", "#bees", "#bee", "#beetle", "#honeybee", "#b_e"] {
            alice.says(text, "public").await;
        }
        let found = async |q: &str| {
            let found = alice.get(&format!("/api/v2/search?type=hashtags&q={q}")).await.ok().json();
            found["hashtags"].as_array().unwrap().iter().map(|tag| tag["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(found("%23bee").await, ["bee", "beekeepers", "bees", "beetle"]);
        assert_eq!(found("BEES").await, ["bees"]);
        assert_eq!(found("be").await, ["beekeepers", "bees", "bee", "beetle"]);
        assert_eq!(found("be&limit=2&offset=1").await, ["bees", "bee"]);
        assert_eq!(found("b_").await, ["b_e"]);
    }

    async fn people_and_hashtags_are_found(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        alice.says("#Alps", "public").await;
        let found = bob.get("/api/v2/search?q=al").await.ok().json();
        assert_eq!(found["accounts"][0]["id"], alice.account.to_string());
        assert_eq!(found["hashtags"][0]["name"], "Alps");
        assert_eq!(found["hashtags"][0]["history"][0], json!({"day": "1795564800", "uses": "1", "accounts": "1"}));
        assert_eq!(found["hashtags"][0]["history"].as_array().unwrap().len(), 7);
        assert_eq!((&found["statuses"], &found["collections"]), (&json!([]), &json!([])));
        let tags = bob.get("/api/v2/search?q=%23al&type=hashtags").await.ok().json();
        assert_eq!((tags["accounts"].as_array().unwrap().len(), tags["hashtags"].as_array().unwrap().len()), (0, 1));
        for nothing in ["/api/v2/search", "/api/v2/search?q=", "/api/v2/search?q=%20"] {
            let refused = bob.get(nothing).await.refusal();
            assert_eq!(refused, (400, "param is missing or the value is empty or invalid: q".to_owned()), "{nothing}");
        }
    }

    async fn a_post_of_this_server_is_found_by_its_page_and_by_its_id(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        let (open, closed) = (bob.says("hello", "public").await, bob.says("psst", "private").await);
        let names = |id: &str| {
            let id_of_bob = bob.account;
            [format!("https://phiomia.example/@bob/{id}"), format!("https://phiomia.example/ap/users/{id_of_bob}/statuses/{id}")]
        };
        for name in names(&open) {
            assert_eq!(finds(&alice, &name).await, [open.as_str()], "{name}");
        }
        for name in names(&closed) {
            assert_eq!(finds(&alice, &name).await, Vec::<String>::new(), "{name}");
        }
    }

    async fn strangers_do_not_turn_pages(house: House) {
        house.get("/api/v2/search?q=al").await.ok();
        let answer = house.get("/api/v2/search?q=al&type=accounts&offset=20").await;
        let sentence = "Search queries pagination is not supported without authentication";
        assert_eq!(answer.refusal(), (401, sentence.to_owned()));
    }

    async fn others_find_a_public_post_only_when_its_author_agreed(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        let id = alice.says("a walrus in the garden", "public").await;
        assert!(finds(&bob, "walrus").await.is_empty());
        assert_eq!(finds(&alice, "walrus").await, std::slice::from_ref(&id));
        assert!(finds(&alice, "walrus in:public").await.is_empty());
        alice.patch("/api/v1/accounts/update_credentials", json!({"indexable": true})).await.ok();
        assert_eq!(finds(&bob, "walrus").await, std::slice::from_ref(&id));
        assert!(finds(&bob, "walrus in:library").await.is_empty());
        for visibility in ["unlisted", "private", "direct"] {
            alice.says("the walrus hides", visibility).await;
        }
        bob.follows(&alice).await;
        assert_eq!(finds(&bob, "walrus").await, std::slice::from_ref(&id));
        // Nobody in particular finds no posts.
        let anybody = house.get("/api/v2/search?q=walrus").await.ok().json();
        assert_eq!(anybody["statuses"], json!([]));
        bob.post(&format!("/api/v1/accounts/{}/mute", alice.account), json!({})).await.ok();
        assert!(finds(&bob, "walrus").await.is_empty());
    }

    async fn everybody_finds_what_they_had_to_do_with(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        let mut touched = Vec::new();
        for act in ["favourite", "bookmark", "reblog"] {
            let id = alice.says(&format!("penguins, {act}"), "unlisted").await;
            assert!(!finds(&bob, "penguins").await.contains(&id));
            bob.post(&format!("/api/v1/statuses/{id}/{act}"), json!({})).await.ok();
            touched.push(id);
        }
        touched.push(alice.says("@bob penguins for you", "direct").await);
        touched.reverse();
        assert_eq!(finds(&bob, "penguins").await, touched);
        assert_eq!(finds(&bob, "penguins in:library").await, touched);
        // What can no longer be seen is no longer found.
        alice.post(&format!("/api/v1/accounts/{}/block", bob.account), json!({})).await.ok();
        assert!(!finds(&bob, "penguins").await.contains(&touched[3]));
    }

    async fn words_phrases_and_operators_narrow_what_is_found(house: House) {
        let alice = house.person("alice").await;
        let first = alice.says("Crème brûlée at New York", "public").await;
        let answer = alice.posts(json!({"status": "new ideas for york", "in_reply_to_id": first, "language": "de"})).await;
        let poll = alice.posts(json!({"status": "choose", "poll": {"options": ["tiramisu", "gelato"], "expires_in": 300}})).await;
        let link = alice.posts(json!({"status": "see https://example.org/page", "sensitive": true})).await;
        let tokyo = alice.says("東京都の猫", "public").await;
        for (question, expected) in [
            ("creme BRULEE", vec![&first]),
            ("new york", vec![&answer, &first]),
            ("\"new york\"", vec![&first]),
            ("new -creme", vec![&answer]),
            ("york is:reply", vec![&answer]),
            ("york -is:reply", vec![&first]),
            ("york language:de", vec![&answer]),
            ("gelato", vec![&poll]),
            ("has:poll from:me", vec![&poll]),
            ("example has:link", vec![&link]),
            ("is:sensitive in:library", vec![&link]),
            ("東京", vec![&tokyo]),
            ("京都", vec![&tokyo]),
            ("猫", vec![&tokyo]),
            ("東", vec![&tokyo]),
            ("京東", vec![]),
            ("york before:2000-01-01", vec![]),
            ("york after:2000-01-01", vec![&answer, &first]),
            ("york from:nobody", vec![]),
            ("york from:@alice", vec![&answer, &first]),
            ("york has:media", vec![]),
            ("-york is:sensitive", vec![&link]),
            ("from:me -york -tiramisu", vec![&tokyo, &link]),
            ("-york -tiramisu", vec![&tokyo, &link]),
            ("#york", vec![&answer, &first]),
            ("\" ' & | ! ( ) : * <-> NEAR AND york", vec![]),
        ] {
            assert_eq!(finds(&alice, question).await.iter().collect::<Vec<_>>(), expected, "{question}");
        }
    }

    async fn a_word_finds_its_other_forms_unless_it_is_quoted(house: House) {
        let alice = house.person("alice").await;
        let one = alice.says("Two apples were baked", "public").await;
        let other = alice.says("an apple for baking", "public").await;
        assert_eq!(finds(&alice, "apple").await, [other.clone(), one.clone()]);
        assert_eq!(finds(&alice, "APPLES bake").await, [other.clone(), one.clone()]);
        assert_eq!(finds(&alice, "\"apples\"").await, [one]);
        assert_eq!(finds(&alice, "apple -bakes").await, [""; 0]);
    }

    async fn operators_are_taken_back_by_a_minus(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        let first = alice.posts(json!({"status": "about walruses", "language": "en"})).await;
        house.wait(std::time::Duration::from_secs(86_400));
        let second = bob.posts(json!({"status": "@alice walruses too", "language": "zh-TW"})).await;
        house.wait(std::time::Duration::from_secs(86_400));
        let third = alice.posts(json!({"status": "walruses at last", "language": "de"})).await;
        for (question, expected) in [
            ("walruses -from:bob", vec![&third, &first]),
            ("walruses -from:me", vec![&second]),
            ("-from:me", vec![&second]),
            ("walruses -from:nobody", vec![&third, &second, &first]),
            ("walruses from:alice@phiomia.example", vec![&third, &first]),
            ("walruses from:@bob@PHIOMIA.example", vec![&second]),
            ("walruses language:zh-tw", vec![&second]),
            ("walruses -language:zh-TW", vec![&third, &first]),
            ("walruses -language:en -language:de", vec![&second]),
            ("walruses before:2026-11-26", vec![&first]),
            ("walruses -before:2026-11-26", vec![&third, &second]),
            ("walruses after:2026-11-26", vec![&third]),
            ("walruses -after:2026-11-26", vec![&second, &first]),
            ("walruses during:2026-11-26", vec![&second]),
            ("walruses -during:2026-11-26", vec![&third, &first]),
            ("-during:2026-11-26", vec![&third, &first]),
            ("walruses after:2026-11-24 before:2026-11-27 -from:bob", vec![&first]),
            ("walruses before:yesterday", vec![]),
        ] {
            assert_eq!(finds(&alice, question).await.iter().collect::<Vec<_>>(), expected, "{question}");
        }
    }

    async fn edits_and_deletions_change_what_is_found(house: House) {
        let alice = house.person("alice").await;
        let id = alice.says("about otters", "public").await;
        alice.put(&format!("/api/v1/statuses/{id}"), json!({"status": "about beavers"})).await.ok();
        assert!(finds(&alice, "otters").await.is_empty());
        assert_eq!(finds(&alice, "beavers").await, std::slice::from_ref(&id));
        alice.delete(&format!("/api/v1/statuses/{id}")).await.ok();
        assert!(finds(&alice, "beavers").await.is_empty());
        house.work().await;
        assert!(finds(&alice, "beavers").await.is_empty());
    }

    async fn without_a_kind_nothing_is_passed_over(house: House) {
        let alice = house.person("alice").await;
        let found = alice.get("/api/v2/search?q=alice&offset=20").await.ok().json();
        assert_eq!(found["accounts"][0]["id"], alice.account.to_string());
        let passed = alice.get("/api/v2/search?q=alice&offset=20&type=accounts").await.ok().json();
        assert_eq!(passed["accounts"], json!([]));
    }

    async fn found_posts_come_in_pages(house: House) {
        let alice = house.person("alice").await;
        let mut ids = Vec::new();
        for n in 0..5 {
            ids.push(alice.says(&format!("puffin {n}"), "public").await);
        }
        ids.reverse();
        let page = |rest: &str| format!("/api/v2/search?type=statuses&q=puffin&limit=2{rest}");
        let of = |answer: crate::kit::Answer| -> Vec<String> {
            answer.json()["statuses"].as_array().unwrap().iter().map(|s| s["id"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(of(alice.get(&page("")).await.ok()), ids[..2]);
        assert_eq!(of(alice.get(&page("&offset=2")).await.ok()), ids[2..4]);
        assert_eq!(of(alice.get(&page(&format!("&max_id={}", ids[2]))).await.ok()), ids[3..]);
        // As on Mastodon a bound, not a place to go up from.
        assert_eq!(of(alice.get(&page(&format!("&min_id={}", ids[3]))).await.ok()), ids[..2]);
        let whose = format!("&account_id={}", alice.account);
        assert_eq!(of(alice.get(&page(&whose)).await.ok()), ids[..2]);
        assert_eq!(of(alice.get(&page("&account_id=1")).await.ok()), [""; 0]);
    }
}
