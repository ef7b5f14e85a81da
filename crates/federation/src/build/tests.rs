//! Documents of hand-made views, as other servers get them.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test shall fail loudly")]

use std::sync::Arc;

use phiomia_activitypub::{Activity, Actor, Document, Write as _};
use phiomia_model::{
    QuotePolicy, QuoteState, Time, Visibility,
    account::{Field, ProfileMention, ShownTabs},
};
use phiomia_store::db::{
    federation::neighbours::QuoteNames,
    statuses::{MentionView, PollOptionView, PollView, StatusBody},
};
use serde_json::{Value, json};

use super::*;

const NOON: Time = Time(1_795_608_000_000_000);

/// Handles end otherwise than the host does: no id may contain the handle's domain.
fn addresses() -> Addresses {
    Addresses::new("https", "handle.example", "web.example")
}

fn person(id: i64, name: &str) -> AccountView {
    AccountView {
        id: AccountId(id),
        username: name.into(),
        domain: None,
        uri: addresses().account_uri(AccountId(id)),
        url: addresses().account_url(name),
        display_name: "Alice :blob:".into(),
        note: "I write\nto #gardeners and @bob".into(),
        fields: vec![Field { name: "site".into(), value: "https://alice.example".into(), verified_at: None }],
        is_locked: true,
        is_bot: false,
        is_group: false,
        is_discoverable: true,
        is_indexable: false,
        hides_collections: false,
        is_memorial: false,
        tabs: ShownTabs::default(),
        attribution_domains: vec!["blog.example".into()],
        moved_to: None,
        is_suspended: false,
        is_silenced: false,
        is_sensitized: false,
        is_deleted: false,
        created_at: NOON,
        last_status_day: None,
        statuses_count: 0,
        followers_count: 0,
        following_count: 0,
        role: None,
        avatar: None,
        header: None,
        own_avatar: None,
        own_header: None,
        mentions: vec![ProfileMention {
            handle: "bob".into(),
            username: "bob".into(),
            url: addresses().account_url("bob"),
        }],
        avatar_description: String::new(),
        header_description: String::new(),
        emojis: Vec::new(),
        made: phiomia_store::db::Made::default(),
    }
}

fn post(text: &str, visibility: Visibility) -> StatusView {
    let author = person(1, "alice");
    let body = StatusBody {
        id: StatusId(7),
        account: author.id,
        uri: addresses().status_uri(author.id, StatusId(7)),
        url: Some(addresses().status_url("alice", StatusId(7))),
        text: text.into(),
        spoiler_text: String::new(),
        visibility,
        is_sensitive: false,
        is_local: true,
        language: Some("en".into()),
        in_reply_to_id: None,
        in_reply_to_account_id: None,
        reblog_of_id: None,
        conversation_id: Some(5),
        quote_policy: QuotePolicy::Public,
        created_at: NOON,
        edited_at: None,
        replies_count: 2,
        reblogs_count: 1,
        favourites_count: 3,
        quotes_count: 0,
        quote: None,
        app: None,
        mentions: Vec::new(),
        tags: Vec::new(),
        poll: None,
        attachments: Vec::new(),
        media: Vec::new(),
        emojis: Vec::new(),
        card: None,
        approval: None,
        made: phiomia_store::db::Made::default(),
        searched: phiomia_store::db::Made::default(),
    };
    StatusView {
        body: Arc::new(body),
        author: Arc::new(author),
        reblog: None,
        quote: None,
        mine: None,
        creator: None,
        is_poll_over: false,
        filtering: None,
    }
}

fn emoji() -> CustomEmojiView {
    CustomEmojiView {
        id: phiomia_model::CustomEmojiId(9),
        shortcode: "blob".into(),
        file: "emoji/blob.png".into(),
        content_type: "image/png".into(),
        still: None,
        category: None,
        is_visible: true,
    }
}

fn mention(id: i64, handle: &str, domain: Option<&str>, is_silent: bool) -> MentionView {
    let username = handle.split('@').next().unwrap().to_owned();
    let url = format!("https://{}/@{username}", domain.unwrap_or("web.example"));
    MentionView {
        account: AccountId(id),
        handle: handle.into(),
        is_silent,
        username,
        domain: domain.map(Into::into),
        url,
    }
}

