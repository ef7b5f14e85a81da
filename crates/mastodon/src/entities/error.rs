//! How a request is refused.

use std::collections::BTreeMap;

use serde::Serialize;

/// A refusal.
/// Source: <https://docs.joinmastodon.org/entities/Error/>.
#[derive(Serialize, Debug, Clone)]
pub struct Error {
    /// What went wrong: a sentence, or a code of OAuth. Since 0.6.0.
    pub error: String,
    /// Longer text, mainly OAuth. Left out where it does not apply. Since 0.6.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_description: Option<String>,
    /// What is wrong, by parameter. Left out except where validation failed. Since 3.5.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub details: Option<BTreeMap<String, Vec<ErrorDetail>>>,
}

/// What is wrong with one parameter.
/// Source: <https://docs.joinmastodon.org/methods/accounts/#422-unprocessable-entity>.
#[derive(Serialize, Debug, Clone)]
pub struct ErrorDetail {
    /// `ERR_…`.
    pub error: String,
    /// In words.
    pub description: String,
}
