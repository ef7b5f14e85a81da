//! MP3 and AAC without a container: frame after frame. What is between them and around them is left out.

use phiomia_model::media::SoundTrack;

use super::{flac, id3};
use crate::{
    Kept, Piece, Unfit,
    playable::{Container, Found},
    source::{Source, wrong},
};

/// Bytes before the first frame that are passed over.
const MOST_JUNK: u64 = 64 * 1024;
/// Runs of frames with something else between them.
const MOST_RUNS: usize = 1_000;

/// The head of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Frame {
    kept: Kept,
    n_bytes: u64,
    rate_hz: u32,
    channels: u32,
    n_samples: u64,
}

pub(crate) fn probe(source: &mut Source<'_>) -> Result<Found, Unfit> {
    let (mut at, mut cover) = (0, None);
    while let Some(tag) = id3::read(source, at)? {
        at = tag.end;
        cover = cover.or(tag.cover);
        if source.array::<4>(at).is_ok_and(|start| start == *b"fLaC") {
            return flac::probe(source, at, cover);
        }
    }
    let is_layer_one_or_two = |head: [u8; 4]| Container::of(&head) == Some(Container::Mp3) && head[1] & 0x06 != 0x02;
    let (first, frame) = first(source, at)?.ok_or_else(|| match source.array::<4>(at) {
        Ok(head) if is_layer_one_or_two(head) => Unfit::Foreign { codec: "MPEG sound older than MP3".to_owned() },
        _ => wrong("no sound begins in it"),
    })?;
    let mut runs: Vec<(u64, u64)> = Vec::new();
    let mut n_samples = 0_u64;
    let mut at = first;
    // A frame with figures about the others has no sound.
    if frame.kept == Kept::Mp3 && is_figures(source, first, frame) {
        runs.push((first, frame.n_bytes));
        at = first.saturating_add(frame.n_bytes);
    }
    while at < source.length() {
        let here = head(source, at).filter(|here| here.kept == frame.kept);
        match here.filter(|here| at.saturating_add(here.n_bytes) <= source.length()) {
            Some(here) => {
                n_samples = n_samples.saturating_add(here.n_samples);
                match runs.last_mut() {
                    Some((from, n)) if from.saturating_add(*n) == at => *n = n.saturating_add(here.n_bytes),
                    _ => runs.push((at, here.n_bytes)),
                }
                at = at.saturating_add(here.n_bytes);
            }
            None => match next(source, at.saturating_add(1), MOST_JUNK, frame.kept) {
                Some(there) if runs.len() < MOST_RUNS => at = there,
                _ => break,
            },
        }
    }
    let sound = SoundTrack {
        codec: if frame.kept == Kept::Mp3 { "mp3" } else { "aac" }.to_owned(),
        rate_hz: frame.rate_hz,
        channels: frame.channels,
    };
    Ok(Found {
        kept: frame.kept,
        duration_ms: n_samples.saturating_mul(1_000) / u64::from(frame.rate_hz.max(1)),
        film: None,
        sound: Some(sound),
        pieces: runs.into_iter().map(|(from, n)| Piece::Copy(from, n)).collect(),
        cover,
    })
}

/// Where sound begins: three frames one after the other, or all there are.
fn first(source: &mut Source<'_>, from: u64) -> Result<Option<(u64, Frame)>, Unfit> {
    let end = from.saturating_add(MOST_JUNK).min(source.length());
    for at in from..end {
        let Some(frame) = head(source, at) else { continue };
        if follow(source, at, frame) {
            return Ok(Some((at, frame)));
        }
    }
    Ok(None)
}

fn follow(source: &mut Source<'_>, at: u64, frame: Frame) -> bool {
    let mut next = at.saturating_add(frame.n_bytes);
    for _ in 0..2 {
        if next == source.length() {
            return true;
        }
        match head(source, next) {
            Some(other) if other.kept == frame.kept && other.rate_hz == frame.rate_hz => {
                next = next.saturating_add(other.n_bytes);
            }
            _ => return false,
        }
    }
    true
}

/// The next two frames, not too far away.
fn next(source: &mut Source<'_>, from: u64, most: u64, kept: Kept) -> Option<u64> {
    let end = from.saturating_add(most).min(source.length());
    (from..end).find(|at| head(source, *at).is_some_and(|frame| frame.kept == kept && follow(source, *at, frame)))
}

fn head(source: &mut Source<'_>, at: u64) -> Option<Frame> {
    let bytes = source.array::<7>(at).ok()?;
    mpeg(bytes).or_else(|| adts(bytes))
}

/// Source: ISO/IEC 11172-3, 2.4.1.3, layer III alone.
fn mpeg([first, second, third, fourth, ..]: [u8; 7]) -> Option<Frame> {
    const FIRST: [u64; 14] = [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
    const OTHERS: [u64; 14] = [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
    if first != 0xff || second & 0xe6 != 0xe2 {
        return None;
    }
    let version = second >> 3 & 3;
    let (rates, divisor) = match version {
        3 => (FIRST, 1),
        2 => (OTHERS, 2),
        0 => (OTHERS, 4),
        _ => return None,
    };
    let kilobits = *rates.get(usize::from(third >> 4).checked_sub(1)?)?;
    let rate_hz = *[44_100_u32, 48_000, 32_000].get(usize::from(third >> 2 & 3))? / divisor;
    let n_samples: u64 = if version == 3 { 1_152 } else { 576 };
    let padding = u64::from(third >> 1 & 1);
    let n_bytes = n_samples / 8 * kilobits * 1_000 / u64::from(rate_hz) + padding;
    let channels = if fourth >> 6 == 3 { 1 } else { 2 };
    Some(Frame { kept: Kept::Mp3, n_bytes, rate_hz, channels, n_samples })
}

/// Source: ISO/IEC 13818-7, 6.2.
fn adts([first, second, third, fourth, fifth, sixth, seventh]: [u8; 7]) -> Option<Frame> {
    const RATES: [u32; 13] =
        [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350];
    if first != 0xff || second & 0xf6 != 0xf0 {
        return None;
    }
    let rate_hz = *RATES.get(usize::from(third >> 2 & 15))?;
    let channels = u32::from((third & 1) << 2 | fourth >> 6);
    let n_bytes = u64::from(fourth & 3) << 11 | u64::from(fifth) << 3 | u64::from(sixth >> 5);
    let n_samples = 1_024 * (u64::from(seventh & 3) + 1);
    (n_bytes >= 7).then_some(Frame { kept: Kept::Aac, n_bytes, rate_hz, channels, n_samples })
}

/// Whether the first frame is one of figures (`Xing`, `Info`, `VBRI`) and not of sound.
fn is_figures(source: &mut Source<'_>, at: u64, frame: Frame) -> bool {
    let n = usize::try_from(frame.n_bytes).unwrap_or(0).min(64);
    let bytes = source.bytes(at, n).unwrap_or_default();
    [&b"Xing"[..], b"Info", b"VBRI"].iter().any(|word| bytes.windows(4).any(|four| four == *word))
}
