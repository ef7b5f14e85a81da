//! Announcements to everybody on the server.

use phiomia_model::{AccountId, AnnouncementId, StatusId};
use serde::Serialize;

use super::custom_emoji::CustomEmoji;
use super::scalar::IsoMillis;
use super::tag::ShallowTag;

/// An announcement.
/// Source: <https://docs.joinmastodon.org/entities/Announcement/>.
#[derive(Serialize, Debug, Clone)]
pub struct Announcement {
    /// Identifier, a string to clients. Since 3.1.0.
    pub id: AnnouncementId,
    /// HTML text. Since 3.1.0.
    pub content: String,
    /// Begins. `null` without one. Since 3.1.0.
    pub starts_at: Option<IsoMillis>,
    /// Ends. `null` without one. Since 3.1.0.
    pub ends_at: Option<IsoMillis>,
    /// Dates without times. Since 3.1.0.
    pub all_day: bool,
    /// Published. Since 3.1.0.
    pub published_at: IsoMillis,
    /// When it last changed. Since 3.1.0.
    pub updated_at: IsoMillis,
    /// Read by me. Left out for anonymous viewers. Since 3.1.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read: Option<bool>,
    /// Mentioned accounts. Since 3.1.0.
    pub mentions: Vec<AnnouncementAccount>,
    /// Posts referred to. Since 3.1.0.
    pub statuses: Vec<AnnouncementStatus>,
    /// Hashtags. Since 3.1.0.
    pub tags: Vec<ShallowTag>,
    /// Custom emoji used in its texts. Since 3.1.0.
    pub emojis: Vec<CustomEmoji>,
    /// Emoji reactions. Since 3.1.0.
    pub reactions: Vec<Reaction>,
}

/// Somebody mentioned in an announcement.
/// Source: <https://docs.joinmastodon.org/entities/Announcement/#Account>.
#[derive(Serialize, Debug, Clone)]
pub struct AnnouncementAccount {
    /// Identifier, a string to clients. Since 3.1.0.
    pub id: AccountId,
    /// Name without the domain. Since 3.1.0.
    pub username: String,
    /// Address of its web page. Since 3.1.0.
    pub url: String,
    /// Handle: bare for local, name@domain for remote. Since 3.1.0.
    pub acct: String,
}

/// A post that an announcement links to.
/// Source: <https://docs.joinmastodon.org/entities/Announcement/#Status>.
#[derive(Serialize, Debug, Clone)]
pub struct AnnouncementStatus {
    /// Identifier, a string to clients. Since 3.1.0.
    pub id: StatusId,
    /// Address of its web page. Since 3.1.0.
    pub url: String,
}

/// What streams tell of a reaction to an announcement.
/// Source: <https://docs.joinmastodon.org/methods/streaming/#events>.
#[derive(Serialize, Debug, Clone)]
pub struct ReactionNews {
    /// How often it was given now.
    #[serde(flatten)]
    pub reaction: Reaction,
    /// To which announcement. Since 3.1.0.
    pub announcement_id: AnnouncementId,
}

/// How often an announcement got one emoji.
/// Source: <https://docs.joinmastodon.org/entities/Reaction/>.
#[derive(Serialize, Debug, Clone)]
pub struct Reaction {
    /// Emoji or shortcode. Since 3.1.0.
    pub name: String,
    /// How many. Since 3.1.0.
    pub count: i64,
    /// I am among them. Left out for anonymous viewers. Since 3.1.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub me: Option<bool>,
    /// Picture of a custom emoji. Left out for Unicode emoji. Since 3.1.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The picture, not animated. Left out for Unicode emoji. Since 3.1.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub static_url: Option<String>,
}
