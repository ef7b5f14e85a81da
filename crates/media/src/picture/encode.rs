//! From pixels to a file that holds nothing else.

use image::{
    DynamicImage, ExtendedColorType, ImageEncoder as _, RgbaImage,
    codecs::{
        jpeg::JpegEncoder,
        png::{CompressionType, FilterType, PngEncoder},
        webp::WebPEncoder,
    },
};

use super::{Version, large_webp};
use crate::{Format, Unfit};

/// As Mastodon's.
const JPEG_QUALITY: u8 = 90;
/// Of what stays.
const WEBP_QUALITY: f32 = 90.0;
/// Of what is shown small.
const PREVIEW_QUALITY: f32 = 80.0;

/// From so many pixels on, what is seen through is not left to the encoder of colours, which takes up to 37 bytes a pixel
/// for that alone.
const VEILED_FROM: u32 = 4_000_000;

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
        DynamicImage::ImageRgba8(pixels) if width.saturating_mul(height) > VEILED_FROM => {
            return Ok(version(veiled_webp(pixels, quality)?, Format::WebP, image));
        }
        DynamicImage::ImageRgba8(pixels) => {
            webp::Encoder::from_rgba(pixels, width, height).encode_simple(false, quality)
        }
        DynamicImage::ImageRgb8(pixels) => webp::Encoder::from_rgb(pixels, width, height).encode_simple(false, quality),
        other => webp::Encoder::from_rgb(&other.to_rgb8(), width, height).encode_simple(false, quality),
    };
    let memory = encoded.map_err(unwritten)?;
    Ok(version(memory.to_vec(), Format::WebP, image))
}

/// A WebP with loss whose transparency is coded without, by an encoder that does not try much.
fn veiled_webp(pixels: &RgbaImage, quality: f32) -> Result<Vec<u8>, Unfit> {
    let (width, height) = pixels.dimensions();
    let mut config = webp::WebPConfig::new().map_err(unwritten)?;
    (config.quality, config.alpha_compression) = (quality, 0);
    let plain = webp::Encoder::from_rgba(pixels, width, height).encode_advanced(&config).map_err(unwritten)?;
    let missing = || unwritten("a part is missing");
    let colors = large_webp::part(&plain, *b"VP8 ").ok_or_else(missing)?.to_vec();
    drop(plain);
    let alpha: Vec<u8> = pixels.pixels().map(|image::Rgba([.., alpha])| *alpha).collect();
    let mut coded = Vec::new();
    WebPEncoder::new_lossless(&mut coded).encode(&alpha, width, height, ExtendedColorType::L8).map_err(failed)?;
    drop(alpha);
    // Coded without loss and not filtered; and without the head that such a picture has.
    let stream = large_webp::part(&coded, *b"VP8L").and_then(|part| part.get(5..)).ok_or_else(missing)?;
    Ok(large_webp::file((width, height), &colors, &[&[1], stream]))
}

fn unwritten(why: impl std::fmt::Debug) -> Unfit {
    Unfit::Unreadable(format!("writing it failed: {why:?}"))
}

fn failed(error: image::ImageError) -> Unfit {
    Unfit::Unreadable(format!("writing it failed: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_seen_through_is_coded_apart_and_nothing_else_changes() {
        let image = RgbaImage::from_fn(75, 61, |x, y| {
            let byte = |n: u32| u8::try_from(n % 256).unwrap_or(0);
            image::Rgba([byte(x * 3), byte(y * 4), byte(x * y), if x < 20 { 0 } else { byte(x * 7 + y * y) }])
        });
        let apart = veiled_webp(&image, 90.0).unwrap_or_default();
        let whole =
            webp(&DynamicImage::ImageRgba8(image.clone()), 90.0).map(|version| version.bytes).unwrap_or_default();
        // By both decoders there are.
        let read = |file: &[u8]| {
            let ours = image::load_from_memory(file).map(DynamicImage::into_rgba8).unwrap_or_default();
            let theirs = webp::Decoder::new(file).decode().map(|image| image.to_vec()).unwrap_or_default();
            (ours, theirs)
        };
        let ((ours, theirs), (whole_ours, whole_theirs)) = (read(&apart), read(&whole));
        assert!(ours == whole_ours && theirs == whole_theirs && theirs.len() == image.len());
        assert!(ours.pixels().zip(image.pixels()).all(|(a, b)| a.0.last() == b.0.last()));
    }
}
