//! The server as clients of version 2 see it.

use serde::Serialize;

use super::account::Account;
use super::rule::Rule;
use super::written::Written;

/// The server, its limits and its settings.
/// Source: <https://docs.joinmastodon.org/entities/Instance/>.
#[derive(Serialize, Debug, Clone)]
pub struct Instance {
    /// Handle domain (LOCAL_DOMAIN). Since 4.0.0.
    pub domain: String,
    /// Title. Since 4.0.0.
    pub title: String,
    /// Software version; clients parse it. Since 4.0.0.
    pub version: String,
    /// Source code. Since 4.0.0.
    pub source_url: String,
    /// One line about the server. Since 4.0.0.
    pub description: String,
    /// Current yearly-report campaign. `null` without one. Since 4.6.0.
    pub wrapstodon: Option<String>,
    /// Usage. Since 4.0.0.
    pub usage: InstanceUsage,
    /// Picture of the server. Since 4.0.0.
    pub thumbnail: InstanceThumbnail,
    /// Icon sizes. Since 4.3.0.
    pub icon: Vec<InstanceIcon>,
    /// Languages. Since 4.0.0.
    pub languages: Vec<String>,
    /// Limits and settings clients should honour. Since 4.0.0.
    pub configuration: InstanceConfiguration,
    /// Sign-up. Since 4.0.0.
    pub registrations: InstanceRegistrations,
    /// Numbered API levels by name. Since 4.3.0.
    pub api_versions: InstanceApiVersions,
    /// Whom to write to. Since 4.0.0.
    pub contact: InstanceContact,
    /// Server rules. Since 4.0.0.
    pub rules: Vec<Rule>,
}

/// How much the server is used.
#[derive(Serialize, Debug, Clone)]
pub struct InstanceUsage {
    /// Usage by people. Since 4.0.0.
    pub users: InstanceUsers,
}

/// How many people use it.
#[derive(Serialize, Debug, Clone)]
pub struct InstanceUsers {
    /// Active in four weeks. Since 4.0.0.
    pub active_month: i64,
}

/// The server's picture.
#[derive(Serialize, Debug, Clone)]
pub struct InstanceThumbnail {
    /// Its address. Since 4.0.0.
    pub url: String,
    /// Alt text. Since 4.6.0.
    pub description: String,
    /// Blur placeholder. Left out where it does not apply. Since 4.0.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blurhash: Option<String>,
    /// Sizes. Left out where it does not apply. Since 4.0.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub versions: Option<InstanceThumbnailVersions>,
}

/// The picture in two sizes.
#[derive(Serialize, Debug, Clone)]
pub struct InstanceThumbnailVersions {
    /// Normal size. Left out where it does not apply. Since 4.0.0.
    #[serde(rename = "@1x", skip_serializing_if = "Option::is_none")]
    pub normal: Option<String>,
    /// Double size. Left out where it does not apply. Since 4.0.0.
    #[serde(rename = "@2x", skip_serializing_if = "Option::is_none")]
    pub double: Option<String>,
}

/// Limits and settings that clients honour.
#[derive(Serialize, Debug, Clone)]
pub struct InstanceConfiguration {
    /// Addresses. Since 4.0.0.
    pub urls: InstanceUrls,
    /// Web Push. Since 4.3.0.
    pub vapid: InstanceVapid,
    /// Limits of accounts. Since 4.0.0.
    pub accounts: InstanceAccounts,
    /// Limits of posts. Since 4.0.0.
    pub statuses: InstanceStatuses,
    /// Limits of media. Since 4.0.0.
    pub media_attachments: InstanceMediaAttachments,
    /// Limits of polls. Since 4.0.0.
    pub polls: InstancePolls,
    /// Translation. Since 4.0.0.
    pub translation: InstanceTranslation,
    /// Who may see which feeds. Since 4.5.0.
    pub timelines_access: InstanceTimelinesAccess,
    /// Only allowed domains federate. Since 4.4.0.
    pub limited_federation: bool,
}

/// Addresses of pages and streams.
#[derive(Serialize, Debug, Clone)]
pub struct InstanceUrls {
    /// WebSocket host. Since 4.0.0.
    pub streaming: String,
    /// Status page. `null` without one. Since 4.1.0.
    pub status: Option<String>,
    /// About page. Since 4.4.0.
    pub about: String,
    /// Privacy policy. `null` without one. Since 4.4.0.
    pub privacy_policy: Option<String>,
    /// Terms. `null` without one. Since 4.4.0.
    pub terms_of_service: Option<String>,
}

/// Web Push.
#[derive(Serialize, Debug, Clone)]
pub struct InstanceVapid {
    /// Web Push server key. Since 4.3.0.
    pub public_key: String,
}

