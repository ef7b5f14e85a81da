//! One object of a document, and the lenient ways to read its properties.

use phiomia_model::time::Time;
use serde_json::{Map, Value};

use crate::{
    bounds::{self, cut},
    uri::{PUBLIC, Uri, Web},
};

/// An object. Every reader answers `None`, `false` or an empty list for what is missing or of a wrong type.
#[derive(Clone, Copy)]
pub(crate) struct Node<'a> {
    map: &'a Map<String, Value>,
    web: Web,
    /// The language of texts that name none: `@language` of the document's `@context`.
    language: Option<&'a str>,
    /// How many activities are around this one.
    depth: usize,
}

impl<'a> Node<'a> {
    pub(crate) fn root(map: &'a Map<String, Value>, web: Web) -> Node<'a> {
        let contexts = listed(map.get("@context"));
        let language = contexts.filter_map(|c| c.as_object()?.get("@language")?.as_str()).find(|l| is_language(l));
        Node { map, web, language, depth: 0 }
    }

    /// The same object, one activity deeper. `None` beyond [`bounds::NESTED_ACTIVITIES`].
    pub(crate) fn deeper(self) -> Option<Node<'a>> {
        let depth = self.depth + 1;
        (depth <= bounds::NESTED_ACTIVITIES).then_some(Node { depth, ..self })
    }

    fn inner(&self, map: &'a Map<String, Value>) -> Node<'a> {
        Node { map, ..*self }
    }

    pub(crate) fn map(&self) -> &'a Map<String, Value> {
        self.map
    }

    /// Whether the property is there at all and not `null`.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.map.get(name).is_some_and(|value| !value.is_null())
    }

    /// All values of a property: one, a list, or none.
    pub(crate) fn values(&self, name: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
        listed(self.map.get(name))
    }

    pub(crate) fn id(&self) -> Option<Uri> {
        self.uri("id").or_else(|| self.uri("@id"))
    }

    /// Every `type`.
    pub(crate) fn kinds(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let values = listed(self.map.get("type").or_else(|| self.map.get("@type")));
        // Compact forms that some libraries leave: `as:Note`.
        values.filter_map(Value::as_str).map(|kind| kind.strip_prefix("as:").unwrap_or(kind))
    }

    pub(crate) fn kind(&self) -> Option<&'a str> {
        self.kinds().next()
    }

    pub(crate) fn is(&self, kind: &str) -> bool {
        self.kinds().any(|k| k == kind)
    }

    /// The first value that is a text, trimmed of nothing, cut to `bytes`. Empty is missing.
    pub(crate) fn text(&self, name: &str, bytes: usize) -> Option<String> {
        self.texts(name).map(|text| cut(text, bytes).to_owned()).next()
    }

    /// Every value that is a text, as it is.
    pub(crate) fn texts(&self, name: &str) -> impl Iterator<Item = &'a str> + use<'a> {
        self.values(name).filter_map(plain_text).filter(|text| !text.is_empty())
    }

    /// The texts of a language map (`contentMap`) in the document's order of languages, uncut.
    pub(crate) fn by_language(&self, name: &str) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        let map = self.map.get(name).and_then(Value::as_object);
        let entries = map.into_iter().flatten();
        entries.filter_map(|(language, text)| Some((language.as_str(), plain_text(listed(Some(text)).next()?)?)))
    }

    /// A text and its language: `content`, else the first of `contentMap`, which also tells the language.
    pub(crate) fn text_with_language(&self, name: &str, bytes: usize) -> (Option<String>, Option<String>) {
        let map_name = format!("{name}Map");
        let plain = self.text(name, bytes);
        let mut in_languages = self.by_language(&map_name).filter(|(_, text)| !text.is_empty());
        let found = match &plain {
            Some(text) => {
                let only = self.by_language(&map_name).count() == 1;
                in_languages.find(|(_, other)| only || cut(other, bytes) == text)
            }
            None => in_languages.next(),
        };
        let text = plain.or_else(|| found.map(|(_, text)| cut(text, bytes).to_owned()));
        let language = found.map(|(language, _)| language).filter(|l| is_language(l)).or(self.language);
        (text, language.map(str::to_owned))
    }

    /// The first value that is an address, or an object with an `id` or a `href` that is one.
    pub(crate) fn uri(&self, name: &str) -> Option<Uri> {
        self.uris(name).next()
    }

    /// Every value that is an address, or an object with one.
    pub(crate) fn uris(&self, name: &str) -> impl Iterator<Item = Uri> + use<'a> {
        let web = self.web;
        self.values(name).filter_map(move |value| address(value, web))
    }

    /// Addresses in which `as:Public` and `Public` may stand for everybody.
    pub(crate) fn recipients(&self, name: &str) -> impl Iterator<Item = Uri> + use<'a> {
        let web = self.web;
        self.values(name).filter_map(move |value| match value.as_str() {
            Some("as:Public" | "Public") => Uri::parse(PUBLIC, Web::Https).ok(),
            _ => address(value, web),
        })
    }

    /// The first value that is an object.
    pub(crate) fn node(&self, name: &str) -> Option<Node<'a>> {
        self.nodes(name).next()
    }

    /// Every value that is an object.
    pub(crate) fn nodes(&self, name: &str) -> impl Iterator<Item = Node<'a>> + use<'a> {
        let this = *self;
        self.values(name).filter_map(move |value| Some(this.inner(value.as_object()?)))
    }

    /// A value of a property as an object, if it is one.
    pub(crate) fn of(&self, value: &'a Value) -> Option<Node<'a>> {
        value.as_object().map(|map| self.inner(map))
    }

    /// A value of a property as an address, if it is one by itself.
    pub(crate) fn address(&self, value: &Value) -> Option<Uri> {
        address(value, self.web)
    }

    /// `true`, `false`, or the same as a text.
    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        self.values(name).find_map(|value| match value {
            Value::Bool(truth) => Some(*truth),
            Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
            Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
            _ => None,
        })
    }

    /// A whole number that is not negative, also as a text or a float without a fraction.
    pub(crate) fn number(&self, name: &str) -> Option<u64> {
        self.values(name).find_map(|value| match value {
            Value::Number(number) => number.as_u64().or_else(|| number.to_string().strip_suffix(".0")?.parse().ok()),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        })
    }

    /// Every number of a list.
    pub(crate) fn numbers(&self, name: &str) -> impl Iterator<Item = f64> + use<'a> {
        self.values(name).filter_map(Value::as_f64)
    }

    /// A moment: RFC 3339, or the same without an offset, which is then UTC.
    pub(crate) fn time(&self, name: &str) -> Option<Time> {
        self.texts(name).find_map(|text| Time::parse_loosely(text.trim()))
    }
}

