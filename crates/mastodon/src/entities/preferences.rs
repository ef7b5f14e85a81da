//! What somebody chose for all their clients.

use phiomia_model::{QuotePolicy, Visibility};
use serde::{Deserialize, Serialize};

/// Posting and reading defaults.
/// Source: <https://docs.joinmastodon.org/entities/Preferences/>.
#[derive(Serialize, Debug, Clone)]
pub struct Preferences {
    /// Default visibility. Since 2.8.0.
    #[serde(rename = "posting:default:visibility")]
    pub posting_default_visibility: Visibility,
    /// Default sensitivity. Since 2.8.0.
    #[serde(rename = "posting:default:sensitive")]
    pub posting_default_sensitive: bool,
    /// Default language. `null` without one. Since 2.8.0.
    #[serde(rename = "posting:default:language")]
    pub posting_default_language: Option<String>,
    /// Show all, hide all or default. Since 2.8.0.
    #[serde(rename = "reading:expand:media")]
    pub reading_expand_media: ExpandMedia,
    /// Open content warnings. Since 2.8.0.
    #[serde(rename = "reading:expand:spoilers")]
    pub reading_expand_spoilers: bool,
    /// Default for who may quote. Since 4.5.0.
    #[serde(rename = "posting:default:quote_policy")]
    pub posting_default_quote_policy: QuotePolicy,
    /// Play animations. Since 3.2.0.
    #[serde(rename = "reading:autoplay:gifs")]
    pub reading_autoplay_gifs: bool,
}

/// Which media are shown at once.
#[derive(Serialize, Deserialize, Debug, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum ExpandMedia {
    /// All but sensitive ones.
    Default,
    /// All.
    ShowAll,
    /// None.
    HideAll,
}
