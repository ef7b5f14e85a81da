//! The box `meta`: what lies in a file, where, and what is said of it. Sources: ISO/IEC 14496-12, 8.11; 23008-12, 6.5.

use std::collections::BTreeMap;

use phiomia_model::limits::LIMITS;

use super::{Clean, Colouring, StillCodec, Turn};
use crate::{
    Unfit,
    boxes::{Box, children, find},
    source::{Bytes, wrong},
};

/// Longest description of its colours, in bytes.
const MOST_PROFILE: usize = 64_000;
/// A temporal delimiter of AV1.
const BETWEEN: &[u8] = &[0x12, 0];
/// What a picture is called that says how far another one is seen through.
const VEIL: &[u8] = b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0";

/// What the box `meta` says.
pub(super) struct Meta<'a> {
    file: &'a [u8],
    /// The box `idat`.
    inside: &'a [u8],
    kinds: BTreeMap<u32, [u8; 4]>,
    places: BTreeMap<u32, Vec<&'a [u8]>>,
    properties: Vec<Box<'a>>,
    described: BTreeMap<u32, Vec<usize>>,
    made_of: BTreeMap<u32, Vec<u32>>,
    /// Pictures that say something of others: of which.
    beside: Vec<(u32, u32)>,
    multiplied: Vec<u32>,
}

/// The number of the picture that is shown first.
pub(super) fn first(pitm: &[u8]) -> Option<u32> {
    let mut body = Bytes(pitm);
    number(&mut body, pitm.first() == Some(&0)).filter(|_| pitm.len() > 4)
}

/// A number after the head of a box, in its shorter or its longer form.
fn number(body: &mut Bytes<'_>, is_short: bool) -> Option<u32> {
    body.skip(4)?;
    if is_short { body.u16().map(u32::from) } else { body.u32() }
}

