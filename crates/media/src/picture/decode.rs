//! From a file to pixels: within bounds, upright, with the colour profile beside them.

use std::io::{BufRead, Cursor, Seek};

use image::{
    ColorType, DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits, metadata::Orientation,
};
use moxcms::{ColorProfile, Layout, TransformOptions};

use super::{
    Claim, jpeg,
    large_webp::{self, Veiled},
    resize,
};
use crate::{Format, Unfit, purpose::Fit};

/// Beyond this many pixels a JPEG is decoded in the size that is wanted, or a little larger, not at its full size; and a WebP
/// with loss that is seen through part by part.
const SCALED_FROM: u64 = 12_000_000;
/// Bytes that a decoder may ask for at once: 33 megapixels of four bytes.
const MOST_BYTES: u64 = 140_000_000;

/// Pixels of a picture, upright.
pub(super) struct Decoded {
    pub(super) image: DynamicImage,
    /// ICC; `None`: sRGB, or not said, which means the same.
    pub(super) profile: Option<Vec<u8>>,
    /// As large as wanted already.
    pub(super) is_fit: bool,
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
    let mut is_fit = false;
    let mut image = match format {
        Format::Jpeg if u64::from(width) * u64::from(height) > SCALED_FROM => {
            drop(decoder);
            jpeg::decode(bytes, resize::enough(width, height, before(orientation, wanted)))?
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
            large_webp::opaque(bytes)?
        }
        Format::WebP if decoder.color_type().has_alpha() && u64::from(width) * u64::from(height) > SCALED_FROM => {
            match Veiled::of(bytes) {
                None => narrow(DynamicImage::from_decoder(decoder).map_err(unfit)?),
                Some(veiled) => {
                    drop(decoder);
                    is_fit = true;
                    veiled.decode((width, height), before(orientation, wanted))?
                }
            }
        }
        _ => narrow(DynamicImage::from_decoder(decoder).map_err(unfit)?),
    };
    image.apply_orientation(orientation);
    Ok(Decoded { image, profile, is_fit })
}

/// More than eight bits a channel.
fn is_deep(color: ColorType) -> bool {
    color.bytes_per_pixel() > color.channel_count()
}

/// Whether pixels of three bytes and of four do not fit beside each other.
fn is_twice_too_much(color: ColorType, width: u32, height: u32) -> bool {
    color == ColorType::Rgb8 && u64::from(width) * u64::from(height) * 7 > MOST_BYTES
}

/// What is wanted of a picture that is turned afterwards.
fn before(orientation: Orientation, wanted: Fit) -> Fit {
    match orientation {
        Orientation::Rotate90 | Orientation::Rotate270 | Orientation::Rotate90FlipH | Orientation::Rotate270FlipH => {
            wanted.turned()
        }
        _ => wanted,
    }
}

pub(super) fn reader(bytes: &[u8], format: Format) -> ImageReader<Cursor<&[u8]>> {
    within(Cursor::new(bytes), format)
}

/// A reader that takes no more memory than may be.
pub(super) fn within<R: BufRead + Seek>(source: R, format: Format) -> ImageReader<R> {
    let mut reader = ImageReader::with_format(
        source,
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

/// All pixels, as the file has them.
pub(super) fn pixels(reader: ImageReader<impl BufRead + Seek>) -> Result<DynamicImage, Unfit> {
    DynamicImage::from_decoder(reader.into_decoder().map_err(unfit)?).map_err(unfit)
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
pub(super) fn opaque(pixels: image::RgbaImage) -> DynamicImage {
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
