//! Collections of accounts.

use phiomia_model::AccountId;
use serde::Serialize;

use super::scalar::{Id, IsoMillis};
use super::tag::ShallowTag;

/// Accounts that somebody recommends.
/// Source: <https://docs.joinmastodon.org/entities/Collection/>.
#[derive(Serialize, Debug, Clone)]
pub struct Collection {
    /// Identifier, a string to clients. Since 4.6.0.
    pub id: Id,
    /// Who curates it. Since 4.6.0.
    pub account_id: AccountId,
    /// Its ActivityPub id. Since 4.6.0.
    pub uri: String,
    /// Address of its web page. `null` without one. Since 4.6.0.
    pub url: Option<String>,
    /// Its name. Since 4.6.0.
    pub name: String,
    /// HTML description. Since 4.6.0.
    pub description: String,
    /// Language code. `null` without one. Since 4.6.0.
    pub language: Option<String>,
    /// Made on this server. Since 4.6.0.
    pub local: bool,
    /// Marked sensitive. Since 4.6.0.
    pub sensitive: bool,
    /// Shown on profile, in search and suggestions. Since 4.6.0.
    pub discoverable: bool,
    /// One topic hashtag. `null` without one. Since 4.6.0.
    pub tag: Option<ShallowTag>,
    /// When it was made. Since 4.6.0.
    pub created_at: IsoMillis,
    /// When it last changed. Since 4.6.0.
    pub updated_at: IsoMillis,
    /// Number of accounts. Since 4.6.0.
    pub item_count: i64,
    /// Accounts with consent state. Since 4.6.0.
    pub items: Vec<CollectionItem>,
}

/// An account in a collection.
/// Source: <https://docs.joinmastodon.org/entities/CollectionItem/>.
#[derive(Serialize, Debug, Clone)]
pub struct CollectionItem {
    /// Identifier, a string to clients. Since 4.6.0.
    pub id: Id,
    /// Featured account. `null` while it is not resolved. Since 4.6.0.
    pub account_id: Option<AccountId>,
    /// Pending or accepted consent. Since 4.6.0.
    pub state: CollectionItemState,
    /// When it was made. Since 4.6.0.
    pub created_at: IsoMillis,
}

/// Whether the featured account agrees.
#[derive(Serialize, Debug, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum CollectionItemState {
    /// It has not answered.
    Pending,
    /// It agrees.
    Accepted,
}
