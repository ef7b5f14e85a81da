//! Our documents: the values of this room written as ActivityStreams, with the `@context` they need and no more.
//!
//! Keys come in alphabetical order, so the same value always gives the same bytes. `bto` and `bcc` cannot be written,
//! because [`crate::Audience`] has none. What is empty is left out.

mod context;
mod objects;

use phiomia_model::remote::Interaction;
use serde_json::{Map, Value, json};

use crate::{
    activity::{Activity, Object, Reaction, Thing, Tombstone, Verb},
    audience::Audience,
    collection::Collection,
    uri::Uri,
};

/// What can be written. [`Write::to_json`] gives the value as it stands inside of another document,
/// [`Write::to_document`] a document of its own.
pub trait Write {
    /// Without `@context`.
    fn to_json(&self) -> Value;

    /// With `@context`, as bytes.
    fn to_document(&self) -> Vec<u8> {
        document(self.to_json()).to_string().into_bytes()
    }
}

/// Puts the `@context` in front that explains every term of the value.
fn document(value: Value) -> Value {
    let context = context::of(&value);
    match value {
        Value::Object(mut map) => {
            map.insert("@context".to_owned(), context);
            Value::Object(map)
        }
        other => other,
    }
}

/// A map that leaves out what there is not.
#[derive(Default)]
struct Fields(Map<String, Value>);

impl Fields {
    fn of(kind: &str) -> Fields {
        Fields::default().with("type", kind)
    }
    fn with(mut self, name: &str, value: impl Into<Value>) -> Fields {
        self.0.insert(name.to_owned(), value.into());
        self
    }
    fn maybe(self, name: &str, value: Option<impl Into<Value>>) -> Fields {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }
    fn uri(self, name: &str, value: Option<&Uri>) -> Fields {
        self.maybe(name, value.map(Uri::as_str))
    }
    fn list(self, name: &str, values: impl IntoIterator<Item = Value>) -> Fields {
        let values: Vec<Value> = values.into_iter().collect();
        if values.is_empty() { self } else { self.with(name, values) }
    }
    fn audience(self, audience: &Audience) -> Fields {
        self.list("to", uris(&audience.to)).list("cc", uris(&audience.cc))
    }
    fn done(self) -> Value {
        Value::Object(self.0)
    }
}

fn uris(list: &[Uri]) -> impl Iterator<Item = Value> {
    list.iter().map(|uri| Value::from(uri.as_str()))
}

/// Seconds are enough for everybody, and some parsers refuse fractions.
fn time(time: phiomia_model::time::Time) -> Value {
    let text = time.to_iso_millis();
    Value::from(format!("{}Z", text.split('.').next().unwrap_or("")))
}

impl Write for Thing {
    fn to_json(&self) -> Value {
        match self {
            Thing::Named(uri) => json!(uri.as_str()),
            Thing::Sent(object) => object.to_json(),
        }
    }
}

impl Write for Object {
    fn to_json(&self) -> Value {
        match self {
            Object::Actor(actor) => actor.to_json(),
            Object::Note(note) => note.to_json(),
            Object::Activity(activity) => activity.to_json(),
            Object::Tombstone(tombstone) => tombstone.to_json(),
            Object::Collection(collection) => collection.to_json(),
            Object::QuoteAuthorization(stamp) => stamp.to_json(),
            Object::InteractionAuthorization(stamp) => stamp.to_json(),
            Object::Hashtag(name) => Fields::of("Hashtag").with("name", format!("#{name}")).done(),
            Object::Unknown { id, kind } => Fields::of(kind).uri("id", id.as_ref()).done(),
        }
    }
}

impl Write for Tombstone {
    fn to_json(&self) -> Value {
        Fields::of("Tombstone").with("id", self.id.as_str()).maybe("deleted", self.deleted.map(time)).done()
    }
}

impl Write for Collection {
    fn to_json(&self) -> Value {
        let (kind, items) = match (self.is_ordered, self.is_page) {
            (false, false) => ("Collection", "items"),
            (true, false) => ("OrderedCollection", "orderedItems"),
            (false, true) => ("CollectionPage", "items"),
            (true, true) => ("OrderedCollectionPage", "orderedItems"),
        };
        let mut fields = Fields::of(kind)
            .uri("id", self.id.as_ref())
            .maybe("totalItems", self.total)
            .uri("first", self.first.as_ref())
            .uri("last", self.last.as_ref())
            .uri("next", self.next.as_ref())
            .uri("prev", self.prev.as_ref())
            .uri("partOf", self.part_of.as_ref())
            .uri("attributedTo", self.author.as_ref());
        if let Some(page) = &self.first_page {
            fields = fields.with("first", page.to_json());
        }
        // An empty page says so; a collection that only leads to its pages has no items of its own.
        if self.is_page || !self.items.is_empty() || (self.first.is_none() && self.first_page.is_none()) {
            let is_hidden = self.items.is_empty() && !self.is_page && self.total.is_some_and(|total| total > 0);
            if !is_hidden {
                let values: Vec<Value> = self.items.iter().map(Write::to_json).collect();
                fields = fields.with(items, values);
            }
        }
        fields.done()
    }
}

impl Write for Activity {
    fn to_json(&self) -> Value {
        let fields = Fields::of(self.kind())
            .uri("id", self.id.as_ref())
            .with("actor", self.actor.as_str())
            .maybe("published", self.published.map(time))
            .audience(&self.audience);
        let fields = match self.verb {
            Verb::Like { .. } => objects::approved(fields, Interaction::Like, self.authorization.as_ref()),
            Verb::Announce(_) => objects::approved(fields, Interaction::Announce, self.authorization.as_ref()),
            _ => fields,
        };
        let object = |fields: Fields, thing: &Thing| fields.with("object", thing.to_json());
        let named = |fields: Fields, uri: &Uri| fields.with("object", uri.as_str());
        match &self.verb {
            Verb::Follow(uri) | Verb::Block(uri) => named(fields, uri),
            // Mastodon and others look for a `Tombstone`, and take a bare id only from an actor about itself.
            Verb::Delete(uri) if *uri == self.actor => named(fields, uri),
            Verb::Delete(uri) => fields.with("object", Tombstone { id: uri.clone(), deleted: None }.to_json()),
            Verb::Accept { asked, result } => object(fields, asked).uri("result", result.as_ref()),
            Verb::Reject(thing)
            | Verb::Undo(thing)
            | Verb::Create(thing)
            | Verb::Update(thing)
            | Verb::Announce(thing) => object(fields, thing),
            Verb::Like { object, reaction } => reacted(named(fields, object), reaction.as_ref()),
            Verb::EmojiReact { object, reaction } => reacted(named(fields, object), Some(reaction)),
            Verb::Add { object: thing, target } | Verb::Remove { object: thing, target } => {
                object(fields, thing).with("target", target.as_str())
            }
            Verb::Flag { objects, content } => {
                fields.list("object", uris(objects)).maybe("content", content.as_deref())
            }
            Verb::Move { object, target } => named(fields, object).with("target", target.as_str()),
            Verb::QuoteRequest { object, instrument } | Verb::InteractionRequest { object, instrument, .. } => {
                named(fields, object).with("instrument", instrument.to_json())
            }
            Verb::Unknown(_) => fields,
        }
        .done()
    }
}

fn reacted(fields: Fields, reaction: Option<&Reaction>) -> Fields {
    let Some(reaction) = reaction else { return fields };
    fields.with("content", reaction.content.as_str()).list("tag", reaction.emoji.iter().map(objects::emoji))
}

#[cfg(test)]
mod tests;
