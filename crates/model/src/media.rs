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

/// What is known of a film or a sound.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Playing {
    /// How long it plays, in thousandths of a second.
    pub duration_ms: u64,
    /// Bits a second, all together.
    pub bitrate: u64,
    /// Frames a second, as a fraction: (30000, 1001).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frame_rate: Option<(u32, u32)>,
    /// How its pictures are encoded: `h264`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub codec: Option<String>,
    /// What there is to hear.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sound: Option<SoundTrack>,
}

/// What there is to hear.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SoundTrack {
    /// How it is encoded: `aac`.
    pub codec: String,
    /// Samples a second.
    pub rate_hz: u32,
    /// Channels.
    pub channels: u32,
}

/// Colours that go with a picture, each as `#rrggbb`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Colors {
    /// Behind everything.
    pub background: String,
    /// What is to be read.
    pub foreground: String,
    /// What shall stand out.
    pub accent: String,
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
    /// Those of what stands for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub colors: Option<Colors>,
    /// Of a film or a sound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub playing: Option<Playing>,
    /// `None`: it can be shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unfinished: Option<Unfinished>,
}

/// Why an upload cannot be shown. What the file is meanwhile is what came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unfinished {
    /// It is being converted, or waits for that.
    Waiting,
    /// It could not be: `File could not be converted: …`.
    Failed(String),
}

impl Media {
    /// All its files on the shelf.
    pub fn files(&self) -> impl Iterator<Item = &MediaFile> {
        std::iter::once(&self.original).chain(&self.preview)
    }
}

/// A picture of the server itself, in its sizes, the smallest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SitePicture {
    /// The files.
    pub files: Vec<MediaFile>,
    /// A placeholder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blurhash: Option<String>,
}

/// What is said about a file: alt text, and what of it shall stay visible. `None` leaves it as it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MediaWords {
    /// Alt text; empty takes it away.
    pub description: Option<String>,
    /// x and y from -1 to 1.
    pub focus: Option<(f64, f64)>,
}
