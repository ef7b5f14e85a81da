//! From a file to pixels: within bounds, upright, with the colour profile beside them.

use std::io::Cursor;

use image::{
    ColorType, DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits, metadata::Orientation,
};
use moxcms::{ColorProfile, Layout, TransformOptions};

use super::{Claim, jpeg, resize};
use crate::{Format, Unfit, purpose::Fit};

/// Beyond this many pixels a JPEG is decoded in the size that is wanted, or a little larger, not at its full size.
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
            jpeg::decode(bytes, enough((width, height), orientation, wanted))?
        }
        Format::Jpeg => {
            // Its decoder shows what is missing in grey.
            jpeg::check_end(bytes)?;
            narrow(DynamicImage::from_decoder(decoder).map_err(unfit)?)
        }
        Format::Png if is_deep(decoder.color_type()) => {
            drop(decoder);
            narrow(shallow_png(bytes)?)
        }
        Format::WebP if is_twice_too_much(decoder.color_type(), width, height) => {
            drop(decoder);
            lossless_webp(bytes)?
        }
        _ => narrow(DynamicImage::from_decoder(decoder).map_err(unfit)?),
    };
    image.apply_orientation(orientation);
    Ok(Decoded { image, profile })
}

/// More than eight bits a channel.
fn is_deep(color: ColorType) -> bool {
    color.bytes_per_pixel() > color.channel_count()
}

/// Whether pixels of three bytes and of four do not fit beside each other.
fn is_twice_too_much(color: ColorType, width: u32, height: u32) -> bool {
    color == ColorType::Rgb8 && u64::from(width) * u64::from(height) * 7 > MOST_BYTES
}

/// What has to be decoded at least of a picture that is turned afterwards.
fn enough((width, height): (u32, u32), orientation: Orientation, wanted: Fit) -> (u32, u32) {
    match orientation {
        Orientation::Rotate90 | Orientation::Rotate270 | Orientation::Rotate90FlipH | Orientation::Rotate270FlipH => {
            let (height, width) = resize::enough(height, width, wanted);
            (width, height)
        }
        _ => resize::enough(width, height, wanted),
    }
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

/// Eight bits a channel and no channel that says nothing: what is shown, and half the memory. Never two pictures at once.
pub(super) fn narrow(image: DynamicImage) -> DynamicImage {
    match image {
        DynamicImage::ImageLuma8(_) | DynamicImage::ImageRgb8(_) => image,
        DynamicImage::ImageRgba8(pixels) if pixels.pixels().all(|pixel| pixel.0.last() == Some(&u8::MAX)) => {
            opaque(pixels)
        }
        DynamicImage::ImageLumaA8(pixels) if pixels.pixels().all(|pixel| pixel.0.last() == Some(&u8::MAX)) => {
            let (width, height) = pixels.dimensions();
            let grey = without_last::<2>(pixels.into_raw());
            image::GrayImage::from_raw(width, height, grey).map(DynamicImage::ImageLuma8).unwrap_or_default()
        }
        DynamicImage::ImageRgba8(_) | DynamicImage::ImageLumaA8(_) => image,
        other if !other.color().has_alpha() => DynamicImage::ImageRgb8(other.into_rgb8()),
        other => narrow(DynamicImage::ImageRgba8(other.into_rgba8())),
    }
}

/// The same without what says how much is seen through.
fn opaque(pixels: image::RgbaImage) -> DynamicImage {
    let (width, height) = pixels.dimensions();
    let rgb = without_last::<4>(pixels.into_raw());
    image::RgbImage::from_raw(width, height, rgb).map(DynamicImage::ImageRgb8).unwrap_or_default()
}

/// The same without the last of `N` channels, in the same memory.
fn without_last<const N: usize>(mut pixels: Vec<u8>) -> Vec<u8> {
    let n = pixels.len() / N;
    for at in 0..n {
        pixels.copy_within(at * N..at * N + N - 1, at * (N - 1));
    }
    pixels.truncate(n * (N - 1));
    pixels.shrink_to_fit();
    pixels
}

/// A PNG of 16 bits a channel, of which eight are kept while it is read.
fn shallow_png(bytes: &[u8]) -> Result<DynamicImage, Unfit> {
    let mut decoder = png::Decoder::new(Cursor::new(bytes));
    decoder.set_transformations(png::Transformations::EXPAND | png::Transformations::STRIP_16);
    let damaged = |error: png::DecodingError| Unfit::Damaged(error.to_string());
    let mut reader = decoder.read_info().map_err(damaged)?;
    let size = reader.output_buffer_size().filter(|size| *size as u64 <= MOST_BYTES).ok_or_else(too_much)?;
    let mut pixels = vec![0; size];
    let info = reader.next_frame(&mut pixels).map_err(damaged)?;
    let (width, height) = (info.width, info.height);
    match info.color_type {
        png::ColorType::Grayscale => image::GrayImage::from_raw(width, height, pixels).map(DynamicImage::ImageLuma8),
        png::ColorType::GrayscaleAlpha => {
            image::GrayAlphaImage::from_raw(width, height, pixels).map(DynamicImage::ImageLumaA8)
        }
        png::ColorType::Rgba => image::RgbaImage::from_raw(width, height, pixels).map(DynamicImage::ImageRgba8),
        _ => image::RgbImage::from_raw(width, height, pixels).map(DynamicImage::ImageRgb8),
    }
    .ok_or_else(|| Unfit::Damaged("it has fewer pixels than it says".to_owned()))
}

/// A large WebP through which nothing is seen. Of one without loss the decoder makes all pixels with a fourth byte first, and
/// then a second picture without: unless the file says that the byte means something.
fn lossless_webp(bytes: &[u8]) -> Result<DynamicImage, Unfit> {
    let changed = as_if_seen_through(bytes);
    let file = changed.as_deref().unwrap_or(bytes);
    let image = DynamicImage::from_decoder(reader(file, Format::WebP).into_decoder().map_err(unfit)?).map_err(unfit)?;
    Ok(match image {
        DynamicImage::ImageRgba8(pixels) => opaque(pixels),
        image => image,
    })
}

/// The file with the mark that it may be seen through. `None`: it is not coded without loss.
/// Source: <https://developers.google.com/speed/webp/docs/riff_container>.
fn as_if_seen_through(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut at = 12;
    while bytes.get(at..at + 4)? != b"VP8L" {
        let length = usize::try_from(u32::from_le_bytes(*bytes.get(at + 4..)?.first_chunk()?)).ok()?;
        at = at.checked_add(length.checked_add(8 + length % 2)?)?;
    }
    let mut changed = bytes.to_vec();
    // In the head of the picture itself, or in the one before all parts.
    *changed.get_mut(if at == 12 { 24 } else { 20 })? |= 0x10;
    Some(changed)
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

fn too_much() -> Unfit {
    Unfit::Unreadable("it takes more memory than a picture may".to_owned())
}

pub(super) fn unfit(error: ImageError) -> Unfit {
    match error {
        ImageError::Limits(_) => too_much(),
        ImageError::Unsupported(what) => Unfit::Unreadable(what.to_string()),
        other => Unfit::Damaged(other.to_string()),
    }
}
