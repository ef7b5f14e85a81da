//! Filters and what they matched.

use phiomia_model::{FilterAction, FilterContext, StatusId};
use serde::Serialize;

use super::scalar::{Id, IsoMillis};

/// What somebody does not want to see, or only behind a warning.
/// Source: <https://docs.joinmastodon.org/entities/Filter/>.
#[derive(Serialize, Debug, Clone)]
pub struct Filter {
    /// Identifier, a string to clients. Since 4.0.0.
    pub id: Id,
    /// Name given by the user. Since 4.0.0.
    pub title: String,
    /// Where it applies. Since 4.0.0.
    pub context: Vec<FilterContext>,
    /// When it stops applying. `null`: never. Since 4.0.0.
    pub expires_at: Option<IsoMillis>,
    /// Warn, hide or blur. Since 4.0.0.
    pub filter_action: FilterAction,
    /// Keywords. Left out within a match. Since 4.0.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keywords: Option<Vec<FilterKeyword>>,
    /// Posts filtered one by one. Left out within a match. Since 4.0.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statuses: Option<Vec<FilterStatus>>,
}

/// A phrase that a filter looks for.
/// Source: <https://docs.joinmastodon.org/entities/FilterKeyword/>.
#[derive(Serialize, Debug, Clone)]
pub struct FilterKeyword {
    /// Identifier, a string to clients. Since 4.0.0.
    pub id: Id,
    /// Phrase. Since 4.0.0.
    pub keyword: String,
    /// Match at word boundaries only. Since 4.0.0.
    pub whole_word: bool,
}

/// A single post that a filter hides.
/// Source: <https://docs.joinmastodon.org/entities/FilterStatus/>.
#[derive(Serialize, Debug, Clone)]
pub struct FilterStatus {
    /// Identifier, a string to clients. Since 4.0.0.
    pub id: Id,
    /// Filtered post. Since 4.0.0.
    pub status_id: StatusId,
}

/// A filter that matched a post, and why.
/// Source: <https://docs.joinmastodon.org/entities/FilterResult/>.
#[derive(Serialize, Debug, Clone)]
pub struct FilterResult {
    /// Filter that matched. Since 4.0.0.
    pub filter: Filter,
    /// Keywords that matched. `null` without one. Since 4.0.0.
    pub keyword_matches: Option<Vec<String>>,
    /// Posts that matched. `null` without one. Since 4.0.0.
    pub status_matches: Option<Vec<StatusId>>,
}

/// A keyword as a filter of its own, as filters were before 4.0.0.
/// Source: <https://docs.joinmastodon.org/entities/V1_Filter/>.
#[derive(Serialize, Debug, Clone)]
pub struct FilterV1 {
    /// The keyword's identifier, a string to clients. Since 2.4.3.
    pub id: Id,
    /// Phrase. Since 2.4.3.
    pub phrase: String,
    /// Where it applies. Since 2.4.3.
    pub context: Vec<FilterContext>,
    /// When it stops applying. `null`: never. Since 2.4.3.
    pub expires_at: Option<IsoMillis>,
    /// The post is taken away. Since 2.4.3.
    pub irreversible: bool,
    /// Match at word boundaries only. Since 2.4.3.
    pub whole_word: bool,
}
