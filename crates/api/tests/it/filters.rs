//! Filters, and what apps are told of their matches.

use std::time::Duration;

use http::Method;
use phiomia_testkit::on_both_engines;
use serde_json::{Value, json};

use crate::kit::{House, Person};

const FILTERS: &str = "/api/v2/filters";
const EVERYWHERE: [&str; 5] = ["home", "notifications", "public", "thread", "account"];

/// Makes a filter that looks for these phrases as whole words; its id.
async fn filter(who: &Person, title: &str, phrases: &[&str]) -> String {
    let keywords: Vec<Value> = phrases.iter().map(|phrase| json!({"keyword": phrase})).collect();
    let form = json!({"title": title, "context": EVERYWHERE, "keywords_attributes": keywords});
    who.post(FILTERS, form).await.ok().id()
}

/// The titles of the filters that match a post, with what they found.
fn titles(post: &Value) -> Vec<(String, Value, Value)> {
    let of = |result: &Value| {
        let title = result["filter"]["title"].as_str().unwrap().to_owned();
        (title, result["keyword_matches"].clone(), result["status_matches"].clone())
    };
    post["filtered"].as_array().unwrap_or_else(|| panic!("{post}")).iter().map(of).collect()
}

async fn of_post(who: &Person, id: &str) -> Vec<(String, Value, Value)> {
    titles(&who.get(&format!("/api/v1/statuses/{id}")).await.ok().json())
}

fn found(title: &str, phrase: &str) -> (String, Value, Value) {
    (title.to_owned(), json!([phrase]), Value::Null)
}

