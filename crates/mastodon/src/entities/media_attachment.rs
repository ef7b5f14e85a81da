//! Media attached to posts.

use serde::Serialize;

use super::scalar::Id;

/// A picture, video or sound.
/// Source: <https://docs.joinmastodon.org/entities/MediaAttachment/>.
#[derive(Serialize, Debug, Clone)]
pub struct MediaAttachment {
    /// Identifier, a string to clients. Since 0.6.0.
    pub id: Id,
    /// Image, gifv, video, audio or unknown. Since 0.6.0.
    pub r#type: MediaType,
    /// Original. `null` while it is processed. Since 0.6.0.
    pub url: Option<String>,
    /// Small version. `null` while it is processed. Since 0.6.0.
    pub preview_url: Option<String>,
    /// Original at its origin. `null` for local media. Since 0.6.0.
    pub remote_url: Option<String>,
    /// Sizes, duration, focus. `null` while unknown. Since 1.5.0.
    pub meta: Option<MediaMeta>,
    /// Alt text. `null` without one. Since 2.0.0.
    pub description: Option<String>,
    /// Blur placeholder. `null` for sound. Since 2.8.1.
    pub blurhash: Option<String>,
    /// Small version at its origin. `null` for local media. Since 3.2.0.
    pub preview_remote_url: Option<String>,
}

/// What an attachment is.
#[derive(Serialize, Debug, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum MediaType {
    /// Of no kind this server shows.
    Unknown,
    /// A still picture.
    Image,
    /// A silent, looping video.
    Gifv,
    /// A video.
    Video,
    /// Sound.
    Audio,
}

/// Sizes, duration, focus; all that is not known is left out.
/// Source: <https://docs.joinmastodon.org/entities/MediaAttachment/#meta>.
#[derive(Serialize, Debug, Clone, Default)]
pub struct MediaMeta {
    /// Of films and sounds, `0:01:28.65`: hours, minutes, seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub length: Option<String>,
    /// Seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration: Option<f64>,
    /// Frames a second of a film.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fps: Option<f64>,
    /// `640x480` of a film.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<String>,
    /// Pixels across of a film.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<i64>,
    /// Pixels down of a film.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height: Option<i64>,
    /// Width by height of a film.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aspect: Option<f64>,
    /// How what is heard is encoded: `aac`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audio_encode: Option<String>,
    /// Samples a second: `44100 Hz`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audio_bitrate: Option<String>,
    /// `mono`, `stereo` or `6 channels`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audio_channels: Option<String>,
    /// The original.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original: Option<MediaSize>,
    /// The small version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub small: Option<MediaSize>,
    /// What must stay visible when it is cropped. Since 2.3.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub focus: Option<Focus>,
    /// Colours that go with it: Mastodon has them for sounds with a cover (since 3.2.0) and what has a thumbnail, this server for all pictures.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub colors: Option<MediaColors>,
}

/// Measures of one version of an attachment; pictures have the first four, films the first two and the last three,
/// sounds the last two.
#[derive(Serialize, Debug, Clone, Default)]
pub struct MediaSize {
    /// Pixels across.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<i64>,
    /// Pixels down.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height: Option<i64>,
    /// `640x480`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<String>,
    /// Width by height.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aspect: Option<f64>,
    /// Frames a second, a fraction: `30/1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frame_rate: Option<String>,
    /// Seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration: Option<f64>,
    /// Bits a second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bitrate: Option<i64>,
}

/// Colours of a sound's player, each as `#rrggbb`.
#[derive(Serialize, Debug, Clone)]
pub struct MediaColors {
    /// Behind everything.
    pub background: String,
    /// Text.
    pub foreground: String,
    /// Controls.
    pub accent: String,
}

/// The point that must stay visible, from -1 to 1 each way; the middle is 0, 0.
#[derive(Serialize, Debug, Clone, Copy, PartialEq)]
pub struct Focus {
    /// Across, right is 1.
    pub x: f64,
    /// Up, top is 1.
    pub y: f64,
}
