//! What is being fetched in the background.

use serde::Serialize;

/// A fetch that goes on after its answer.
/// Source: <https://docs.joinmastodon.org/entities/AsyncRefresh/>.
#[derive(Serialize, Debug, Clone)]
pub struct AsyncRefresh {
    /// What the header of the answer called it. Since 4.4.0.
    pub id: String,
    /// Whether it is over. Since 4.4.0.
    pub status: AsyncRefreshState,
    /// How much has come so far. `null`: not counted. Since 4.4.0.
    pub result_count: Option<i64>,
}

/// Whether a fetch is over.
#[derive(Serialize, Debug, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum AsyncRefreshState {
    /// It goes on.
    Running,
    /// It is over.
    Finished,
}
