//! Ogg with Vorbis or Opus: RFC 3533, RFC 7845. What somebody wrote about the sound is blotted out where it stands, so
//! that no page moves; only the sums of the pages change.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use phiomia_model::media::SoundTrack;

use super::flac;
use crate::{
    Kept, Piece, Unfit,
    playable::{Found, MOST_COVER, MOST_PIECES},
    source::{Bytes, Source, cut, wrong},
};

/// Most bytes of words.
const MOST_WORDS: usize = 16 * 1024 * 1024;
/// Most remarks about a sound.
const MOST_REMARKS: u32 = 4_096;
/// Before a picture in the words about a sound; in letters of any size.
const PICTURE: &[u8] = b"METADATA_BLOCK_PICTURE=";
/// Most streams in a file, beside each other and one after the other.
const MOST_STREAMS: usize = 64;

/// A page.
struct Page {
    at: u64,
    /// Head and table of segments.
    head: Vec<u8>,
    n_body: u64,
    serial: u32,
    begins: bool,
    /// Samples at its end; all ones: no packet ends in it.
    granule: u64,
}

/// A stream that is being read.
struct Stream {
    codec: Codec,
    /// Packets that ended.
    n_packets: u64,
    words: Words,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Codec {
    Vorbis { rate_hz: u32, channels: u32 },
    Opus { channels: u32, before: u64 },
}

/// The second packet, from the first of its pages to the last.
#[derive(Default)]
struct Words {
    pages: Vec<Page>,
    n_bytes: usize,
}

pub(crate) fn probe(source: &mut Source<'_>) -> Result<Found, Unfit> {
    let mut streams: BTreeMap<u32, Stream> = BTreeMap::new();
    let (mut pieces, mut sound, mut cover) = (Vec::new(), None, None);
    let (mut at, mut samples, mut granule, mut n_streams) = (0, 0_u64, 0_u64, 0);
    while at < source.length() {
        let page = match page(source, at) {
            Ok(page) => page,
            // Something else behind the last page is left out.
            Err(_) if n_streams > 0 && granule > 0 && source.array::<4>(at).is_ok_and(|word| word != *b"OggS") => break,
            Err(unfit) => return Err(unfit),
        };
        let body = at.saturating_add(page.head.len() as u64);
        let end = body.saturating_add(page.n_body);
        if page.begins {
            n_streams += 1;
            let first = source.bytes(body, usize::try_from(page.n_body).map_err(|_| cut())?)?;
            let codec = codec(&first)?;
            if n_streams > MOST_STREAMS {
                return Err(wrong("it has too many streams"));
            }
            sound = sound.or(Some(codec));
            // One after the other: their lengths add up.
            samples = samples.saturating_add(std::mem::take(&mut granule));
            streams.insert(page.serial, Stream { codec, n_packets: 1, words: Words::default() });
            copy(&mut pieces, at, end.saturating_sub(at));
        } else {
            let stream = streams.get_mut(&page.serial).ok_or_else(|| wrong("a stream has no beginning"))?;
            if stream.n_packets < 2 {
                stream.words.n_bytes =
                    stream.words.n_bytes.saturating_add(usize::try_from(page.n_body).unwrap_or(usize::MAX));
                if stream.words.n_bytes > MOST_WORDS {
                    return Err(wrong("the words about it are too long"));
                }
                let is_whole = page.head.get(27..).is_some_and(|table| table.iter().any(|n| *n < 255));
                stream.words.pages.push(page);
                if is_whole {
                    stream.n_packets = 2;
                    let found = blot(source, stream, &mut pieces)?;
                    cover = cover.or(found);
                }
            } else {
                if page.granule != u64::MAX {
                    granule = granule.max(page.granule);
                }
                copy(&mut pieces, at, end.saturating_sub(at));
            }
        }
        if pieces.len() > MOST_PIECES {
            return Err(wrong("it is in too many pieces"));
        }
        at = end;
    }
    let codec = sound.ok_or(Unfit::NothingToPlay)?;
    Ok(Found {
        kept: Kept::Ogg,
        duration_ms: codec.milliseconds(samples.saturating_add(granule)),
        film: None,
        sound: Some(codec.sound()),
        pieces,
        cover,
    })
}

fn copy(pieces: &mut Vec<Piece>, at: u64, n: u64) {
    match pieces.last_mut() {
        Some(Piece::Copy(from, length)) if from.saturating_add(*length) == at => *length = length.saturating_add(n),
        _ => pieces.push(Piece::Copy(at, n)),
    }
}

fn page(source: &mut Source<'_>, at: u64) -> Result<Page, Unfit> {
    let head = source.bytes(at, 27)?;
    let mut fields = Bytes(&head);
    if fields.slice(4) != Some(b"OggS") || fields.u8() != Some(0) {
        return Err(wrong("a page does not begin where it should"));
    }
    let flags = fields.u8().ok_or_else(cut)?;
    let granule = fields.array().map(u64::from_le_bytes).ok_or_else(cut)?;
    let serial = fields.u32_le().ok_or_else(cut)?;
    fields.skip(8).ok_or_else(cut)?;
    let n_segments = usize::from(fields.u8().ok_or_else(cut)?);
    let head = source.bytes(at, 27 + n_segments)?;
    let n_body: u64 = head.get(27..).unwrap_or_default().iter().map(|n| u64::from(*n)).sum();
    let end = at.saturating_add(head.len() as u64).saturating_add(n_body);
    if end > source.length() {
        return Err(cut());
    }
    Ok(Page { at, head, n_body, serial, begins: flags & 2 != 0, granule })
}

fn codec(first: &[u8]) -> Result<Codec, Unfit> {
    let mut body = Bytes(first);
    let name = match first {
        [1, b'v', b'o', b'r', b'b', b'i', b's', ..] => {
            body.skip(11).ok_or_else(cut)?;
            let channels = u32::from(body.u8().ok_or_else(cut)?);
            let rate_hz = body.u32_le().filter(|rate| *rate > 0).ok_or_else(cut)?;
            return Ok(Codec::Vorbis { rate_hz, channels });
        }
        [b'O', b'p', b'u', b's', b'H', b'e', b'a', b'd', ..] => {
            body.skip(9).ok_or_else(cut)?;
            let channels = u32::from(body.u8().ok_or_else(cut)?);
            let before = body.array().map(u16::from_le_bytes).ok_or_else(cut)?;
            return Ok(Codec::Opus { channels, before: u64::from(before) });
        }
        [0x80, b't', b'h', b'e', b'o', b'r', b'a', ..] => "Theora",
        [0x7f, b'F', b'L', b'A', b'C', ..] => "FLAC in Ogg",
        [b'S', b'p', b'e', b'e', b'x', ..] => "Speex",
        _ => "something unknown in Ogg",
    };
    Err(Unfit::Foreign { codec: name.to_owned() })
}

impl Codec {
    fn milliseconds(self, samples: u64) -> u64 {
        match self {
            Codec::Vorbis { rate_hz, .. } => samples.saturating_mul(1_000) / u64::from(rate_hz.max(1)),
            Codec::Opus { before, .. } => samples.saturating_sub(before) / 48,
        }
    }

