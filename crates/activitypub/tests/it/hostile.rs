//! Arbitrary bytes and arbitrary documents: never a panic, never more than the bounds.

#![expect(clippy::expect_used, reason = "a test may fail")]

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use phiomia_activitypub::{
    Activity, Actor, Collection, Document, Envelope, Note, Object, Uri, Web, Write, bounds,
    nodeinfo::NodeInfo,
    proof::Proof,
    signature::{Head, PublicKey, Signed},
    synchronization::CollectionSynchronization,
    webfinger::{Jrd, Resource, host_meta},
};
use phiomia_model::time::Time;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// The words that the readers look for, so that arbitrary documents come near to real ones.
const WORDS: &[&str] = &[
    "@context",
    "id",
    "type",
    "actor",
    "object",
    "target",
    "instrument",
    "attributedTo",
    "to",
    "cc",
    "content",
    "contentMap",
    "summary",
    "name",
    "nameMap",
    "tag",
    "attachment",
    "url",
    "href",
    "mediaType",
    "icon",
    "image",
    "inbox",
    "endpoints",
    "sharedInbox",
    "preferredUsername",
    "publicKey",
    "publicKeyPem",
    "owner",
    "oneOf",
    "anyOf",
    "replies",
    "totalItems",
    "first",
    "items",
    "orderedItems",
    "quote",
    "interactionPolicy",
    "canQuote",
    "automaticApproval",
    "published",
    "endTime",
    "closed",
    "votersCount",
    "focalPoint",
    "blurhash",
    "width",
    "proof",
    "language",
    "identifier",
    "alsoKnownAs",
    "links",
    "rel",
    "template",
    "software",
    "usage",
    "users",
];
const TEXTS: &[&str] = &[
    "Note",
    "Question",
    "Person",
    "Group",
    "Create",
    "Announce",
    "Undo",
    "Like",
    "EmojiReact",
    "Collection",
    "OrderedCollectionPage",
    "Mention",
    "Hashtag",
    "Emoji",
    "Link",
    "Video",
    "Tombstone",
    "QuoteRequest",
    "PropertyValue",
    "DataIntegrityProof",
    "as:Public",
    "https://www.w3.org/ns/activitystreams#Public",
    "https://a.example/1",
    "https://a.example/2",
    "https://b.example/1",
    "http://a.example/",
    "did:key:z6",
    "#tag",
    ":emoji:",
    "text/html",
    "video/mp4",
    "2026-11-25T12:00:00Z",
    "true",
    "7",
    "",
    "self",
    "lrdd",
];

