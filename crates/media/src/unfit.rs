//! Why a file is not taken.

use phiomia_model::limits::LIMITS;
use serde::{Deserialize, Serialize};

/// What is wrong with a file, in words for whoever sent it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Unfit {
    /// By its first bytes it is nothing that is taken.
    #[error("is of a kind that is not supported")]
    UnknownKind,
    /// More bytes than may be.
    #[error("is larger than {}", size(*.most))]
    TooManyBytes {
        /// The most.
        most: usize,
    },
    /// More pixels than may be.
    #[error("has {width}x{height} pixels, at most {} million are taken", LIMITS.image_pixels / 1_000_000)]
    TooManyPixels {
        /// Pixels.
        width: u32,
        /// Pixels.
        height: u32,
    },
    /// More pixels than a film may have.
    #[error("is a film of {width}x{height} pixels, at most {} million are taken", LIMITS.video_pixels / 1_000_000)]
    TooManyFilmPixels {
        /// Pixels.
        width: u32,
        /// Pixels.
        height: u32,
    },
    /// More pictures a second than a film may have.
    #[error("has {rate} pictures a second, at most {} are taken", LIMITS.video_frame_rate)]
    TooManyFrames {
        /// Pictures a second.
        rate: u32,
    },
    /// A film or a sound that not every browser plays.
    #[error(
        "is encoded as {codec}, which not every browser plays, and nothing is converted here, because this server has no \
         ffmpeg: install ffmpeg there, or send MP4 with H.264 and AAC, WebM, or as a sound MP3"
    )]
    Foreign {
        /// What it is encoded as.
        codec: String,
    },
    /// A picture that is not decoded here.
    #[error(
        "is a picture encoded as {kind}, which this server cannot read, because it has no ffmpeg that decodes it: install \
         ffmpeg there, or send JPEG, PNG or WebP"
    )]
    ForeignPicture {
        /// What it is encoded as.
        kind: String,
    },
    /// A picture that takes more memory to decode than it is given.
    #[error(
        "is an AVIF of {width}x{height} pixels in one piece, which takes more memory to decode than it is given, and this \
         server has no ffmpeg that does it otherwise: install ffmpeg there, or send it smaller, or JPEG, PNG or WebP"
    )]
    LargeAvif {
        /// Pixels.
        width: u32,
        /// Pixels.
        height: u32,
    },
    /// What a converter made nothing of.
    #[error("could not be converted: {0}")]
    Unconverted(String),
    /// More pictures than are converted.
    #[error("has more than {} pictures", LIMITS.video_frames)]
    TooLong,
    /// A container with nothing in it.
    #[error("has nothing to see and nothing to hear in it")]
    NothingToPlay,
    /// An animation that is too long or too large.
    #[error("is an animation of more than {frames} pictures, or of more than {} million pixels in all of them", .most / 1_000_000)]
    TooMuchAnimation {
        /// Most pixels.
        most: u64,
        /// Most pictures.
        frames: u32,
    },
    /// A moving picture that is too large.
    #[error("moves and has {width}x{height} pixels, at most {most} are taken of what moves")]
    TooLargeToMove {
        /// Pixels.
        width: u32,
        /// Pixels.
        height: u32,
        /// Most pixels.
        most: u64,
    },
    /// It has no pixels.
    #[error("is empty")]
    Empty,
    /// It ends too early, or says of itself what is not so.
    #[error("is damaged: {0}")]
    Damaged(String),
    /// Decoding it took more than it is worth: memory, time, or a fault of the decoder.
    #[error("could not be read: {0}")]
    Unreadable(String),
}

/// Bytes as people say them.
fn size(bytes: usize) -> String {
    if bytes < 1_000_000 { format!("{} kB", bytes / 1_024) } else { format!("{} MB", bytes / 1_000_000) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_told_in_the_unit_that_fits_it() {
        let told = |most: usize| Unfit::TooManyBytes { most }.to_string();
        assert_eq!(told(256 * 1024), "is larger than 256 kB");
        assert_eq!(told(16 * 1024 * 1024), "is larger than 16 MB");
    }
}