on_both_engines! {
    async fn a_filter_is_made_changed_and_deleted_by_its_owner(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        let form = json!({"title": "Tea", "context": ["home", "public"], "filter_action": "hide", "expires_in": 3600,
            "keywords_attributes": [{"keyword": "green"}, {"keyword": "oolong", "whole_word": false}, {"keyword": ""}]});
        let made = alice.post(FILTERS, form).await.ok().json();
        let keywords = made["keywords"].as_array().unwrap().clone();
        let shown = json!({"id": made["id"], "title": "Tea", "context": ["home", "public"], "filter_action": "hide",
            "expires_at": "2026-11-25T13:00:00.000Z", "statuses": [], "keywords": [
                {"id": keywords[0]["id"], "keyword": "green", "whole_word": true},
                {"id": keywords[1]["id"], "keyword": "oolong", "whole_word": false}]});
        assert_eq!(made, shown);
        let path = format!("{FILTERS}/{}", made["id"].as_str().unwrap());
        assert_eq!(alice.get(&path).await.ok().json(), shown);
        assert_eq!(alice.get(FILTERS).await.ok().json(), json!([shown]));
        // What is not named stays; phrases are changed, added and removed in one go.
        let form = json!({"title": "Drinks", "expires_in": "", "keywords_attributes": [
            {"id": keywords[0]["id"], "keyword": "black"}, {"id": keywords[1]["id"], "_destroy": true},
            {"keyword": "milk", "whole_word": "0"}]});
        let changed = alice.put(&path, form).await.ok().json();
        assert_eq!((&changed["title"], &changed["context"], &changed["filter_action"], &changed["expires_at"]),
            (&json!("Drinks"), &json!(["home", "public"]), &json!("hide"), &Value::Null));
        let phrases: Vec<_> = changed["keywords"].as_array().unwrap().iter().map(|k| (&k["keyword"], &k["whole_word"])).collect();
        assert_eq!(phrases, [(&json!("black"), &json!(true)), (&json!("milk"), &json!(false))]);
        // As Rails' forms write it.
        let form = "context[]=thread&keywords_attributes[0][keyword]=cream&keywords_attributes[0][whole_word]=true";
        let changed = alice.put(&format!("{path}?{}", form.replace('[', "%5B").replace(']', "%5D")), json!({})).await.ok().json();
        assert_eq!((&changed["context"], changed["keywords"].as_array().unwrap().len()), (&json!(["thread"]), 3));
        let gone = (404, "Record not found".to_owned());
        for (method, body) in [(Method::GET, None), (Method::PUT, Some(json!({"title": "x"}))), (Method::DELETE, None)] {
            assert_eq!(bob.ask(method, &path, body).await.refusal(), gone);
        }
        let stranger = json!({"keywords_attributes": [{"id": "1", "keyword": "x"}]});
        assert_eq!(alice.put(&path, stranger).await.refusal(), gone);
        assert_eq!(alice.delete(&path).await.ok().text(), "{}");
        assert_eq!((alice.get(&path).await.refusal(), alice.get(FILTERS).await.ok().json()), (gone, json!([])));
    }

    async fn phrases_and_posts_are_there_one_by_one(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        let filter = filter(&alice, "Tea", &[]).await;
        let (post, hidden) = (bob.says("nothing much", "public").await, bob.says("between us", "private").await);
        let gone = (404, "Record not found".to_owned());
        let phrases = format!("{FILTERS}/{filter}/keywords");
        let phrase = alice.post(&phrases, json!({"keyword": "green"})).await.ok().json();
        assert_eq!(phrase["whole_word"], true);
        let one = format!("{FILTERS}/keywords/{}", phrase["id"].as_str().unwrap());
        assert_eq!(alice.get(&phrases).await.ok().json(), json!([phrase]));
        assert_eq!(alice.get(&one).await.ok().json(), phrase);
        let changed = alice.put(&one, json!({"keyword": "red", "whole_word": false})).await.ok().json();
        assert_eq!(changed, json!({"id": phrase["id"], "keyword": "red", "whole_word": false}));
        let statuses = format!("{FILTERS}/{filter}/statuses");
        let named = alice.post(&statuses, json!({"status_id": post})).await.ok().json();
        assert_eq!(named, json!({"id": named["id"], "status_id": post}));
        let taken = "Validation failed: Status has already been taken".to_owned();
        assert_eq!(alice.post(&statuses, json!({"status_id": post})).await.refusal(), (422, taken));
        for unseen in [json!({"status_id": hidden}), json!({"status_id": "1"}), json!({})] {
            assert_eq!(alice.post(&statuses, unseen).await.refusal(), gone);
        }
        let entry = format!("{FILTERS}/statuses/{}", named["id"].as_str().unwrap());
        assert_eq!(alice.get(&entry).await.ok().json(), named);
        assert_eq!(alice.get(&statuses).await.ok().json(), json!([named]));
        for path in [&phrases, &statuses, &one, &entry] {
            assert_eq!(bob.get(path).await.refusal(), gone, "{path}");
        }
        for (path, answer) in [(&one, json!({})), (&entry, named)] {
            assert_eq!(bob.delete(path).await.refusal(), gone);
            assert_eq!(alice.delete(path).await.ok().json(), answer);
            assert_eq!(alice.get(path).await.refusal(), gone);
        }
        assert_eq!(bob.post(&phrases, json!({"keyword": "x"})).await.refusal(), gone);
        assert_eq!(bob.put(&one, json!({"keyword": "x"})).await.refusal(), gone);
    }

    async fn what_is_no_filter_is_refused_in_mastodons_words(house: House) {
        let alice = house.person("alice").await;
        let refused = async |form: Value| alice.post(FILTERS, form).await.refusal();
        let sentence = |text: &str| (422, format!("Validation failed: {text}"));
        let home = json!(["home"]);
        assert_eq!(refused(json!({"context": home})).await, sentence("Title can't be blank"));
        let both = "Title can't be blank, Context can't be blank, Context None or invalid context supplied";
        assert_eq!(refused(json!({})).await, sentence(both));
        let unknown = json!({"title": "x", "context": ["home", "shaolin"]});
        assert_eq!(refused(unknown).await, sentence("Context None or invalid context supplied"));
        let long = json!({"title": "x".repeat(257), "context": home});
        assert_eq!(refused(long).await, sentence("Title is too long (maximum is 256 characters)"));
        let action = json!({"title": "x", "context": home, "filter_action": "burn"});
        assert_eq!(refused(action).await, (422, "'burn' is not a valid filter_action".to_owned()));
        let blank = json!({"title": "x", "context": home, "keywords_attributes": [{"keyword": " ", "whole_word": true}]});
        assert_eq!(refused(blank).await, sentence("Keywords keyword can't be blank"));
        let long = json!({"title": "x", "context": home, "keywords_attributes": [{"keyword": "x".repeat(513)}]});
        assert_eq!(refused(long).await, sentence("Keywords keyword is too long (maximum is 512 characters)"));
        let many: Vec<Value> = (0..65).map(|_| json!({"keyword": "x".repeat(505)})).collect();
        let many = json!({"title": "x", "context": home, "keywords_attributes": many});
        assert_eq!(refused(many).await, sentence("You have reached the maximum number of filter keywords"));
        assert_eq!(alice.get(FILTERS).await.ok().json(), json!([]), "nothing is left of what was refused");
        let keywords = format!("{FILTERS}/{}/keywords", filter(&alice, "x", &[]).await);
        assert_eq!(alice.post(&keywords, json!({})).await.refusal(), sentence("Keyword can't be blank"));
        assert_eq!(house.get(FILTERS).await.status, 401);
        let reader = alice.bearing(house.token(Some(alice.account), "read:filters").await);
        reader.get(FILTERS).await.ok();
        assert_eq!(reader.post(FILTERS, json!({"title": "x", "context": home})).await.status, 403);
    }

    async fn the_older_form_has_a_filter_for_each_phrase(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        let old = "/api/v1/filters";
        let form = json!({"phrase": "tea", "context": ["home"], "irreversible": true, "expires_in": 60});
        let made = alice.post(old, form).await.ok().json();
        let shown = json!({"id": made["id"], "phrase": "tea", "context": ["home"], "irreversible": true,
            "whole_word": true, "expires_at": "2026-11-25T12:01:00.000Z"});
        assert_eq!(made, shown);
        let path = format!("{old}/{}", made["id"].as_str().unwrap());
        assert_eq!((alice.get(&path).await.ok().json(), alice.get(old).await.ok().json()), (shown.clone(), json!([shown])));
        let whole = alice.get(FILTERS).await.ok().json()[0].clone();
        assert_eq!((&whole["title"], &whole["filter_action"], &whole["keywords"][0]["id"]),
            (&json!("tea"), &json!("hide"), &made["id"]));
        let form = json!({"phrase": "coffee", "context": ["public"], "whole_word": false, "irreversible": false, "expires_in": null});
        let changed = alice.put(&path, form).await.ok().json();
        assert_eq!(changed, json!({"id": made["id"], "phrase": "coffee", "context": ["public"], "irreversible": false,
            "whole_word": false, "expires_at": null}));
        // A filter with more than one phrase cannot be changed for one of them.
        let second = format!("{FILTERS}/{}/keywords", whole["id"].as_str().unwrap());
        alice.post(&second, json!({"keyword": "milk"})).await.ok();
        assert_eq!(alice.get(old).await.ok().each("phrase"), [json!("coffee"), json!("milk")]);
        let answer = alice.put(&path, json!({"phrase": "coffee", "context": ["home"]})).await;
        assert_eq!(answer.status, 422);
        assert!(answer.text().contains("apply to more than one filter keyword"), "{}", answer.text());
        assert_eq!(bob.get(&path).await.refusal(), (404, "Record not found".to_owned()));
        for id in alice.get(old).await.ok().ids() {
            alice.delete(&format!("{old}/{id}")).await.ok();
        }
        assert_eq!(alice.get(FILTERS).await.ok().json(), json!([]), "with the last phrase goes the filter");
        assert_eq!(alice.post(old, json!({"context": ["home"]})).await.status, 422);
    }

    async fn a_match_is_told_wherever_the_post_is(house: House) {
        house.switch_off_rate_limits().await;
        let [alice, bob, carol] = [house.person("alice").await, house.person("bob").await, house.person("carol").await];
        alice.follows(&bob).await;
        alice.takes_private_mentions().await;
        filter(&alice, "Tea", &["teapot"]).await;
        let list = alice.post("/api/v1/lists", json!({"title": "l"})).await.ok().id();
        alice.post(&format!("/api/v1/lists/{list}/accounts"), json!({"account_ids": [bob.account]})).await.ok();
        let question = alice.says("my own teapot", "public").await;
        let text = json!({"status": "@alice a Teapot #pottery", "in_reply_to_id": question, "quote_approval_policy": "public"});
        let post = bob.posts(text).await;
        let boost = bob.post(&format!("/api/v1/statuses/{}/reblog", carol.says("the teapot of carol", "public").await), json!({})).await.ok().id();
        let quote = bob.posts(json!({"status": "look", "quoted_status_id": post})).await;
        bob.says("@alice my teapot is secret", "direct").await;
        for act in ["favourite", "bookmark"] {
            let acted = alice.post(&format!("/api/v1/statuses/{post}/{act}"), json!({})).await.ok().json();
            assert_eq!(titles(&acted), [found("Tea", "Teapot")], "{act}");
        }
        house.work().await;
        for path in [
            "/api/v1/timelines/home".to_owned(),
            "/api/v1/timelines/public".to_owned(),
            "/api/v1/timelines/tag/pottery".to_owned(),
            format!("/api/v1/timelines/list/{list}"),
            format!("/api/v1/accounts/{}/statuses", bob.account),
            format!("/api/v1/statuses?id[]={post}"),
            format!("/api/v1/statuses/{question}/context"),
            format!("/api/v1/statuses/{post}/quotes"),
            "/api/v1/favourites".to_owned(),
            "/api/v1/bookmarks".to_owned(),
            "/api/v1/notifications?types[]=mention".to_owned(),
            "/api/v2/notifications?types[]=mention".to_owned(),
            "/api/v1/conversations".to_owned(),
            "/api/v2/search?q=pottery".to_owned(),
        ] {
            let text = alice.get(&path).await.ok().text();
            assert!(text.contains(r#""keyword_matches":["#), "{path}: {text}");
            assert!(text.contains(r#""filter":{"id":"#) && !text.contains(r#""keywords""#), "{path}: {text}");
            let others = bob.get(&path).await;
            assert!(!others.text().contains("keyword_matches"), "{path} tells others");
        }
        assert_eq!(house.get(&format!("/api/v1/statuses/{post}")).await.ok().json().get("filtered"), None);
        // Of a boost what it boosts is looked at, and both say so; of a quote each part for itself.
        let boost = alice.get(&format!("/api/v1/statuses/{boost}")).await.ok().json();
        assert_eq!((titles(&boost), titles(&boost["reblog"])), (vec![found("Tea", "teapot")], vec![found("Tea", "teapot")]));
        let quote = alice.get(&format!("/api/v1/statuses/{quote}")).await.ok().json();
        assert_eq!(titles(&quote), []);
        assert_eq!(titles(&quote["quote"]["quoted_status"]), [found("Tea", "Teapot")]);
        // What one wrote oneself is never filtered, boosted by others neither.
        assert_eq!(of_post(&alice, &question).await, []);
        let mine = bob.post(&format!("/api/v1/statuses/{question}/reblog"), json!({})).await.ok().id();
        assert_eq!(of_post(&alice, &mine).await, []);
    }

    async fn all_that_is_read_of_a_post_is_looked_through(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        filter(&alice, "Tea", &["tea"]).await;
        let poll = json!({"options": ["coffee", "green tea"], "expires_in": 600});
        for (body, is_found) in [
            (json!({"status": "tea"}), true),
            (json!({"status": "steam"}), false),
            (json!({"status": "a drink", "spoiler_text": "Tea"}), true),
            (json!({"status": "which?", "poll": poll}), true),
            (json!({"status": "#tea"}), true),
            (json!({"status": "https://tea.example/"}), true),
        ] {
            let post = bob.posts(body.clone()).await;
            assert_eq!(!of_post(&alice, &post).await.is_empty(), is_found, "{body}");
        }
        let png = include_bytes!("../../src/pictures/avatar.png");
        let media = bob.upload(Method::POST, "/api/v2/media", &[("description", "a cup of tea")], &[("file", png)]).await.ok().id();
        let post = bob.posts(json!({"status": "see", "media_ids": [media]})).await;
        assert_eq!(of_post(&alice, &post).await, [found("Tea", "tea")]);
        // An edit is looked through anew.
        bob.put(&format!("/api/v1/statuses/{post}"), json!({"status": "TEA"})).await.ok();
        assert_eq!(of_post(&alice, &post).await, [found("Tea", "TEA")]);
    }

    async fn a_change_of_a_filter_holds_at_once_and_its_end_by_itself(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        let post = bob.says("tea and milk", "public").await;
        assert_eq!(of_post(&alice, &post).await, []);
        let tea = filter(&alice, "Tea", &["tea"]).await;
        let milk = filter(&alice, "Milk", &["milk", "cream"]).await;
        assert_eq!(of_post(&alice, &post).await, [found("Tea", "tea"), found("Milk", "milk")]);
        alice.put(&format!("{FILTERS}/{tea}"), json!({"expires_in": 60})).await.ok();
        house.wait(Duration::from_secs(61));
        assert_eq!(of_post(&alice, &post).await, [found("Milk", "milk")]);
        assert_eq!(alice.get(FILTERS).await.ok().ids(), [tea.clone(), milk.clone()], "what is over can be begun again");
        alice.put(&format!("{FILTERS}/{tea}"), json!({"expires_in": null})).await.ok();
        alice.delete(&format!("{FILTERS}/{milk}")).await.ok();
        alice.post(&format!("{FILTERS}/{tea}/statuses"), json!({"status_id": post})).await.ok();
        assert_eq!(of_post(&alice, &post).await, [("Tea".to_owned(), json!(["tea"]), json!([post]))]);
        let other = bob.says("something else", "public").await;
        alice.post(&format!("{FILTERS}/{tea}/statuses"), json!({"status_id": other})).await.ok();
        assert_eq!(of_post(&alice, &other).await, [("Tea".to_owned(), Value::Null, json!([other]))]);
        let boost = alice.post(&format!("/api/v1/statuses/{other}/reblog"), json!({})).await.ok().json();
        assert_eq!(titles(&boost), [("Tea".to_owned(), Value::Null, json!([other]))]);
        bob.delete(&format!("/api/v1/statuses/{other}")).await.ok();
        // It goes when its boosts have gone.
        house.work().await;
        house.wait(Duration::from_secs(6));
        house.work().await;
        assert_eq!(alice.get(&format!("{FILTERS}/{tea}/statuses")).await.ok().each("status_id"), [json!(post)]);
    }
}
