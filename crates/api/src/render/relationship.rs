//! What is between the viewer and somebody else.

use phiomia_mastodon::entities;
use phiomia_store::db::relationships::RelationshipView;

/// As the viewer sees it.
#[must_use]
pub fn relationship(view: &RelationshipView) -> entities::Relationship {
    entities::Relationship {
        id: view.account,
        following: view.following,
        showing_reblogs: view.showing_reblogs,
        notifying: view.notifying,
        languages: view.languages.clone(),
        followed_by: view.followed_by,
        blocking: view.blocking,
        blocked_by: view.blocked_by,
        muting: view.muting,
        muting_notifications: view.muting_notifications,
        muting_expires_at: view.muting_expires_at.map(Into::into),
        requested: view.requested,
        requested_by: view.requested_by,
        domain_blocking: view.domain_blocking,
        endorsed: view.endorsed,
        note: view.note.clone(),
    }
}
