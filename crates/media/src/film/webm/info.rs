//! The description of the file: how long it is, and what nobody needs to know of it.

use super::elements::{Element, Inner, children, number, void};
use crate::{
    Unfit,
    source::{Source, cut},
};

const TIMECODE_SCALE: u32 = 0x2a_d7b1;
const DURATION: u32 = 0x4489;
const MUXING_APP: u32 = 0x4d80;
const WRITING_APP: u32 = 0x5741;

/// What the description says.
#[derive(Debug)]
pub(super) struct Info {
    /// Nanoseconds of a tick.
    scale: u64,
    /// Ticks.
    duration: Option<f64>,
}

impl Default for Info {
    fn default() -> Info {
        Info { scale: 1_000_000, duration: None }
    }
}

impl Info {
    pub(super) fn read(body: &[u8]) -> Result<Info, Unfit> {
        let mut info = Info::default();
        for inner in children(body) {
            match inner.id {
                TIMECODE_SCALE => info.scale = number(inner.body),
                DURATION => info.duration = float(inner.body),
                _ => {}
            }
        }
        if info.scale == 0 { Err(cut()) } else { Ok(info) }
    }

    /// Whether it says how long it is.
    pub(super) fn duration_ms(&self) -> Option<u64> {
        let seconds = self.duration.filter(|ticks| ticks.is_finite() && *ticks > 0.0)? * f64_of(self.scale) / 1e9;
        std::time::Duration::try_from_secs_f64(seconds)
            .ok()
            .and_then(|duration| u64::try_from(duration.as_millis()).ok())
    }

    pub(super) fn milliseconds(&self, ticks: u64) -> u64 {
        ticks.saturating_mul(self.scale) / 1_000_000
    }

    pub(super) fn ticks(&self, milliseconds: u64) -> f64 {
        f64_of(milliseconds) * 1e6 / f64_of(self.scale)
    }
}

/// Exact up to four thousand million, and near enough beyond.
fn f64_of(number: u64) -> f64 {
    let (high, low) =
        (u32::try_from(number >> 32).unwrap_or(u32::MAX), u32::try_from(number & 0xffff_ffff).unwrap_or(0));
    f64::from(high) * 4_294_967_296.0 + f64::from(low)
}

pub(super) fn float(bytes: &[u8]) -> Option<f64> {
    match bytes.len() {
        4 => bytes.try_into().ok().map(|bytes| f64::from(f32::from_be_bytes(bytes))),
        8 => bytes.try_into().ok().map(f64::from_be_bytes),
        _ => None,
    }
}

/// The element, in which only numbers and the names of programs are left.
pub(super) fn without_names(source: &mut Source<'_>, part: &Element, body: &[u8]) -> Result<Vec<u8>, Unfit> {
    let n_head = usize::try_from(part.body.saturating_sub(part.at)).map_err(|_| cut())?;
    let mut out = source.bytes(part.at, n_head)?;
    let keeps = |inner: Inner<'_>| matches!(inner.id, TIMECODE_SCALE | DURATION | MUXING_APP | WRITING_APP);
    only(&mut out, body, |out, inner, whole| keep_or_void(out, whole, keeps(inner)))?;
    Ok(out)
}

/// Walks over what is in an element. What is no element any more becomes an empty one.
pub(super) fn only(
    out: &mut Vec<u8>,
    body: &[u8],
    mut each: impl FnMut(&mut Vec<u8>, Inner<'_>, &[u8]) -> Result<(), Unfit>,
) -> Result<(), Unfit> {
    let mut done = 0;
    for inner in children(body) {
        let end = done + inner.n_head + inner.body.len();
        each(out, inner, body.get(done..end).ok_or_else(cut)?)?;
        done = end;
    }
    if done == body.len() { Ok(()) } else { Err(cut()) }
}

/// The element, or an empty one as long.
pub(super) fn keep_or_void(out: &mut Vec<u8>, whole: &[u8], keeps: bool) -> Result<(), Unfit> {
    if keeps {
        out.extend(whole);
        return Ok(());
    }
    let head = void(whole.len() as u64).ok_or_else(cut)?;
    let n = whole.len().saturating_sub(head.len());
    out.extend(head);
    out.extend(std::iter::repeat_n(0, n));
    Ok(())
}

/// Writes into a description how long it all is.
pub(super) fn tell_duration(described: &mut Vec<u8>, ticks: f64) {
    // Name of four bytes, then a length, which is written anew in eight.
    let Some(rest) = described.get(4..) else { return };
    let Some((_, n_length)) = super::elements::vint(rest) else { return };
    let mut body = rest.get(n_length..).unwrap_or_default().to_vec();
    body.extend([0x44, 0x89, 0x88]);
    body.extend(ticks.to_be_bytes());
    described.truncate(4);
    described.extend((body.len() as u64 | 1 << 56).to_be_bytes());
    described.extend(body);
}
