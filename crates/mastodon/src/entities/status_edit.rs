//! Earlier revisions of posts.

use serde::Serialize;

use super::account::Account;
use super::custom_emoji::CustomEmoji;
use super::media_attachment::MediaAttachment;
use super::quote::StatusQuote;
use super::scalar::IsoMillis;
use super::written::Written;

/// One revision of a post.
/// Source: <https://docs.joinmastodon.org/entities/StatusEdit/>.
#[derive(Serialize, Debug, Clone)]
pub struct StatusEdit {
    /// HTML text. Since 3.5.0.
    pub content: String,
    /// Content warning. Since 3.5.0.
    pub spoiler_text: String,
    /// Marked sensitive. Since 3.5.0.
    pub sensitive: bool,
    /// When it was made. Since 3.5.0.
    pub created_at: IsoMillis,
    /// Author. Since 3.5.0.
    pub account: Written<Account>,
    /// Choices at this revision. Left out where it does not apply. Since 3.5.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub poll: Option<StatusEditPoll>,
    /// Attached media. Since 3.5.0.
    pub media_attachments: Vec<MediaAttachment>,
    /// Custom emoji used in its texts. Since 3.5.0.
    pub emojis: Vec<CustomEmoji>,
    /// What it quotes. `null` without one. Since 4.4.0.
    pub quote: Option<StatusQuote>,
}

/// The poll at a revision.
#[derive(Serialize, Debug, Clone)]
pub struct StatusEditPoll {
    /// Choices. Since 3.5.0.
    pub options: Vec<StatusEditPollOption>,
}

/// A choice at a revision.
#[derive(Serialize, Debug, Clone)]
pub struct StatusEditPollOption {
    /// Text of a choice. Since 3.5.0.
    pub title: String,
}
