//! What people are told about.

use serde::{Deserialize, Serialize};
use std::str::FromStr;

use crate::status::UnknownWord;

/// Why somebody is notified.
/// Source: <https://docs.joinmastodon.org/entities/Notification/#type>.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotificationType {
    /// Mentioned in a post.
    Mention,
    /// Somebody with the bell on posted.
    Status,
    /// A post was boosted.
    Reblog,
    /// Followed.
    Follow,
    /// Asked to be followed.
    FollowRequest,
    /// A post was favourited.
    Favourite,
    /// A poll ended.
    Poll,
    /// A post one boosted was edited.
    Update,
    /// A post was quoted.
    Quote,
    /// A quoted post was edited.
    QuotedUpdate,
    /// Somebody signed up (staff).
    #[serde(rename = "admin.sign_up")]
    AdminSignUp,
    /// A report came in (staff).
    #[serde(rename = "admin.report")]
    AdminReport,
}

impl NotificationType {
    /// Every type this server makes.
    pub const ALL: [NotificationType; 12] = [
        NotificationType::Mention,
        NotificationType::Status,
        NotificationType::Reblog,
        NotificationType::Follow,
        NotificationType::FollowRequest,
        NotificationType::Favourite,
        NotificationType::Poll,
        NotificationType::Update,
        NotificationType::Quote,
        NotificationType::QuotedUpdate,
        NotificationType::AdminSignUp,
        NotificationType::AdminReport,
    ];
    /// The types that are shown folded into groups.
    pub const GROUPED: [NotificationType; 4] = [
        NotificationType::Favourite,
        NotificationType::Reblog,
        NotificationType::Follow,
        NotificationType::AdminSignUp,
    ];
    /// The word of the API, also in the database.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            NotificationType::Mention => "mention",
            NotificationType::Status => "status",
            NotificationType::Reblog => "reblog",
            NotificationType::Follow => "follow",
            NotificationType::FollowRequest => "follow_request",
            NotificationType::Favourite => "favourite",
            NotificationType::Poll => "poll",
            NotificationType::Update => "update",
            NotificationType::Quote => "quote",
            NotificationType::QuotedUpdate => "quoted_update",
            NotificationType::AdminSignUp => "admin.sign_up",
            NotificationType::AdminReport => "admin.report",
        }
    }
}

impl FromStr for NotificationType {
    type Err = UnknownWord;
    fn from_str(word: &str) -> Result<NotificationType, UnknownWord> {
        NotificationType::ALL.into_iter().find(|t| t.word() == word).ok_or_else(|| UnknownWord(word.to_owned()))
    }
}
