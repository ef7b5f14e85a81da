//! What a picture is wanted for, and so how large it may be.
//! Sizes as Mastodon's: <https://docs.joinmastodon.org/user/posting/#media>.

use phiomia_model::limits::LIMITS;
use serde::{Deserialize, Serialize};

/// What a picture is wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Purpose {
    /// Part of a post, with a smaller one beside it.
    Attachment,
    /// Stands for sound or film; the small one alone.
    Thumbnail,
    /// The picture of a person: a square.
    Avatar,
    /// The broad picture on top of a profile.
    Header,
    /// Among letters.
    Emoji,
    /// Stands for a page somebody links to.
    Card,
    /// Stands for the server itself: of exactly these sides.
    Site(u32, u32),
}

/// How a picture is fitted into what is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fit {
    /// Whole, with at most so many pixels.
    Area(u64),
    /// Filled, and cut where it does not fit.
    Cover(u32, u32),
    /// Whole, within these sides.
    Within(u32, u32),
}

impl Fit {
    /// The same for what lies on its side.
    pub(crate) const fn turned(self) -> Fit {
        match self {
            Fit::Area(_) => self,
            Fit::Cover(width, height) => Fit::Cover(height, width),
            Fit::Within(width, height) => Fit::Within(height, width),
        }
    }
}

impl Purpose {
    /// Most bytes of the file.
    #[must_use]
    pub const fn max_bytes(self) -> usize {
        match self {
            Purpose::Attachment | Purpose::Thumbnail | Purpose::Card => LIMITS.image_bytes,
            Purpose::Avatar | Purpose::Header | Purpose::Site(..) => 8 * 1024 * 1024,
            Purpose::Emoji => 256 * 1024,
        }
    }

    /// What is kept.
    pub(crate) const fn fit(self) -> Fit {
        match self {
            Purpose::Attachment => Fit::Area(8_294_400),
            Purpose::Thumbnail | Purpose::Card => Fit::Area(230_400),
            Purpose::Avatar => Fit::Cover(400, 400),
            Purpose::Header => Fit::Cover(1_500, 500),
            Purpose::Site(width, height) => Fit::Cover(width, height),
            Purpose::Emoji => Fit::Within(512, 512),
        }
    }

    /// The smaller one beside it, as pixels.
    pub(crate) const fn preview(self) -> Option<u64> {
        match self {
            Purpose::Attachment => Some(230_400),
            _ => None,
        }
    }

    /// Whether an animation stays one.
    pub(crate) const fn may_move(self) -> bool {
        matches!(self, Purpose::Attachment | Purpose::Avatar | Purpose::Header | Purpose::Emoji)
    }
}
