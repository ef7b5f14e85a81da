//! What is shown of a page that a post links to.

use serde::{Deserialize, Serialize};

use crate::{id::AccountId, time::Time};

/// What a link leads to. The words are those of the API and of rows.
/// Source: <https://docs.joinmastodon.org/entities/PreviewCard/#type>.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CardKind {
    /// A page.
    #[default]
    Link,
    /// A picture.
    Photo,
    /// A film, in a frame of its own.
    Video,
}

/// What is known of a page. Texts are plain.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Card {
    /// The page, as linked.
    pub url: String,
    /// What it is.
    pub kind: CardKind,
    /// Its title; never empty.
    pub title: String,
    /// What it says of itself.
    pub description: String,
    /// Who wrote it, as it says.
    pub author_name: String,
    /// Their page.
    pub author_url: String,
    /// Whom it names as its author in the network. Whether they agree is looked at when it is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub creator: Option<AccountId>,
    /// The site.
    pub provider_name: String,
    /// Its page.
    pub provider_url: String,
    /// A frame with a film in it, made by us; empty for none.
    pub html: String,
    /// Pixels of the film or picture; 0: not said.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// A picture, where it lies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Its alt text.
    pub image_description: String,
    /// Its placeholder, once somebody has looked at it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blurhash: Option<String>,
    /// Of a picture: the picture itself; empty for none.
    pub embed_url: String,
    /// When it was published.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub published_at: Option<Time>,
    /// BCP 47.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
}
