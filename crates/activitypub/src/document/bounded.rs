//! JSON read with the bounds checked while reading.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::Unreadable;
use crate::bounds::{BODY_BYTES, JSON_DEPTH, JSON_ITEMS, STRING_BYTES};

/// The whole tree.
pub(super) fn read(body: &[u8]) -> Result<Value, Unreadable> {
    run(body, Bounded { depth: 1 })
}

/// The four properties of an envelope; the others are skipped, not built.
pub(super) fn read_envelope(body: &[u8]) -> Result<Map<String, Value>, Unreadable> {
    run(body, EnvelopeOnly)
}

fn run<'de, S: DeserializeSeed<'de>>(body: &'de [u8], seed: S) -> Result<S::Value, Unreadable> {
    if body.len() > BODY_BYTES {
        return Err(Unreadable::Json(format!("it has more than {BODY_BYTES} bytes")));
    }
    let mut reader = serde_json::Deserializer::from_slice(body);
    seed.deserialize(&mut reader)
        .and_then(|value| reader.end().map(|()| value))
        .map_err(|error| Unreadable::Json(error.to_string()))
}

/// A value whose own level is `depth`.
#[derive(Clone, Copy)]
struct Bounded {
    depth: usize,
}

impl Bounded {
    fn inner<E: Error>(self) -> Result<Bounded, E> {
        if self.depth > JSON_DEPTH {
            Err(E::custom(format_args!("nested deeper than {JSON_DEPTH} levels")))
        } else {
            Ok(Bounded { depth: self.depth + 1 })
        }
    }
}

/// A string within the bounds. NUL is taken out: PostgreSQL could not keep it, and no text needs one.
fn string<E: Error>(text: &str) -> Result<String, E> {
    if text.len() > STRING_BYTES {
        return Err(E::custom(format_args!("a string has more than {STRING_BYTES} bytes")));
    }
    Ok(if text.contains('\0') { text.replace('\0', "") } else { text.to_owned() })
}

fn counted<E: Error>(n: &mut usize) -> Result<(), E> {
    *n += 1;
    if *n > JSON_ITEMS { Err(E::custom(format_args!("more than {JSON_ITEMS} items or fields"))) } else { Ok(()) }
}

impl<'de> DeserializeSeed<'de> for Bounded {
    type Value = Value;
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<Value, D::Error> {
        d.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Bounded {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }
    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_bool<E>(self, truth: bool) -> Result<Value, E> {
        Ok(Value::Bool(truth))
    }
    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Number(number.into()))
    }
    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Number(number.into()))
    }
    fn visit_f64<E: Error>(self, number: f64) -> Result<Value, E> {
        Number::from_f64(number).map(Value::Number).ok_or_else(|| E::custom("not a number"))
    }
    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        string(text).map(Value::String)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inner = self.inner()?;
        let mut list = Vec::new();
        let mut n_items = 0;
        while let Some(item) = items.next_element_seed(inner)? {
            counted(&mut n_items)?;
            list.push(item);
        }
        Ok(Value::Array(list))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let inner = self.inner()?;
        let mut map = Map::new();
        // Counted as written: a name that repeats costs work too.
        let mut n_fields = 0;
        while let Some(name) = fields.next_key::<String>()? {
            counted(&mut n_fields)?;
            map.insert(string(&name)?, fields.next_value_seed(inner)?);
        }
        Ok(Value::Object(map))
    }
}

struct EnvelopeOnly;

impl<'de> DeserializeSeed<'de> for EnvelopeOnly {
    type Value = Map<String, Value>;
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<Self::Value, D::Error> {
        d.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for EnvelopeOnly {
    type Value = Map<String, Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Self::Value, A::Error> {
        let mut map = Map::new();
        let mut n_fields = 0;
        while let Some(name) = fields.next_key::<String>()? {
            counted(&mut n_fields)?;
            if matches!(name.as_str(), "id" | "@id" | "type" | "@type" | "actor" | "object") {
                map.insert(name, fields.next_value_seed(Bounded { depth: 2 })?);
            } else {
                fields.next_value::<IgnoredAny>()?;
            }
        }
        Ok(map)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    #[test]
    fn what_is_too_large_is_refused_before_it_is_built() {
        let nested = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
        assert!(read(nested(JSON_DEPTH).as_bytes()).is_ok());
        for bad in [
            nested(JSON_DEPTH + 1),
            nested(100_000),
            format!("[{}1]", "1,".repeat(JSON_ITEMS)),
            format!("{{{}\"a\":1}}", "\"a\":1,".repeat(JSON_ITEMS)),
            format!("\"{}\"", "a".repeat(STRING_BYTES + 1)),
            format!("\"{}\"", " ".repeat(BODY_BYTES)),
            "{} x".to_owned(),
            "{\"a\":".to_owned(),
            "1e999".to_owned(),
        ] {
            assert!(matches!(read(bad.as_bytes()), Err(Unreadable::Json(_))), "{}", bad.get(..40).unwrap_or(&bad));
        }
    }

    #[test]
    fn null_bytes_are_taken_out_of_texts_and_names() {
        assert_eq!(read(br#"{"a\u0000b": "c\u0000"}"#).unwrap(), serde_json::json!({"ab": "c"}));
    }
}