    fn sound(self) -> SoundTrack {
        match self {
            Codec::Vorbis { rate_hz, channels } => SoundTrack { codec: "vorbis".to_owned(), rate_hz, channels },
            Codec::Opus { channels, .. } => SoundTrack { codec: "opus".to_owned(), rate_hz: 48_000, channels },
        }
    }

    /// What stands before the words.
    const fn mark(self) -> &'static [u8] {
        match self {
            Codec::Vorbis { .. } => b"\x03vorbis",
            Codec::Opus { .. } => b"OpusTags",
        }
    }
}

/// Writes pages whose second packet is as long as before and says nothing. The picture that was in it.
fn blot(source: &mut Source<'_>, stream: &mut Stream, pieces: &mut Vec<Piece>) -> Result<Option<Vec<u8>>, Unfit> {
    let words = std::mem::take(&mut stream.words);
    let mut body = Vec::with_capacity(words.n_bytes);
    for page in &words.pages {
        body.extend(
            source.bytes(
                page.at.saturating_add(page.head.len() as u64),
                usize::try_from(page.n_body).map_err(|_| cut())?,
            )?,
        );
    }
    // Where the packet ends: the first segment that is not full, over all pages.
    let table = words.pages.iter().flat_map(|page| page.head.get(27..).unwrap_or_default());
    let mut n_packet = 0;
    for n in table {
        n_packet += usize::from(*n);
        if *n < 255 {
            break;
        }
    }
    let packet = body.get_mut(..n_packet).ok_or_else(cut)?;
    let mark = stream.codec.mark();
    let words_behind = packet.strip_prefix(mark).ok_or_else(|| wrong("its second packet is none of words"))?;
    let cover = cover(words_behind);
    let silent = silent(words_behind.len()).ok_or_else(cut)?;
    packet.get_mut(mark.len()..).unwrap_or_default().copy_from_slice(&silent);
    let mut rest = body.as_slice();
    for page in words.pages {
        let (content, left) =
            rest.split_at_checked(usize::try_from(page.n_body).map_err(|_| cut())?).ok_or_else(cut)?;
        rest = left;
        let mut bytes = page.head;
        bytes.extend(content);
        bytes.get_mut(22..26).ok_or_else(cut)?.fill(0);
        let sum = checksum(&bytes);
        bytes.get_mut(22..26).ok_or_else(cut)?.copy_from_slice(&sum.to_le_bytes());
        pieces.push(Piece::Bytes(bytes));
    }
    Ok(cover)
}

/// The first picture among the words: a block as in FLAC. Source: <https://wiki.xiph.org/VorbisComment#Cover_art>.
fn cover(words: &[u8]) -> Option<Vec<u8>> {
    let mut words = Bytes(words);
    let n_maker = words.u32_le()?;
    words.skip(usize::try_from(n_maker).ok()?)?;
    for _ in 0..words.u32_le()?.min(MOST_REMARKS) {
        let n = usize::try_from(words.u32_le()?).ok()?;
        let remark = words.slice(n)?;
        if let Some((name, block)) = remark.split_at_checked(PICTURE.len())
            && name.eq_ignore_ascii_case(PICTURE)
            && block.len() <= MOST_COVER * 2
        {
            return STANDARD
                .decode(block)
                .ok()
                .and_then(|block| flac::picture(&block))
                .filter(|p| p.len() <= MOST_COVER);
        }
    }
    None
}

/// So many bytes of words that say nothing: a maker of blanks, no remarks, and the bit that Vorbis wants at the end.
fn silent(n: usize) -> Option<Vec<u8>> {
    let n_maker = n.checked_sub(9)?;
    let mut bytes = u32::try_from(n_maker).ok()?.to_le_bytes().to_vec();
    bytes.extend(std::iter::repeat_n(b' ', n_maker));
    bytes.extend([0, 0, 0, 0, 1]);
    Some(bytes)
}

/// CRC-32 as Ogg has it: not turned around, beginning with nothing.
fn checksum(bytes: &[u8]) -> u32 {
    let mut sum = 0_u32;
    for byte in bytes {
        sum ^= u32::from(*byte) << 24;
        for _ in 0..8 {
            sum = if sum & 0x8000_0000 == 0 { sum << 1 } else { sum << 1 ^ 0x04c1_1db7 };
        }
    }
    sum
}
