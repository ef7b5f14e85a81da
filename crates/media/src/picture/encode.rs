//! From pixels to a file that holds nothing else.

use image::{
    DynamicImage, ImageEncoder as _,
    codecs::{
        jpeg::JpegEncoder,
        png::{CompressionType, FilterType, PngEncoder},
    },
};

use super::Version;
use crate::{Format, Unfit};

/// As Mastodon's.
const JPEG_QUALITY: u8 = 90;
/// Of what stays.
const WEBP_QUALITY: f32 = 90.0;
/// Of what is shown small.
const PREVIEW_QUALITY: f32 = 80.0;

/// The picture in the format it came in. A still GIF becomes a PNG: the same pixels, fewer bytes.
pub(super) fn as_format(image: &DynamicImage, format: Format) -> Result<Version, Unfit> {
    match format {
        Format::Jpeg => jpeg(image),
        Format::Png | Format::Gif => png(image),
        Format::WebP => webp(image, WEBP_QUALITY),
    }
}

/// A small picture: WebP, which every client of today shows, also where it can be seen through.
pub(super) fn preview(image: &DynamicImage) -> Result<Version, Unfit> {
    webp(image, PREVIEW_QUALITY)
}

fn version(bytes: Vec<u8>, format: Format, image: &DynamicImage) -> Version {
    Version { bytes, format, width: image.width(), height: image.height() }
}

fn jpeg(image: &DynamicImage) -> Result<Version, Unfit> {
    let mut bytes = Vec::new();
    image.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY)).map_err(failed)?;
    Ok(version(bytes, Format::Jpeg, image))
}

/// Also for what must not lose anything.
pub(super) fn png(image: &DynamicImage) -> Result<Version, Unfit> {
    let mut bytes = Vec::new();
    let encoder = PngEncoder::new_with_quality(&mut bytes, CompressionType::Default, FilterType::Adaptive);
    encoder.write_image(image.as_bytes(), image.width(), image.height(), image.color().into()).map_err(failed)?;
    Ok(version(bytes, Format::Png, image))
}

fn webp(image: &DynamicImage, quality: f32) -> Result<Version, Unfit> {
    let (width, height) = (image.width(), image.height());
    // 16,383 is the longest side the format knows.
    if width > 16_383 || height > 16_383 {
        return png(image);
    }
    let encoded = match image {
        DynamicImage::ImageRgba8(pixels) => {
            webp::Encoder::from_rgba(pixels, width, height).encode_simple(false, quality)
        }
        DynamicImage::ImageRgb8(pixels) => webp::Encoder::from_rgb(pixels, width, height).encode_simple(false, quality),
        other => webp::Encoder::from_rgb(&other.to_rgb8(), width, height).encode_simple(false, quality),
    };
    let memory = encoded.map_err(|error| Unfit::Unreadable(format!("writing it failed: {error:?}")))?;
    Ok(version(memory.to_vec(), Format::WebP, image))
}

fn failed(error: image::ImageError) -> Unfit {
    Unfit::Unreadable(format!("writing it failed: {error}"))
}
