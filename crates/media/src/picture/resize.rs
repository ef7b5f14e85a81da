//! Smaller pictures.

use fast_image_resize::{FilterType, MulDiv, ResizeAlg, ResizeOptions, Resizer};
use image::{DynamicImage, GrayImage, RgbImage, RgbaImage};

use crate::{Unfit, purpose::Fit};

/// From so many bytes on a picture is made smaller band by band.
const BANDS_FROM: usize = 48 * 1024 * 1024;
/// Rows of a band, of the smaller picture.
const BAND_ROWS: u32 = 256;
/// Rows on both sides of a band that are made and let go: a pixel is made of its neighbours.
const BAND_MARGIN: u32 = 8;

/// At most so many pixels in all.
pub(super) const fn area(pixels: u64) -> Fit {
    Fit::Area(pixels)
}

/// What a picture of this size becomes. Never larger than it is, but where it has to fill a place.
pub(super) fn target(width: u32, height: u32, wanted: Fit) -> (u32, u32) {
    match wanted {
        Fit::Area(most) => {
            let pixels = u64::from(width) * u64::from(height);
            if pixels <= most {
                return (width, height);
            }
            let scale = (most as f64 / pixels as f64).sqrt();
            (scaled(width, scale), scaled(height, scale))
        }
        Fit::Within(most_width, most_height) => {
            let scale = (f64::from(most_width) / f64::from(width)).min(f64::from(most_height) / f64::from(height));
            if scale >= 1.0 { (width, height) } else { (scaled(width, scale), scaled(height, scale)) }
        }
        Fit::Cover(width, height) => (width, height),
    }
}

/// What has to be decoded at least, for pixels enough to fill what is wanted.
pub(super) fn enough(width: u32, height: u32, wanted: Fit) -> (u32, u32) {
    match wanted {
        Fit::Cover(to_width, to_height) => {
            let scale = (f64::from(to_width) / f64::from(width)).max(f64::from(to_height) / f64::from(height)).min(1.0);
            (scaled(width, scale), scaled(height, scale))
        }
        _ => target(width, height, wanted),
    }
}

fn scaled(side: u32, scale: f64) -> u32 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 1 and the side it was")]
    let pixels = (f64::from(side) * scale).round().clamp(1.0, f64::from(side.max(1))) as u32;
    pixels
}

/// The picture as wanted; itself where nothing is to be done.
pub(super) fn fit(mut image: DynamicImage, wanted: Fit) -> Result<DynamicImage, Unfit> {
    if target(image.width(), image.height(), wanted) == (image.width(), image.height()) {
        return Ok(image);
    }
    if !image.color().has_alpha() {
        return fit_copy(&image, wanted);
    }
    // What cannot be seen must not colour its neighbours. Left to itself, the resizer would make a second copy for that.
    let transparency = MulDiv::new();
    transparency.multiply_alpha_inplace(&mut image).map_err(failed)?;
    let mut small = resized(&image, wanted, false)?;
    transparency.divide_alpha_inplace(&mut small).map_err(failed)?;
    Ok(small)
}

/// The same, of colours and of what they are seen through with, which come apart: all channels in one would take more memory.
pub(super) fn fit_veiled(mut colors: RgbImage, alpha: GrayImage, wanted: Fit) -> Result<DynamicImage, Unfit> {
    if target(colors.width(), colors.height(), wanted) == colors.dimensions() {
        return joined(&colors, &alpha);
    }
    // As above: what cannot be seen must not colour its neighbours.
    for (pixel, through) in colors.pixels_mut().zip(alpha.iter()) {
        pixel.0 = pixel.0.map(|light| multiplied(light, *through));
    }
    let colors = resized(&DynamicImage::ImageRgb8(colors), wanted, false)?;
    let alpha = resized(&DynamicImage::ImageLuma8(alpha), wanted, false)?;
    let (DynamicImage::ImageRgb8(colors), DynamicImage::ImageLuma8(alpha)) = (colors, alpha) else {
        return Err(failed("it is of another kind now"));
    };
    let mut small = joined(&colors, &alpha)?;
    MulDiv::new().divide_alpha_inplace(&mut small).map_err(failed)?;
    Ok(small)
}

/// A part of the light, rounded as the resizer rounds it.
fn multiplied(light: u8, through: u8) -> u8 {
    let product = u32::from(light) * u32::from(through) + 128;
    u8::try_from(((product >> 8) + product) >> 8).unwrap_or(u8::MAX)
}

