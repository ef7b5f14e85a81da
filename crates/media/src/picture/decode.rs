//! From a file to pixels: within bounds, upright, with the colour profile beside them.

use std::io::Cursor;

use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits, metadata::Orientation};
use moxcms::{ColorProfile, Layout, TransformOptions};

use super::{Claim, resize};
use crate::{Format, Unfit, purpose::Fit};

/// Beyond this many pixels a JPEG is decoded at the half, quarter or eighth that is wanted, not at its full size.
const SCALED_FROM: u64 = 12_000_000;
/// Bytes that a decoder may ask for at once: 33 megapixels of four bytes.
const MOST_BYTES: u64 = 140_000_000;

/// Pixels of a picture, upright.
pub(super) struct Decoded {
    pub(super) image: DynamicImage,
    /// ICC; `None`: sRGB, or not said, which means the same.
    pub(super) profile: Option<Vec<u8>>,
}

/// What the file says of its size.
pub(super) fn claim(bytes: &[u8], format: Format) -> Result<Claim, Unfit> {
    let (width, height) = reader(bytes, format).into_dimensions().map_err(unfit)?;
    Ok(Claim { width, height })
}

/// All pixels.
pub(super) fn decode(bytes: &[u8], format: Format, wanted: Fit) -> Result<Decoded, Unfit> {
    let mut decoder = reader(bytes, format).into_decoder().map_err(unfit)?;
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let profile = decoder.icc_profile().ok().flatten();
    let (width, height) = decoder.dimensions();
    let mut image = match format {
        Format::Jpeg if u64::from(width) * u64::from(height) > SCALED_FROM => {
            drop(decoder);
            scaled_jpeg(bytes, width, height, wanted)?
        }
        _ => narrow(DynamicImage::from_decoder(decoder).map_err(unfit)?),
    };
    image.apply_orientation(orientation);
    Ok(Decoded { image, profile })
}

pub(super) fn reader(bytes: &[u8], format: Format) -> ImageReader<Cursor<&[u8]>> {
    let mut reader = ImageReader::with_format(
        Cursor::new(bytes),
        match format {
            Format::Jpeg => ImageFormat::Jpeg,
            Format::Png => ImageFormat::Png,
            Format::Gif => ImageFormat::Gif,
            Format::WebP => ImageFormat::WebP,
        },
    );
    let mut limits = Limits::default();
    limits.max_alloc = Some(MOST_BYTES);
    reader.limits(limits);
    reader
}

/// Eight bits a channel and no channel that says nothing: what is shown, and half the memory.
pub(super) fn narrow(image: DynamicImage) -> DynamicImage {
    match image {
        DynamicImage::ImageLuma8(_) | DynamicImage::ImageRgb8(_) => image,
        other if !other.color().has_alpha() => DynamicImage::ImageRgb8(other.into_rgb8()),
        other => {
            let rgba = other.into_rgba8();
            if rgba.pixels().all(|pixel| pixel.0.last() == Some(&u8::MAX)) {
                return DynamicImage::ImageRgb8(DynamicImage::ImageRgba8(rgba).into_rgb8());
            }
            DynamicImage::ImageRgba8(rgba)
        }
    }
}

/// A JPEG at the smallest of its own steps that is not smaller than wanted: its decoder never holds the rest.
fn scaled_jpeg(bytes: &[u8], width: u32, height: u32, wanted: Fit) -> Result<DynamicImage, Unfit> {
    let (wanted_width, wanted_height) = resize::enough(width, height, wanted);
    let side = |pixels: u32| u16::try_from(pixels).unwrap_or(u16::MAX);
    let mut decoder = jpeg_decoder::Decoder::new(bytes);
    let damaged = |error: jpeg_decoder::Error| Unfit::Damaged(error.to_string());
    let (width, height) = decoder.scale(side(wanted_width), side(wanted_height)).map_err(damaged)?;
    let (width, height) = (u32::from(width), u32::from(height));
    let pixels = decoder.decode().map_err(damaged)?;
    let kind = decoder.info().map(|info| info.pixel_format);
    let image = match kind {
        Some(jpeg_decoder::PixelFormat::L8) => {
            image::GrayImage::from_raw(width, height, pixels).map(DynamicImage::ImageLuma8)
        }
        Some(jpeg_decoder::PixelFormat::RGB24) => {
            image::RgbImage::from_raw(width, height, pixels).map(DynamicImage::ImageRgb8)
        }
        Some(jpeg_decoder::PixelFormat::CMYK32) => {
            image::RgbImage::from_raw(width, height, from_cmyk(&pixels)).map(DynamicImage::ImageRgb8)
        }
        _ => return Err(Unfit::Unreadable("a JPEG of 16 bits is not taken".to_owned())),
    };
    image.ok_or_else(|| Unfit::Damaged("it has fewer pixels than it says".to_owned()))
}

/// Inks to light, as the decoder gives them: already turned over where the file said so.
fn from_cmyk(pixels: &[u8]) -> Vec<u8> {
    let mut rgb = Vec::with_capacity(pixels.len() / 4 * 3);
    for ink in pixels.chunks_exact(4) {
        let &[c, m, y, k] = ink else { continue };
        let light = |ink: u8| {
            let value = (255 - u32::from(ink)) * (255 - u32::from(k)) / 255;
            u8::try_from(value).unwrap_or(u8::MAX)
        };
        rgb.extend([light(c), light(m), light(y)]);
    }
    rgb
}

/// The same picture in sRGB. A profile that makes no sense is passed over, as browsers do.
pub(super) fn to_srgb(image: DynamicImage, profile: Option<&[u8]>) -> DynamicImage {
    let Some(profile) = profile.and_then(|bytes| ColorProfile::new_from_slice(bytes).ok()) else { return image };
    let (srgb, options) = (ColorProfile::new_srgb(), TransformOptions::default());
    match image {
        DynamicImage::ImageRgb8(mut pixels) => {
            let Ok(transform) = profile.create_transform_8bit(Layout::Rgb, &srgb, Layout::Rgb, options) else {
                return DynamicImage::ImageRgb8(pixels);
            };
            let source = pixels.as_raw().clone();
            // Fails where lengths differ, and they are the same.
            let _ = transform.transform(&source, &mut pixels);
            DynamicImage::ImageRgb8(pixels)
        }
        DynamicImage::ImageRgba8(mut pixels) => {
            let Ok(transform) = profile.create_transform_8bit(Layout::Rgba, &srgb, Layout::Rgba, options) else {
                return DynamicImage::ImageRgba8(pixels);
            };
            let source = pixels.as_raw().clone();
            let _ = transform.transform(&source, &mut pixels);
            DynamicImage::ImageRgba8(pixels)
        }
        // A profile of grey changes little that anybody would see.
        grey => grey,
    }
}

pub(super) fn unfit(error: ImageError) -> Unfit {
    match error {
        ImageError::Limits(_) => Unfit::Unreadable("it takes more memory than a picture may".to_owned()),
        ImageError::Unsupported(what) => Unfit::Unreadable(what.to_string()),
        other => Unfit::Damaged(other.to_string()),
    }
}
