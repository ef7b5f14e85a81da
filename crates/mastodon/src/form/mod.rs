//! What a request carries: JSON, a form, a query string or multipart texts, all read into one bounded tree and then
//! decoded into a type.
//!
//! Rails reads all of them into the same parameters, so clients may use whichever they like for any operation.

mod brackets;
mod decode;
mod json;
mod scalars;

use phiomia_model::Refusal;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value};

pub use decode::missing;
pub use scalars::{Flag, Id, List, Number, Text, filled};

/// How deep a value may be nested, the request itself being the first level.
pub const MAX_DEPTH: usize = 32;
/// How many items an array may have, and how many fields an object.
pub const MAX_ITEMS: usize = 1_000;
/// How long a string or a name may be, in bytes.
pub const MAX_STRING_BYTES: usize = 200_000;
/// How many name–value pairs a form or a query string may have.
pub const MAX_PAIRS: usize = 1_000;

/// The parameters of a request. Never larger than the bounds above, never with a NUL in a string: PostgreSQL could not
/// keep one, and both engines shall take the same.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tree(Map<String, Value>);

impl Tree {
    /// Reads a JSON body: an object, or nothing at all.
    ///
    /// # Errors
    /// `Malformed` when it is not a JSON object within the bounds, `TooLarge` for a string beyond them.
    pub fn from_json(body: &[u8]) -> Result<Tree, Refusal> {
        json::read(body).map(Tree)
    }

    /// Reads a form body or a query string, with Rails' brackets in the names (`poll[options][]=a`).
    ///
    /// # Errors
    /// `Malformed` when it is not UTF-8, has too many pairs, or uses one name in two ways; `TooLarge` for a string
    /// beyond the bounds.
    pub fn from_urlencoded(text: &[u8]) -> Result<Tree, Refusal> {
        brackets::urlencoded(text).map(Tree)
    }

    /// Reads the text parts of a multipart body, in the order they came.
    ///
    /// # Errors
    /// As for [`Tree::from_urlencoded`].
    pub fn from_pairs(pairs: impl IntoIterator<Item = (String, String)>) -> Result<Tree, Refusal> {
        brackets::read(pairs).map(Tree)
    }

    /// These parameters and those of `weaker` that are not among them: a body over its query string.
    #[must_use]
    pub fn over(mut self, weaker: Tree) -> Tree {
        for (name, value) in weaker.0 {
            self.0.entry(name).or_insert(value);
        }
        self
    }

    /// The parameters as a type; those it does not know are dropped.
    ///
    /// # Errors
    /// `Malformed` names a required parameter that is missing, `Invalid` one that does not hold.
    pub fn decode<T: DeserializeOwned>(self) -> Result<T, Refusal> {
        decode::decode(self.0)
    }

    /// One parameter, as it came.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// One parameter as text: a string, or a number or truth value in words. `None` when it is missing or is none of
    /// them.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<String> {
        match self.0.get(name)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(truth) => Some(truth.to_string()),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        }
    }

    /// One parameter as yes or no, by [`Flag`]'s rules. Missing means no.
    #[must_use]
    pub fn flag(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|value| Flag::deserialize(value).is_ok_and(bool::from))
    }

    /// Whether there is no parameter at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The bounds for one string, be it name or value.
fn check_string(text: &str) -> Result<(), Refusal> {
    if text.len() > MAX_STRING_BYTES {
        Err(Refusal::TooLarge)
    } else if text.contains('\0') {
        Err(Refusal::Malformed("A parameter contains a null byte".to_owned()))
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_body_wins_over_its_query_string() {
        let body = Tree::from_json(br#"{"limit": 3, "q": null}"#);
        let query = Tree::from_urlencoded(b"limit=5&q=x&type=accounts");
        let both = body.and_then(|b| query.map(|q| b.over(q)));
        assert_eq!(both.map(|t| Value::Object(t.0)), Ok(json!({"limit": 3, "q": null, "type": "accounts"})));
    }

    #[test]
    fn single_parameters_read_as_text_however_they_came() {
        let Ok(tree) = Tree::from_json(br#"{"a": "x", "b": 7, "c": true, "d": [], "e": null}"#) else {
            panic!("a plain object was refused")
        };
        let texts: Vec<_> = ["a", "b", "c", "d", "e", "f"].into_iter().map(|n| tree.text(n)).collect();
        assert_eq!(texts, [Some("x".into()), Some("7".into()), Some("true".into()), None, None, None]);
    }

    #[test]
    fn only_rails_words_for_no_mean_no() {
        let Ok(tree) = Tree::from_urlencoded(b"a=True&b=1&c=on&d=false&e=0&f=&g[]=1") else {
            panic!("a plain form was refused")
        };
        let flags = ["a", "b", "c", "d", "e", "f", "g", "h"].map(|name| tree.flag(name));
        assert_eq!(flags, [true, true, true, false, false, false, false, false]);
    }
}
