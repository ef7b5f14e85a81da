//! What people are told about decisions of moderators.

use phiomia_model::StatusId;
use serde::Serialize;

use super::account::Account;
use super::scalar::{Id, IsoMillis};
use super::written::Written;

/// A decision of the moderators against somebody.
/// Source: <https://docs.joinmastodon.org/entities/AccountWarning/>.
#[derive(Serialize, Debug, Clone)]
pub struct AccountWarning {
    /// Identifier, a string to clients. Since 4.3.0.
    pub id: Id,
    /// What was done. Since 4.3.0.
    pub action: AccountWarningAction,
    /// Moderator's words. Since 4.3.0.
    pub text: String,
    /// Posts concerned. `null` without one. Since 4.3.0.
    pub status_ids: Option<Vec<StatusId>>,
    /// Account it is against. Since 4.3.0.
    pub target_account: Written<Account>,
    /// Appeal, if any. `null` without one. Since 4.3.0.
    pub appeal: Option<Appeal>,
    /// When it was made. Since 4.3.0.
    pub created_at: IsoMillis,
}

/// An objection to a decision.
/// Source: <https://docs.joinmastodon.org/entities/Appeal/>.
#[derive(Serialize, Debug, Clone)]
pub struct Appeal {
    /// What the account says. Since 4.3.0.
    pub text: String,
    /// State. Since 4.3.0.
    pub state: AppealState,
}

/// Follows that were lost because of a block.
/// Source: <https://docs.joinmastodon.org/entities/RelationshipSeveranceEvent/>.
#[derive(Serialize, Debug, Clone)]
pub struct RelationshipSeveranceEvent {
    /// Identifier, a string to clients. Since 4.3.0.
    pub id: Id,
    /// Domain block, own domain block, or suspension. Since 4.3.0.
    pub r#type: RelationshipSeveranceType,
    /// Details are gone. Since 4.3.0.
    pub purged: bool,
    /// Domain or account. Since 4.3.0.
    pub target_name: String,
    /// Followers lost. Since 4.3.0.
    pub followers_count: i64,
    /// Follows lost. Since 4.3.0.
    pub following_count: i64,
    /// When it was made. Since 4.3.0.
    pub created_at: IsoMillis,
}

/// What moderators did.
#[derive(Serialize, Debug, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum AccountWarningAction {
    /// Nothing but the warning.
    None,
    /// The account cannot be used.
    Disable,
    /// Posts were marked sensitive.
    MarkStatusesAsSensitive,
    /// Posts were deleted.
    DeleteStatuses,
    /// All media count as sensitive.
    Sensitive,
    /// The account is limited.
    Silence,
    /// The account is suspended.
    Suspend,
}

/// How far an appeal is.
#[derive(Serialize, Debug, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum AppealState {
    /// Granted.
    Approved,
    /// Denied.
    Rejected,
    /// Waiting.
    Pending,
}

/// Why follows were lost.
#[derive(Serialize, Debug, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum RelationshipSeveranceType {
    /// Moderators blocked a domain.
    DomainBlock,
    /// The viewer hid a domain.
    UserDomainBlock,
    /// Moderators suspended an account.
    AccountSuspension,
}
