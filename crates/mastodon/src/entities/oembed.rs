//! What sites need to show a post of ours among their own text.

use serde::Serialize;

/// How to embed a post. Source: <https://docs.joinmastodon.org/methods/oembed/> and <https://oembed.com/>.
#[derive(Serialize, Debug, Clone)]
pub struct OEmbed {
    /// Always `rich`: HTML that stands for the post. Since 1.0.0.
    pub r#type: &'static str,
    /// Of oEmbed: `1.0`. Since 1.0.0.
    pub version: &'static str,
    /// What the post is called. Since 1.0.0.
    pub title: String,
    /// Its author. Since 1.0.0.
    pub author_name: String,
    /// The author's page. Since 1.0.0.
    pub author_url: String,
    /// The server. Since 1.0.0.
    pub provider_name: String,
    /// Its front page. Since 1.0.0.
    pub provider_url: String,
    /// Seconds for which this may be kept. Since 1.0.0.
    pub cache_age: i64,
    /// A frame that shows the post. Since 1.0.0.
    pub html: String,
    /// Pixels. Since 1.0.0.
    pub width: i64,
    /// Pixels; `null`: as high as it takes. Since 1.0.0.
    pub height: Option<i64>,
}
