//! Polls.

use serde::Serialize;

use super::custom_emoji::CustomEmoji;
use super::scalar::{Id, IsoMillis};

/// A poll as its viewer sees it.
/// Source: <https://docs.joinmastodon.org/entities/Poll/>.
#[derive(Serialize, Debug, Clone)]
pub struct Poll {
    /// Identifier, a string to clients. Since 2.8.0.
    pub id: Id,
    /// When it ends. `null`: never. Since 2.8.0.
    pub expires_at: Option<IsoMillis>,
    /// Over. Since 2.8.0.
    pub expired: bool,
    /// Several choices allowed. Since 2.8.0.
    pub multiple: bool,
    /// Votes. Since 2.8.0.
    pub votes_count: i64,
    /// People who voted; differs from the votes where several choices are allowed. `null` where unknown. Since 2.8.0.
    pub voters_count: Option<i64>,
    /// Choices. Since 2.8.0.
    pub options: Vec<PollOption>,
    /// Custom emoji used in its texts. Since 2.8.0.
    pub emojis: Vec<CustomEmoji>,
    /// I voted. Left out for anonymous viewers. Since 2.8.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub voted: Option<bool>,
    /// Indexes I chose. Left out for anonymous viewers. Since 2.8.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub own_votes: Option<Vec<i64>>,
}

/// One choice.
/// Source: <https://docs.joinmastodon.org/entities/Poll/#Option>.
#[derive(Serialize, Debug, Clone)]
pub struct PollOption {
    /// Text of a choice. Since 2.8.0.
    pub title: String,
    /// Votes. `null` while they are hidden. Since 2.8.0.
    pub votes_count: Option<i64>,
}
