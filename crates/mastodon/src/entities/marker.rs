//! Where somebody stopped reading.

use serde::Serialize;

use super::scalar::{Id, IsoMillis};

/// How far one timeline was read.
/// Source: <https://docs.joinmastodon.org/entities/Marker/>.
#[derive(Serialize, Debug, Clone)]
pub struct Marker {
    /// Newest item read.
    pub last_read_id: Id,
    /// Counts changes, to see lost races. Since 3.0.0.
    pub version: i64,
    /// When it last changed.
    pub updated_at: IsoMillis,
}

/// The markers that were asked for and exist.
/// Source: <https://docs.joinmastodon.org/methods/markers/>.
#[derive(Serialize, Debug, Clone, Default)]
pub struct Markers {
    /// Of the home timeline, an id of a status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub home: Option<Marker>,
    /// Of the notifications, an id of a notification.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notifications: Option<Marker>,
}