/// All channels of each pixel beside each other.
fn joined(colors: &RgbImage, alpha: &GrayImage) -> Result<DynamicImage, Unfit> {
    let mut bytes = Vec::with_capacity(alpha.len().saturating_mul(4));
    for (color, through) in colors.chunks_exact(3).zip(alpha.iter()) {
        bytes.extend_from_slice(color);
        bytes.push(*through);
    }
    let image = RgbaImage::from_raw(colors.width(), colors.height(), bytes).map(DynamicImage::ImageRgba8);
    image.ok_or_else(|| failed("it has fewer pixels than it says"))
}

/// The picture as wanted, of one that is still needed.
pub(super) fn fit_copy(image: &DynamicImage, wanted: Fit) -> Result<DynamicImage, Unfit> {
    resized(image, wanted, true)
}

fn resized(image: &DynamicImage, wanted: Fit, minds_alpha: bool) -> Result<DynamicImage, Unfit> {
    let (width, height) = target(image.width(), image.height(), wanted);
    let mut small = DynamicImage::new(width, height, image.color());
    let options =
        ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::CatmullRom)).use_alpha(minds_alpha);
    let is_cut = matches!(wanted, Fit::Cover(..));
    if is_cut || image.as_bytes().len() < BANDS_FROM {
        let options = if is_cut { options.fit_into_destination(None) } else { options };
        return Resizer::new().resize(image, &mut small, &options).map_err(failed).map(|()| small);
    }
    // Between its two passes the resizer holds the picture at its new width and its old height: of a band that is little.
    let scale = f64::from(image.height()) / f64::from(height);
    let row = small.as_bytes().len() / usize::try_from(height).unwrap_or(1).max(1);
    let mut from = 0;
    while from < height {
        let to = (from + BAND_ROWS).min(height);
        let (first, last) = (from.saturating_sub(BAND_MARGIN), (to + BAND_MARGIN).min(height));
        let mut band = DynamicImage::new(width, last - first, image.color());
        let top = f64::from(first) * scale;
        let tall = (f64::from(last - first) * scale).min(f64::from(image.height()) - top);
        let options = options.crop(0.0, top, f64::from(image.width()), tall);
        Resizer::new().resize(image, &mut band, &options).map_err(failed)?;
        let at = |rows: u32| row * usize::try_from(rows).unwrap_or(0);
        let source = band.as_bytes().get(at(from - first)..at(to - first));
        let place = bytes_of(&mut small).and_then(|bytes| bytes.get_mut(at(from)..at(to)));
        if let (Some(source), Some(place)) = (source, place) {
            place.copy_from_slice(source);
        }
        from = to;
    }
    Ok(small)
}

/// The pixels themselves; none of kinds that are not made here.
fn bytes_of(image: &mut DynamicImage) -> Option<&mut [u8]> {
    match image {
        DynamicImage::ImageLuma8(pixels) => Some(pixels),
        DynamicImage::ImageLumaA8(pixels) => Some(pixels),
        DynamicImage::ImageRgb8(pixels) => Some(pixels),
        DynamicImage::ImageRgba8(pixels) => Some(pixels),
        _ => None,
    }
}

fn failed(error: impl std::fmt::Display) -> Unfit {
    Unfit::Unreadable(format!("making it smaller failed: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_leave_no_seams() {
        let picture = image::RgbaImage::from_fn(4_800, 3_200, |x, y| {
            let wave = |n: u32| u8::try_from(n % 251).unwrap_or(0);
            image::Rgba([wave(x / 9), wave(y / 7), wave((x + y) / 11), 255])
        });
        let image = DynamicImage::ImageRgba8(picture);
        assert!(image.as_bytes().len() > BANDS_FROM);
        let banded = resized(&image, Fit::Area(2_000_000), false).unwrap_or_default();
        let mut whole = DynamicImage::new(banded.width(), banded.height(), image.color());
        let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::CatmullRom)).use_alpha(false);
        assert!(Resizer::new().resize(&image, &mut whole, &options).is_ok());
        let most = banded.as_bytes().iter().zip(whole.as_bytes()).map(|(a, b)| a.abs_diff(*b)).max();
        assert!(most.is_some_and(|most| most <= 1), "{most:?}");
    }

    #[test]
    fn a_picture_keeps_its_shape_and_never_grows() {
        assert_eq!(target(640, 360, Fit::Area(230_400)), (640, 360));
        assert_eq!(target(4_000, 3_000, Fit::Area(230_400)), (554, 416));
        assert_eq!(target(10, 10, Fit::Within(64, 64)), (10, 10));
        assert_eq!(target(30_000, 1, Fit::Within(64, 64)), (64, 1));
        assert_eq!(target(10, 10, Fit::Cover(400, 400)), (400, 400));
    }
}
