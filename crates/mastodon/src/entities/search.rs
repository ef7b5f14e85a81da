//! Search results.

use serde::Serialize;

use super::account::Account;
use super::collection::Collection;
use super::status::Status;
use super::tag::Tag;
use super::written::Written;

/// What was found.
/// Source: <https://docs.joinmastodon.org/entities/Search/>.
#[derive(Serialize, Debug, Clone)]
pub struct Search {
    /// Accounts found. Since 1.1.0.
    pub accounts: Vec<Written<Account>>,
    /// Posts found. Since 1.1.0.
    pub statuses: Vec<Status>,
    /// Hashtags found. Since 1.1.0.
    pub hashtags: Vec<Tag>,
    /// Collections found.
    pub collections: Vec<Collection>,
}
