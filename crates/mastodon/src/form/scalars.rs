//! Fields as clients write them: a number may come as text, a list as one value or as an object of indexes.

use std::{fmt, marker::PhantomData, str::FromStr};

use phiomia_model::{Noun, Refusal};
use serde::de::{self, Deserialize, DeserializeOwned, Deserializer, Visitor};
use serde_json::Value;

/// Yes or no. As in Rails, only a few words mean no: `false`, `f`, `off`, `0` and nothing at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flag(pub bool);

/// A whole number, or its digits as text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Number(pub i64);

/// A text; a number or truth value counts as its words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text(pub String);

/// Several values: an array, an object whose names are indexes (`{"0": …, "1": …}`), or a single value.
/// Empty texts and nulls are dropped, since a form has no other way to send an empty list than `a[]=`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct List<T>(pub Vec<T>);

/// An id as text or number. `None`: it can be nobody's id; treat it as one that does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Id<T>(pub Option<T>);

impl<T> Id<T> {
    /// The id.
    ///
    /// # Errors
    /// `NotFound` when it can be nobody's id.
    pub fn found(self, noun: Noun) -> Result<T, Refusal> {
        self.0.ok_or(Refusal::NotFound(noun))
    }
}

impl<T> List<Id<T>> {
    /// The ids, without those that can be nobody's.
    #[must_use]
    pub fn ids(self) -> Vec<T> {
        self.0.into_iter().filter_map(|id| id.0).collect()
    }
}

impl List<Text> {
    /// The texts as plain strings.
    #[must_use]
    pub fn strings(self) -> Vec<String> {
        self.0.into_iter().map(|text| text.0).collect()
    }
}

impl From<Flag> for bool {
    fn from(flag: Flag) -> bool {
        flag.0
    }
}

impl From<Text> for String {
    fn from(text: Text) -> String {
        text.0
    }
}

impl<T> Default for Id<T> {
    fn default() -> Id<T> {
        Id(None)
    }
}

/// For `#[serde(default, deserialize_with = "filled")]`: an empty text is as good as none (`in_reply_to_id=`).
///
/// # Errors
/// As the value's own type.
pub fn filled<'de, D: Deserializer<'de>, T: DeserializeOwned>(d: D) -> Result<Option<T>, D::Error> {
    match Value::deserialize(d)? {
        Value::Null => Ok(None),
        Value::String(text) if text.is_empty() => Ok(None),
        value => serde_json::from_value(value).map(Some).map_err(de::Error::custom),
    }
}

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Flag, D::Error> {
        struct Words;
        impl Visitor<'_> for Words {
            type Value = Flag;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("yes or no")
            }
            fn visit_unit<E>(self) -> Result<Flag, E> {
                Ok(Flag(false))
            }
            fn visit_bool<E>(self, truth: bool) -> Result<Flag, E> {
                Ok(Flag(truth))
            }
            fn visit_i64<E>(self, number: i64) -> Result<Flag, E> {
                Ok(Flag(number != 0))
            }
            fn visit_u64<E>(self, number: u64) -> Result<Flag, E> {
                Ok(Flag(number != 0))
            }
            fn visit_str<E>(self, text: &str) -> Result<Flag, E> {
                Ok(Flag(!matches!(text, "" | "0" | "f" | "F" | "false" | "FALSE" | "False" | "off" | "OFF")))
            }
        }
        d.deserialize_any(Words)
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Number, D::Error> {
        struct Digits;
        impl Visitor<'_> for Digits {
            type Value = Number;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number")
            }
            fn visit_i64<E>(self, number: i64) -> Result<Number, E> {
                Ok(Number(number))
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Number, E> {
                i64::try_from(number).map(Number).map_err(|_| E::custom("the number is too large"))
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Number, E> {
                text.trim().parse().map(Number).map_err(|_| E::invalid_type(de::Unexpected::Other("text"), &self))
            }
        }
        d.deserialize_any(Digits)
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Text, D::Error> {
        struct Words;
        impl Visitor<'_> for Words {
            type Value = Text;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }
            fn visit_bool<E>(self, truth: bool) -> Result<Text, E> {
                Ok(Text(truth.to_string()))
            }
            fn visit_i64<E>(self, number: i64) -> Result<Text, E> {
                Ok(Text(number.to_string()))
            }
            fn visit_u64<E>(self, number: u64) -> Result<Text, E> {
                Ok(Text(number.to_string()))
            }
            fn visit_f64<E>(self, number: f64) -> Result<Text, E> {
                Ok(Text(number.to_string()))
            }
            fn visit_str<E>(self, text: &str) -> Result<Text, E> {
                Ok(Text(text.to_owned()))
            }
            fn visit_string<E>(self, text: String) -> Result<Text, E> {
                Ok(Text(text))
            }
        }
        d.deserialize_any(Words)
    }
}

