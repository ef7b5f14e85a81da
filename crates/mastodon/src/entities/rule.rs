//! Server rules.

use std::collections::BTreeMap;

use phiomia_model::RuleId;
use serde::Serialize;

/// A rule of the server.
/// Source: <https://docs.joinmastodon.org/entities/Rule/>.
#[derive(Serialize, Debug, Clone)]
pub struct Rule {
    /// Identifier, a string to clients. Since 3.4.0.
    pub id: RuleId,
    /// The rule. Since 3.4.0.
    pub text: String,
    /// Explanation. Since 4.3.0.
    pub hint: String,
    /// Translations by language code. Since 4.4.0.
    pub translations: BTreeMap<String, RuleTranslation>,
}

/// A rule in another language.
#[derive(Serialize, Debug, Clone)]
pub struct RuleTranslation {
    /// The rule.
    pub text: String,
    /// Explanation.
    pub hint: String,
}
