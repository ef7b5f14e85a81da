//! Notifications.

use phiomia_mastodon::entities;
use phiomia_model::{severance::SeveranceKind, strike::Action};
use phiomia_store::db::{
    accounts::AccountView,
    moderation::strikes::Strike,
    notifications::{NotificationView, requests::RequestView},
    severances::Severance,
};

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
        event: view.severance.as_ref().map(severance),
        moderation_warning: view.strike.as_ref().map(|strike| Box::new(warning(strike, &view.from, cx))),
        fallback: None,
        collection: None,
        filtered: view.is_filtered.then_some(true),
    }
}

/// What moderators did about somebody, in Mastodon's words. There are no appeals here.
#[must_use]
pub fn warning(strike: &Strike, target: &AccountView, cx: &Cx) -> entities::AccountWarning {
    use entities::AccountWarningAction as Word;
    entities::AccountWarning {
        id: entities::Id(strike.id.0),
        action: match strike.action {
            Action::None => Word::None,
            Action::Sensitive => Word::Sensitive,
            Action::Disable => Word::Disable,
            Action::Silence => Word::Silence,
            Action::Suspend => Word::Suspend,
        },
        text: strike.text.clone(),
        status_ids: None,
        target_account: account(target, cx),
        appeal: None,
        created_at: strike.created_at.into(),
    }
}

/// Follows that were lost. Which they were is not kept.
#[must_use]
pub fn severance(severance: &Severance) -> entities::RelationshipSeveranceEvent {
    use entities::RelationshipSeveranceType as Word;
    entities::RelationshipSeveranceEvent {
        id: entities::Id(severance.id.0),
        r#type: match severance.kind {
            SeveranceKind::DomainBlock => Word::DomainBlock,
            SeveranceKind::UserDomainBlock => Word::UserDomainBlock,
            SeveranceKind::AccountSuspension => Word::AccountSuspension,
        },
        purged: true,
        target_name: severance.target_name.clone(),
        followers_count: severance.n_followers,
        following_count: severance.n_following,
        created_at: severance.created_at.into(),
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