impl<'a> Meta<'a> {
    pub(super) fn read(file: &'a [u8], meta: &'a [u8]) -> Option<Meta<'a>> {
        let properties = find(meta, *b"iprp")?;
        let mut read = Meta {
            file,
            inside: find(meta, *b"idat").map_or(&[], |inner| inner.body),
            kinds: BTreeMap::new(),
            places: BTreeMap::new(),
            properties: children(find(properties.body, *b"ipco")?.body).collect(),
            described: BTreeMap::new(),
            made_of: BTreeMap::new(),
            beside: Vec::new(),
            multiplied: Vec::new(),
        };
        read.kinds(find(meta, *b"iinf")?.body)?;
        read.places(find(meta, *b"iloc")?.body)?;
        for inner in children(properties.body).filter(|inner| inner.kind == *b"ipma") {
            read.described(inner.body)?;
        }
        if let Some(inner) = find(meta, *b"iref") {
            read.references(inner.body)?;
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

    /// What is made of what, and what says something of what.
    fn references(&mut self, iref: &'a [u8]) -> Option<()> {
        let is_short = iref.first() == Some(&0);
        for reference in children(iref.get(4..)?) {
            let mut body = Bytes(reference.body);
            let short = |body: &mut Bytes<'_>| if is_short { body.u16().map(u32::from) } else { body.u32() };
            let from = short(&mut body)?;
            let n = body.u16()?;
            let to = (0..n).map(|_| short(&mut body)).collect::<Option<Vec<u32>>>()?;
            match &reference.kind {
                b"dimg" => drop(self.made_of.insert(from, to)),
                b"auxl" => self.beside.extend(to.into_iter().map(|of| (from, of))),
                b"prem" => self.multiplied.push(from),
                _ => {}
            }
        }
        Some(())
    }

    /// Whether a picture is a grid of others.
    pub(super) fn is_grid(&self, id: u32) -> bool {
        self.kinds.get(&id) == Some(b"grid")
    }

    /// The parts of a grid.
    pub(super) fn made_of(&self, id: u32) -> Vec<u32> {
        self.made_of.get(&id).cloned().unwrap_or_default()
    }

    /// How a part is encoded, as far as that is known here.
    pub(super) fn codec(&self, id: u32) -> Option<StillCodec> {
        match self.kinds.get(&id)? {
            b"hvc1" | b"hev1" => Some(StillCodec::Hevc),
            b"av01" => Some(StillCodec::Av1),
            _ => None,
        }
    }

    /// The picture that says how far another one is seen through.
    pub(super) fn veil(&self, id: u32) -> Option<u32> {
        let says = |beside: u32| {
            let kind = self.property(beside, *b"auxC").and_then(|property| property.body.get(4..));
            kind.is_some_and(|kind| kind.starts_with(VEIL))
        };
        self.beside.iter().find(|(beside, of)| *of == id && says(*beside)).map(|(beside, _)| *beside)
    }

    /// Whether the colours of a picture are multiplied with what is seen through it.
    pub(super) fn is_multiplied(&self, id: u32) -> bool {
        self.multiplied.contains(&id)
    }

    /// What of a picture is shown; a part that lies beside it is as none. Source: ISO/IEC 14496-12, 12.1.4.
    pub(super) fn clean(&self, id: u32, (width, height): (u32, u32)) -> Option<Clean> {
        let mut body = Bytes(self.property(id, *b"clap")?.body);
        let mut side = |whole: u32| {
            let (n, d) = (i64::from(body.u32()?), i64::from(body.u32()?));
            Some((i64::from(whole), (n.checked_rem(d)? == 0).then(|| n / d)?))
        };
        let (across, down) = (side(width)?, side(height)?);
        let mut from = |(whole, side): (i64, i64)| {
            let (n, d) = (i64::from(body.u32()?.cast_signed()), i64::from(body.u32()?));
            let twice = (whole - side).checked_mul(d)?.checked_add(n.checked_mul(2)?)?;
            let from = (twice.checked_rem(d.checked_mul(2)?)? == 0).then(|| twice / (2 * d))?;
            let fits = side > 0 && from >= 0 && from + side <= whole;
            fits.then_some((u32::try_from(from).ok()?, u32::try_from(side).ok()?))
        };
        let ((x, width), (y, height)) = (from(across)?, from(down)?);
        Some(Clean { x, y, width, height })
    }

    fn properties(&self, id: u32) -> impl Iterator<Item = Box<'a>> + '_ {
        let indices = self.described.get(&id).map_or(&[][..], Vec::as_slice);
        indices.iter().filter_map(|index| self.properties.get(index.checked_sub(1)?).copied())
    }

    fn property(&self, id: u32, kind: [u8; 4]) -> Option<Box<'a>> {
        self.properties(id).find(|property| property.kind == kind)
    }

    pub(super) fn size(&self, id: u32) -> Option<(u32, u32)> {
        let mut body = Bytes(self.property(id, *b"ispe")?.body);
        body.skip(4)?;
        Some((body.u32()?, body.u32()?))
    }

    /// Columns and rows, and what they make.
    pub(super) fn grid(&self, id: u32) -> Option<((u32, u32), (u32, u32))> {
        let bytes = self.places.get(&id)?.concat();
        let mut body = Bytes(&bytes);
        body.skip(1)?;
        let is_long = body.u8()? & 1 == 1;
        let (rows, columns) = (u32::from(body.u8()?) + 1, u32::from(body.u8()?) + 1);
        let mut side = || if is_long { body.u32() } else { body.u16().map(u32::from) };
        Some(((columns, rows), (side()?, side()?)))
    }

    /// One part, as decoders read it.
    pub(super) fn append(&self, stream: &mut Vec<u8>, id: u32, codec: StillCodec) -> Option<Result<(), Unfit>> {
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

    pub(super) fn turns(&self, id: u32) -> Vec<Turn> {
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
    pub(super) fn colours(&self, whole: u32, part: u32) -> (Option<Colouring>, Option<Vec<u8>>) {
        let (mut colouring, mut profile) = (None, None);
        for property in self.properties(whole).chain(self.properties(part)).filter(|one| one.kind == *b"colr") {
            let mut body = Bytes(property.body);
            match body.array::<4>().as_ref() {
                Some(b"nclx") if colouring.is_none() => colouring = Colouring::read(property.body),
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
