//! Names with brackets, read the way Rack reads them for Rails.
//!
//! `a=1` a value, `a[]=1` a list, `a[b]=1` an object, `a[][b]=1` a list of objects, where a new object begins as soon
//! as a name comes again. Source: <https://guides.rubyonrails.org/action_controller_overview.html#hash-and-array-parameters>.

use std::borrow::Cow;

use percent_encoding::percent_decode;
use phiomia_model::Refusal;
use serde_json::{Map, Value, map::Entry};

use super::{MAX_DEPTH, MAX_PAIRS, check_string};

/// Reads `a=1&b=2`. A broken percent sign stands for itself.
pub(super) fn urlencoded(text: &[u8]) -> Result<Map<String, Value>, Refusal> {
    let parts = text.split(|&b| b == b'&').filter(|part| !part.is_empty());
    // Counted before anything is decoded.
    if parts.clone().count() > MAX_PAIRS {
        return Err(too_many());
    }
    let mut map = Map::new();
    for part in parts {
        let mut halves = part.splitn(2, |&b| b == b'=');
        let name = unescape(halves.next().unwrap_or_default())?;
        let value = unescape(halves.next().unwrap_or_default())?;
        put_pair(&mut map, &name, value)?;
    }
    Ok(map)
}

/// Reads pairs that are already decoded.
pub(super) fn read(pairs: impl IntoIterator<Item = (String, String)>) -> Result<Map<String, Value>, Refusal> {
    let mut map = Map::new();
    for (at, (name, value)) in pairs.into_iter().enumerate() {
        if at >= MAX_PAIRS {
            return Err(too_many());
        }
        put_pair(&mut map, &name, value)?;
    }
    Ok(map)
}

fn too_many() -> Refusal {
    Refusal::Malformed(format!("There are more than {MAX_PAIRS} parameters"))
}

/// Takes away percent signs and pluses.
fn unescape(text: &[u8]) -> Result<String, Refusal> {
    let spaced: Cow<'_, [u8]> = if text.contains(&b'+') {
        Cow::Owned(text.iter().map(|&b| if b == b'+' { b' ' } else { b }).collect())
    } else {
        Cow::Borrowed(text)
    };
    String::from_utf8(percent_decode(&spaced).collect())
        .map_err(|_| Refusal::Malformed("A parameter is not UTF-8".to_owned()))
}

fn put_pair(map: &mut Map<String, Value>, name: &str, value: String) -> Result<(), Refusal> {
    check_string(name)?;
    check_string(&value)?;
    // A first bracket at the very beginning is part of the name.
    let split = name.char_indices().skip(1).find(|&(_, c)| c == '[').map_or(name.len(), |(at, _)| at);
    let (key, rest) = name.split_at(split);
    put(map, name, key, rest, value, 1)
}

/// Puts `value` at `key` + `rest` below `map`, whose level is `depth`. `whole` is what the client wrote.
fn put(
    map: &mut Map<String, Value>,
    whole: &str,
    key: &str,
    rest: &str,
    value: String,
    depth: usize,
) -> Result<(), Refusal> {
    if depth >= MAX_DEPTH {
        return Err(Refusal::Malformed(format!("A parameter is nested deeper than {MAX_DEPTH} levels")));
    }
    if key.is_empty() {
        return Ok(());
    }
    if rest.is_empty() {
        map.insert(key.to_owned(), Value::String(value));
        return Ok(());
    }
    if rest == "[" {
        // An unfinished bracket is part of the name.
        map.insert(format!("{key}["), Value::String(value));
        return Ok(());
    }
    if let Some(item) = rest.strip_prefix("[]") {
        return match slot(map, key, Value::Array(Vec::new())) {
            Value::Array(list) => push(list, whole, item, value, depth),
            _ => Err(two_ways(whole)),
        };
    }
    match slot(map, key, Value::Object(Map::new())) {
        Value::Object(inner) => {
            let (key, rest) = next_key(rest);
            put(inner, whole, key, rest, value, depth + 1)
        }
        _ => Err(two_ways(whole)),
    }
}

/// Adds to a list: a value, a list of its own, or a field of the last or of a new object.
fn push(list: &mut Vec<Value>, whole: &str, item: &str, value: String, depth: usize) -> Result<(), Refusal> {
    if depth + 1 >= MAX_DEPTH {
        return Err(Refusal::Malformed(format!("A parameter is nested deeper than {MAX_DEPTH} levels")));
    }
    if item.is_empty() {
        list.push(Value::String(value));
        return Ok(());
    }
    if let Some(deeper) = item.strip_prefix("[]") {
        let mut inner = Vec::new();
        push(&mut inner, whole, deeper, value, depth + 1)?;
        list.push(Value::Array(inner));
        return Ok(());
    }
    let (key, rest) = next_key(item);
    if let Some(Value::Object(last)) = list.last_mut()
        && !holds(last, item)
    {
        return put(last, whole, key, rest, value, depth + 2);
    }
    let mut fresh = Map::new();
    put(&mut fresh, whole, key, rest, value, depth + 2)?;
    list.push(Value::Object(fresh));
    Ok(())
}

/// `[a][b]` as `a` and `[b]`; what is not in brackets is a name of its own.
fn next_key(path: &str) -> (&str, &str) {
    path.strip_prefix('[').and_then(|inner| inner.split_once(']')).unwrap_or((path, ""))
}

/// Whether the path leads to a value already. A list never does: more can always be added to it.
fn holds(map: &Map<String, Value>, path: &str) -> bool {
    if path.contains("[]") {
        return false;
    }
    let mut keys = path.split(['[', ']']).filter(|key| !key.is_empty());
    let Some(mut found) = keys.next().and_then(|key| map.get(key)) else { return false };
    for key in keys {
        match found.get(key) {
            Some(deeper) => found = deeper,
            None => return false,
        }
    }
    true
}

