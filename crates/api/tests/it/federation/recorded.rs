//! What other softwares send, through the inbox, as apps are shown it.

use phiomia_model::{AccountId, Job};
use phiomia_store::db::federation::actors::{self, RemoteProfile};
use phiomia_testkit::on_both_engines;
use serde_json::{Value, json};

use crate::kit::{House, Person};

macro_rules! recorded {
    ($path:literal) => {
        serde_json::from_str::<Value>(include_str!(concat!("../../../../activitypub/fixtures/", $path))).unwrap()
    };
}

/// Somebody elsewhere whose profile is known: nobody is asked for it.
pub(super) async fn somebody(house: &House, uri: &str, username: &str, is_group: bool) -> AccountId {
    let host = uri.split('/').nth(2).unwrap().to_owned();
    let profile = RemoteProfile {
        uri: uri.to_owned(),
        url: uri.to_owned(),
        username: username.to_owned(),
        domain: host.clone(),
        inbox: format!("{uri}/inbox"),
        followers: Some(format!("{uri}/followers")),
        host,
        is_group,
        ..RemoteProfile::default()
    };
    house.api.db.write(move |tx| Ok(actors::keep(tx, &profile)?)).await.unwrap()
}

/// An activity of somebody is worked through, and what follows from it.
pub(super) async fn comes(house: &House, signer: AccountId, activity: &Value) {
    let body = activity.to_string();
    house.api.federation.run(Job::Receive { signer, body }).await.unwrap();
    house.work().await;
}

pub(super) const PUBLIC: &str = "https://www.w3.org/ns/activitystreams#Public";

/// A post as its own software would send it.
pub(super) fn created(note: &Value) -> Value {
    json!({
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": format!("{}#create", note["id"].as_str().unwrap()),
        "type": "Create",
        "actor": note["attributedTo"],
        "to": note["to"],
        "cc": note["cc"],
        "object": note,
    })
}

/// The creation of a public post of somebody, with more or other facts.
pub(super) fn note(author: &str, name: &str, more: Value) -> Value {
    let mut note = json!({
        "id": format!("{author}/{name}"), "type": "Note", "attributedTo": author, "to": [PUBLIC],
        "cc": [format!("{author}/followers")], "content": format!("<p>{name}</p>"),
    });
    note.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    created(&note)
}

/// Somebody here who follows an account, whose server said yes.
async fn follower(house: &House, target: AccountId) -> Person {
    let alice = house.person("alice").await;
    follows(house, &alice, target).await;
    alice
}

/// Somebody here follows an account, whose server says yes.
pub(super) async fn follows(house: &House, alice: &Person, target: AccountId) {
    alice.post(&format!("/api/v1/accounts/{target}/follow"), json!({})).await.ok();
    let me = alice.account;
    let accepted = house.api.db.write(move |tx| phiomia_social::remote::follow_accepted(tx, target, me));
    accepted.await.unwrap();
}

/// What is the same at each run of a post that somebody sees.
async fn shown(viewer: &Person, uri: &str) -> Value {
    let uri: String = uri.replace('#', "%23");
    let found = viewer.get(&format!("/api/v2/search?q={uri}&type=statuses")).await.ok().json();
    let post = &found["statuses"][0];
    let each = |list: &Value, names: &[&str]| -> Vec<Value> {
        let item = |item: &Value| names.iter().map(|name| ((*name).to_owned(), item[*name].clone())).collect();
        list.as_array().unwrap().iter().map(item).collect()
    };
    let mut kept: serde_json::Map<String, Value> = [
        "content",
        "created_at",
        "favourites_count",
        "language",
        "quote",
        "reblogs_count",
        "replies_count",
        "sensitive",
        "spoiler_text",
        "uri",
        "url",
        "visibility",
    ]
    .iter()
    .map(|name| ((*name).to_owned(), post[*name].clone()))
    .collect();
    kept.insert("account".into(), post["account"]["acct"].clone());
    kept.insert("is_answer".into(), json!(!post["in_reply_to_id"].is_null()));
    kept.insert("mentions".into(), json!(each(&post["mentions"], &["acct", "url"])));
    kept.insert("tags".into(), json!(each(&post["tags"], &["name"])));
    kept.insert("emojis".into(), json!(each(&post["emojis"], &["shortcode", "url"])));
    let media = ["type", "url", "preview_url", "description", "blurhash", "meta"];
    let mut all = each(&post["media_attachments"], &media);
    for (one, whole) in all.iter_mut().zip(post["media_attachments"].as_array().unwrap()) {
        // Our own addresses for them have ids in them.
        let lies = whole["remote_url"].clone();
        assert!(one["url"].as_str().unwrap().contains("/media_proxy/"), "{one}");
        let preview = &whole["preview_remote_url"];
        one["preview_url"] = if preview.is_null() && one["type"] == "image" { lies.clone() } else { preview.clone() };
        one["url"] = lies;
    }
    kept.insert("media".into(), json!(all));
    if !post["poll"].is_null() {
        let poll = &post["poll"];
        kept.insert("poll".into(), json!([poll["options"], poll["multiple"], poll["expired"], poll["voters_count"]]));
    }
    Value::Object(kept)
}

