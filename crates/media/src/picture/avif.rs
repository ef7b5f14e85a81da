//! AVIF: its parts are decoded one after the other, and each becomes its place of the whole at once. The decoder is safe
//! Rust and slow beside others; decision 0027 says why it is this one.

use image::{DynamicImage, RgbImage, RgbaImage};
use moxcms::{CicpColorPrimaries, CicpProfile, ColorProfile, MatrixCoefficients, TransferCharacteristics};
use oxideav_av1::{
    decoder::{SpecDecodeSession, SpecFrame},
    sequence_header::{ColorConfig, parse_sequence_header},
};

use super::{
    decode::{Decoded, narrow},
    yuv::{Colour, Planes, Strip},
};
use crate::{
    StillCodec, Unfit,
    heif::{Clean, Colouring, Still, Turn, unwrap},
};

/// What decoding takes, in bytes: so many for each sample, of which 4:2:0 has one and a half a pixel, and for each pixel what
/// is noted of the block that it is in. Measured: ten bytes a pixel at 4:2:0, sixteen at 4:4:4, eight without colours.
const SAMPLE: u64 = 4;
const NOTES: u64 = 4;
/// Bytes that decoding and what lies beside it may take, of the 200 MB that the child has.
const MOST_BYTES: u64 = 180_000_000;

/// The kind of the part of a stream that says how the rest is to be read.
const SEQUENCE_HEADER: u8 = 1;

/// The pixels of a file, upright.
pub(super) fn decode(file: &[u8]) -> Result<Decoded, Unfit> {
    let still = unwrap(file)?;
    if still.codec != StillCodec::Av1 {
        return Err(Unfit::ForeignPicture { kind: still.codec.name().to_owned() });
    }
    let config = still.parts().next().and_then(config).ok_or_else(|| damaged("its stream has no head"))?;
    // One that is in one part is painted when its decoder is done.
    let beside = if still.ends.len() > 1 { if still.veil.is_some() { 4 } else { 3 } } else { 0 };
    check(&still, &config, beside)?;
    let colouring = still.colouring.unwrap_or_else(|| said(&config));
    let image = match &still.veil {
        None => DynamicImage::ImageRgb8(painted(&still, colouring)?),
        Some(veil) => DynamicImage::ImageRgba8(veiled(&still, veil, colouring)?),
    };
    let profile = still.profile.or_else(|| profile(colouring));
    Ok(Decoded { image: narrow(image), profile, is_fit: false })
}

fn damaged(what: &str) -> Unfit {
    Unfit::Damaged(what.to_owned())
}

/// What the head of a stream says of its colours.
fn config(mut stream: &[u8]) -> Option<ColorConfig> {
    loop {
        let (unit, n) = oxideav_av1::obu::parse_obu(stream).ok()?;
        if unit.obu_type.as_raw() == SEQUENCE_HEADER {
            return parse_sequence_header(unit.payload).ok().map(|head| head.color_config);
        }
        stream = stream.get(n..).filter(|_| n > 0)?;
    }
}

/// How a stream says that its numbers become colours.
pub(crate) fn colouring(stream: &[u8]) -> Option<Colouring> {
    config(stream).map(|config| said(&config))
}

fn said(config: &ColorConfig) -> Colouring {
    Colouring {
        primaries: config.color_primaries.into(),
        transfer: config.transfer_characteristics.into(),
        matrix: config.matrix_coefficients.into(),
        is_full: config.color_range,
    }
}

/// Whether what decoding takes is there, before anything of it is taken. `beside`: bytes of the whole for each pixel, if that
/// is there while parts are decoded.
fn check(still: &Still, config: &ColorConfig, beside: u64) -> Result<(), Unfit> {
    let pixels = |(width, height): (u32, u32)| u64::from(width) * u64::from(height);
    let quarters = match (config.mono_chrome, config.subsampling_x, config.subsampling_y) {
        (true, ..) => 4,
        (_, true, true) => 6,
        (_, true, false) => 8,
        _ => 12,
    };
    let part = pixels(still.part) * (SAMPLE * quarters / 4 + NOTES);
    let whole = pixels((still.width, still.height)) * beside;
    // The file, the stream in it, and what that is read through.
    let encoded = 3 * still.stream.len() as u64;
    if part + whole + encoded > MOST_BYTES {
        return Err(Unfit::LargeAvif { width: still.part.0, height: still.part.1 });
    }
    Ok(())
}

/// One part, decoded.
fn frame(still: &Still, stream: &[u8]) -> Result<SpecFrame, Unfit> {
    let mut session = SpecDecodeSession::new();
    let (width, height) = still.part;
    // What is around what is shown.
    let most = u64::from(width.next_multiple_of(8)) * u64::from(height.next_multiple_of(8));
    session.set_max_picture_size(u32::try_from(most).unwrap_or(0));
    let frames = session.decode_temporal_unit(stream);
    let frames = frames.map_err(|error| damaged(&format!("its AV1 cannot be decoded: {error}")))?;
    let frame = frames.into_iter().next_back().ok_or_else(|| damaged("there is no picture in it"))?;
    if (frame.width, frame.height) != still.part {
        return Err(damaged("a part of it has another size than it says"));
    }
    Ok(frame)
}

/// Where in what is shown each pixel of the whole comes to lie: turning it afterwards would take a second one.
struct Place<'a> {
    clean: Clean,
    turns: &'a [Turn],
}