fn listed(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    let (one, many) = match value {
        None | Some(Value::Null) => (None, None),
        Some(Value::Array(values)) => (None, Some(values)),
        Some(value) => (Some(value), None),
    };
    one.into_iter().chain(many.into_iter().flatten()).filter(|value| !value.is_null())
}

fn plain_text(value: &Value) -> Option<&str> {
    match value {
        Value::String(text) => Some(text),
        Value::Object(map) => map.get("@value")?.as_str(),
        _ => None,
    }
}

fn address(value: &Value, web: Web) -> Option<Uri> {
    let text = match value {
        Value::String(text) => text.as_str(),
        Value::Object(map) => {
            ["id", "@id", "href"].into_iter().find_map(|name| listed(map.get(name)).next()?.as_str())?
        }
        _ => return None,
    };
    Uri::parse(text, web).ok()
}

/// Whether this may be a language tag (BCP 47), and one that says something.
pub(crate) fn is_language(tag: &str) -> bool {
    let mut parts = tag.split('-');
    let primary = parts.next().unwrap_or("");
    (2..=3).contains(&primary.len())
        && primary.bytes().all(|b| b.is_ascii_alphabetic())
        && primary != "und"
        && tag.len() <= 35
        && parts.all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;
    use crate::document::Document;

    fn document(json: &str) -> Document {
        Document::parse(json.as_bytes(), Web::Https).unwrap()
    }

    #[test]
    fn one_value_a_list_an_object_and_an_id_are_read_alike() {
        for json in [
            r#"{"x": "https://a.example/1"}"#,
            r#"{"x": ["https://a.example/1", "https://a.example/2"]}"#,
            r#"{"x": {"id": "https://a.example/1"}}"#,
            r#"{"x": [null, 7, {"type": "Link", "href": "https://a.example/1"}]}"#,
        ] {
            let document = document(json);
            assert_eq!(document.node().uri("x").unwrap().as_str(), "https://a.example/1", "{json}");
        }
    }

    #[test]
    fn wrong_types_are_as_if_missing() {
        let document =
            document(r#"{"text": 7, "flag": "yes", "number": -1, "time": "soon", "uri": [[]], "node": "x"}"#);
        let node = document.node();
        assert_eq!(node.text("text", 9), None);
        assert_eq!(node.flag("flag"), None);
        assert_eq!(node.number("number"), None);
        assert_eq!(node.time("time"), None);
        assert_eq!(node.uri("uri"), None);
        assert!(node.node("node").is_none());
    }

    #[test]
    fn the_language_of_a_text_comes_from_its_map_or_the_document() {
        let pick = |json: &str| document(json).node().text_with_language("content", 99);
        let s = |text: &str| Some(text.to_owned());
        assert_eq!(pick(r#"{"content": "a", "contentMap": {"de": "b", "fr": "a"}}"#), (s("a"), s("fr")));
        assert_eq!(pick(r#"{"contentMap": {"de": "b"}}"#), (s("b"), s("de")));
        assert_eq!(pick(r#"{"@context": ["x", {"@language": "gd"}], "content": "a"}"#), (s("a"), s("gd")));
        assert_eq!(pick(r#"{"@context": [{"@language": "und"}], "content": "a"}"#), (s("a"), None));
        assert_eq!(pick(r#"{"content": "a", "contentMap": {"not a tag": "a"}}"#), (s("a"), None));
    }

    #[test]
    fn numbers_come_as_numbers_texts_and_floats() {
        let document = document(r#"{"a": 3, "b": "4", "c": 5.0, "d": 5.5}"#);
        let node = document.node();
        assert_eq!(["a", "b", "c", "d"].map(|n| node.number(n)), [Some(3), Some(4), Some(5), None]);
    }
}
