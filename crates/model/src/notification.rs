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
    /// Moderators warned or limited one.
    ModerationWarning,
    /// Follows ended because moderators decided about a domain or an account.
    SeveredRelationships,
}

impl NotificationType {
    /// Every type this server makes.
    pub const ALL: [NotificationType; 14] = [
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
        NotificationType::ModerationWarning,
        NotificationType::SeveredRelationships,
    ];
    /// The types that are shown folded into groups.
    pub const GROUPED: [NotificationType; 4] = [
        NotificationType::Favourite,
        NotificationType::Reblog,
        NotificationType::Follow,
        NotificationType::AdminSignUp,
    ];
    /// Whether the receiver's policy is asked. What one asked for oneself, and what staff is told, comes always.
    #[must_use]
    pub const fn is_filterable(self) -> bool {
        matches!(
            self,
            NotificationType::Mention
                | NotificationType::Reblog
                | NotificationType::Follow
                | NotificationType::FollowRequest
                | NotificationType::Favourite
                | NotificationType::Quote
        )
    }
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
            NotificationType::ModerationWarning => "moderation_warning",
            NotificationType::SeveredRelationships => "severed_relationships",
        }
    }
}

impl FromStr for NotificationType {
    type Err = UnknownWord;
    fn from_str(word: &str) -> Result<NotificationType, UnknownWord> {
        NotificationType::ALL.into_iter().find(|t| t.word() == word).ok_or_else(|| UnknownWord(word.to_owned()))
    }
}

/// What happens to a notification.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotificationPolicyChoice {
    /// It is shown.
    #[default]
    Accept,
    /// It waits among the requests.
    Filter,
    /// It is not made.
    Drop,
}

impl NotificationPolicyChoice {
    /// All three.
    pub const ALL: [NotificationPolicyChoice; 3] =
        [NotificationPolicyChoice::Accept, NotificationPolicyChoice::Filter, NotificationPolicyChoice::Drop];
    /// The word of the API, also in the database.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            NotificationPolicyChoice::Accept => "accept",
            NotificationPolicyChoice::Filter => "filter",
            NotificationPolicyChoice::Drop => "drop",
        }
    }
}

impl FromStr for NotificationPolicyChoice {
    type Err = UnknownWord;
    fn from_str(word: &str) -> Result<NotificationPolicyChoice, UnknownWord> {
        NotificationPolicyChoice::ALL.into_iter().find(|c| c.word() == word).ok_or_else(|| UnknownWord(word.to_owned()))
    }
}

/// From whom somebody takes notifications.
/// Source: <https://docs.joinmastodon.org/entities/NotificationPolicy/>.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotificationPolicy {
    /// From people they do not follow.
    pub not_following: NotificationPolicyChoice,
    /// From people who do not follow them, or began to less than three days ago.
    pub not_followers: NotificationPolicyChoice,
    /// From accounts younger than thirty days.
    pub new_accounts: NotificationPolicyChoice,
    /// Direct posts that answer none of their own.
    pub private_mentions: NotificationPolicyChoice,
    /// From accounts limited by moderators.
    pub limited_accounts: NotificationPolicyChoice,
    /// From automated accounts.
    pub bots: NotificationPolicyChoice,
}

impl Default for NotificationPolicy {
    /// Mastodon's: unasked private mentions and limited accounts wait, everything else comes.
    fn default() -> NotificationPolicy {
        let (accept, filter) = (NotificationPolicyChoice::Accept, NotificationPolicyChoice::Filter);
        NotificationPolicy {
            not_following: accept,
            not_followers: accept,
            new_accounts: accept,
            private_mentions: filter,
            limited_accounts: filter,
            bots: accept,
        }
    }
}
