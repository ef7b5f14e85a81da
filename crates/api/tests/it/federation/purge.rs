//! Everything of a domain that is gone is forgotten, and nothing else.

use phiomia_model::AccountId;
use phiomia_social::remote::purge;
use phiomia_store::db::{
    accounts,
    federation::{actors, hosts, posts, received},
    remote_files,
};
use phiomia_testkit::{leave_for, on_both_engines};
use serde_json::{Value, json};

use super::recorded::{PUBLIC, comes, follows, note, somebody};
use crate::kit::{House, Person};

const GONE: &str = "https://gone.example/users/gil";
const OTHER: &str = "https://gone.example/users/ada";
const STAYS: &str = "https://stays.example/users/bo";

fn act(author: &str, kind: &str, object: &str) -> Value {
    json!({
        "@context": "https://www.w3.org/ns/activitystreams", "id": format!("{author}#{kind}-{object}"), "type": kind,
        "actor": author, "object": object, "to": [PUBLIC],
    })
}

/// alice and the people of a domain have to do with each other in every way there is; bo is of another domain.
struct Scene {
    house: House,
    alice: Person,
    gil: AccountId,
    bo: AccountId,
    /// A post of alice.
    own: Value,
}

impl Scene {
    async fn open(engine: phiomia_testkit::Engine) -> Scene {
        let house = House::open(engine).await;
        house.switch_off_rate_limits().await;
        let alice = house.person("alice").await;
        alice.takes_private_mentions().await;
        let gil = somebody(&house, GONE, "gil", false).await;
        let ada = somebody(&house, OTHER, "ada", false).await;
        let bo = somebody(&house, STAYS, "bo", false).await;
        for account in [gil, bo] {
            follows(&house, &alice, account).await;
        }
        let poll = json!({ "status": "Tea?", "quote_approval_policy": "public", "poll": { "options": ["green", "black"], "expires_in": 3600 } });
        let own = alice.post("/api/v1/statuses", poll).await.ok().json();
        let (uri, me) = (own["uri"].as_str().unwrap(), house.api.addresses.account_uri(alice.account));
        for (account, author) in [(gil, GONE), (bo, STAYS)] {
            comes(&house, account, &act(author, "Follow", &me)).await;
            comes(&house, account, &act(author, "Like", uri)).await;
            comes(&house, account, &act(author, "Announce", uri)).await;
            comes(
                &house,
                account,
                &note(author, "post", json!({ "tag": [{ "type": "Hashtag", "name": "#tea", "href": PUBLIC }] })),
            )
            .await;
            let answer = json!({ "inReplyTo": uri, "cc": [me], "tag": [{ "type": "Mention", "href": me }] });
            comes(&house, account, &note(author, "answer", answer)).await;
            let vote = json!({ "inReplyTo": uri, "name": "green", "content": null, "to": [me], "cc": [] });
            comes(&house, account, &note(author, "vote", vote)).await;
            let letter = json!({ "to": [me], "cc": [], "tag": [{ "type": "Mention", "href": me }] });
            comes(&house, account, &note(author, "letter", letter)).await;
        }
        let react = act(GONE, "EmojiReact", &format!("{STAYS}/post"));
        comes(&house, gil, &merged(react, json!({ "content": "👍" }))).await;
        comes(&house, bo, &act(STAYS, "Announce", &format!("{GONE}/post"))).await;
        comes(&house, bo, &note(STAYS, "to-gil", json!({ "inReplyTo": format!("{GONE}/post") }))).await;
        comes(&house, bo, &note(STAYS, "quotes-gil", json!({ "quote": format!("{GONE}/post") }))).await;
        comes(&house, ada, &note(OTHER, "quotes-gil", json!({ "quote": format!("{GONE}/post") }))).await;
        let scene = Scene { house, alice, gil, bo, own };
        scene.acts().await;
        scene
    }

    /// What alice does with a post of gil, and with gil.
    async fn acts(&self) {
        let (alice, gil) = (&self.alice, self.gil);
        let post = self.id_of(&format!("{GONE}/post")).await;
        for verb in ["favourite", "bookmark", "reblog"] {
            alice.post(&format!("/api/v1/statuses/{post}/{verb}"), json!({})).await.ok();
        }
        alice.posts(json!({ "status": "@gil@gone.example well", "in_reply_to_id": post })).await;
        alice.posts(json!({ "status": "@gil@gone.example psst", "visibility": "direct" })).await;
        alice.post(&format!("/api/v1/accounts/{gil}/note"), json!({ "comment": "met in Lisbon" })).await.ok();
        alice.post(&format!("/api/v1/accounts/{gil}/endorse"), json!({})).await.ok();
        alice.post(&format!("/api/v1/accounts/{gil}/mute"), json!({})).await.ok();
        let list = alice.post("/api/v1/lists", json!({ "title": "friends" })).await.ok().id();
        alice.post(&format!("/api/v1/lists/{list}/accounts"), json!({ "account_ids": [gil.to_string()] })).await.ok();
        alice.post("/api/v1/reports", json!({ "account_id": gil.to_string(), "status_ids": [post] })).await.ok();
        self.house.work().await;
        let me = alice.account;
        let leaving =
            self.house.api.db.write(move |tx| Ok(leave_for(tx, me, None, &["gone.example", "stays.example"])?));
        leaving.await.unwrap();
    }

