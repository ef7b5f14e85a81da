//! Pictures in the boxes of a film (HEIC, AVIF): ISO/IEC 23008-12. Their pixels are encoded as those of films are, and are
//! not decoded here: what has to be decoded is taken out of the boxes, with how its parts are put together.

mod meta;

use phiomia_model::limits::LIMITS;
use serde::{Deserialize, Serialize};

use crate::{
    Unfit,
    boxes::find,
    source::{Bytes, cut, wrong},
};
use meta::Meta;

/// Most parts that a picture is cut into.
const MOST_PARTS: usize = 1_024;

/// How the pixels of a picture in boxes are encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StillCodec {
    /// HEVC: what telephones write.
    Hevc,
    /// AV1.
    Av1,
}

impl StillCodec {
    /// What a file is, by its first bytes, if it is a picture in boxes. What is in it is seen later.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Option<StillCodec> {
        let [_, _, _, _, b'f', b't', b'y', b'p', brand @ ..] = bytes else { return None };
        match brand {
            [b'h', b'e', b'i' | b'v', b'c' | b'x' | b'm' | b's', ..] => Some(StillCodec::Hevc),
            [b'a', b'v', b'i', b'f' | b's', ..] => Some(StillCodec::Av1),
            // Of any kind: which one stands among those it is like.
            [b'm', b'i' | b's', b'f', b'1', rest @ ..] => {
                let brands = rest.get(4..).unwrap_or_default().chunks_exact(4);
                Some(match brands.take(16).any(|brand| brand == b"avif") {
                    true => StillCodec::Av1,
                    false => StillCodec::Hevc,
                })
            }
            _ => None,
        }
    }

    /// Its name for people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            StillCodec::Hevc => "HEIC",
            StillCodec::Av1 => "AVIF",
        }
    }

    /// Media types under which clients know it.
    #[must_use]
    pub const fn media_types(self) -> &'static [&'static str] {
        match self {
            StillCodec::Hevc => &["image/heic", "image/heif"],
            StillCodec::Av1 => &["image/avif"],
        }
    }
}

/// What is done with the pixels after they are put together, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Turn {
    /// By a quarter, against the clock.
    Left,
    /// By two quarters.
    Over,
    /// By a quarter, with the clock.
    Right,
    /// What is left comes to the right.
    Sideways,
    /// What is above comes down.
    Upwards,
}

/// How numbers become colours: code points of ISO/IEC 23091-2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Colouring {
    /// Colour primaries.
    pub primaries: u16,
    /// Transfer characteristics.
    pub transfer: u16,
    /// Matrix coefficients.
    pub matrix: u16,
    /// From 0 to 255, not from 16 to 235.
    pub is_full: bool,
}

impl Colouring {
    /// The box `colr`, when it says that much. Source: ISO/IEC 14496-12, 12.1.5.
    pub(crate) fn read(colr: &[u8]) -> Option<Colouring> {
        let mut body = Bytes(colr);
        let is_said = body.array::<4>()? == *b"nclx";
        let (primaries, transfer, matrix) = (body.u16()?, body.u16()?, body.u16()?);
        is_said.then_some(Colouring { primaries, transfer, matrix, is_full: body.u8()? & 0x80 != 0 })
    }
}

/// What is shown of a picture: the rest is there because of how it is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clean {
    /// Pixels from the left.
    pub x: u32,
    /// Pixels from above.
    pub y: u32,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
}

/// A picture taken out of its boxes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Still {
    /// How its parts are encoded.
    pub codec: StillCodec,
    /// Parts beside each other, and rows of them.
    pub grid: (u32, u32),
    /// Pixels, before it is turned.
    pub width: u32,
    /// Pixels, before it is turned.
    pub height: u32,
    /// What is shown of it; `None`: all.
    pub clean: Option<Clean>,
    /// How that is turned.
    pub turns: Vec<Turn>,
    /// `None`: as the stream says itself.
    pub colouring: Option<Colouring>,
    /// ICC.
    #[serde(skip)]
    pub profile: Option<Vec<u8>>,
    /// All parts, one after the other, as a stream that decoders read.
    #[serde(skip)]
    pub stream: Vec<u8>,
    /// Where in the stream each part ends.
    #[serde(skip)]
    pub(crate) ends: Vec<usize>,
    /// Pixels of each part.
    #[serde(skip)]
    pub(crate) part: (u32, u32),
    /// How far it is seen through, as a picture of its own.
    #[serde(skip)]
    pub(crate) veil: Option<Box<Still>>,
    /// Whether its colours are as dark already as what is seen through them makes them.
    #[serde(skip)]
    pub(crate) is_multiplied: bool,
}

impl Still {
    /// Its parts, as decoders read them, row by row.
    pub(crate) fn parts(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).filter_map(|(start, end)| self.stream.get(start..*end))
    }
}

