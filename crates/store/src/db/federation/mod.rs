//! Other servers: who lives there, their keys and ours, what they sent and what they are still to be sent.

pub mod actors;
pub mod domains;
pub mod key_pairs;
pub mod neighbours;
pub mod posts;
pub mod received;

use super::sql::Statement;

/// Every statement of the folder.
pub(crate) fn all() -> Vec<&'static Statement> {
    [actors::ALL, domains::ALL, key_pairs::ALL, neighbours::ALL, posts::ALL, received::ALL].concat()
}
