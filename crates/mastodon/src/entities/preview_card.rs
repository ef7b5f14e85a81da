//! Link previews.

use serde::Serialize;

use super::account::Account;
use super::scalar::IsoMillis;
use super::tag::UseHistory;
use super::written::Written;

/// What stands behind a link.
/// Source: <https://docs.joinmastodon.org/entities/PreviewCard/>.
#[derive(Serialize, Debug, Clone)]
pub struct PreviewCard {
    /// Linked page. Since 1.0.0.
    pub url: String,
    /// Title. Since 1.0.0.
    pub title: String,
    /// Description. Since 1.0.0.
    pub description: String,
    /// Link, photo, video or rich. Since 1.3.0.
    pub r#type: PreviewCardType,
    /// Authors, maybe with accounts. Since 4.3.0.
    pub authors: Vec<PreviewCardAuthor>,
    /// Author (old). Since 1.3.0.
    pub author_name: String,
    /// Author's page (old). Since 1.3.0.
    pub author_url: String,
    /// Site. Since 1.3.0.
    pub provider_name: String,
    /// Site address. Since 1.3.0.
    pub provider_url: String,
    /// Embed code. Since 1.3.0.
    pub html: String,
    /// Width in pixels. Since 1.3.0.
    pub width: i64,
    /// Height in pixels. Since 1.3.0.
    pub height: i64,
    /// Picture. `null` without one. Since 1.0.0.
    pub image: Option<String>,
    /// Photo address for embeds. Since 2.1.0.
    pub embed_url: String,
    /// Blur placeholder. `null` without one. Since 3.2.0.
    pub blurhash: Option<String>,
    /// Names me as author, but the site is not on my list. `null` without one. Since 4.6.0.
    pub missing_attribution: Option<bool>,
    /// Publication time. `null` without one.
    pub published_at: Option<IsoMillis>,
    /// Language of the page. `null` without one. Since 4.2.0.
    pub language: Option<String>,
    /// Alt text of the picture. Since 4.2.0.
    pub image_description: String,
}

/// A link that many people share.
/// Source: <https://docs.joinmastodon.org/entities/PreviewCard/#trends-link>.
#[derive(Serialize, Debug, Clone)]
pub struct TrendsLink {
    /// Its preview.
    #[serde(flatten)]
    pub card: PreviewCard,
    /// Use per day, last week. Since 3.5.0.
    pub history: Vec<UseHistory>,
}

/// Who wrote the page.
/// Source: <https://docs.joinmastodon.org/entities/PreviewCardAuthor/>.
#[derive(Serialize, Debug, Clone)]
pub struct PreviewCardAuthor {
    /// Its name. Since 4.3.0.
    pub name: String,
    /// Address of its web page. Since 4.3.0.
    pub url: String,
    /// Author's account. `null` without one. Since 4.3.0.
    pub account: Option<Written<Account>>,
}

/// What a link leads to.
#[derive(Serialize, Debug, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum PreviewCardType {
    /// A page.
    Link,
    /// A picture.
    Photo,
    /// A video.
    Video,
    /// Something that can be embedded.
    Rich,
}
