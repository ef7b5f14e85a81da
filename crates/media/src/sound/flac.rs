//! FLAC: RFC 9639. Only what a player needs stays before the frames.

use phiomia_model::media::SoundTrack;

use crate::{
    Kept, Piece, Unfit,
    playable::{Found, MOST_COVER},
    source::{Bytes, Source, cut, wrong},
};

/// Most blocks before the frames.
const MOST_BLOCKS: usize = 1_024;

/// The file from a place on; `cover`: a picture that was known before.
pub(crate) fn probe(source: &mut Source<'_>, start: u64, cover: Option<Vec<u8>>) -> Result<Found, Unfit> {
    let mut at = start.saturating_add(4);
    let mut cover = cover;
    let mut facts = None;
    let mut head = b"fLaC".to_vec();
    let mut last = None;
    for n in 0..MOST_BLOCKS {
        let [kind, length @ ..] = source.array::<4>(at)?;
        let [a, b, c] = length;
        let length = u32::from_be_bytes([0, a, b, c]);
        let body = at.saturating_add(4);
        let n_bytes = usize::try_from(length).map_err(|_| cut())?;
        match kind & 0x7f {
            0 if n == 0 && n_bytes == 34 => facts = Some(stream(&source.bytes(body, n_bytes)?).ok_or_else(cut)?),
            // Where to begin within the sound.
            3 if n > 0 && n_bytes <= 1024 * 1024 => {}
            6 if cover.is_none() && n_bytes <= MOST_COVER => cover = picture(&source.bytes(body, n_bytes)?),
            _ => {}
        }
        if matches!((kind & 0x7f, n), (0, 0) | (3, 1..)) && n_bytes <= 1024 * 1024 {
            last = Some(head.len());
            head.push(kind & 0x7f);
            head.extend(length.to_be_bytes().get(1..).unwrap_or_default());
            head.extend(source.bytes(body, n_bytes)?);
        }
        at = body.saturating_add(u64::from(length));
        if kind & 0x80 != 0 {
            break;
        }
    }
    let (rate_hz, channels, n_samples) = facts.ok_or_else(|| wrong("it does not say what it is"))?;
    if let Some(flag) = last.and_then(|last| head.get_mut(last)) {
        *flag |= 0x80;
    }
    match source.array::<2>(at)? {
        [0xff, second] if second & 0xfe == 0xf8 => {}
        _ => return Err(wrong("no sound begins in it")),
    }
    let mut end = source.length();
    // An old tag behind the sound.
    if end.checked_sub(128).is_some_and(|tag| tag > at && source.array::<3>(tag).is_ok_and(|word| word == *b"TAG")) {
        end = end.saturating_sub(128);
    }
    Ok(Found {
        kept: Kept::Flac,
        duration_ms: n_samples.saturating_mul(1_000) / u64::from(rate_hz.max(1)),
        film: None,
        sound: Some(SoundTrack { codec: "flac".to_owned(), rate_hz, channels }),
        pieces: vec![Piece::Bytes(head), Piece::Copy(at, end.saturating_sub(at))],
        cover,
    })
}

/// Samples a second, channels, and samples in all.
fn stream(block: &[u8]) -> Option<(u32, u32, u64)> {
    let mut body = Bytes(block);
    body.skip(10)?;
    let packed = body.u64()?;
    let rate_hz = u32::try_from(packed >> 44).ok().filter(|rate| *rate > 0)?;
    let channels = u32::try_from(packed >> 41 & 7).ok()? + 1;
    Some((rate_hz, channels, packed & 0xf_ffff_ffff))
}

/// The picture in a block of that kind.
pub(super) fn picture(block: &[u8]) -> Option<Vec<u8>> {
    let mut body = Bytes(block);
    body.skip(4)?;
    for _ in 0..2 {
        let n = usize::try_from(body.u32()?).ok()?;
        body.skip(n)?;
    }
    body.skip(16)?;
    let n = usize::try_from(body.u32()?).ok()?;
    body.slice(n).map(<[u8]>::to_vec)
}
