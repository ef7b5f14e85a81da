//! How lively the instance is.

use serde::Serialize;

use super::scalar::Decimal;

/// One week of the instance; all numbers are strings.
/// Source: <https://docs.joinmastodon.org/methods/instance/#activity>.
#[derive(Serialize, Debug, Clone, Copy)]
pub struct InstanceActivity {
    /// When it began, in seconds since 1970. Since 2.1.2.
    pub week: Decimal,
    /// Posts written here. Since 2.1.2.
    pub statuses: Decimal,
    /// People who were here. Since 2.1.2.
    pub logins: Decimal,
    /// People who joined. Since 2.1.2.
    pub registrations: Decimal,
}
