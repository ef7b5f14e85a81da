//! JSON bodies, read with the bounds checked while reading, so that nothing larger is ever built.

use std::fmt;

use phiomia_model::Refusal;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::{MAX_DEPTH, MAX_ITEMS, MAX_STRING_BYTES, check_string};

/// Says inside serde's error that a string was too long: the only sentence that becomes another kind of refusal.
const TOO_LONG: &str = "string too long";

/// Reads one object. An empty body and `null` are an empty object, as clients send both for "no parameters".
pub(super) fn read(body: &[u8]) -> Result<Map<String, Value>, Refusal> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Map::new());
    }
    let mut reader = serde_json::Deserializer::from_slice(body);
    let value = Bounded { depth: 1 }.deserialize(&mut reader).and_then(|value| reader.end().map(|()| value));
    match value {
        Ok(Value::Object(map)) => Ok(map),
        Ok(Value::Null) => Ok(Map::new()),
        Ok(_) => Err(Refusal::Malformed("The body is JSON, but not an object".to_owned())),
        Err(error) if error.is_data() && error.to_string().starts_with(TOO_LONG) => Err(Refusal::TooLarge),
        Err(error) => Err(Refusal::Malformed(format!("The body is not JSON that can be read: {error}"))),
    }
}

/// A value whose own level is `depth`.
#[derive(Clone, Copy)]
struct Bounded {
    depth: usize,
}

impl Bounded {
    fn inner<E: serde::de::Error>(self) -> Result<Bounded, E> {
        if self.depth >= MAX_DEPTH {
            Err(E::custom(format_args!("nested deeper than {MAX_DEPTH} levels")))
        } else {
            Ok(Bounded { depth: self.depth + 1 })
        }
    }
}

fn bounded_string<E: serde::de::Error>(text: &str) -> Result<(), E> {
    match check_string(text) {
        Ok(()) => Ok(()),
        Err(Refusal::TooLarge) => Err(E::custom(format_args!("{TOO_LONG}: more than {MAX_STRING_BYTES} bytes"))),
        Err(_) => Err(E::custom("a string contains a null byte")),
    }
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
    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Value, E> {
        Number::from_f64(number).map(Value::Number).ok_or_else(|| E::custom("not a number"))
    }
    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Value, E> {
        bounded_string(text)?;
        Ok(Value::String(text.to_owned()))
    }
    fn visit_string<E: serde::de::Error>(self, text: String) -> Result<Value, E> {
        bounded_string(&text)?;
        Ok(Value::String(text))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inner = self.inner()?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(inner)? {
            if list.len() >= MAX_ITEMS {
                return Err(A::Error::custom(format_args!("an array has more than {MAX_ITEMS} items")));
            }
            list.push(item);
        }
        Ok(Value::Array(list))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let inner = self.inner()?;
        let mut map = Map::new();
        let mut n_fields = 0_usize;
        while let Some(name) = fields.next_key::<String>()? {
            bounded_string(&name)?;
            // Counted as written: a name that repeats costs work too.
            n_fields += 1;
            if n_fields > MAX_ITEMS {
                return Err(A::Error::custom(format_args!("an object has more than {MAX_ITEMS} fields")));
            }
            map.insert(name, fields.next_value_seed(inner)?);
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn nested(levels: usize) -> Vec<u8> {
        let mut body = br#"{"a":"#.to_vec();
        body.extend(vec![b'['; levels - 1]);
        body.extend(vec![b']'; levels - 1]);
        body.push(b'}');
        body
    }

    #[test]
    fn an_object_is_read_as_it_is() {
        let body = br#"{"status": "hi", "poll": {"options": ["a", 1, null]}, "x": 1.5, "x": -2}"#;
        let map = read(body).map(Value::Object);
        assert_eq!(map, Ok(json!({"status": "hi", "poll": {"options": ["a", 1, null]}, "x": -2})));
    }

    #[test]
    fn no_body_is_no_parameters() {
        for body in ["", " \r\n", "null", "{}"] {
            assert_eq!(read(body.as_bytes()), Ok(Map::new()), "{body:?}");
        }
    }

    #[test]
    fn what_is_not_an_object_is_malformed() {
        for body in ["[]", "1", "\"x\"", "{", "{} {}", "{\"a\": \"\\u0000\"}", "{\"a\": \"\u{0}\"}", "status=x"] {
            assert!(matches!(read(body.as_bytes()), Err(Refusal::Malformed(_))), "{body:?}");
        }
        assert!(matches!(read(b"{\"a\": \"\xff\"}"), Err(Refusal::Malformed(_))));
    }

    #[test]
    fn bounds_hold_at_their_edges() {
        assert!(read(&nested(MAX_DEPTH - 1)).is_ok());
        assert!(matches!(read(&nested(MAX_DEPTH)), Err(Refusal::Malformed(_))));
        assert!(matches!(read(&nested(100_000)), Err(Refusal::Malformed(_))));

        let items = |n: usize| format!("{{\"a\":[{}]}}", vec!["0"; n].join(","));
        assert!(read(items(MAX_ITEMS).as_bytes()).is_ok());
        assert!(matches!(read(items(MAX_ITEMS + 1).as_bytes()), Err(Refusal::Malformed(_))));

        let same_name = format!("{{{}}}", vec!["\"a\":0"; MAX_ITEMS + 1].join(","));
        assert!(matches!(read(same_name.as_bytes()), Err(Refusal::Malformed(_))));

        let text = |n: usize| format!("{{\"a\":\"{}\"}}", "x".repeat(n));
        assert!(read(text(MAX_STRING_BYTES).as_bytes()).is_ok());
        assert_eq!(read(text(MAX_STRING_BYTES + 1).as_bytes()), Err(Refusal::TooLarge));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&body);
        }

        #[test]
        fn anything_like_json_is_read_or_refused(body in r#"[\[\]{}",:0-9a-z\\ ]{0,200}"#) {
            let _ = read(body.as_bytes());
        }
    }
}
