//! Roles: the badge others see, and the rights their holder sees.

use serde::Serialize;

use super::scalar::{Decimal, Id};

/// A role as a badge on a profile.
/// Source: <https://docs.joinmastodon.org/entities/Account/#AccountRole>.
#[derive(Serialize, Debug, Clone)]
pub struct AccountRole {
    /// Identifier, a string to clients. Since 4.1.0.
    pub id: Id,
    /// Its name. Since 4.1.0.
    pub name: String,
    /// Badge colour or empty. Since 4.1.0.
    pub color: String,
}

/// A role with its rights, shown to its holder.
/// Source: <https://docs.joinmastodon.org/entities/Role/>.
#[derive(Serialize, Debug, Clone)]
pub struct Role {
    /// Identifier, a string to clients. Since 4.0.0.
    pub id: Id,
    /// Its name. Since 4.0.0.
    pub name: String,
    /// Badge colour or empty. Since 4.0.0.
    pub color: String,
    /// Bit mask in a string. Since 4.0.0.
    pub permissions: Decimal,
    /// Shown as a badge. Since 4.0.0.
    pub highlighted: bool,
    /// Collections a member may make. Since 4.6.0.
    pub collection_limit: i64,
}
