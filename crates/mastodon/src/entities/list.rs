//! Lists of followed accounts.

use phiomia_model::{ListId, RepliesPolicy};
use serde::Serialize;

/// A list.
/// Source: <https://docs.joinmastodon.org/entities/List/>.
#[derive(Serialize, Debug, Clone)]
pub struct List {
    /// Identifier, a string to clients. Since 2.1.0.
    pub id: ListId,
    /// Name. Since 2.1.0.
    pub title: String,
    /// Which replies it shows: followed, list or none. Since 3.3.0.
    pub replies_policy: RepliesPolicy,
    /// Members do not show in home. Since 4.2.0.
    pub exclusive: bool,
}
