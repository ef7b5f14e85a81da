//! What staff sees of people and decides about them and about sign-ups.

pub mod accounts;
pub mod sign_ups;
pub mod strikes;

use super::{keyset::Keyset, sql::Statement};

/// The statements of the whole folder.
pub(super) fn all() -> Vec<&'static Statement> {
    [accounts::ALL, sign_ups::ALL, strikes::ALL].concat()
}

/// The paged lists of the whole folder.
pub(super) static LISTS: &[&[&Keyset]] = &[accounts::KEYSETS, sign_ups::KEYSETS];