impl<'de, T: FromStr> Deserialize<'de> for Id<T> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Id<T>, D::Error> {
        struct Digits<T>(PhantomData<T>);
        impl<T: FromStr> Visitor<'_> for Digits<T> {
            type Value = Id<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an id")
            }
            fn visit_i64<E>(self, number: i64) -> Result<Id<T>, E> {
                Ok(Id(number.to_string().parse().ok()))
            }
            fn visit_u64<E>(self, number: u64) -> Result<Id<T>, E> {
                Ok(Id(number.to_string().parse().ok()))
            }
            fn visit_str<E>(self, text: &str) -> Result<Id<T>, E> {
                Ok(Id(text.parse().ok()))
            }
        }
        d.deserialize_any(Digits(PhantomData))
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<List<T>, D::Error> {
        let values = match Value::deserialize(d)? {
            Value::Array(values) => values,
            Value::Object(map) => {
                let indexes: Option<Vec<u64>> = map.keys().map(|name| name.parse().ok()).collect();
                match indexes {
                    Some(indexes) => {
                        let mut rows: Vec<(u64, Value)> =
                            indexes.into_iter().zip(map.into_iter().map(|f| f.1)).collect();
                        // By number: as texts, 10 would come before 2.
                        rows.sort_by_key(|row| row.0);
                        rows.into_iter().map(|row| row.1).collect()
                    }
                    None => vec![Value::Object(map)],
                }
            }
            single => vec![single],
        };
        let is_blank = |value: &Value| value.is_null() || value.as_str().is_some_and(str::is_empty);
        let items = values.into_iter().filter(|value| !is_blank(value)).map(serde_json::from_value);
        items.collect::<Result<Vec<T>, _>>().map(List).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use phiomia_model::StatusId;
    use serde_json::json;

    fn read<T: DeserializeOwned>(value: &Value) -> Option<T> {
        serde_json::from_value(value.clone()).ok()
    }

    #[test]
    fn only_a_few_words_mean_no() {
        for no in [json!(false), json!(0), json!("0"), json!("false"), json!("f"), json!("off"), json!(""), json!(null)]
        {
            assert_eq!(read(&no), Some(Flag(false)), "{no}");
        }
        for yes in [json!(true), json!(1), json!("1"), json!("true"), json!("t"), json!("on"), json!("yes")] {
            assert_eq!(read(&yes), Some(Flag(true)), "{yes}");
        }
        assert_eq!(read::<Flag>(&json!([])), None);
    }

    #[test]
    fn numbers_may_be_written_as_text() {
        for (value, number) in [(json!(5), 5), (json!("5"), 5), (json!("-7"), -7), (json!(" 8 "), 8)] {
            assert_eq!(read(&value), Some(Number(number)), "{value}");
        }
        for bad in [json!(""), json!("x"), json!(1.5), json!(true), json!(u64::MAX), json!({})] {
            assert_eq!(read::<Number>(&bad), None, "{bad}");
        }
    }

    #[test]
    fn lists_come_in_every_form() {
        let cases = [
            (json!(["a", "b"]), vec!["a", "b"]),
            (json!({"0": "a", "10": "c", "2": "b"}), vec!["a", "b", "c"]),
            (json!("a"), vec!["a"]),
            (json!(7), vec!["7"]),
            (json!([""]), vec![]),
            (json!(""), vec![]),
            (json!(null), vec![]),
            (json!({}), vec![]),
        ];
        for (value, expected) in cases {
            assert_eq!(
                read::<List<Text>>(&value).map(List::strings),
                Some(expected.into_iter().map(str::to_owned).collect()),
                "{value}"
            );
        }
        let single = json!({"name": "x"});
        assert_eq!(read::<List<Value>>(&single), Some(List(vec![single])));
    }

    #[test]
    fn what_cannot_be_an_id_does_not_exist() {
        let ids: Option<List<Id<StatusId>>> = read(&json!([1, "2", "x", -3, "", "99999999999999999999"]));
        assert_eq!(ids.map(List::ids), Some(vec![StatusId(1), StatusId(2)]));
        assert_eq!(Id::<StatusId>(None).found(Noun::Status), Err(Refusal::NotFound(Noun::Status)));
    }

    #[test]
    fn an_empty_text_is_no_value_where_the_field_says_so() {
        #[derive(serde::Deserialize, Debug, PartialEq)]
        struct Reply {
            #[serde(default, deserialize_with = "filled")]
            in_reply_to_id: Option<Id<StatusId>>,
        }
        for (value, expected) in [
            (json!({}), None),
            (json!({"in_reply_to_id": null}), None),
            (json!({"in_reply_to_id": ""}), None),
            (json!({"in_reply_to_id": "4"}), Some(Id(Some(StatusId(4))))),
        ] {
            assert_eq!(read(&value), Some(Reply { in_reply_to_id: expected }), "{value}");
        }
    }
}
