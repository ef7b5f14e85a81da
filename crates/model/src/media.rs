//! Pictures, sounds and films of people here.

use serde::{Deserialize, Serialize};

use crate::id::MediaId;

/// What a file is to whoever looks at it. The words are those of the API and of rows.
/// Source: <https://docs.joinmastodon.org/entities/MediaAttachment/#type>.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MediaKind {
    /// A picture, also one that moves.
    Image,
    /// A film without sound that begins again.
    Gifv,
    /// A film.
    Video,
    /// A sound.
    Audio,
    /// What is not known here.
    Unknown,
}

/// A file on the files shelf.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MediaFile {
    /// Its name on the shelf.
    pub key: String,
    /// `image/jpeg`.
    pub media_type: String,
    /// Bytes.
    pub n_bytes: i64,
    /// Pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// Pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
}

/// Something uploaded here, as a post has it: a copy of what the upload was when it was attached.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Media {
    /// Its id.
    pub id: MediaId,
    /// What it is.
    pub kind: MediaKind,
    /// The file.
    pub original: MediaFile,
    /// A smaller picture of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview: Option<MediaFile>,
    /// Alt text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What shall stay visible when it is cut: x and y from -1 to 1, upwards and to the right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub focus: Option<(f64, f64)>,
    /// A placeholder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blurhash: Option<String>,
}

impl Media {
    /// All its files on the shelf.
    pub fn files(&self) -> impl Iterator<Item = &MediaFile> {
        std::iter::once(&self.original).chain(&self.preview)
    }
}

/// What is said about a file: alt text, and what of it shall stay visible. `None` leaves it as it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MediaWords {
    /// Alt text; empty takes it away.
    pub description: Option<String>,
    /// x and y from -1 to 1.
    pub focus: Option<(f64, f64)>,
}