impl Place<'_> {
    fn of(still: &Still) -> Place<'_> {
        let all = Clean { x: 0, y: 0, width: still.width, height: still.height };
        Place { clean: still.clean.unwrap_or(all), turns: &still.turns }
    }

    fn size(&self) -> (u32, u32) {
        let size = (self.clean.width, self.clean.height);
        self.turns.iter().fold(size, |(width, height), turn| match turn {
            Turn::Left | Turn::Right => (height, width),
            Turn::Over | Turn::Sideways | Turn::Upwards => (width, height),
        })
    }

    /// `None`: it is not shown.
    fn at(&self, x: u32, y: u32) -> Option<(u32, u32)> {
        let (mut x, mut y) = (x.checked_sub(self.clean.x)?, y.checked_sub(self.clean.y)?);
        let (mut width, mut height) = (self.clean.width, self.clean.height);
        if x >= width || y >= height {
            return None;
        }
        for turn in self.turns {
            match turn {
                Turn::Left => (x, y, width, height) = (y, width - 1 - x, height, width),
                Turn::Right => (x, y, width, height) = (height - 1 - y, x, height, width),
                Turn::Over => (x, y) = (width - 1 - x, height - 1 - y),
                Turn::Sideways => x = width - 1 - x,
                Turn::Upwards => y = height - 1 - y,
            }
        }
        Some((x, y))
    }
}

/// Decodes all parts, one after the other; `draw` gets each pixel of the whole and where it is shown.
fn each_pixel(
    still: &Still,
    place: &Place<'_>,
    colour: Colour,
    mut draw: impl FnMut((u32, u32), [u8; 3]),
) -> Result<(), Unfit> {
    let columns = usize::try_from(still.grid.0).unwrap_or(1).max(1);
    for (n, stream) in still.parts().enumerate() {
        let begin = |n: usize, side: u32| u32::try_from(n).ok().and_then(|n| n.checked_mul(side));
        let begin = begin(n % columns, still.part.0).zip(begin(n / columns, still.part.1));
        let (left, top) = begin.ok_or_else(|| damaged("its parts lie far apart"))?;
        let frame = frame(still, stream)?;
        let mut strip = Strip::of(&Planes::of(&frame), colour).ok_or_else(|| damaged("a part of it has no pixels"))?;
        for (row, y) in (top..still.height).take_while(|y| y - top < frame.height).enumerate() {
            for (x, pixel) in (left..still.width).zip(strip.row(row)) {
                if let Some(at) = place.at(x, y) {
                    draw(at, pixel);
                }
            }
        }
    }
    Ok(())
}

/// The whole, without what is seen through it.
fn painted(still: &Still, colouring: Colouring) -> Result<RgbImage, Unfit> {
    let place = Place::of(still);
    let (width, height) = place.size();
    let mut image = None;
    each_pixel(still, &place, Colour::of(colouring), |(x, y), pixel| {
        image.get_or_insert_with(|| RgbImage::new(width, height)).put_pixel(x, y, image::Rgb(pixel));
    })?;
    image.ok_or_else(|| damaged("nothing of it is shown"))
}

fn veiled(still: &Still, veil: &Still, colouring: Colouring) -> Result<RgbaImage, Unfit> {
    let place = Place::of(still);
    let (width, height) = place.size();
    let mut image = None;
    each_pixel(still, &place, Colour::of(colouring), |(x, y), [r, g, b]| {
        image.get_or_insert_with(|| RgbaImage::new(width, height)).put_pixel(x, y, image::Rgba([r, g, b, u8::MAX]));
    })?;
    let mut image = image.ok_or_else(|| damaged("nothing of it is shown"))?;
    let config = veil.parts().next().and_then(config).ok_or_else(|| damaged("what is seen through it has no head"))?;
    check(veil, &config, 4)?;
    // Its brightness is what counts; colours, if there are some, do not.
    each_pixel(veil, &place, Colour::brightness(config.color_range), |(x, y), [through, ..]| {
        let image::Rgba([r, g, b, a]) = image.get_pixel_mut(x, y);
        if still.is_multiplied {
            for light in [r, g, b] {
                *light = divided(*light, through);
            }
        }
        *a = through;
    })?;
    Ok(image)
}

fn divided(light: u8, through: u8) -> u8 {
    let whole = (u32::from(light) * 255 + u32::from(through) / 2).checked_div(through.into());
    whole.map_or(0, |light| u8::try_from(light).unwrap_or(u8::MAX))
}

/// The profile of colours that are not those of sRGB. What is brighter than any paper is shown as films are that say
/// nothing of it: as if it were not.
fn profile(colouring: Colouring) -> Option<Vec<u8>> {
    const PQ: u16 = 16;
    const HLG: u16 = 18;
    const LIKE_SRGB: [u16; 7] = [0, 1, 2, 6, 13, 14, 15];
    let is_like_srgb = LIKE_SRGB.contains(&colouring.transfer) || matches!(colouring.transfer, PQ | HLG);
    if matches!(colouring.primaries, 0..=2) && is_like_srgb {
        return None;
    }
    let code = |code: u16| u8::try_from(code).ok();
    let primaries = CicpColorPrimaries::try_from(code(colouring.primaries)?).ok()?;
    let transfer = match is_like_srgb {
        true => TransferCharacteristics::Srgb,
        false => TransferCharacteristics::try_from(code(colouring.transfer)?).ok()?,
    };
    let cicp = CicpProfile {
        color_primaries: primaries,
        transfer_characteristics: transfer,
        matrix_coefficients: MatrixCoefficients::Identity,
        full_range: true,
    };
    ColorProfile::new_from_cicp(cicp).encode().ok()
}
