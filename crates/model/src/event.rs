//! What open streams and other processes want to know, announced by a transaction and sent after its commit.

use serde::{Deserialize, Serialize};

use crate::id::{AccountId, AnnouncementId, ConversationId, ListId, NotificationId, StatusId, TagId, TokenId};
use crate::status::Visibility;

/// Something that happened. Carries ids, never a copy of the world: who receives it reads the rest for its viewer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A post or boost exists; public, tag and direct streams look at it.
    StatusPosted {
        /// The new status.
        status: StatusId,
        /// Its author.
        author: AccountId,
        /// Its visibility.
        visibility: Visibility,
        /// Its tags' names.
        tags: Vec<String>,
        /// Whether it is a boost.
        is_reblog: bool,
        /// Whether it answers somebody other than its author.
        is_reply: bool,
        /// Whether its author lives here.
        is_local: bool,
    },
    /// A post reached somebody's home feed.
    HomeGained {
        /// Whose feeds; at most a few hundred a message.
        accounts: Vec<AccountId>,
        /// The status.
        status: StatusId,
    },
    /// A post reached list timelines.
    ListGained {
        /// Which lists, each with its owner; at most a few hundred a message.
        lists: Vec<(ListId, AccountId)>,
        /// The status.
        status: StatusId,
    },
    /// A post was edited, or its poll moved.
    StatusEdited {
        /// The status.
        status: StatusId,
        /// Its author.
        author: AccountId,
    },
    /// A post is gone.
    StatusDeleted {
        /// The status.
        status: StatusId,
        /// Its author.
        author: AccountId,
        /// Its visibility.
        visibility: Visibility,
        /// Its tags' names.
        tags: Vec<String>,
        /// People it was addressed to or delivered to directly.
        mentioned: Vec<AccountId>,
        /// Whether it was a boost.
        is_reblog: bool,
        /// Whether its author lives here.
        is_local: bool,
    },
    /// A counter or flag of a post changed (a favourite, a pin): caches drop it, streams stay silent.
    StatusTouched {
        /// The status.
        status: StatusId,
    },
    /// Somebody was notified.
    Notified {
        /// Who.
        account: AccountId,
        /// Of what.
        notification: NotificationId,
    },
    /// What was held back of somebody's notifications is shown now.
    NotificationsMerged {
        /// Whose.
        account: AccountId,
    },
    /// A conversation of direct posts has another newest post.
    ConversationChanged {
        /// In whose list.
        account: AccountId,
        /// Which.
        conversation: ConversationId,
    },
    /// An account's profile or counters changed: caches drop it.
    AccountTouched {
        /// Which.
        account: AccountId,
    },
    /// What the account follows, blocks, mutes or filters changed: its open streams look again.
    RelationsChanged {
        /// Whose.
        account: AccountId,
    },
    /// The account's filters changed.
    FiltersChanged {
        /// Whose.
        account: AccountId,
    },
    /// A tag was followed or no longer.
    TagFollowed {
        /// By whom.
        account: AccountId,
        /// Which.
        tag: TagId,
    },
    /// Tokens are worthless now: streams opened with them close.
    TokensRevoked {
        /// Which.
        tokens: Vec<TokenId>,
    },
    /// An announcement is shown, or was changed.
    AnnouncementPublished {
        /// Which.
        announcement: AnnouncementId,
    },
    /// Somebody reacted to an announcement, or no longer.
    AnnouncementReacted {
        /// Which.
        announcement: AnnouncementId,
        /// The emoji, or the name of a custom one.
        name: String,
    },
    /// An announcement is not shown any more.
    AnnouncementDeleted {
        /// Which.
        announcement: AnnouncementId,
    },
    /// Work was left for later by a process that does none itself: those that do look for it.
    WorkLeft,
    /// Server settings changed: read them anew.
    SettingsChanged,
}
