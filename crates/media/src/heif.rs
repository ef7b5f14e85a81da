//! Pictures in the boxes of a film (HEIC, AVIF): ISO/IEC 23008-12. Their pixels are encoded as those of films are, and are
//! not decoded here: what has to be decoded is taken out of the boxes, with how its parts are put together.

use std::collections::BTreeMap;

use phiomia_model::limits::LIMITS;
use serde::{Deserialize, Serialize};

use crate::{
    Unfit,
    boxes::{Box, children, find},
    source::{Bytes, cut, wrong},
};

/// Most parts that a picture is cut into.
const MOST_PARTS: usize = 1_024;
/// Longest description of its colours, in bytes.
const MOST_PROFILE: usize = 64_000;

/// A temporal delimiter of AV1.
const BETWEEN: &[u8] = &[0x12, 0];

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
    /// Matrix coefficients.
    pub matrix: u16,
    /// From 0 to 255, not from 16 to 235.
    pub is_full: bool,
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
    /// How it is turned.
    pub turns: Vec<Turn>,
    /// `None`: as the stream says itself.
    pub colouring: Option<Colouring>,
    /// ICC.
    #[serde(skip)]
    pub profile: Option<Vec<u8>>,
    /// All parts, one after the other, as a stream that decoders read.
    #[serde(skip)]
    pub stream: Vec<u8>,
}

/// What the box `meta` says.
struct Meta<'a> {
    file: &'a [u8],
    /// The box `idat`.
    inside: &'a [u8],
    kinds: BTreeMap<u32, [u8; 4]>,
    places: BTreeMap<u32, Vec<&'a [u8]>>,
    properties: Vec<Box<'a>>,
    described: BTreeMap<u32, Vec<usize>>,
    made_of: BTreeMap<u32, Vec<u32>>,
}

