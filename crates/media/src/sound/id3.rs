//! ID3v2 tags before a sound: passed over, but for a picture. Source: <https://id3.org/id3v2.3.0>.

use crate::{
    Unfit,
    playable::MOST_COVER,
    source::{Bytes, Source, cut},
};

/// A tag.
pub(super) struct Tag {
    /// Where it ends.
    pub(super) end: u64,
    pub(super) cover: Option<Vec<u8>>,
}

/// Most frames of a tag.
const MOST_FRAMES: usize = 4_096;

/// The tag that begins at a place, if one does.
pub(super) fn read(source: &mut Source<'_>, at: u64) -> Result<Option<Tag>, Unfit> {
    let Ok([b'I', b'D', b'3', version @ 2..=4, _, flags, a, b, c, d]) = source.array::<10>(at) else { return Ok(None) };
    let length = sevens([a, b, c, d]).ok_or_else(cut)?;
    let footer = if flags & 0x10 == 0 { 0 } else { 10 };
    let start = at.saturating_add(10);
    let end = start.saturating_add(u64::from(length));
    if end.saturating_add(footer) > source.length() {
        return Err(cut());
    }
    // Escaped bytes and heads that go on are too rare to be read for a picture.
    let cover = if flags & 0xc0 == 0 { cover(source, version, start, end) } else { None };
    Ok(Some(Tag { end: end.saturating_add(footer), cover }))
}

/// Seven bits a byte.
fn sevens(bytes: [u8; 4]) -> Option<u32> {
    bytes.iter().all(|byte| *byte < 0x80).then(|| bytes.iter().fold(0, |number, byte| number << 7 | u32::from(*byte)))
}

/// The first picture of a tag.
fn cover(source: &mut Source<'_>, version: u8, start: u64, end: u64) -> Option<Vec<u8>> {
    let mut at = start;
    for _ in 0..MOST_FRAMES {
        let (is_picture, n_head, length) = if version == 2 {
            let [a, b, c, length @ ..] = source.array::<6>(at).ok()?;
            let [x, y, z] = length;
            ([a, b, c] == *b"PIC", 6, u32::from_be_bytes([0, x, y, z]))
        } else {
            let [a, b, c, d, x, y, z, w, _, flags] = source.array::<10>(at).ok()?;
            let length = if version == 4 { sevens([x, y, z, w])? } else { u32::from_be_bytes([x, y, z, w]) };
            // Packed, secret or escaped ones are not looked at.
            ([a, b, c, d] == *b"APIC" && flags == 0, 10, length)
        };
        let body = at.saturating_add(n_head);
        let next = body.checked_add(u64::from(length)).filter(|next| *next <= end && length > 0)?;
        if is_picture {
            let length = usize::try_from(length).ok().filter(|length| *length <= MOST_COVER)?;
            return picture(&source.bytes(body, length).ok()?, version);
        }
        at = next;
    }
    None
}

/// What is behind the words about a picture.
fn picture(frame: &[u8], version: u8) -> Option<Vec<u8>> {
    let mut body = Bytes(frame);
    let encoding = body.u8()?;
    if version == 2 {
        body.skip(3)?;
    } else {
        let n = body.0.iter().position(|byte| *byte == 0)?;
        body.skip(n + 1)?;
    }
    body.skip(1)?;
    let n = if matches!(encoding, 1 | 2) {
        2 * body.0.chunks_exact(2).position(|letter| letter == [0, 0])? + 2
    } else {
        body.0.iter().position(|byte| *byte == 0)? + 1
    };
    body.skip(n)?;
    Some(body.0.to_vec())
}
