//! Lists of followed accounts.

use serde::{Deserialize, Serialize};

use super::scalar::Id;

/// A list.
/// Source: <https://docs.joinmastodon.org/entities/List/>.
#[derive(Serialize, Debug, Clone)]
pub struct List {
    /// Identifier, a string to clients. Since 2.1.0.
    pub id: Id,
    /// Name. Since 2.1.0.
    pub title: String,
    /// Which replies it shows: followed, list or none. Since 3.3.0.
    pub replies_policy: RepliesPolicy,
    /// Members do not show in home. Since 4.2.0.
    pub exclusive: bool,
}

/// Which replies a list shows.
#[derive(Serialize, Deserialize, Debug, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum RepliesPolicy {
    /// To anybody the owner follows.
    Followed,
    /// To members of the list.
    List,
    /// None.
    None,
}
