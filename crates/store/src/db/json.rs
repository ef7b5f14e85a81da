//! Columns that hold JSON.

use phiomia_model::Fault;
use serde::{Serialize, de::DeserializeOwned};

/// # Errors
/// The text is not what a column of this table holds.
pub(super) fn read<T: DeserializeOwned>(table: &str, text: &str) -> Result<T, Fault> {
    serde_json::from_str(text).map_err(|e| Fault::because(format!("reading a JSON column of {table}"), e))
}

/// # Errors
/// It cannot be written as JSON.
pub(super) fn write<T: Serialize + ?Sized>(table: &str, value: &T) -> Result<String, Fault> {
    serde_json::to_string(value).map_err(|e| Fault::because(format!("writing a JSON column of {table}"), e))
}