fn written(view: &StatusView, facts: &Facts) -> Value {
    note(view, facts, &addresses()).unwrap().to_json()
}

#[test]
fn a_person_is_written_with_everything_but_the_handles_domain_in_ids() {
    let facts = ActorFacts {
        public_pem: "PEM".into(),
        aliases: vec!["https://old.example/u/alice".into()],
        emojis: vec![emoji()],
    };
    insta::assert_json_snapshot!(actor(&person(1, "alice"), &facts, &addresses()).unwrap().to_json());
}

#[test]
fn the_server_is_an_application() {
    insta::assert_json_snapshot!(server(&addresses(), "PEM".into()).unwrap().to_json());
}

#[test]
fn of_a_suspended_person_only_name_and_key_are_told() {
    let view = AccountView { is_suspended: true, ..person(1, "alice") };
    let json = actor(&view, &ActorFacts { public_pem: "PEM".into(), ..ActorFacts::default() }, &addresses());
    let json = json.unwrap().to_json();
    assert_eq!(json["suspended"], true);
    assert_eq!(json["publicKey"]["publicKeyPem"], "PEM");
    assert!(json.get("summary").is_none() && json.get("attachment").is_none() && json.get("name").is_none());
}

#[test]
fn a_post_is_written_with_its_mentions_tags_thread_and_counts() {
    let mut view = post("Hello @bob and @carol@remote.example, see #Gardens :blob:", Visibility::Public);
    let body = Arc::make_mut(&mut view.body);
    body.mentions =
        vec![mention(2, "bob", None, false), mention(3, "carol@remote.example", Some("remote.example"), false)];
    body.tags = vec!["gardens".into()];
    let uris = [(2, "https://web.example/ap/users/2"), (3, "https://remote.example/u/carol")];
    let facts = Facts {
        uris: uris.into_iter().map(|(id, uri)| (AccountId(id), uri.to_owned())).collect(),
        emojis: vec![emoji()],
        continued: HashMap::from([(
            StatusId(7),
            vec![(StatusId(8), addresses().status_uri(AccountId(1), StatusId(8)))],
        )]),
        ..Facts::default()
    };
    insta::assert_json_snapshot!(activity(&view, &facts, &addresses()).unwrap().to_json());
}

#[test]
fn recipients_follow_visibility_and_silent_mentions_are_among_them() {
    let facts = Facts {
        uris: HashMap::from([(AccountId(3), "https://remote.example/u/carol".to_owned())]),
        ..Facts::default()
    };
    let audience = |visibility| {
        let mut view = post("psst", visibility);
        Arc::make_mut(&mut view.body).mentions = vec![mention(3, "", Some("remote.example"), true)];
        let json = written(&view, &facts);
        assert!(json.get("tag").is_none(), "a silent mention is no mention");
        (json["to"].clone(), json["cc"].clone())
    };
    let public = "https://www.w3.org/ns/activitystreams#Public";
    let followers = "https://web.example/ap/users/1/followers";
    let carol = "https://remote.example/u/carol";
    assert_eq!(audience(Visibility::Public), (json!([public]), json!([followers, carol])));
    assert_eq!(audience(Visibility::Unlisted), (json!([followers]), json!([public, carol])));
    assert_eq!(audience(Visibility::Private), (json!([followers]), json!([carol])));
    assert_eq!(audience(Visibility::Direct), (json!([carol]), Value::Null));
}

#[test]
fn a_poll_hides_its_figures_until_it_is_over() {
    let mut view = post("Tea?", Visibility::Public);
    let option = |title: &str, votes_count| PollOptionView { title: title.into(), votes_count };
    Arc::make_mut(&mut view.body).poll = Some(PollView {
        id: phiomia_model::PollId(4),
        is_multiple: false,
        hides_totals: true,
        expires_at: Some(NOON),
        voters_count: 3,
        options: vec![option("yes", 2), option("no", 1)],
    });
    let open = written(&view, &Facts::default());
    assert_eq!((&open["type"], &open["oneOf"][0]["replies"]["totalItems"]), (&json!("Question"), &json!(0)));
    assert!(open.get("closed").is_none());
    view.is_poll_over = true;
    let over = written(&view, &Facts::default());
    assert_eq!(
        (&over["closed"], &over["oneOf"][0]["replies"]["totalItems"]),
        (&json!("2026-11-25T12:00:00Z"), &json!(2))
    );
}

