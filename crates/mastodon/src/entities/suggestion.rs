//! Accounts one might follow.

use serde::Serialize;

use super::account::Account;
use super::written::Written;

/// An account one might follow, and why.
/// Source: <https://docs.joinmastodon.org/entities/Suggestion/>.
#[derive(Serialize, Debug, Clone)]
pub struct Suggestion {
    /// Reason (old). Since 3.4.0.
    pub source: SuggestionSource,
    /// Reasons. Since 4.3.0.
    pub sources: Vec<SuggestionReason>,
    /// The suggested account. Since 3.4.0.
    pub account: Written<Account>,
}

/// The reason as old clients know it.
#[derive(Serialize, Debug, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum SuggestionSource {
    /// Chosen by the server's staff.
    Staff,
    /// Interacted with before.
    PastInteractions,
    /// Popular here.
    Global,
}

/// A reason.
#[derive(Serialize, Debug, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum SuggestionReason {
    /// Chosen by the server's staff.
    Featured,
    /// Followed by many here.
    MostFollowed,
    /// Much favourited and boosted here.
    MostInteractions,
    /// Like those followed lately.
    SimilarToRecentlyFollowed,
    /// Followed by those one follows.
    FriendsOfFriends,
}
