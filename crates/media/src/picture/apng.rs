//! PNG that moves: frames are read one by one and written anew as they are, without loss.

use std::io::Cursor;

use image::{DynamicImage, RgbImage, RgbaImage};
use png::{
    BitDepth, ColorType, Compression, Decoder, DecodingError, EncodingError, Info, Limits, Reader, Transformations,
};

use super::{Picture, Version, animation, decode};
use crate::{Format, Purpose, Unfit};

/// Most pixels of all frames that are written anew: what is left of the time that a child has pays for that.
const MOST_WRITTEN: u64 = 60_000_000;
/// Bytes that the decoder may ask for.
const MOST_BYTES: usize = 32_000_000;

type Frames<'a> = Reader<Cursor<&'a [u8]>>;

/// The animation, if the file is one that may stay one. `None`: its first picture is what is kept, as who does not know
/// of such files shows it.
pub(super) fn prepare(bytes: &[u8], purpose: Purpose) -> Result<Option<Picture>, Unfit> {
    let mut decoder = Decoder::new_with_limits(Cursor::new(bytes), Limits { bytes: MOST_BYTES });
    decoder.set_ignore_text_chunk(true);
    decoder.set_transformations(Transformations::IDENTITY);
    // What is wrong with a picture that does not move is told by who decodes it.
    let Ok(frames) = decoder.read_info() else { return Ok(None) };
    let info = frames.info();
    let (width, height) = (info.width, info.height);
    let Some(n_frames) = info.animation_control.map(|control| control.num_frames) else { return Ok(None) };
    if n_frames < 2 || info.interlaced || !animation::may_stay(n_frames, width, height, purpose) {
        return Ok(None);
    }
    let Some(written) = written_anew(frames, n_frames)? else { return Ok(None) };
    let first = decode::decode(bytes, Format::Png, purpose.fit())?;
    let first = decode::to_srgb(first.image, first.profile.as_deref());
    let moving = Version { bytes: written, format: Format::Png, width, height };
    animation::with_still(moving, first, purpose).map(Some)
}

/// The same frames in a file that holds nothing else; `None`: there is too much of it.
fn written_anew(mut frames: Frames<'_>, n_frames: u32) -> Result<Option<Vec<u8>>, Unfit> {
    let info = frames.info().clone();
    // A picture before the frames, for who shows only one.
    let has_other_first = info.frame_control.is_none();
    let profile = info.icc_profile.as_deref();
    let mut written = Vec::new();
    let mut writer = header(&mut written, &info, n_frames, has_other_first).map_err(unwritten)?;
    let mut pixels = vec![0; frames.output_buffer_size().ok_or(Unfit::Empty)?];
    let mut n_written = 0;
    for n in 0..n_frames.saturating_add(u32::from(has_other_first)) {
        let frame = frames.next_frame(&mut pixels).map_err(damaged)?;
        n_written += u64::from(frame.width) * u64::from(frame.height);
        if n_written > MOST_WRITTEN {
            return Ok(None);
        }
        let is_frame = n > 0 || !has_other_first;
        if let Some(control) = frames.info().frame_control.filter(|_| is_frame) {
            let set = writer
                .set_frame_position(0, 0)
                .and_then(|()| writer.set_frame_dimension(control.width, control.height))
                .and_then(|()| writer.set_frame_position(control.x_offset, control.y_offset))
                .and_then(|()| writer.set_frame_delay(control.delay_num, control.delay_den))
                .and_then(|()| writer.set_blend_op(control.blend_op))
                .and_then(|()| writer.set_dispose_op(control.dispose_op));
            set.map_err(unwritten)?;
        }
        let content = pixels.get(..frame.buffer_size()).ok_or(Unfit::Empty)?;
        let content = in_srgb(content, (frame.width, frame.height), (info.color_type, info.bit_depth), profile);
        writer.write_image_data(&content).map_err(unwritten)?;
    }
    writer.finish().map_err(unwritten)?;
    Ok(Some(written))
}

fn header<'a>(
    written: &'a mut Vec<u8>,
    info: &Info<'_>,
    n_frames: u32,
    has_other_first: bool,
) -> Result<png::Writer<&'a mut Vec<u8>>, EncodingError> {
    let mut encoder = png::Encoder::new(written, info.width, info.height);
    encoder.set_color(info.color_type);
    encoder.set_depth(info.bit_depth);
    encoder.set_compression(Compression::Balanced);
    if let Some(palette) = info.palette.as_deref() {
        let n = u32::try_from(palette.len() / 3).unwrap_or(0);
        encoder.set_palette(in_srgb(palette, (n, 1), (ColorType::Rgb, BitDepth::Eight), info.icc_profile.as_deref()));
    }
    if let Some(transparency) = info.trns.as_deref() {
        encoder.set_trns(transparency.to_vec());
    }
    encoder.set_animated(n_frames, info.animation_control.map_or(0, |control| control.num_plays))?;
    encoder.set_sep_def_img(has_other_first)?;
    encoder.write_header()
}

/// Colours of another profile in sRGB; numbers of other kinds than eight bits a channel stay what they are.
fn in_srgb(pixels: &[u8], (width, height): (u32, u32), kind: (ColorType, BitDepth), profile: Option<&[u8]>) -> Vec<u8> {
    let image = match (kind, profile) {
        ((ColorType::Rgb, BitDepth::Eight), Some(_)) => {
            RgbImage::from_raw(width, height, pixels.to_vec()).map(DynamicImage::ImageRgb8)
        }
        ((ColorType::Rgba, BitDepth::Eight), Some(_)) => {
            RgbaImage::from_raw(width, height, pixels.to_vec()).map(DynamicImage::ImageRgba8)
        }
        _ => None,
    };
    image.map_or_else(|| pixels.to_vec(), |image| decode::to_srgb(image, profile).into_bytes())
}

fn damaged(error: DecodingError) -> Unfit {
    Unfit::Damaged(error.to_string())
}

fn unwritten(error: EncodingError) -> Unfit {
    Unfit::Unreadable(format!("writing it failed: {error}"))
}
