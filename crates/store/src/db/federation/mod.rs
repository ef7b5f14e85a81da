//! Other servers: who lives there, their keys and ours, what they sent and what they are still to be sent.

pub mod actors;
pub mod aliases;
pub mod deliveries;
pub mod domains;
pub mod early;
pub mod hosts;
pub mod key_pairs;
pub mod neighbours;
pub mod posts;
pub mod purge;
pub mod received;
pub mod relays;
pub mod senders;

use phiomia_model::Fault;

use super::{query::Tx, sql::Statement};

/// Every statement of the folder.
pub(crate) fn all() -> Vec<&'static Statement> {
    [
        actors::ALL,
        aliases::ALL,
        deliveries::ALL,
        domains::ALL,
        early::ALL,
        hosts::ALL,
        key_pairs::ALL,
        neighbours::ALL,
        posts::ALL,
        purge::ALL,
        received::ALL,
        relays::ALL,
        senders::ALL,
    ]
    .concat()
}

/// Throws away what is of no use any more. Part of `Job::Tidy`.
pub(super) fn tidy(tx: &Tx<'_>) -> Result<(), Fault> {
    deliveries::tidy(tx)?;
    received::tidy(tx)?;
    early::tidy(tx)?;
    key_pairs::tidy(tx)?;
    hosts::tidy(tx)
}
