//! What is kept out of somebody's notifications, and the requests that wait because of it.

use phiomia_model::{NotificationPolicyChoice, NotificationRequestId};
use serde::Serialize;

use super::account::Account;
use super::scalar::{Decimal, IsoMillis};
use super::status::Status;
use super::written::Written;

/// From whom notifications are taken.
/// Source: <https://docs.joinmastodon.org/entities/NotificationPolicy/>.
#[derive(Serialize, Debug, Clone)]
pub struct NotificationPolicy {
    /// From people I do not follow: accept, filter or drop. Since 4.3.0.
    pub for_not_following: NotificationPolicyChoice,
    /// From people who do not follow me. Since 4.3.0.
    pub for_not_followers: NotificationPolicyChoice,
    /// From accounts younger than 30 days. Since 4.3.0.
    pub for_new_accounts: NotificationPolicyChoice,
    /// Unasked private mentions. Since 4.3.0.
    pub for_private_mentions: NotificationPolicyChoice,
    /// From accounts limited by moderators. Since 4.3.0.
    pub for_limited_accounts: NotificationPolicyChoice,
    /// Totals. Since 4.3.0.
    pub summary: NotificationPolicySummary,
    /// From automated accounts. Since 4.6.0.
    pub for_bots: NotificationPolicyChoice,
}

/// How much is held back.
#[derive(Serialize, Debug, Clone)]
pub struct NotificationPolicySummary {
    /// Senders held back, at most 100. Since 4.3.0.
    pub pending_requests_count: i64,
    /// Items held back, approximate. Since 4.3.0.
    pub pending_notifications_count: i64,
}

/// The policy as it was before there were three choices: everything but `accept` holds back.
#[derive(Serialize, Debug, Clone)]
pub struct NotificationPolicyV1 {
    /// Hold back people I do not follow. Since 4.3.0.
    pub filter_not_following: bool,
    /// Hold back people who do not follow me. Since 4.3.0.
    pub filter_not_followers: bool,
    /// Hold back new accounts. Since 4.3.0.
    pub filter_new_accounts: bool,
    /// Hold back unasked private mentions. Since 4.3.0.
    pub filter_private_mentions: bool,
    /// Totals. Since 4.3.0.
    pub summary: NotificationPolicySummary,
    /// Hold back automated accounts. Since 4.6.0.
    pub filter_bots: bool,
}

/// A sender whose notifications are held back.
/// Source: <https://docs.joinmastodon.org/entities/NotificationRequest/>.
#[derive(Serialize, Debug, Clone)]
pub struct NotificationRequest {
    /// Identifier, a string to clients. Since 4.3.0.
    pub id: NotificationRequestId,
    /// When it was made. Since 4.3.0.
    pub created_at: IsoMillis,
    /// When it last changed. Since 4.3.0.
    pub updated_at: IsoMillis,
    /// Sender. Since 4.3.0.
    pub account: Written<Account>,
    /// How many are held back. Since 4.3.0.
    pub notifications_count: Decimal,
    /// Newest post among them. Left out where it does not apply. Since 4.3.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_status: Option<Box<Status>>,
}
