//! A picture made fit to be shown: upright, in sRGB, no larger than wanted, without what else the file told.

mod animation;
mod apng;
mod avif;
mod colors;
mod decode;
mod encode;
mod jpeg;
mod large_webp;
mod resize;
mod yuv;

use image::DynamicImage;
use phiomia_model::{limits::LIMITS, media::Colors};
use serde::{Deserialize, Serialize};

use crate::{Format, Purpose, StillCodec, Unfit};

pub(crate) use avif::colouring as av1_colouring;
pub use jpeg::decode as decode_jpeg;
pub use large_webp::decode_veiled_webp;
pub(crate) use yuv::Planes;

/// Letters of a blurhash: four by four waves, as Mastodon's.
const WAVES: (u32, u32) = (4, 4);
/// Longest side of the copy that a blurhash is made of: it holds no more detail than that.
const BLURRED_SIDE: u32 = 64;

/// One file of a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// The file.
    pub bytes: Vec<u8>,
    /// Its kind.
    pub format: Format,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
}

/// What is kept of a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// The picture.
    pub original: Version,
    /// A smaller one, where the purpose wants it.
    pub preview: Option<Version>,
    /// One that does not move; `None` where the picture itself does not.
    pub still: Option<Version>,
    /// A placeholder: <https://blurha.sh>.
    pub blurhash: Option<String>,
    /// Those that go with it.
    pub colors: Option<Colors>,
}

/// Size and kind of a picture, read from its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Claim {
    pub(crate) width: u32,
    pub(crate) height: u32,
}

impl Claim {
    fn check(self) -> Result<(), Unfit> {
        let Claim { width, height } = self;
        if width == 0 || height == 0 {
            return Err(Unfit::Empty);
        }
        let pixels = u64::from(width) * u64::from(height);
        if pixels > LIMITS.image_pixels as u64 || width > 32_768 || height > 32_768 {
            return Err(Unfit::TooManyPixels { width, height });
        }
        Ok(())
    }
}

/// Makes of a file what is wanted.
///
/// # Errors
/// What is wrong with the file.
pub fn prepare(bytes: &[u8], purpose: Purpose) -> Result<Picture, Unfit> {
    if bytes.len() > purpose.max_bytes() {
        return Err(Unfit::TooManyBytes { most: purpose.max_bytes() });
    }
    let Some(format) = Format::of(bytes) else {
        return match StillCodec::of(bytes) {
            Some(StillCodec::Av1) => boxed(avif::decode(bytes)?, purpose),
            Some(other) => Err(Unfit::ForeignPicture { kind: other.name().to_owned() }),
            None => Err(Unfit::UnknownKind),
        };
    };
    decode::claim(bytes, format)?.check()?;
    if purpose.may_move()
        && let Some(moving) = animation::prepare(bytes, format, purpose)?
    {
        return Ok(moving);
    }
    still(decode::decode(bytes, format, purpose.fit())?, format, purpose)
}

/// What came in boxes becomes what every client shows, and what is seen through stays so.
fn boxed(decoded: decode::Decoded, purpose: Purpose) -> Result<Picture, Unfit> {
    let format = if decoded.image.color().has_alpha() { Format::WebP } else { Format::Jpeg };
    still(decoded, format, purpose)
}

/// What was decoded elsewhere.
pub(crate) fn of_pixels(image: image::DynamicImage, purpose: Purpose) -> Result<Picture, Unfit> {
    still(decode::Decoded { image, profile: None, is_fit: false }, Format::Jpeg, purpose)
}

/// The pixels of a WebP.
pub(crate) fn read_webp(file: &[u8]) -> Result<DynamicImage, Unfit> {
    decode::claim(file, Format::WebP)?.check()?;
    Ok(decode::decode(file, Format::WebP, Purpose::Thumbnail.fit())?.image)
}

/// What does not move.
fn still(decoded: decode::Decoded, format: Format, purpose: Purpose) -> Result<Picture, Unfit> {
    let image = if decoded.is_fit { decoded.image } else { resize::fit(decoded.image, purpose.fit())? };
    let image = match image {
        // Kept narrow as long as it was large.
        grey @ DynamicImage::ImageLumaA8(_) => DynamicImage::ImageRgba8(grey.into_rgba8()),
        image => image,
    };
    let image = decode::to_srgb(image, decoded.profile.as_deref());
    let preview = purpose.preview().map(|area| resize::fit_copy(&image, resize::area(area))).transpose()?;
    let small = preview.as_ref().unwrap_or(&image);
    let impression = Impression::of(small)?;
    let preview = preview.as_ref().map(encode::preview).transpose()?;
    Ok(impression.picture(encode::as_format(&image, format)?, preview, None))
}

/// What a picture looks like from afar.
struct Impression {
    blurhash: Option<String>,
    colors: Option<Colors>,
}

impl Impression {
    /// Nothing of one that can be seen through everywhere.
    fn of(image: &DynamicImage) -> Result<Impression, Unfit> {
        let small = resize::fit_copy(image, crate::purpose::Fit::Within(BLURRED_SIDE, BLURRED_SIDE))?.to_rgba8();
        let (width, height) = small.dimensions();
        let blurhash = blurhash::encode(WAVES.0, WAVES.1, width, height, small.as_raw()).ok();
        Ok(Impression { blurhash, colors: colors::of(&small) })
    }

    fn picture(self, original: Version, preview: Option<Version>, still: Option<Version>) -> Picture {
        Picture { original, preview, still, blurhash: self.blurhash, colors: self.colors }
    }
}