/// Takes the picture that a file shows first out of its boxes.
///
/// # Errors
/// What is wrong with the file; [`Unfit::ForeignPicture`] when it is of a kind that is not taken.
pub fn unwrap(file: &[u8]) -> Result<Still, Unfit> {
    let codec = StillCodec::of(file).ok_or(Unfit::UnknownKind)?;
    let meta = find(file, *b"meta").and_then(|meta| meta.body.get(4..)).ok_or_else(|| other(codec))?;
    let first = find(meta, *b"pitm").and_then(|inner| meta::first(inner.body)).ok_or_else(cut)?;
    let meta = Meta::read(file, meta).ok_or_else(cut)?;
    let mut still = one(&meta, first, codec)?;
    if still.codec == StillCodec::Av1
        && let Some(veil) = meta.veil(first)
    {
        let veil = one(&meta, veil, codec)?;
        if veil.codec != StillCodec::Av1 || (veil.width, veil.height) != (still.width, still.height) {
            return Err(wrong("what is seen through it is of another size or kind"));
        }
        (still.veil, still.is_multiplied) = (Some(Box::new(veil)), meta.is_multiplied(first));
    }
    Ok(still)
}

/// The picture of a number.
fn one(meta: &Meta<'_>, id: u32, codec: StillCodec) -> Result<Still, Unfit> {
    let (grid, (width, height), parts) = if meta.is_grid(id) {
        let ((columns, rows), size) = meta.grid(id).ok_or_else(cut)?;
        let parts = meta.made_of(id);
        if parts.len() != usize::try_from(columns * rows).unwrap_or(0) {
            return Err(wrong("it has another number of parts than it says"));
        }
        ((columns, rows), size, parts)
    } else {
        ((1, 1), meta.size(id).ok_or_else(cut)?, vec![id])
    };
    check((width, height), parts.len())?;
    let part = *parts.first().ok_or_else(cut)?;
    // Which kind it is says the part itself, whatever the file says that it is like.
    let codec = meta.codec(part).ok_or_else(|| other(codec))?;
    if parts.iter().any(|one| meta.size(*one) != meta.size(part)) {
        return Err(wrong("its parts are of different sizes"));
    }
    let (mut stream, mut ends) = (Vec::new(), Vec::new());
    for part in &parts {
        meta.append(&mut stream, *part, codec).ok_or_else(cut)??;
        ends.push(stream.len());
    }
    let (colouring, profile) = meta.colours(id, part);
    Ok(Still {
        codec,
        grid,
        width,
        height,
        clean: meta.clean(id, (width, height)),
        turns: meta.turns(id),
        colouring,
        profile,
        stream,
        ends,
        part: meta.size(part).unwrap_or((width, height)),
        veil: None,
        is_multiplied: false,
    })
}

fn other(codec: StillCodec) -> Unfit {
    Unfit::ForeignPicture { kind: codec.name().to_owned() }
}

fn check((width, height): (u32, u32), n_parts: usize) -> Result<(), Unfit> {
    if width == 0 || height == 0 {
        return Err(Unfit::Empty);
    }
    if u64::from(width) * u64::from(height) > LIMITS.image_pixels as u64 || width > 32_768 || height > 32_768 {
        return Err(Unfit::TooManyPixels { width, height });
    }
    if n_parts > MOST_PARTS {
        return Err(wrong("it has too many parts"));
    }
    Ok(())
}

/// A JPEG whose colours are those of a profile: ICC.1, B.4.
#[must_use]
pub fn with_profile(jpeg: &[u8], profile: Option<&[u8]>) -> Vec<u8> {
    const NAME: &[u8] = b"ICC_PROFILE\0\x01\x01";
    let length = profile.and_then(|profile| u16::try_from(profile.len() + NAME.len() + 2).ok());
    match (jpeg.split_at_checked(2), profile, length) {
        (Some((start, rest)), Some(profile), Some(length)) => {
            [start, &[0xff, 0xe2], &length.to_be_bytes(), NAME, profile, rest].concat()
        }
        _ => jpeg.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_in_boxes_is_known_by_what_it_is_like() {
        for (start, codec) in [
            (&b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"[..], Some(StillCodec::Hevc)),
            (b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf", Some(StillCodec::Av1)),
            (b"\0\0\0\x1cftypmif1\0\0\0\0avifmif1miaf", Some(StillCodec::Av1)),
            (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", Some(StillCodec::Hevc)),
            (b"\0\0\0\x18ftypisom\0\0\0\0isomiso2", None),
            (b"RIFF....WEBP", None),
        ] {
            assert_eq!(StillCodec::of(start), codec, "{}", String::from_utf8_lossy(start));
        }
    }

    #[test]
    fn a_profile_comes_first_in_a_jpeg() {
        assert_eq!(with_profile(b"\xff\xd8rest", Some(b"abc")), b"\xff\xd8\xff\xe2\0\x13ICC_PROFILE\0\x01\x01abcrest");
        assert_eq!(with_profile(b"\xff\xd8rest", None), b"\xff\xd8rest");
    }
}
