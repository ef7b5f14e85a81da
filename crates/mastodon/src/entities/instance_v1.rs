//! The server as clients of version 1 see it.

use serde::Serialize;

use super::account::Account;
use super::instance::{InstancePolls, InstanceStatuses};
use super::rule::Rule;
use super::written::Written;

/// The server as the first version of the interface shows it (`V1::Instance`).
/// Source: <https://docs.joinmastodon.org/entities/V1_Instance/>.
#[derive(Serialize, Debug, Clone)]
pub struct InstanceV1 {
    /// Handle domain, not an address. Since 1.1.0.
    pub uri: String,
    /// Title. Since 1.1.0.
    pub title: String,
    /// One line. Since 2.9.2.
    pub short_description: String,
    /// HTML description. Since 1.1.0.
    pub description: String,
    /// Contact address. Since 1.1.0.
    pub email: String,
    /// Version. Since 1.3.0.
    pub version: String,
    /// Addresses. Since 1.4.2.
    pub urls: InstanceV1Urls,
    /// Totals. Since 1.6.0.
    pub stats: InstanceV1Stats,
    /// Picture of the server. `null` without one. Since 1.6.1.
    pub thumbnail: Option<String>,
    /// Languages. Since 2.3.0.
    pub languages: Vec<String>,
    /// Sign-up open. Since 2.7.2.
    pub registrations: bool,
    /// Needs approval. Since 2.9.2.
    pub approval_required: bool,
    /// Members may invite. Since 3.1.4.
    pub invites_enabled: bool,
    /// Limits and settings clients should honour. Since 3.4.2.
    pub configuration: InstanceV1Configuration,
    /// Contact account. `null` without one. Since 2.3.0.
    pub contact_account: Option<Written<Account>>,
    /// Server rules. Since 3.4.0.
    pub rules: Vec<Rule>,
}

/// Addresses.
#[derive(Serialize, Debug, Clone)]
pub struct InstanceV1Urls {
    /// WebSocket host. Since 1.4.2.
    pub streaming_api: String,
}

/// Totals.
#[derive(Serialize, Debug, Clone)]
pub struct InstanceV1Stats {
    /// Users. Since 1.6.0.
    pub user_count: i64,
    /// Posts. Since 1.6.0.
    pub status_count: i64,
    /// Servers known. Since 1.6.0.
    pub domain_count: i64,
}

/// Limits that clients honour.
#[derive(Serialize, Debug, Clone)]
pub struct InstanceV1Configuration {
    /// Limits of accounts. Since 4.0.0.
    pub accounts: InstanceV1Accounts,
    /// Limits of posts. Since 3.4.2.
    pub statuses: InstanceStatuses,
    /// Limits of media. Since 3.4.2.
    pub media_attachments: InstanceV1MediaAttachments,
    /// Limits of polls. Since 3.4.2.
    pub polls: InstancePolls,
}

/// Limits of profiles.
#[derive(Serialize, Debug, Clone)]
pub struct InstanceV1Accounts {
    /// Most featured tags. Since 4.0.0.
    pub max_featured_tags: i64,
}

/// Limits of media.
#[derive(Serialize, Debug, Clone)]
pub struct InstanceV1MediaAttachments {
    /// Types that may be uploaded. Since 3.4.2.
    pub supported_mime_types: Vec<String>,
    /// Largest image, bytes. Since 3.4.2.
    pub image_size_limit: i64,
    /// Largest image, pixels. Since 3.4.2.
    pub image_matrix_limit: i64,
    /// Largest video or audio, bytes. Since 3.4.2.
    pub video_size_limit: i64,
    /// Highest frame rate. Since 3.4.2.
    pub video_frame_rate_limit: i64,
    /// Largest video frame, pixels. Since 3.4.2.
    pub video_matrix_limit: i64,
}
