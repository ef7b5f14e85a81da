//! Notifications one by one.

use phiomia_model::{NotificationId, NotificationType};
use serde::Serialize;

use super::account::Account;
use super::collection::Collection;
use super::moderation::{AccountWarning, RelationshipSeveranceEvent};
use super::report::Report;
use super::scalar::IsoMillis;
use super::status::Status;
use super::written::Written;

/// One thing that happened to the viewer.
/// Source: <https://docs.joinmastodon.org/entities/Notification/>.
#[derive(Serialize, Debug, Clone)]
pub struct Notification {
    /// Identifier, a string to clients. Since 0.9.9.
    pub id: NotificationId,
    /// What happened. Since 0.9.9.
    pub r#type: NotificationType,
    /// Opaque key shared by items of a group. Since 4.3.0.
    pub group_key: String,
    /// When it was made. Since 0.9.9.
    pub created_at: IsoMillis,
    /// Who did it. Since 0.9.9.
    pub account: Written<Account>,
    /// Post concerned. Left out where it does not apply. Since 0.9.9.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Box<Status>>,
    /// The report it is about. Left out where it does not apply. Since 4.0.0.
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
    /// Collection concerned. Left out where it does not apply. Since 4.6.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub collection: Option<Box<Collection>>,
    /// Held back by the policy. Left out unless true. Since 4.3.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filtered: Option<bool>,
}

/// Texts for apps that do not know a type.
/// Source: <https://docs.joinmastodon.org/entities/Notification/#NotificationFallback>.
#[derive(Serialize, Debug, Clone)]
pub struct NotificationFallback {
    /// Headline. Since 4.6.0.
    pub title: String,
    /// One sentence. `null` without one. Since 4.6.0.
    pub summary: Option<String>,
    /// Long text. `null` without one. Since 4.6.0.
    pub details: Option<String>,
}
