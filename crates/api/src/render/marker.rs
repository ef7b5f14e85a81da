//! How far somebody has read.

use phiomia_mastodon::entities;
use phiomia_store::db::markers::{Marked, MarkerView};

/// Markers by their timeline.
#[must_use]
pub fn markers(views: &[MarkerView]) -> entities::Markers {
    let of = |timeline: Marked| {
        views.iter().find(|view| view.timeline == timeline).map(|view| entities::Marker {
            last_read_id: view.last_read_id.into(),
            version: view.version,
            updated_at: view.updated_at.into(),
        })
    };
    entities::Markers { home: of(Marked::Home), notifications: of(Marked::Notifications) }
}
