//! Documents as they come: JSON within bounds, read leniently, without any JSON-LD processing.
//!
//! ActivityStreams lets nearly every property be one value, a list, an object or only its id, and the fediverse makes
//! use of all of it. [`Document`] holds the tree, `Node` (inside of this room) reads it: what has the wrong type is as
//! if it were missing, and what nobody asks for is never looked at.
//! Source: <https://www.w3.org/TR/activitystreams-core/>.

mod bounded;
mod node;

use serde_json::{Map, Value};

pub(crate) use node::{Node, is_language};

use crate::uri::{Uri, Web};

/// Why a document, or a part of it, means nothing to us.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// No JSON, or beyond the bounds.
    #[error("not JSON that can be read: {0}")]
    Json(String),
    /// JSON, but not an object.
    #[error("the document is not an object")]
    NotAnObject,
    /// A property that we cannot do without is not there, or is not what it must be.
    #[error("`{0}` is missing or unusable")]
    Missing(&'static str),
    /// Something else than what was asked for.
    #[error("expected {expected}, found a `{found}`")]
    Kind {
        /// In words.
        expected: &'static str,
        /// The `type` it has.
        found: String,
    },
    /// A property names another host than the id.
    #[error("`{0}` is on another host than the id")]
    ForeignHost(&'static str),
}

/// A JSON object from another server, within the bounds.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    pub(crate) map: Map<String, Value>,
    pub(crate) web: Web,
}

impl Document {
    /// Reads a body. The bounds of [`crate::bounds`] are checked while it is read, so nothing larger is ever built.
    ///
    /// # Errors
    /// [`Unreadable::Json`], [`Unreadable::NotAnObject`].
    pub fn parse(body: &[u8], web: Web) -> Result<Document, Unreadable> {
        match bounded::read(body)? {
            Value::Object(map) => Ok(Document { map, web }),
            _ => Err(Unreadable::NotAnObject),
        }
    }

    /// The `id`, if it is an address that may be one.
    #[must_use]
    pub fn id(&self) -> Option<Uri> {
        self.node().id()
    }

    /// The first `type`, as it is written.
    #[must_use]
    pub fn kind(&self) -> Option<&str> {
        self.node().kind()
    }

    /// The tree itself, for what is checked over all of it ([`crate::proof`]).
    #[must_use]
    pub fn json(&self) -> &Map<String, Value> {
        &self.map
    }

    pub(crate) fn node(&self) -> Node<'_> {
        Node::root(&self.map, self.web)
    }
}

/// What the inbox needs to know before it verifies a signature; nothing else is built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// The activity. `None` when it has none that may be one: some softwares leave it out of `Accept`.
    pub id: Option<Uri>,
    /// `Create`, `Delete` …, as it is written.
    pub kind: String,
    /// Who says they did it.
    pub actor: Uri,
    /// What it is about, when that is named by its id or has one.
    pub object: Option<Uri>,
}

impl Envelope {
    /// Reads the envelope alone.
    ///
    /// # Errors
    /// [`Unreadable::Json`], [`Unreadable::NotAnObject`], [`Unreadable::Missing`] for `type` and `actor`.
    pub fn parse(body: &[u8], web: Web) -> Result<Envelope, Unreadable> {
        let map = bounded::read_envelope(body)?;
        let node = Node::root(&map, web);
        Ok(Envelope {
            id: node.id(),
            kind: node.kind().ok_or(Unreadable::Missing("type"))?.to_owned(),
            actor: node.uri("actor").ok_or(Unreadable::Missing("actor"))?,
            object: node.uri("object"),
        })
    }

    /// Whether the actor speaks about itself as a whole: a `Delete` or `Update` of an actor nobody here knows needs no
    /// work at all.
    #[must_use]
    pub fn is_about_its_actor(&self) -> bool {
        self.object.as_ref() == Some(&self.actor)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    #[test]
    fn an_envelope_is_read_without_its_letter() {
        let body = br#"{"@context": 7, "id": "https://a.example/1", "type": ["Create"], "letter": [[[]]],
            "actor": {"id": "https://a.example/u", "type": "Person"}, "object": {"id": "https://a.example/n"}}"#;
        let envelope = Envelope::parse(body, Web::Https).unwrap();
        assert_eq!(envelope.kind, "Create");
        assert_eq!(envelope.actor.as_str(), "https://a.example/u");
        assert_eq!(envelope.object.unwrap().as_str(), "https://a.example/n");
        assert_eq!(
            Envelope::parse(br#"{"type": "Create", "actor": "did:key:z6"}"#, Web::Https),
            Err(Unreadable::Missing("actor"))
        );
    }

    #[test]
    fn of_a_name_written_twice_the_last_one_counts_in_envelope_and_document() {
        let body =
            br#"{"type": "Follow", "actor": "https://a.example/1", "type": "Block", "actor": "https://b.example/2"}"#;
        let envelope = Envelope::parse(body, Web::Https).unwrap();
        let document = Document::parse(body, Web::Https).unwrap();
        assert_eq!(Some(envelope.kind.as_str()), document.kind());
        assert_eq!(Some(envelope.actor), document.node().uri("actor"));
    }

    #[test]
    fn an_actor_that_deletes_itself_is_seen_from_the_envelope() {
        let body = br#"{"type": "Delete", "actor": "https://a.example/1", "object": "https://A.example/1"}"#;
        assert!(Envelope::parse(body, Web::Https).unwrap().is_about_its_actor());
    }
}
