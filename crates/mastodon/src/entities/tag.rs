//! Hashtags.

use phiomia_model::TagId;
use serde::Serialize;

use super::scalar::{Decimal, Id, IsoDay};

/// A hashtag as posts and collections refer to it.
/// Source: <https://docs.joinmastodon.org/entities/ShallowTag/>.
#[derive(Serialize, Debug, Clone)]
pub struct ShallowTag {
    /// Tag without #. Since 4.6.0.
    pub name: String,
    /// Its page here. Since 4.6.0.
    pub url: String,
}

/// A hashtag with its use over the last week.
/// Source: <https://docs.joinmastodon.org/entities/Tag/>.
#[derive(Serialize, Debug, Clone)]
pub struct Tag {
    /// Identifier, a string to clients. Since 3.5.0.
    pub id: TagId,
    /// Tag without #. Since 0.9.0.
    pub name: String,
    /// Its page here. Since 0.9.0.
    pub url: String,
    /// Use per day, last week. Since 2.4.1.
    pub history: Vec<UseHistory>,
    /// I follow it. Left out for anonymous viewers. Since 4.0.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub following: Option<bool>,
    /// I feature it on my profile. Left out for anonymous viewers. Since 4.4.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub featuring: Option<bool>,
}

/// How much something was used on one day.
#[derive(Serialize, Debug, Clone)]
pub struct UseHistory {
    /// Midnight of the day in UTC, in seconds since 1970. Since 2.4.1.
    pub day: Decimal,
    /// Uses on that day. Since 2.4.1.
    pub uses: Decimal,
    /// Accounts referred to. Since 2.4.1.
    pub accounts: Decimal,
}

/// A hashtag on somebody's profile.
/// Source: <https://docs.joinmastodon.org/entities/FeaturedTag/>.
#[derive(Serialize, Debug, Clone)]
pub struct FeaturedTag {
    /// Identifier, a string to clients. Since 3.0.0.
    pub id: Id,
    /// Its name. Since 3.0.0.
    pub name: String,
    /// Address of its web page. Since 3.3.0.
    pub url: String,
    /// Posts with it. Since 3.0.0.
    pub statuses_count: Decimal,
    /// Day of the newest post with it. `null` without one. Since 3.0.0.
    pub last_status_at: Option<IsoDay>,
}