/// A recorded post by somebody who is followed here, as the follower sees it.
async fn sent(house: &House, note: &Value, username: &str) -> Value {
    let author = somebody(house, note["attributedTo"].as_str().unwrap(), username, false).await;
    let alice = follower(house, author).await;
    comes(house, author, &created(note)).await;
    shown(&alice, note["id"].as_str().unwrap()).await
}

on_both_engines! {
    async fn a_question_of_mastodon(house: House) {
        let shown = sent(&house, &recorded!("mastodon/question.json"), "ada").await;
        insta::assert_json_snapshot!("mastodon_question", shown);
    }

    async fn a_quote_of_mastodon(house: House) {
        let create = recorded!("mastodon/create_quote.json");
        somebody(&house, "https://other.example/users/bo", "bo", false).await;
        let ada = somebody(&house, "https://mastodon.example/users/ada", "ada", false).await;
        let alice = follower(&house, ada).await;
        comes(&house, ada, &create).await;
        insta::assert_json_snapshot!("mastodon_quote", shown(&alice, create["object"]["id"].as_str().unwrap()).await);
    }

    async fn a_note_of_gotosocial(house: House) {
        somebody(&house, "https://other.example/users/bo", "bo", false).await;
        insta::assert_json_snapshot!("gotosocial_note", sent(&house, &recorded!("gotosocial/note.json"), "cy").await);
    }

    async fn an_answer_of_friendica(house: House) {
        somebody(&house, "https://lemmy.example/u/eve", "eve", false).await;
        insta::assert_json_snapshot!("friendica_answer", sent(&house, &recorded!("friendica/reply.json"), "hal").await);
    }

    async fn a_quote_of_misskey(house: House) {
        insta::assert_json_snapshot!("misskey_quote", sent(&house, &recorded!("misskey/quote.json"), "ni").await);
    }

    async fn an_article_of_wordpress(house: House) {
        insta::assert_json_snapshot!("wordpress_article", sent(&house, &recorded!("wordpress/article.json"), "gil").await);
    }

    async fn a_video_of_peertube(house: House) {
        let mut video = recorded!("peertube/video.json");
        // The person and the channel: here the person alone, as the reader chooses it.
        video["attributedTo"] = json!("https://tube.example/accounts/fay");
        insta::assert_json_snapshot!("peertube_video", sent(&house, &video, "fay").await);
    }

    async fn a_note_of_pleroma(house: House) {
        insta::assert_json_snapshot!("pleroma_note", sent(&house, &recorded!("pleroma/note.json"), "kim").await);
    }

    async fn a_quote_of_akkoma(house: House) {
        somebody(&house, "https://other.example/users/bo", "bo", false).await;
        insta::assert_json_snapshot!("akkoma_quote", sent(&house, &recorded!("akkoma/note.json"), "di").await);
    }

    async fn pictures_and_a_film_of_pixelfed(house: House) {
        let create = recorded!("pixelfed/create.json");
        let lu = somebody(&house, "https://pixelfed.example/users/lu", "lu", false).await;
        let alice = follower(&house, lu).await;
        comes(&house, lu, &create).await;
        insta::assert_json_snapshot!("pixelfed_pictures", shown(&alice, create["object"]["id"].as_str().unwrap()).await);
    }

    async fn a_quote_of_mitra(house: House) {
        insta::assert_json_snapshot!("mitra_quote", sent(&house, &recorded!("mitra/note.json"), "jo").await);
    }

    async fn a_note_of_hollo(house: House) {
        somebody(&house, "https://other.example/users/bo", "bo", false).await;
        insta::assert_json_snapshot!("hollo_note", sent(&house, &recorded!("hollo/note.json"), "mo").await);
    }

    async fn pictures_of_threads(house: House) {
        insta::assert_json_snapshot!("threads_pictures", sent(&house, &recorded!("threads/note.json"), "ivy").await);
    }

    async fn an_event_of_mobilizon(house: House) {
        insta::assert_json_snapshot!("mobilizon_event", sent(&house, &recorded!("mobilizon/event.json"), "sailors").await);
    }

    async fn an_article_of_nodebb(house: House) {
        insta::assert_json_snapshot!("nodebb_article", sent(&house, &recorded!("nodebb/article.json"), "ann").await);
    }

    async fn a_note_of_sharkey(house: House) {
        insta::assert_json_snapshot!("sharkey_note", sent(&house, &recorded!("sharkey/note.json"), "xan").await);
    }

    async fn a_line_of_a_book_of_bookwyrm(house: House) {
        insta::assert_json_snapshot!("bookwyrm_quotation", sent(&house, &recorded!("bookwyrm/quotation.json"), "otto").await);
    }

    async fn what_a_group_of_lemmy_passes_on_is_its_boost(house: House) {
        let announce = recorded!("lemmy/announce_create_page.json");
        let eve = somebody(&house, "https://lemmy.example/u/eve", "eve", false).await;
        let boats = somebody(&house, "https://lemmy.example/c/boats", "boats", true).await;
        let alice = follower(&house, boats).await;
        // Its own server is asked for the page; here it has come from its author before.
        alice.post(&format!("/api/v1/accounts/{eve}/follow"), json!({})).await.ok();
        let me = alice.account;
        house.api.db.write(move |tx| phiomia_social::remote::follow_accepted(tx, eve, me)).await.unwrap();
        comes(&house, eve, &announce["object"]).await;
        comes(&house, boats, &announce).await;
        let shown = shown(&alice, announce["object"]["object"]["id"].as_str().unwrap()).await;
        assert_eq!(shown["reblogs_count"], 1);
        insta::assert_json_snapshot!("lemmy_page", shown);
    }

    async fn reactions_of_akkoma_and_misskey_are_favourites_to_apps(house: House) {
        let alice = house.person("alice").await;
        let post = alice.post("/api/v1/statuses", json!({"status": "react"})).await.ok().json();
        let uri = post["uri"].as_str().unwrap();
        let ours = |activity: Value| -> Value {
            let text = activity.to_string().replace("https://here.example/ap/users/1/statuses/5", uri);
            serde_json::from_str(&text).unwrap()
        };
        let di = somebody(&house, "https://akkoma.example/users/di", "di", false).await;
        let ni = somebody(&house, "https://misskey.example/users/9t", "ni", false).await;
        comes(&house, di, &ours(recorded!("akkoma/emoji_react.json"))).await;
        comes(&house, ni, &ours(recorded!("misskey/like.json"))).await;
        assert_eq!(shown(&alice, uri).await["favourites_count"], 2);
        let told = alice.get("/api/v1/notifications?types[]=favourite").await.ok().json();
        let mut people: Vec<&str> = told.as_array().unwrap().iter().map(|n| n["account"]["acct"].as_str().unwrap()).collect();
        people.sort_unstable();
        assert_eq!(people, ["di@akkoma.example", "ni@misskey.example"]);
    }

    async fn a_vote_of_mastodon_counts_once(house: House) {
        let alice = house.person("alice").await;
        let poll = json!({"status": "Tea?", "poll": {"options": ["green", "black"], "expires_in": 3600}});
        let post = alice.post("/api/v1/statuses", poll).await.ok().json();
        let vote = recorded!("mastodon/vote.json").to_string();
        let vote = vote.replace("https://here.example/ap/users/1/statuses/5", post["uri"].as_str().unwrap());
        let vote: Value = serde_json::from_str(&vote).unwrap();
        let bo = somebody(&house, "https://mastodon.example/users/bo", "bo", false).await;
        comes(&house, bo, &vote).await;
        comes(&house, bo, &vote).await;
        let poll = &shown(&alice, post["uri"].as_str().unwrap()).await["poll"];
        assert_eq!((&poll[0][0]["votes_count"], &poll[3]), (&json!(1), &json!(1)));
    }

    async fn a_deleted_account_of_mastodon_is_gone(house: House) {
        let delete = recorded!("mastodon/delete_actor.json");
        let account = somebody(&house, delete["actor"].as_str().unwrap(), "gone", false).await;
        let alice = house.person("alice").await;
        alice.get(&format!("/api/v1/accounts/{account}")).await.ok();
        comes(&house, account, &delete).await;
        assert_eq!(alice.get(&format!("/api/v1/accounts/{account}")).await.status, 410);
    }
}
