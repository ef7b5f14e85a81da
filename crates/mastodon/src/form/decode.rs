//! From the tree to a type, with errors that name the parameter.

use std::fmt;

use phiomia_model::Refusal;
use serde::de::{self, DeserializeOwned, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, Visitor};
use serde_json::{Map, Value};

/// What a request is refused with that lacks a parameter, or has it empty where Rails asks for more.
#[must_use]
pub fn missing(name: &str) -> Refusal {
    // The words of Rails, which some clients show.
    Refusal::Malformed(format!("param is missing or the value is empty or invalid: {name}"))
}

/// Decodes the parameters of a request.
pub(super) fn decode<T: DeserializeOwned>(map: Map<String, Value>) -> Result<T, Refusal> {
    T::deserialize(Parameters { fields: map.into_iter(), pending: None }).map_err(|problem| match problem {
        Problem::Missing(name) => missing(name),
        Problem::Other(sentence) => Refusal::Invalid(sentence),
    })
}

#[derive(Debug)]
enum Problem {
    Missing(&'static str),
    Other(String),
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::Missing(name) => write!(f, "`{name}` is missing"),
            Problem::Other(sentence) => f.write_str(sentence),
        }
    }
}

impl std::error::Error for Problem {}

impl de::Error for Problem {
    fn custom<T: fmt::Display>(sentence: T) -> Problem {
        Problem::Other(sentence.to_string())
    }
    fn missing_field(name: &'static str) -> Problem {
        Problem::Missing(name)
    }
}

/// The uppermost level; below it `serde_json` takes over.
struct Parameters {
    fields: serde_json::map::IntoIter,
    pending: Option<(String, Value)>,
}

impl<'de> Deserializer<'de> for Parameters {
    type Error = Problem;
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        visitor.visit_map(self)
    }
    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        visitor.visit_unit()
    }
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        visitor.visit_some(self)
    }
    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Problem> {
        visitor.visit_newtype_struct(self)
    }
    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        unit_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de> MapAccess<'de> for Parameters {
    type Error = Problem;
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Problem> {
        let Some((name, value)) = self.fields.next() else { return Ok(None) };
        let key = seed.deserialize(name.as_str().into_deserializer())?;
        self.pending = Some((name, value));
        Ok(Some(key))
    }
    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Problem> {
        let (name, value) = self.pending.take().unwrap_or_default();
        seed.deserialize(value)
            .map_err(|error| Problem::Other(format!("The parameter `{name}` does not hold: {error}")))
    }
}

#[cfg(test)]
mod tests {
    use crate::form::{Flag, List, Number, Text, Tree};
    use serde::Deserialize;

    #[derive(Deserialize, Debug, PartialEq)]
    struct NewPoll {
        options: List<Text>,
        expires_in: Number,
        #[serde(default)]
        multiple: Flag,
    }

    #[derive(Deserialize, Debug, PartialEq)]
    struct NewStatus {
        status: Text,
        poll: Option<NewPoll>,
    }

    #[test]
    fn a_form_and_json_give_the_same() {
        let form = b"status=1&poll[options][]=a&poll[options][]=2&poll[expires_in]=300&poll[multiple]=on&unknown[x]=1";
        let json =
            br#"{"status": 1, "poll": {"options": ["a", 2], "expires_in": 300, "multiple": true}, "unknown": {}}"#;
        let from_form = Tree::from_urlencoded(form).and_then(Tree::decode::<NewStatus>);
        let expected = NewStatus {
            status: Text("1".into()),
            poll: Some(NewPoll {
                options: List(vec![Text("a".into()), Text("2".into())]),
                expires_in: Number(300),
                multiple: Flag(true),
            }),
        };
        assert_eq!(from_form.as_ref(), Ok(&expected));
        assert_eq!(Tree::from_json(json).and_then(Tree::decode::<NewStatus>), from_form);
    }

    #[test]
    fn a_refusal_names_the_parameter() {
        let decode = |body: &[u8]| Tree::from_json(body).and_then(Tree::decode::<NewStatus>).map_err(|r| r.to_string());
        assert_eq!(decode(b"{}"), Err("param is missing or the value is empty or invalid: status".into()));
        assert_eq!(
            decode(br#"{"status": []}"#),
            Err("The parameter `status` does not hold: invalid type: sequence, expected a text".into())
        );
        assert_eq!(
            decode(br#"{"status": "", "poll": {"options": []}}"#),
            Err("The parameter `poll` does not hold: missing field `expires_in`".into())
        );
    }

    #[test]
    fn nothing_decodes_from_anything() {
        assert_eq!(Tree::from_urlencoded(b"a=1").and_then(Tree::decode::<()>), Ok(()));
    }
}
