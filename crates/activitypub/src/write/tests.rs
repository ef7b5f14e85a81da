//! What we write: as it looks, and that it is read back as what it was.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use insta::assert_snapshot;

use super::*;
use crate::{Document, Web};

fn pretty(value: &impl Write) -> String {
    let value: Value = serde_json::from_slice(&value.to_document()).unwrap();
    serde_json::to_string_pretty(&value).unwrap()
}

fn read(json: &str) -> Object {
    Object::read(&Document::parse(json.as_bytes(), Web::Https).unwrap())
}

#[test]
fn an_activity_without_extensions_needs_no_further_context() {
    let follow = read(
        r#"{"type": "Follow", "id": "https://a.example/f/1", "actor": "https://a.example/u", "object": "https://b.example/u",
            "bto": "https://c.example/u", "bcc": ["https://d.example/u"]}"#,
    );
    assert_snapshot!(pretty(&follow), @r#"
    {
      "@context": "https://www.w3.org/ns/activitystreams",
      "actor": "https://a.example/u",
      "id": "https://a.example/f/1",
      "object": "https://b.example/u",
      "type": "Follow"
    }
    "#);
}

#[test]
fn a_note_brings_exactly_the_terms_it_uses() {
    let note = read(
        r#"{"type": "Note", "id": "https://a.example/n/1", "attributedTo": "https://a.example/u", "content": "<p>hi</p>",
            "contentMap": {"en": "<p>hi</p>"}, "to": "as:Public", "published": "2026-11-25T12:00:00.123Z",
            "tag": [{"type": "Hashtag", "name": "\#Grün"}], "attachment": {"type": "Document", "mediaType": "image/png",
            "url": "https://a.example/1.png", "focalPoint": [0.5, -0.5]},
            "interactionPolicy": {"canQuote": {"automaticApproval": "as:Public"}}}"#
            .replace("\\#", "#")
            .as_str(),
    );
    assert_snapshot!(pretty(&note));
}

#[test]
fn deletions_of_posts_carry_a_tombstone_and_those_of_actors_do_not() {
    let delete = |object: &str| {
        let json = format!(r#"{{"type": "Delete", "actor": "https://a.example/u", "object": "{object}"}}"#);
        read(&json).to_json().get("object").cloned().unwrap()
    };
    assert_eq!(delete("https://a.example/n"), json!({"type": "Tombstone", "id": "https://a.example/n"}));
    assert_eq!(delete("https://a.example/u"), json!("https://a.example/u"));
}

#[test]
fn a_hidden_collection_has_a_count_and_no_items() {
    let collection = |json: &str| {
        let document = Document::parse(json.as_bytes(), Web::Https).unwrap();
        Collection::read(&document).unwrap().to_json()
    };
    let hidden = collection(r#"{"type": "OrderedCollection", "id": "https://a.example/f", "totalItems": 7}"#);
    assert_eq!(hidden, json!({"type": "OrderedCollection", "id": "https://a.example/f", "totalItems": 7}));
    let empty = collection(r#"{"type": "OrderedCollection", "totalItems": 0}"#);
    assert_eq!(empty, json!({"type": "OrderedCollection", "totalItems": 0, "orderedItems": []}));
}