/// Limits of profiles, in characters and pieces.
#[derive(Serialize, Debug, Clone)]
pub struct InstanceAccounts {
    /// Longest shown name. Since 4.6.0.
    pub max_display_name_length: i64,
    /// Longest bio. Since 4.6.0.
    pub max_note_length: i64,
    /// Longest avatar alt text. Since 4.6.0.
    pub max_avatar_description_length: i64,
    /// Longest banner alt text. Since 4.6.0.
    pub max_header_description_length: i64,
    /// Most featured tags. Since 4.0.0.
    pub max_featured_tags: i64,
    /// Most pinned posts. Since 4.3.0.
    pub max_pinned_statuses: i64,
    /// Most profile fields. Since 4.6.0.
    pub max_profile_fields: i64,
    /// Longest field label. Since 4.6.0.
    pub profile_field_name_limit: i64,
    /// Longest field value. Since 4.6.0.
    pub profile_field_value_limit: i64,
}

/// Limits of posts.
#[derive(Serialize, Debug, Clone)]
pub struct InstanceStatuses {
    /// Longest post. Since 4.0.0.
    pub max_characters: i64,
    /// Most attachments per post. Since 4.0.0.
    pub max_media_attachments: i64,
    /// What any link counts for. Since 4.0.0.
    pub characters_reserved_per_url: i64,
}

/// Limits of media.
#[derive(Serialize, Debug, Clone)]
pub struct InstanceMediaAttachments {
    /// Types that may be uploaded. Since 4.0.0.
    pub supported_mime_types: Vec<String>,
    /// Longest alt text. Since 4.4.0.
    pub description_limit: i64,
    /// Largest image, bytes. Since 4.0.0.
    pub image_size_limit: i64,
    /// Largest image, pixels. Since 4.0.0.
    pub image_matrix_limit: i64,
    /// Largest video or audio, bytes. Since 4.0.0.
    pub video_size_limit: i64,
    /// Highest frame rate. Since 4.0.0.
    pub video_frame_rate_limit: i64,
    /// Largest video frame, pixels. Since 4.0.0.
    pub video_matrix_limit: i64,
}

/// Limits of polls.
#[derive(Serialize, Debug, Clone)]
pub struct InstancePolls {
    /// Most choices. Since 4.0.0.
    pub max_options: i64,
    /// Longest choice. Since 4.0.0.
    pub max_characters_per_option: i64,
    /// Shortest poll, seconds. Since 4.0.0.
    pub min_expiration: i64,
    /// Longest poll, seconds. Since 4.0.0.
    pub max_expiration: i64,
}

/// Translation.
#[derive(Serialize, Debug, Clone)]
pub struct InstanceTranslation {
    /// Translation offered. Since 4.0.0.
    pub enabled: bool,
}

/// Who may read which feeds.
#[derive(Serialize, Debug, Clone)]
pub struct InstanceTimelinesAccess {
    /// Public feeds: public, authenticated or disabled. Since 4.5.0.
    pub live_feeds: InstanceFeedAccess,
    /// Hashtag feeds, same values. Since 4.5.0.
    pub hashtag_feeds: InstanceFeedAccess,
    /// Link feeds, same values. Since 4.5.0.
    pub trending_link_feeds: InstanceFeedAccess,
}

/// Who may read the local and the remote part of a feed.
#[derive(Serialize, Debug, Clone)]
pub struct InstanceFeedAccess {
    /// Local posts. Since 4.5.0.
    pub local: FeedAccess,
    /// Remote posts. Since 4.5.0.
    pub remote: FeedAccess,
}

/// Whether and how people sign up.
#[derive(Serialize, Debug, Clone)]
pub struct InstanceRegistrations {
    /// Open; false in single-user mode. Since 4.0.0.
    pub enabled: bool,
    /// Needs approval. Since 4.0.0.
    pub approval_required: bool,
    /// Shown when closed. `null` without one. Since 4.0.0.
    pub message: Option<String>,
    /// Minimum age. `null` without one. Since 4.4.0.
    pub min_age: Option<i64>,
    /// Reason asked. `null` without one. Since 4.4.0.
    pub reason_required: Option<bool>,
    /// Sign-up elsewhere. `null` without one. Since 4.2.0.
    pub url: Option<String>,
}

/// Numbered API levels.
#[derive(Serialize, Debug, Clone)]
pub struct InstanceApiVersions {
    /// API level; what clients should test. Since 4.3.0.
    pub mastodon: i64,
}

/// Whom to write to.
#[derive(Serialize, Debug, Clone)]
pub struct InstanceContact {
    /// E-mail address. Since 4.0.0.
    pub email: String,
    /// Account. `null` without one. Since 4.0.0.
    pub account: Option<Written<Account>>,
}

/// One size of the server's icon.
/// Source: <https://docs.joinmastodon.org/entities/Instance/#InstanceIcon>.
#[derive(Serialize, Debug, Clone)]
pub struct InstanceIcon {
    /// Its address. Since 4.3.0.
    pub src: String,
    /// WxH. Since 4.3.0.
    pub size: String,
}

/// Who may read a feed.
#[derive(Serialize, Debug, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum FeedAccess {
    /// Everybody.
    Public,
    /// Who has signed in.
    Authenticated,
    /// Only who may see disabled feeds, such as moderators.
    Disabled,
}
