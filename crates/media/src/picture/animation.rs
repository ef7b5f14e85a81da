//! Pictures that move: frames are read one by one and written anew, so what else the file told is gone and nothing of
//! the picture is.

use std::io::Cursor;

use gif::{ColorOutput, DecodeOptions, DisposalMethod, Encoder, MemoryLimit};
use image::{
    AnimationDecoder as _, DynamicImage,
    codecs::{gif::GifDecoder, webp::WebPDecoder},
};

use super::{Impression, Picture, Version, apng, decode, encode, resize};
use crate::{Format, Purpose, Unfit, purpose::Fit};

/// Most pixels of all frames together: 1,200 frames of 640x360. An animation costs its viewers that much, too.
const MOST_PIXELS: u64 = 280_000_000;
/// Most frames, however small.
const MOST_FRAMES: u32 = 3_000;
/// Most pixels of all frames of a WebP, which are in memory together, and once more in the encoder.
const MOST_KEPT: u64 = 18_000_000;
/// Largest picture that may move: Mastodon's bound for GIF.
const MOST_AREA: u64 = 1_280 * 720;

/// The animation, if the file is one. `None`: one picture.
pub(super) fn prepare(bytes: &[u8], format: Format, purpose: Purpose) -> Result<Option<Picture>, Unfit> {
    match format {
        Format::Gif => of_gif(bytes, purpose),
        Format::WebP => of_webp(bytes, purpose),
        Format::Png => apng::prepare(bytes, purpose),
        Format::Jpeg => Ok(None),
    }
}

/// What a moving picture is shown by where nothing shall move.
pub(super) fn with_still(moving: Version, first: DynamicImage, purpose: Purpose) -> Result<Picture, Unfit> {
    let still = resize::fit(first, purpose.fit())?;
    let preview = purpose.preview().map(|area| resize::fit_copy(&still, resize::area(area))).transpose()?;
    let impression = Impression::of(preview.as_ref().unwrap_or(&still))?;
    let preview = preview.as_ref().map(encode::preview).transpose()?;
    Ok(impression.picture(moving, preview, Some(encode::png(&still)?)))
}

fn of_gif(bytes: &[u8], purpose: Purpose) -> Result<Option<Picture>, Unfit> {
    let mut options = DecodeOptions::new();
    options.set_color_output(ColorOutput::Indexed);
    options.set_memory_limit(MemoryLimit::Bytes(std::num::NonZeroU64::MIN.saturating_add(34_000_000)));
    let mut decoder = options.read_info(bytes).map_err(damaged)?;
    let (width, height) = (decoder.width(), decoder.height());
    let global = decoder.global_palette().unwrap_or_default().to_vec();
    let repeat = decoder.repeat();
    let mut rewritten = Vec::with_capacity(bytes.len());
    let (mut n_frames, mut pixels) = (0_u32, 0_u64);
    {
        let mut encoder = Encoder::new(&mut rewritten, width, height, &global).map_err(unwritten)?;
        encoder.set_repeat(repeat).map_err(unwritten)?;
        while let Some(frame) = decoder.read_next_frame().map_err(damaged)? {
            n_frames += 1;
            // Whoever shows it draws the whole each time; a frame may say that it is larger than that.
            let (wide, high) = (u32::from(width.max(frame.width)), u32::from(height.max(frame.height)));
            pixels += u64::from(wide) * u64::from(high);
            if n_frames > 1 {
                check_area(wide, high)?;
            }
            if pixels > MOST_PIXELS || n_frames > MOST_FRAMES {
                return Err(Unfit::TooMuchAnimation { most: MOST_PIXELS, frames: MOST_FRAMES });
            }
            let mut frame = frame.clone();
            // Nobody waits for a click.
            frame.needs_user_input = false;
            if n_frames == 1 && frame.dispose == DisposalMethod::Any {
                frame.dispose = DisposalMethod::Keep;
            }
            encoder.write_frame(&frame).map_err(unwritten)?;
        }
    }
    // What would have to be made smaller, frame by frame, is shown by its first picture.
    if n_frames < 2 || !fits(width.into(), height.into(), purpose) {
        return Ok(None);
    }
    let first = GifDecoder::new(Cursor::new(bytes)).map_err(decode::unfit)?.into_frames().next();
    let first = first.ok_or(Unfit::Empty)?.map_err(decode::unfit)?;
    let moving = Version { bytes: rewritten, format: Format::Gif, width: width.into(), height: height.into() };
    with_still(moving, DynamicImage::ImageRgba8(first.into_buffer()), purpose).map(Some)
}

