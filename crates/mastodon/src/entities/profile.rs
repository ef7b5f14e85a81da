//! The profile as its owner edits it.

use phiomia_model::AccountId;
use serde::Serialize;

use super::account::Field;
use super::tag::FeaturedTag;

/// Everything about one's own profile, raw.
/// Source: <https://docs.joinmastodon.org/entities/Profile/>.
#[derive(Serialize, Debug, Clone)]
pub struct Profile {
    /// Identifier, a string to clients. Since 4.6.0.
    pub id: AccountId,
    /// Shown name. Since 4.6.0.
    pub display_name: String,
    /// Bio, raw. Since 4.6.0.
    pub note: String,
    /// Fields, raw. Since 4.6.0.
    pub fields: Vec<Field>,
    /// Picture or null. `null` without one. Since 4.6.0.
    pub avatar: Option<String>,
    /// The picture, not animated. `null` without one. Since 4.6.0.
    pub avatar_static: Option<String>,
    /// Alt text of the picture. Since 4.6.0.
    pub avatar_description: String,
    /// Banner or null. `null` without one. Since 4.6.0.
    pub header: Option<String>,
    /// The banner, not animated. `null` without one. Since 4.6.0.
    pub header_static: Option<String>,
    /// Alt text of the banner. Since 4.6.0.
    pub header_description: String,
    /// Follow requests need approval. Since 4.6.0.
    pub locked: bool,
    /// Automated account. Since 4.6.0.
    pub bot: bool,
    /// Does not show whom it follows and who follows. `null` without one. Since 4.6.0.
    pub hide_collections: Option<bool>,
    /// May be shown in discovery. `null` without one. Since 4.6.0.
    pub discoverable: Option<bool>,
    /// Public posts may be found by anyone's search. Since 4.6.0.
    pub indexable: bool,
    /// Wants a media tab. Since 4.6.0.
    pub show_media: bool,
    /// Media tab includes replies. Since 4.6.0.
    pub show_media_replies: bool,
    /// Wants a featured tab. Since 4.6.0.
    pub show_featured: bool,
    /// Sites that may credit this account. Since 4.6.0.
    pub attribution_domains: Vec<String>,
    /// Bio as HTML. Since 4.6.0.
    pub formatted_note: String,
    /// Fields as HTML, with verified_at. Since 4.6.0.
    pub formatted_fields: Vec<Field>,
    /// Featured tags. Since 4.6.0.
    pub featured_tags: Vec<FeaturedTag>,
}
