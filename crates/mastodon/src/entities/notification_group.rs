//! Notifications grouped by what they are about.

use phiomia_model::{AccountId, NotificationId, NotificationType, StatusId};
use serde::Serialize;

use super::account::{Account, PartialAccountWithAvatar};
use super::collection::Collection;
use super::moderation::{AccountWarning, RelationshipSeveranceEvent};
use super::notification::NotificationFallback;
use super::report::Report;
use super::scalar::{Decimal, IsoMillis};
use super::status::Status;
use super::written::Written;

/// A page of groups, with everything they refer to once.
/// Source: <https://docs.joinmastodon.org/methods/grouped_notifications/#GroupedNotificationsResults>.
#[derive(Serialize, Debug, Clone)]
pub struct GroupedNotificationsResults {
    /// Accounts referred to. Since 4.3.0.
    pub accounts: Vec<Written<Account>>,
    /// Avatar-only accounts, when asked for. Left out where it does not apply. Since 4.3.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partial_accounts: Option<Vec<PartialAccountWithAvatar>>,
    /// Posts referred to. Since 4.3.0.
    pub statuses: Vec<Status>,
    /// The groups. Since 4.3.0.
    pub notification_groups: Vec<NotificationGroup>,
}

/// Notifications of one type about one thing.
/// Source: <https://docs.joinmastodon.org/methods/grouped_notifications/#NotificationGroup>.
#[derive(Serialize, Debug, Clone)]
pub struct NotificationGroup {
    /// Opaque key shared by items of a group. Since 4.3.0.
    pub group_key: String,
    /// Items in the group. Since 4.3.0.
    pub notifications_count: i64,
    /// What happened. Since 4.3.0.
    pub r#type: NotificationType,
    /// Newest item. Since 4.3.0.
    pub most_recent_notification_id: NotificationId,
    /// Oldest item on this page. Left out where it does not apply. Since 4.3.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page_min_id: Option<NotificationId>,
    /// Newest item on this page. Left out where it does not apply. Since 4.3.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page_max_id: Option<NotificationId>,
    /// Time of the newest item on this page. Left out where it does not apply. Since 4.3.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latest_page_notification_at: Option<IsoMillis>,
    /// Some accounts of the group. Since 4.3.0.
    pub sample_account_ids: Vec<AccountId>,
    /// Post concerned. Left out where it does not apply. Since 4.3.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_id: Option<StatusId>,
    /// The report it is about. Left out where it does not apply. Since 4.3.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report: Option<Box<Report>>,
    /// The severance it is about. Left out where it does not apply. Since 4.3.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<RelationshipSeveranceEvent>,
    /// The warning it is about. Left out where it does not apply. Since 4.3.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moderation_warning: Option<Box<AccountWarning>>,
    /// Texts for apps that do not know the type. Left out where it does not apply. Since 4.6.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fallback: Option<NotificationFallback>,
    /// The yearly report that is ready. Left out where it does not apply. Since 4.3.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub annual_report: Option<AnnualReportYear>,
    /// Collection concerned. Left out where it does not apply. Since 4.6.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub collection: Option<Box<Collection>>,
}

/// The year of a yearly report.
#[derive(Serialize, Debug, Clone, Copy)]
pub struct AnnualReportYear {
    /// The year, as a string.
    pub year: Decimal,
}
