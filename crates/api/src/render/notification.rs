//! Notifications.

use phiomia_mastodon::entities;
use phiomia_store::db::notifications::NotificationView;

use super::{Cx, account, status};

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
        report: None,
        event: None,
        moderation_warning: None,
        fallback: None,
        collection: None,
        filtered: None,
    }
}
