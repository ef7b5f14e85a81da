//! An entity together with its JSON, for what is the same for every viewer: written once, sent often.

use std::{fmt, ops::Deref, sync::Arc};

use serde::{Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};

/// A value and its JSON. Cloning is cheap; serialising copies the JSON.
pub struct Written<T>(Arc<Both<T>>);

struct Both<T> {
    value: T,
    json: Box<RawValue>,
}

impl<T: Serialize> Written<T> {
    /// Writes the JSON of a value.
    #[must_use]
    pub fn new(value: T) -> Written<T> {
        // No entity has a map with keys that are not texts, nor a serialiser of its own that fails.
        let json = to_raw_value(&value).unwrap_or_else(|_| RawValue::NULL.to_owned());
        Written(Arc::new(Both { value, json }))
    }
}

impl<T> Written<T> {
    /// How long the JSON is.
    #[must_use]
    pub fn json_bytes(&self) -> usize {
        self.0.json.get().len()
    }
}

impl<T: Serialize> From<T> for Written<T> {
    fn from(value: T) -> Written<T> {
        Written::new(value)
    }
}

impl<T> Clone for Written<T> {
    fn clone(&self) -> Written<T> {
        Written(self.0.clone())
    }
}

impl<T> Deref for Written<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0.value
    }
}

impl<T: fmt::Debug> fmt::Debug for Written<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.value.fmt(f)
    }
}

impl<T: fmt::Display> fmt::Display for Written<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.value.fmt(f)
    }
}

impl<T> Serialize for Written<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.json.serialize(serializer)
    }
}

/// The value as fields of something larger, into which its finished JSON does not go: for `flatten`.
pub(super) fn flat<T: Serialize, S: Serializer>(written: &Written<T>, serializer: S) -> Result<S::Ok, S::Error> {
    written.0.value.serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::Written;

    #[test]
    fn what_is_written_serialises_as_its_value_does() {
        let value = vec![Some("a \"quoted\" text\n".to_owned()), None];
        let written = Written::new(value.clone());
        assert_eq!(serde_json::to_string(&written).ok(), serde_json::to_string(&value).ok());
        assert_eq!(written.json_bytes(), serde_json::to_string(&value).map_or(0, |json| json.len()));
        assert_eq!(serde_json::to_value(&written).ok(), serde_json::to_value(&value).ok());
        assert_eq!(*written, value);
    }
}