fn of_webp(bytes: &[u8], purpose: Purpose) -> Result<Option<Picture>, Unfit> {
    let decoder = WebPDecoder::new(Cursor::new(bytes)).map_err(decode::unfit)?;
    if !decoder.has_animation() {
        return Ok(None);
    }
    let mut first: Option<DynamicImage> = None;
    let mut frames = Vec::new();
    let (mut n_frames, mut pixels, mut at) = (0_u32, 0_u64, 0_i32);
    for frame in decoder.into_frames() {
        let frame = frame.map_err(decode::unfit)?;
        let (numerator, denominator) = frame.delay().numer_denom_ms();
        let image = resize::fit(DynamicImage::ImageRgba8(frame.into_buffer()), purpose.fit())?;
        check_area(image.width(), image.height())?;
        pixels += u64::from(image.width()) * u64::from(image.height());
        n_frames += 1;
        // All frames are in memory until the last one is written.
        if pixels > MOST_KEPT || n_frames > MOST_FRAMES {
            return Err(Unfit::TooMuchAnimation { most: MOST_KEPT, frames: MOST_FRAMES });
        }
        let started = at;
        at = at.saturating_add(i32::try_from(numerator / denominator.max(1)).unwrap_or(i32::MAX));
        first.get_or_insert_with(|| image.clone());
        frames.push((image, started));
    }
    let Some(first) = first.filter(|_| frames.len() > 1) else { return Ok(None) };
    let config = webp::WebPConfig::new().map_err(|()| Unfit::Unreadable("writing it failed".to_owned()))?;
    let mut encoder = webp::AnimEncoder::new(first.width(), first.height(), &config);
    for (image, started) in &frames {
        let DynamicImage::ImageRgba8(pixels) = image else { continue };
        let frame = webp::AnimFrame::from_rgba(pixels, pixels.width(), pixels.height(), *started);
        encoder.add_frame(frame);
    }
    let written = encoder.try_encode().map_err(|error| Unfit::Unreadable(format!("writing it failed: {error:?}")))?;
    let moving =
        Version { bytes: written.to_vec(), format: Format::WebP, width: first.width(), height: first.height() };
    with_still(moving, first, purpose).map(Some)
}

/// Whether so many frames of this size may stay an animation, as what others send does without an error: they are shown
/// by their first picture if not.
pub(super) fn may_stay(n_frames: u32, width: u32, height: u32, purpose: Purpose) -> bool {
    let pixels = u64::from(width) * u64::from(height);
    let all = pixels.saturating_mul(u64::from(n_frames));
    n_frames <= MOST_FRAMES && pixels <= MOST_AREA && all <= MOST_PIXELS && fits(width, height, purpose)
}

fn check_area(width: u32, height: u32) -> Result<(), Unfit> {
    if u64::from(width) * u64::from(height) > MOST_AREA {
        return Err(Unfit::TooLargeToMove { width, height, most: MOST_AREA });
    }
    Ok(())
}

/// Whether a moving picture may stay as large as it is. Whoever shows avatars and headers cuts them to their places.
fn fits(width: u32, height: u32, purpose: Purpose) -> bool {
    match purpose.fit() {
        Fit::Cover(most_width, most_height) | Fit::Within(most_width, most_height) => {
            width <= most_width && height <= most_height
        }
        Fit::Area(_) => true,
    }
}

fn damaged(error: gif::DecodingError) -> Unfit {
    Unfit::Damaged(error.to_string())
}

fn unwritten(error: gif::EncodingError) -> Unfit {
    Unfit::Unreadable(format!("writing it failed: {error}"))
}