    async fn id_of(&self, uri: &str) -> String {
        let found = self.alice.get(&format!("/api/v2/search?q={uri}&type=statuses")).await.ok().json();
        found["statuses"][0]["id"].as_str().unwrap_or_else(|| panic!("{uri} is not here")).to_owned()
    }

    async fn preview(&self) -> purge::Purge {
        self.house.api.db.read(|q| purge::preview(q, "gone.example", false)).await.unwrap()
    }

    /// Everything, in as many turns as it takes; how many these were. `most`: after so many it is cut.
    async fn purge(&self, most: usize) -> usize {
        let db = &self.house.api.db;
        let mut n_turns = 0;
        for account in db.read(|q| purge::people(q, "gone.example", false)).await.unwrap() {
            loop {
                if n_turns == most {
                    return n_turns;
                }
                n_turns += 1;
                if db.write(move |tx| purge::purge_part(tx, account)).await.unwrap() {
                    break;
                }
            }
        }
        db.write(|tx| purge::purge_servers(tx, "gone.example", false).map(drop)).await.unwrap();
        n_turns
    }
}

fn merged(mut one: Value, more: Value) -> Value {
    one.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    one
}

on_both_engines! {
    async fn nothing_is_left_of_a_domain_and_the_rest_is_as_it_was(scene: Scene) {
        let found = scene.preview().await;
        assert_eq!((found.accounts, found.amount.follows_to_here, found.amount.follows_from_here), (2, 1, 1));
        assert!(found.amount.posts >= 5 && found.deliveries == 1, "{found:?}");
        let before = scene.alice.get("/api/v1/accounts/verify_credentials").await.ok().json();
        let home = scene.alice.get("/api/v1/timelines/home").await.ok().text();
        assert!(home.contains("gone.example"));
        scene.purge(usize::MAX).await;
        scene.house.work().await;

        assert_eq!(scene.preview().await, purge::Purge::default());
        let (gil, uri) = (scene.gil, format!("{GONE}/post"));
        let left = scene.house.api.db.read(move |q| {
            Ok((
                accounts::view(q, gil)?.is_some(),
                actors::by_uri(q, GONE)?.is_some(),
                posts::owner(q, &uri)?.is_some(),
                received::is_known(q, &format!("{GONE}/post#create"))?,
                hosts::find(q, "gone.example")?.is_some(),
                remote_files::n_unused(q, Some("gone.example"), phiomia_model::Time(i64::MAX))?,
            ))
        });
        assert_eq!(left.await.unwrap(), (false, false, false, false, false, (0, 0)));
        // Whatever alice looks at knows of nobody there, but for what she wrote herself.
        for path in [
            "/api/v1/timelines/home", "/api/v1/timelines/public", "/api/v1/timelines/tag/tea", "/api/v1/notifications",
            "/api/v2/notifications", "/api/v1/favourites", "/api/v1/bookmarks", "/api/v1/mutes", "/api/v1/conversations",
            "/api/v2/search?q=gil", "/api/v1/endorsements",
        ] {
            let shown = scene.alice.get(path).await.ok().text();
            assert!(!shown.contains("https://gone.example") && !shown.contains("\"gil@gone.example\""), "{path}: {shown}");
        }
        let own = scene.own["id"].as_str().unwrap();
        let post = scene.alice.get(&format!("/api/v1/statuses/{own}")).await.ok().json();
        let counts = [&post["replies_count"], &post["reblogs_count"], &post["favourites_count"]];
        assert_eq!(counts, [1, 1, 1].map(|n| json!(n)).each_ref(), "bo's");
        let poll = &post["poll"];
        let votes = [&poll["votes_count"], &poll["voters_count"], &poll["options"][0]["votes_count"]];
        assert_eq!(votes, [1, 1, 1].map(|n| json!(n)).each_ref(), "bo's");
        let after = scene.alice.get("/api/v1/accounts/verify_credentials").await.ok().json();
        for name in ["followers_count", "following_count"] {
            assert_eq!((&before[name], &after[name]), (&json!(2), &json!(1)), "{name}");
        }
        // alice's boost went with what it boosted, her answer stays as an answer to nobody.
        assert_eq!(after["statuses_count"], json!(before["statuses_count"].as_i64().unwrap() - 1));
        let thread = scene.alice.get(&format!("/api/v1/statuses/{own}/context")).await.ok().json();
        assert_eq!(thread["descendants"].as_array().unwrap().len(), 1);
        let bo = scene.alice.get(&format!("/api/v1/accounts/{}/statuses?limit=40", scene.bo)).await.ok().each("content");
        assert!(bo.contains(&json!("<p>quotes-gil</p>")), "{bo:?}");
        assert_eq!(scene.alice.get("/api/v1/lists").await.ok().ids().len(), 1);
    }

    async fn what_was_cut_goes_on_and_who_is_met_again_comes_again(scene: Scene) {
        let whole = scene.purge(1).await;
        assert_eq!(whole, 1);
        let rest = scene.preview().await;
        assert!(rest.accounts > 0 && rest.amount.posts < 5, "{rest:?}");
        scene.purge(usize::MAX).await;
        assert_eq!(scene.preview().await, purge::Purge::default());
        let again = somebody(&scene.house, GONE, "gil", false).await;
        assert_ne!(again, scene.gil);
        follows(&scene.house, &scene.alice, again).await;
        comes(&scene.house, again, &note(GONE, "post", json!({}))).await;
        assert!(scene.alice.get("/api/v1/timelines/home").await.ok().text().contains("<p>post</p>"));
    }
}
