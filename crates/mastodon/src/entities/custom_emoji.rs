//! Custom emoji.

use serde::Serialize;

/// A picture that stands for `:shortcode:`.
/// Source: <https://docs.joinmastodon.org/entities/CustomEmoji/>.
#[derive(Serialize, Debug, Clone)]
pub struct CustomEmoji {
    /// Name between colons. Since 2.0.0.
    pub shortcode: String,
    /// Picture. Since 2.0.0.
    pub url: String,
    /// Picture, not animated. Since 2.0.0.
    pub static_url: String,
    /// Offer it in pickers. Since 2.0.0.
    pub visible_in_picker: bool,
    /// Group in pickers. `null` without one. Since 3.0.0.
    pub category: Option<String>,
    /// Its category is shown first in pickers. Left out where it has no category. Since 4.4.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub featured: Option<bool>,
}
