//! Conversations in direct posts.

use serde::Serialize;

use super::account::Account;
use super::scalar::Id;
use super::status::Status;
use super::written::Written;

/// Direct posts between the same people.
/// Source: <https://docs.joinmastodon.org/entities/Conversation/>.
#[derive(Serialize, Debug, Clone)]
pub struct Conversation {
    /// Identifier, a string to clients. Since 2.6.0.
    pub id: Id,
    /// Not read by me. Since 2.6.0.
    pub unread: bool,
    /// Participants besides me. Since 2.6.0.
    pub accounts: Vec<Written<Account>>,
    /// Newest post. `null` without one. Since 2.6.0.
    pub last_status: Option<Box<Status>>,
}
