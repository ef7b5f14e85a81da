//! Other servers: who lives there, their keys and ours, what they sent and what they are still to be sent.

pub mod actors;
pub mod key_pairs;
pub mod neighbours;

use super::sql::Statement;

/// Every statement of the folder.
pub(crate) fn all() -> Vec<&'static Statement> {
    [actors::ALL, key_pairs::ALL, neighbours::ALL].concat()
}