#[test]
fn a_quote_is_named_with_its_stamp_until_it_is_refused() {
    let quote = |state, is_author_local| {
        let names = QuoteNames {
            state,
            quoted: Some("https://remote.example/n/1".into()),
            approval: Some("https://remote.example/stamps/1".into()),
            author: Some(AccountId(2)),
            is_author_local,
        };
        let around =
            Neighbours { status: StatusId(7), parent: None, conversation: None, quote: Some(names), stamp: None };
        let facts = Facts { neighbours: HashMap::from([(StatusId(7), around)]), ..Facts::default() };
        let json = written(&post("look", Visibility::Public), &facts);
        (json["quote"].clone(), json["quoteAuthorization"].clone())
    };
    let named = json!("https://remote.example/n/1");
    assert_eq!(quote(QuoteState::Pending, false), (named.clone(), Value::Null));
    assert_eq!(quote(QuoteState::Accepted, false), (named.clone(), json!("https://remote.example/stamps/1")));
    let own = json!("https://web.example/ap/users/2/quote_authorizations/7");
    assert_eq!(quote(QuoteState::Accepted, true), (named, own));
    assert_eq!(quote(QuoteState::Revoked, false), (Value::Null, Value::Null));
}

#[test]
fn a_boost_names_what_it_boosts_and_is_for_its_author_too() {
    let mut original = post("hi", Visibility::Public);
    original.author = Arc::new(AccountView { uri: "https://remote.example/u/carol".into(), ..person(3, "carol") });
    Arc::make_mut(&mut original.body).uri = "https://remote.example/n/6".into();
    let mut view = post("", Visibility::Unlisted);
    let body = Arc::make_mut(&mut view.body);
    body.uri = format!("{}/activity", body.uri);
    body.reblog_of_id = Some(StatusId(6));
    view.reblog = Some(Box::new(original));
    insta::assert_json_snapshot!(activity(&view, &Facts::default(), &addresses()).unwrap().to_json(), @r#"
    {
      "actor": "https://web.example/ap/users/1",
      "cc": [
        "https://remote.example/u/carol",
        "https://www.w3.org/ns/activitystreams#Public"
      ],
      "id": "https://web.example/ap/users/1/statuses/7/activity",
      "object": "https://remote.example/n/6",
      "published": "2026-11-25T12:00:00Z",
      "to": [
        "https://web.example/ap/users/1/followers"
      ],
      "type": "Announce"
    }
    "#);
    assert!(note(&view, &Facts::default(), &addresses()).is_err());
}

#[test]
fn what_is_written_is_understood_as_it_was_meant() {
    let read = |bytes: &[u8]| Document::parse(bytes, Web::Https).unwrap();
    let facts = ActorFacts {
        public_pem: "PEM".into(),
        aliases: vec!["https://old.example/u/alice".into()],
        emojis: vec![emoji()],
    };
    let actor = actor(&person(1, "alice"), &facts, &addresses()).unwrap();
    assert_eq!(Actor::read(&read(&actor.to_document())).unwrap(), actor);
    let server = server(&addresses(), "PEM".into()).unwrap();
    assert_eq!(Actor::read(&read(&server.to_document())).unwrap(), server);
    let mut view = post("@carol@remote.example :blob: #Tea?", Visibility::Unlisted);
    let body = Arc::make_mut(&mut view.body);
    body.spoiler_text = "tea".into();
    body.tags = vec!["tea".into()];
    body.mentions = vec![mention(3, "carol@remote.example", Some("remote.example"), false)];
    let facts = Facts {
        uris: HashMap::from([(AccountId(3), "https://remote.example/u/carol".to_owned())]),
        emojis: vec![emoji()],
        ..Facts::default()
    };
    let activity = activity(&view, &facts, &addresses()).unwrap();
    assert_eq!(Activity::read(&read(&activity.to_document())).unwrap(), activity);
}