fn slot<'m>(map: &'m mut Map<String, Value>, key: &str, empty: Value) -> &'m mut Value {
    match map.entry(key) {
        Entry::Occupied(entry) => entry.into_mut(),
        Entry::Vacant(entry) => entry.insert(empty),
    }
}

fn two_ways(whole: &str) -> Refusal {
    let shown: String = whole.chars().take(100).collect();
    Refusal::Malformed(format!("The parameter `{shown}` is used in two ways"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn brackets_are_read_as_rails_reads_them() {
        let cases = [
            ("", json!({})),
            ("&&", json!({})),
            ("a", json!({"a": ""})),
            ("a=", json!({"a": ""})),
            ("=1", json!({})),
            ("a=1&a=2", json!({"a": "2"})),
            ("a=b=c", json!({"a": "b=c"})),
            ("status=h%C3%A4+%2B%26&x=100%", json!({"status": "hä +&", "x": "100%"})),
            ("id[]=1&id[]=2", json!({"id": ["1", "2"]})),
            ("id%5B%5D=1", json!({"id": ["1"]})),
            ("source[privacy]=public&source[sensitive]=1", json!({"source": {"privacy": "public", "sensitive": "1"}})),
            (
                "poll[options][]=a&poll[options][]=b&poll[expires_in]=300",
                json!({"poll": {"options": ["a", "b"], "expires_in": "300"}}),
            ),
            (
                "fields_attributes[0][name]=x&fields_attributes[0][value]=y&fields_attributes[1][name]=z",
                json!({"fields_attributes": {"0": {"name": "x", "value": "y"}, "1": {"name": "z"}}}),
            ),
            (
                "keywords_attributes[][keyword]=a&keywords_attributes[][whole_word]=1&keywords_attributes[][keyword]=b",
                json!({"keywords_attributes": [{"keyword": "a", "whole_word": "1"}, {"keyword": "b"}]}),
            ),
            (
                "m[][id]=1&m[][focus][x]=0&m[][focus][y]=1&m[][focus][x]=2",
                json!({"m": [{"id": "1", "focus": {"x": "0", "y": "1"}}, {"focus": {"x": "2"}}]}),
            ),
            ("m[][tags][]=1&m[][tags][]=2", json!({"m": [{"tags": ["1", "2"]}]})),
            ("a[][]=1&a[][]=2", json!({"a": [["1"], ["2"]]})),
            ("a[=1", json!({"a[": "1"})),
            ("[a]=1", json!({"[a]": "1"})),
            ("a[b=1", json!({"a": {"[b": "1"}})),
            ("a[b]c=1", json!({"a": {"b": {"c": "1"}}})),
        ];
        for (text, expected) in cases {
            assert_eq!(urlencoded(text.as_bytes()).map(Value::Object), Ok(expected), "{text}");
        }
    }

    #[test]
    fn one_name_in_two_ways_is_malformed() {
        for text in ["a=1&a[]=2", "a=1&a[b]=2", "a[]=1&a[b]=2", "a[b]=1&a[]=2"] {
            assert!(matches!(urlencoded(text.as_bytes()), Err(Refusal::Malformed(_))), "{text}");
        }
    }

    #[test]
    fn neither_other_encodings_nor_null_bytes_get_in() {
        for text in ["a=%FF", "%FF=a", "a=%00", "a%00=1"] {
            assert!(matches!(urlencoded(text.as_bytes()), Err(Refusal::Malformed(_))), "{text}");
        }
    }

    #[test]
    fn bounds_hold_at_their_edges() {
        let nested = |n: usize| format!("a{}=1", "[b]".repeat(n));
        assert!(urlencoded(nested(MAX_DEPTH - 2).as_bytes()).is_ok());
        assert!(matches!(urlencoded(nested(MAX_DEPTH - 1).as_bytes()), Err(Refusal::Malformed(_))));
        assert!(matches!(urlencoded(format!("a{}=1", "[]".repeat(50_000)).as_bytes()), Err(Refusal::Malformed(_))));

        let pairs = |n: usize| vec!["a[]=1"; n].join("&");
        assert!(urlencoded(pairs(MAX_PAIRS).as_bytes()).is_ok());
        assert!(matches!(urlencoded(pairs(MAX_PAIRS + 1).as_bytes()), Err(Refusal::Malformed(_))));
        assert!(matches!(read(vec![("a".into(), String::new()); MAX_PAIRS + 1]), Err(Refusal::Malformed(_))));

        assert_eq!(urlencoded(format!("a={}", "x".repeat(200_001)).as_bytes()), Err(Refusal::TooLarge));
    }

    fn depth(value: &Value) -> usize {
        1 + match value {
            Value::Array(list) => list.iter().map(depth).max().unwrap_or(0),
            Value::Object(map) => map.values().map(depth).max().unwrap_or(0),
            _ => 0,
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(text in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = urlencoded(&text);
        }

        #[test]
        fn what_is_read_stays_within_the_bounds(text in r"([ab](\[[abé]?\]?){0,40}=1&){0,8}") {
            if let Ok(map) = urlencoded(text.as_bytes()) {
                prop_assert!(depth(&Value::Object(map)) <= MAX_DEPTH);
            }
        }

        #[test]
        fn plain_values_survive_escaping(value in r"[^\x00]{0,50}") {
            let escaped = percent_encoding::utf8_percent_encode(&value, percent_encoding::NON_ALPHANUMERIC);
            let map = urlencoded(format!("a={escaped}").as_bytes());
            prop_assert_eq!(map.map(Value::Object), Ok(json!({"a": value})));
        }
    }
}
