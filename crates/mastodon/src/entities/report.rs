//! Reports to moderators.

use phiomia_model::{RuleId, StatusId};
use serde::{Deserialize, Serialize};

use super::account::Account;
use super::scalar::{Id, IsoMillis};
use super::written::Written;

/// A report as its sender sees it.
/// Source: <https://docs.joinmastodon.org/entities/Report/>.
#[derive(Serialize, Debug, Clone)]
pub struct Report {
    /// Identifier, a string to clients. Since 1.1.0.
    pub id: Id,
    /// Handled. Since 1.1.0.
    pub action_taken: bool,
    /// When handled. `null` without one. Since 4.0.0.
    pub action_taken_at: Option<IsoMillis>,
    /// Reason class. Since 4.0.0.
    pub category: ReportCategory,
    /// Reason given. Since 4.0.0.
    pub comment: String,
    /// Passed on to the other server. Since 4.0.0.
    pub forwarded: bool,
    /// When it was made. Since 4.0.0.
    pub created_at: IsoMillis,
    /// Posts concerned. `null` without one. Since 4.0.0.
    pub status_ids: Option<Vec<StatusId>>,
    /// Collections attached. `null` without one. Since 4.6.0.
    pub collection_ids: Option<Vec<Id>>,
    /// Rules cited. `null` without one. Since 4.0.0.
    pub rule_ids: Option<Vec<RuleId>>,
    /// Account it is against. Since 4.0.0.
    pub target_account: Written<Account>,
}

/// Why something was reported.
#[derive(Serialize, Deserialize, Debug, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum ReportCategory {
    /// Unwanted advertising.
    Spam,
    /// Against the law.
    Legal,
    /// Against rules of the server.
    Violation,
    /// Anything else.
    Other,
}