/// Takes the picture that a file shows first out of its boxes.
///
/// # Errors
/// What is wrong with the file; [`Unfit::ForeignPicture`] when it is of a kind that is not taken.
pub fn unwrap(file: &[u8]) -> Result<Still, Unfit> {
    let codec = StillCodec::of(file).ok_or(Unfit::UnknownKind)?;
    let meta = find(file, *b"meta").and_then(|meta| meta.body.get(4..)).ok_or_else(|| other(codec))?;
    let first = find(meta, *b"pitm").and_then(|inner| first(inner.body)).ok_or_else(cut)?;
    let meta = Meta::read(file, meta).ok_or_else(cut)?;
    let is_grid = meta.kinds.get(&first) == Some(b"grid");
    let (grid, size, parts) = if is_grid {
        let ((columns, rows), size) = meta.grid(first).ok_or_else(cut)?;
        let parts = meta.made_of.get(&first).cloned().unwrap_or_default();
        if parts.len() != usize::try_from(columns * rows).unwrap_or(0) {
            return Err(wrong("it has another number of parts than it says"));
        }
        ((columns, rows), size, parts)
    } else {
        ((1, 1), meta.size(first).ok_or_else(cut)?, vec![first])
    };
    check(size, parts.len())?;
    let part = *parts.first().ok_or_else(cut)?;
    // Which kind it is says the part itself, whatever the file says that it is like.
    let codec = match meta.kinds.get(&part) {
        Some(b"hvc1" | b"hev1") => StillCodec::Hevc,
        Some(b"av01") => StillCodec::Av1,
        _ => return Err(other(codec)),
    };
    if parts.iter().any(|one| meta.size(*one) != meta.size(part)) {
        return Err(wrong("its parts are of different sizes"));
    }
    let mut stream = Vec::new();
    for part in &parts {
        meta.append(&mut stream, *part, codec).ok_or_else(cut)??;
    }
    let (colouring, profile) = meta.colours(first, part);
    let turns = meta.turns(first);
    Ok(Still { codec, grid, width: size.0, height: size.1, turns, colouring, profile, stream })
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

/// The number of the picture that is shown first.
fn first(pitm: &[u8]) -> Option<u32> {
    let mut body = Bytes(pitm);
    number(&mut body, pitm.first() == Some(&0)).filter(|_| pitm.len() > 4)
}

/// A number after the head of a box, in its shorter or its longer form.
fn number(body: &mut Bytes<'_>, is_short: bool) -> Option<u32> {
    body.skip(4)?;
    if is_short { body.u16().map(u32::from) } else { body.u32() }
}

impl<'a> Meta<'a> {
    fn read(file: &'a [u8], meta: &'a [u8]) -> Option<Meta<'a>> {
        let properties = find(meta, *b"iprp")?;
        let mut read = Meta {
            file,
            inside: find(meta, *b"idat").map_or(&[], |inner| inner.body),
            kinds: BTreeMap::new(),
            places: BTreeMap::new(),
            properties: children(find(properties.body, *b"ipco")?.body).collect(),
            described: BTreeMap::new(),
            made_of: BTreeMap::new(),
        };
        read.kinds(find(meta, *b"iinf")?.body)?;
        read.places(find(meta, *b"iloc")?.body)?;
        for inner in children(properties.body).filter(|inner| inner.kind == *b"ipma") {
            read.described(inner.body)?;
        }
        if let Some(inner) = find(meta, *b"iref") {
            read.made_of(inner.body)?;
        }
        Some(read)
    }

    fn kinds(&mut self, iinf: &'a [u8]) -> Option<()> {
        let mut head = Bytes(iinf);
        number(&mut head, iinf.first() == Some(&0))?;
        for entry in children(head.0).filter(|entry| entry.kind == *b"infe") {
            let mut body = Bytes(entry.body);
            let Some(version @ 2..) = entry.body.first() else { continue };
            let id = number(&mut body, *version == 2)?;
            body.skip(2)?;
            self.kinds.insert(id, body.array()?);
        }
        Some(())
    }

    /// Where the bytes of each item lie. Source: ISO/IEC 14496-12, 8.11.3.
    fn places(&mut self, iloc: &'a [u8]) -> Option<()> {
        let version = *iloc.first()?;
        let mut body = Bytes(iloc);
        body.skip(4)?;
        let sizes = body.u16()?;
        let [n_offset, n_length, n_base, n_index] = [sizes >> 12 & 15, sizes >> 8 & 15, sizes >> 4 & 15, sizes & 15];
        let is_short = version < 2;
        let short = |body: &mut Bytes<'_>| if is_short { body.u16().map(u32::from) } else { body.u32() };
        for _ in 0..short(&mut body)? {
            let id = short(&mut body)?;
            let from = if version == 0 { 0 } else { body.u16()? & 15 };
            body.skip(2)?;
            let base = sized(&mut body, n_base)?;
            let mut pieces = Vec::new();
            for _ in 0..body.u16()? {
                if version > 0 {
                    sized(&mut body, n_index)?;
                }
                let (offset, length) = (sized(&mut body, n_offset)?, sized(&mut body, n_length)?);
                let within = if from == 0 { self.file } else { self.inside };
                let start = usize::try_from(base.checked_add(offset)?).ok()?;
                let rest = within.get(start..)?;
                // Zero: all that follows.
                let length = if length == 0 { rest.len() } else { usize::try_from(length).ok()? };
                pieces.push(rest.get(..length)?);
            }
            // Made of another item: of none that is read here.
            if from < 2 {
                self.places.insert(id, pieces);
            }
        }
        Some(())
    }

    fn described(&mut self, ipma: &'a [u8]) -> Option<()> {
        let [version, _, _, flags, ..] = *ipma else { return None };
        let mut body = Bytes(ipma);
        body.skip(4)?;
        for _ in 0..body.u32()? {
            let id = if version == 0 { u32::from(body.u16()?) } else { body.u32()? };
            let mut properties = Vec::new();
            for _ in 0..body.u8()? {
                let index = if flags & 1 == 0 { u16::from(body.u8()? & 0x7f) } else { body.u16()? & 0x7fff };
                properties.push(usize::from(index));
            }
            self.described.entry(id).or_default().extend(properties);
        }
        Some(())
    }

    fn made_of(&mut self, iref: &'a [u8]) -> Option<()> {
        let is_short = iref.first() == Some(&0);
        for reference in children(iref.get(4..)?).filter(|one| one.kind == *b"dimg") {
            let mut body = Bytes(reference.body);
            let short = |body: &mut Bytes<'_>| if is_short { body.u16().map(u32::from) } else { body.u32() };
            let from = short(&mut body)?;
            let n = body.u16()?;
            let parts = (0..n).map(|_| short(&mut body)).collect::<Option<Vec<u32>>>()?;
            self.made_of.insert(from, parts);
        }
        Some(())
    }

    fn properties(&self, id: u32) -> impl Iterator<Item = Box<'a>> + '_ {
        let indices = self.described.get(&id).map_or(&[][..], Vec::as_slice);
        indices.iter().filter_map(|index| self.properties.get(index.checked_sub(1)?).copied())
    }

    fn property(&self, id: u32, kind: [u8; 4]) -> Option<Box<'a>> {
        self.properties(id).find(|property| property.kind == kind)
    }

    fn size(&self, id: u32) -> Option<(u32, u32)> {
        let mut body = Bytes(self.property(id, *b"ispe")?.body);
        body.skip(4)?;
        Some((body.u32()?, body.u32()?))
    }

    /// Columns and rows, and what they make.
    fn grid(&self, id: u32) -> Option<((u32, u32), (u32, u32))> {
        let bytes = self.places.get(&id)?.concat();
        let mut body = Bytes(&bytes);
        body.skip(1)?;
        let is_long = body.u8()? & 1 == 1;
        let (rows, columns) = (u32::from(body.u8()?) + 1, u32::from(body.u8()?) + 1);
        let mut side = || if is_long { body.u32() } else { body.u16().map(u32::from) };
        Some(((columns, rows), (side()?, side()?)))
    }

    /// One part, as decoders read it.
    fn append(&self, stream: &mut Vec<u8>, id: u32, codec: StillCodec) -> Option<Result<(), Unfit>> {
        let content = self.places.get(&id)?.concat();
        match codec {
            StillCodec::Av1 => {
                // Where one picture ends and the next begins; some say that themselves.
                let content = content.strip_prefix(BETWEEN).unwrap_or(&content);
                stream.extend(BETWEEN);
                stream.extend(content);
            }
            StillCodec::Hevc => {
                let config = self.property(id, *b"hvcC")?.body;
                let n_length = usize::from(config.get(21)? & 3) + 1;
                parameters(stream, config)?;
                let mut body = Bytes(&content);
                while !body.0.is_empty() {
                    let length =
                        body.slice(n_length)?.iter().fold(0_usize, |length, byte| length << 8 | usize::from(*byte));
                    unit(stream, body.slice(length)?);
                }
            }
        }
        if stream.len() > LIMITS.image_bytes * 2 {
            return Some(Err(wrong("its parts share their bytes")));
        }
        Some(Ok(()))
    }

    fn turns(&self, id: u32) -> Vec<Turn> {
        let turn = |property: Box<'_>| match (&property.kind, property.body.first()?) {
            (b"irot", angle) => match angle & 3 {
                1 => Some(Turn::Left),
                2 => Some(Turn::Over),
                3 => Some(Turn::Right),
                _ => None,
            },
            (b"imir", axis) => Some(if axis & 1 == 0 { Turn::Upwards } else { Turn::Sideways }),
            _ => None,
        };
        self.properties(id).filter_map(turn).take(4).collect()
    }

    /// What is said of the colours of the whole, or of its parts.
    fn colours(&self, whole: u32, part: u32) -> (Option<Colouring>, Option<Vec<u8>>) {
        let (mut colouring, mut profile) = (None, None);
        for property in self.properties(whole).chain(self.properties(part)).filter(|one| one.kind == *b"colr") {
            let mut body = Bytes(property.body);
            match body.array::<4>().as_ref() {
                Some(b"nclx") if colouring.is_none() => {
                    let read = body.skip(4).and_then(|()| Some((body.u16()?, body.u8()?)));
                    colouring = read.map(|(matrix, range)| Colouring { matrix, is_full: range & 0x80 != 0 });
                }
                Some(b"prof" | b"rICC") if profile.is_none() && body.0.len() <= MOST_PROFILE => {
                    profile = Some(body.0.to_vec());
                }
                _ => {}
            }
        }
        (colouring, profile)
    }
}

/// A number of so many bytes.
fn sized(body: &mut Bytes<'_>, n: u16) -> Option<u64> {
    match n {
        0 => Some(0),
        4 => body.u32().map(u64::from),
        8 => body.u64(),
        _ => None,
    }
}

/// What decoders have to know before the first pixel. Source: ISO/IEC 14496-15, 8.3.3.1.
fn parameters(stream: &mut Vec<u8>, config: &[u8]) -> Option<()> {
    let mut body = Bytes(config);
    body.skip(22)?;
    for _ in 0..body.u8()? {
        body.skip(1)?;
        for _ in 0..body.u16()? {
            let length = usize::from(body.u16()?);
            unit(stream, body.slice(length)?);
        }
    }
    Some(())
}

fn unit(stream: &mut Vec<u8>, content: &[u8]) {
    stream.extend([0, 0, 0, 1]);
    stream.extend(content);
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
