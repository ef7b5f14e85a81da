//! The first picture of a film, as far as there are decoders in safe Rust: of H.264, VP8 and AV1. VP9 has none that is
//! looked after (decision 0027).

use image::DynamicImage;
use oxideav_av1::decoder::SpecDecodeSession;

use crate::{
    Picture, Purpose, Unfit,
    heif::{Colouring, Turn},
    picture::{self, Planes},
    playable::found,
    source::{Bytes, File, Source, cut},
};

/// Largest first picture, in bytes.
const MOST_FIRST: u64 = 16 * 1024 * 1024;
/// Most pixels of one in AV1, whose decoder takes up to sixteen bytes for each.
const MOST_AV1: u32 = 8_912_896;
/// A picture of so many rows or more that does not say how it is coloured is so as television in high resolution is.
const HIGH: u32 = 720;

/// How a picture is encoded, and what its decoder has to know first.
#[derive(Clone, Debug)]
pub(crate) enum Coding {
    /// With what stands in `avcC`.
    H264(Vec<u8>),
    /// It says everything itself.
    Vp8,
    /// With the head of the stream, where that stands apart.
    Av1(Vec<u8>),
}

/// Where the first picture of a film lies.
#[derive(Debug)]
pub(crate) struct First {
    pub(crate) at: u64,
    pub(crate) n_bytes: u64,
    pub(crate) coding: Coding,
    pub(crate) colouring: Option<Colouring>,
    pub(crate) turn: Option<Turn>,
}

/// The first picture of a film, small, with what goes with it.
///
/// # Errors
/// What is wrong with the film, or that its pictures are not decoded here.
pub fn poster(file: &mut dyn File) -> Result<Picture, Unfit> {
    let mut source = Source::of(file)?;
    let film = found(&mut source)?.film.ok_or(Unfit::NothingToPlay)?;
    film.check()?;
    let first = film.first.ok_or_else(|| Unfit::Foreign { codec: film.codec.to_owned() })?;
    if first.n_bytes > MOST_FIRST {
        return Err(Unfit::Unreadable("its first picture is too large".to_owned()));
    }
    let bytes = source.bytes(first.at, usize::try_from(first.n_bytes).map_err(|_| cut())?)?;
    let image = match &first.coding {
        Coding::H264(config) => h264(config, &bytes, first.colouring)?,
        Coding::Vp8 => vp8(&bytes)?,
        Coding::Av1(head) => av1(head, &bytes)?,
    };
    let image = match first.turn {
        Some(Turn::Right) => image.rotate90(),
        Some(Turn::Left) => image.rotate270(),
        Some(Turn::Over) => image.rotate180(),
        _ => image,
    };
    picture::of_pixels(image, Purpose::Thumbnail)
}

fn undecoded(why: impl std::fmt::Debug) -> Unfit {
    Unfit::Damaged(format!("its first picture cannot be decoded: {why:?}"))
}

fn h264(config: &[u8], sample: &[u8], colouring: Option<Colouring>) -> Result<DynamicImage, Unfit> {
    let stream = stream(config, sample).ok_or_else(cut)?;
    let frames = rusty_h264_decoder::Decoder::new().decode_stream(&stream).map_err(undecoded)?;
    let frame = frames.into_iter().next().ok_or_else(|| undecoded("there is none"))?;
    let side = |pixels: usize| u32::try_from(pixels).unwrap_or(0);
    let (width, height) = (side(frame.width), side(frame.height));
    let half = (width / 2, height / 2);
    let planes = Planes {
        depth: 8,
        planes: [(&frame.y, (width, height)), (&frame.u, half), (&frame.v, half)]
            .map(|(samples, size)| (samples.as_slice(), size))
            .to_vec(),
    };
    let matrix = if height >= HIGH { 1 } else { 6 };
    let said = colouring.unwrap_or(Colouring { primaries: 2, transfer: 2, matrix, is_full: false });
    planes.image(said).ok_or_else(|| undecoded("it has no pixels"))
}

/// A sample, and before it what its decoder has to know, as a stream. Source: ISO/IEC 14496-15, 5.3.3.1.
fn stream(config: &[u8], sample: &[u8]) -> Option<Vec<u8>> {
    const START: [u8; 4] = [0, 0, 0, 1];
    let mut config = Bytes(config);
    config.skip(4)?;
    let n_length = usize::from(config.u8()? & 3) + 1;
    let mut stream = Vec::new();
    let mut sets = |n: u8, config: &mut Bytes<'_>| -> Option<()> {
        for _ in 0..n {
            let length = usize::from(config.u16()?);
            stream.extend(START);
            stream.extend(config.slice(length)?);
        }
        Some(())
    };
    let n = config.u8()? & 31;
    sets(n, &mut config)?;
    let n = config.u8()?;
    sets(n, &mut config)?;
    let mut sample = Bytes(sample);
    while !sample.0.is_empty() {
        let length = sample.slice(n_length)?.iter().fold(0_usize, |length, byte| length << 8 | usize::from(*byte));
        stream.extend(START);
        stream.extend(sample.slice(length)?);
    }
    Some(stream)
}

/// A picture of VP8 is what a WebP is that lost something: RFC 9649, 2.5.
fn vp8(frame: &[u8]) -> Result<DynamicImage, Unfit> {
    let length = u32::try_from(frame.len()).map_err(|_| cut())?;
    let padding: &[u8] = if frame.len().is_multiple_of(2) { &[] } else { &[0] };
    let n_padding = u32::try_from(padding.len()).unwrap_or(0);
    let whole = length.saturating_add(12).saturating_add(n_padding).to_le_bytes();
    let file = [&b"RIFF"[..], &whole, b"WEBPVP8 ", &length.to_le_bytes(), frame, padding].concat();
    picture::read_webp(&file)
}

fn av1(head: &[u8], unit: &[u8]) -> Result<DynamicImage, Unfit> {
    let mut session = SpecDecodeSession::new();
    session.set_max_picture_size(MOST_AV1);
    let stream = [head, unit].concat();
    let frames = session.decode_temporal_unit(&stream).map_err(undecoded)?;
    let frame = frames.into_iter().next().ok_or_else(|| undecoded("there is none"))?;
    let said = picture::av1_colouring(&stream).ok_or_else(|| undecoded("its stream has no head"))?;
    Planes::of(&frame).image(said).ok_or_else(|| undecoded("it has no pixels"))
}
