//! What is between the viewer and somebody else.

use phiomia_model::AccountId;
use serde::Serialize;

use super::account::Account;
use super::scalar::IsoMillis;
use super::written::Written;

/// What is between the viewer and an account.
/// Source: <https://docs.joinmastodon.org/entities/Relationship/>.
#[derive(Serialize, Debug, Clone)]
pub struct Relationship {
    /// Account's id. Since 0.6.0.
    pub id: AccountId,
    /// I follow. Since 0.6.0.
    pub following: bool,
    /// Their boosts show in home. Since 2.1.0.
    pub showing_reblogs: bool,
    /// I get notified of their posts. Since 3.3.0.
    pub notifying: bool,
    /// Languages I follow of them. `null`: all. Since 4.0.0.
    pub languages: Option<Vec<String>>,
    /// Follows me. Since 0.6.0.
    pub followed_by: bool,
    /// I block. Since 0.6.0.
    pub blocking: bool,
    /// Blocks me. Since 2.8.0.
    pub blocked_by: bool,
    /// I mute. Since 1.1.0.
    pub muting: bool,
    /// Including notifications. Since 2.1.0.
    pub muting_notifications: bool,
    /// When the mute ends. `null`: never, or not muted. Since 4.6.0.
    pub muting_expires_at: Option<IsoMillis>,
    /// My request is waiting. Since 0.9.9.
    pub requested: bool,
    /// Their request is waiting. Since 4.1.0.
    pub requested_by: bool,
    /// I hide their domain. Since 1.4.0.
    pub domain_blocking: bool,
    /// I feature them. Since 2.5.0.
    pub endorsed: bool,
    /// My private note. Since 3.2.0.
    pub note: String,
}

/// Followers of an account whom the viewer follows.
/// Source: <https://docs.joinmastodon.org/entities/FamiliarFollowers/>.
#[derive(Serialize, Debug, Clone)]
pub struct FamiliarFollowers {
    /// Identifier, a string to clients. Since 3.5.0.
    pub id: AccountId,
    /// Followers of it whom I follow. Since 3.5.0.
    pub accounts: Vec<Written<Account>>,
}