fn value() -> impl Strategy<Value = Value> {
    let text = prop_oneof![4 => prop::sample::select(TEXTS).prop_map(str::to_owned), 1 => any::<String>()];
    let leaf = prop_oneof![
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<f64>().prop_map(Value::from),
        6 => text.prop_map(Value::from),
    ];
    let name = prop_oneof![8 => prop::sample::select(WORDS).prop_map(str::to_owned), 1 => any::<String>()];
    leaf.prop_recursive(6, 200, 12, move |inner| {
        prop_oneof![
            1 => prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            4 => prop::collection::btree_map(name.clone(), inner, 0..12)
                .prop_map(|map| Value::Object(map.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// A document that is at least of a kind, with the properties that the kind needs.
fn document() -> impl Strategy<Value = Value> {
    let base = prop::sample::select(
        &[
            "Person",
            "Note",
            "Question",
            "Page",
            "Video",
            "Create",
            "Update",
            "Announce",
            "Undo",
            "Like",
            "Flag",
            "Add",
            "Collection",
            "OrderedCollectionPage",
            "Group",
            "Image",
        ][..],
    );
    (base, value()).prop_map(|(kind, value)| {
        let mut map = match value {
            Value::Object(map) => map,
            other => Map::from_iter([("content".to_owned(), other)]),
        };
        for (name, value) in [
            ("type", kind),
            ("id", "https://a.example/1"),
            ("actor", "https://a.example/u"),
            ("attributedTo", "https://a.example/u"),
            ("inbox", "https://a.example/i"),
            ("preferredUsername", "u"),
            ("target", "https://a.example/t"),
        ] {
            map.insert(name.to_owned(), json!(value));
        }
        map.entry("object").or_insert_with(|| json!("https://b.example/1"));
        Value::Object(map)
    })
}

fn read_all(body: &[u8]) {
    let _ = Envelope::parse(body, Web::Https);
    let _ = Jrd::parse(body).map(|jrd| (jrd.handle(), jrd.actor(Web::Https), jrd.subscribe_template().map(str::len)));
    let _ = NodeInfo::parse(body);
    let _ = host_meta::lrdd_template(body);
    let Ok(document) = Document::parse(body, Web::HttpToo) else { return };
    let _ = Activity::read(&document);
    let _ = Actor::read(&document);
    let _ = Collection::read(&document);
    let _ = Proof::read(&document);
    check_bounds(&Note::read(&document).ok());
    let _ = Object::read(&document).to_document();
}

fn check_bounds(note: &Option<Note>) {
    let Some(note) = note else { return };
    assert!(note.content.as_ref().is_none_or(|text| text.len() <= bounds::TEXT_BYTES));
    assert!(note.attachments.len() <= bounds::ATTACHMENTS);
    assert!(note.tags.mentions.len() <= bounds::REFERENCES);
    assert!(note.poll.as_ref().is_none_or(|poll| poll.choices.len() <= bounds::POLL_OPTIONS));
    assert_eq!(note.author.host(), note.id.host());
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_no_danger(body in prop::collection::vec(any::<u8>(), 0..400)) {
        read_all(&body);
    }

    #[test]
    fn arbitrary_documents_are_no_danger(value in value()) {
        read_all(value.to_string().as_bytes());
    }

    #[test]
    fn what_is_read_is_written_and_read_again_as_the_same(value in document()) {
        let body = value.to_string();
        read_all(body.as_bytes());
        let Ok(read) = Document::parse(body.as_bytes(), Web::Https) else { return Ok(()) };
        let once = Object::read(&read).to_document();
        let again = Document::parse(&once, Web::Https).expect("what we write is within the bounds");
        prop_assert_eq!(Object::read(&again).to_document(), once);
    }

    #[test]
    fn addresses_resources_and_keys_may_be_anything(text in any::<String>()) {
        let _ = Uri::parse(&text, Web::HttpToo).map(|uri| (uri.host().len(), uri.without_fragment()));
        let _ = Resource::parse(&text, Web::Https);
        let _ = CollectionSynchronization::parse(&text, Web::Https);
        let _ = PublicKey::from_pem(&text);
        let _ = PublicKey::from_multibase(&text);
    }

    #[test]
    fn signature_headers_may_be_anything(input in "[ -~]{0,80}", signature in "[ -~]{0,80}", date in "[ -~]{0,40}") {
        let url = "https://a.example/inbox?x".parse().expect("a URL");
        for pairs in [
            vec![("signature", &signature), ("date", &date)],
            vec![("signature-input", &input), ("signature", &signature), ("content-digest", &date)],
        ] {
            let headers: HeaderMap = pairs
                .into_iter()
                .filter_map(|(name, value)| Some((HeaderName::from_static(name), HeaderValue::from_str(value).ok()?)))
                .collect();
            let head = Head { method: &Method::POST, url: &url, headers: &headers };
            let _ = Signed::examine(&head, Some(b"x"), Time(0));
        }
    }
}

#[test]
fn a_post_with_too_much_of_everything_is_cut_to_the_table() {
    let tags: Vec<Value> =
        (0..900).map(|n| json!({"type": "Mention", "href": format!("https://b.example/{n}")})).collect();
    let files: Vec<Value> =
        (0..50).map(|n| json!({"type": "Image", "url": format!("https://a.example/{n}.png")})).collect();
    let choices: Vec<Value> = (0..900).map(|n| json!({"name": n.to_string()})).collect();
    let note = json!({"type": "Question", "id": "https://a.example/1", "attributedTo": "https://a.example/u",
        "content": "ü".repeat(99_000), "tag": tags, "attachment": files, "oneOf": choices});
    let document = Document::parse(note.to_string().as_bytes(), Web::Https).expect("within the bounds of a document");
    let note = Note::read(&document).expect("a post");
    assert_eq!(note.content.map(|text| text.len()), Some(bounds::TEXT_BYTES));
    assert_eq!(note.tags.mentions.len(), bounds::REFERENCES);
    assert_eq!(note.attachments.len(), bounds::ATTACHMENTS);
    assert_eq!(note.poll.map(|poll| poll.choices.len()), Some(bounds::POLL_OPTIONS));
}

#[test]
fn activities_inside_of_activities_end_somewhere() {
    let mut activity = json!({"type": "Create", "actor": "https://a.example/u", "object": "https://a.example/1"});
    for _ in 0..12 {
        activity = json!({"type": "Announce", "actor": "https://a.example/u", "object": activity});
    }
    let document = Document::parse(activity.to_string().as_bytes(), Web::Https).expect("twelve levels are few");
    let mut found = Activity::read(&document).ok();
    let mut n_levels = 0;
    while let Some(activity) = found {
        n_levels += 1;
        found = match activity.verb {
            phiomia_activitypub::Verb::Announce(thing) => thing.activity().cloned(),
            _ => None,
        };
    }
    assert_eq!(n_levels, bounds::NESTED_ACTIVITIES);
}
