//! Notifications.

use phiomia_mastodon::entities;
use phiomia_store::db::notifications::{NotificationView, requests::RequestView};

use super::{Cx, account, report, status};

/// One thing that happened to the viewer.
#[must_use]
pub fn notification(view: &NotificationView, cx: &Cx) -> entities::Notification {
    entities::Notification {
        id: view.id,
        r#type: view.kind,
        group_key: view.group_key.clone(),
        created_at: view.created_at.into(),
        account: account(&view.from, cx),
        status: view.status.as_ref().map(|post| Box::new(status(post, cx))),
        report: view.report.as_ref().map(|report| Box::new(self::report(&report.row, &report.target, cx))),
        event: None,
        moderation_warning: None,
        fallback: None,
        collection: None,
        filtered: view.is_filtered.then_some(true),
    }
}

/// A sender who waits to be let in.
#[must_use]
pub fn notification_request(view: &RequestView, cx: &Cx) -> entities::NotificationRequest {
    entities::NotificationRequest {
        id: view.id,
        created_at: view.created_at.into(),
        updated_at: view.updated_at.into(),
        account: account(&view.from, cx),
        notifications_count: entities::Decimal(view.count),
        last_status: view.last_status.as_ref().map(|post| Box::new(status(post, cx))),
    }
}

/// How many senders wait, and how much of them.
#[must_use]
pub fn notification_summary((requests, notifications): (i64, i64)) -> entities::NotificationPolicySummary {
    entities::NotificationPolicySummary { pending_requests_count: requests, pending_notifications_count: notifications }
}
