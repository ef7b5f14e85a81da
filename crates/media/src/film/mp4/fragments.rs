//! MP4 in fragments, as streams and some recorders write it: ISO/IEC 14496-12, 8.8. Their samples become tables of the
//! ordinary kind, so that the film is kept as any other: whole, and without what else stood between them.

use std::collections::BTreeMap;

use super::{Box, children, find, samples::Samples};
use crate::{
    Unfit,
    source::{Bytes, Source, cut, wrong},
};

/// Most parts of the file that are looked at.
const MOST_PARTS: usize = 50_000;
/// Largest head of a fragment, in bytes.
const MOST_HEAD: u64 = 4 * 1024 * 1024;
/// Most samples of a track: ten hours of sound have fewer.
const MOST_SAMPLES: usize = 2_000_000;
/// How far apart two tracks may begin, in thousandths of a second: what nobody hears.
const MOST_APART_MS: u64 = 50;
/// Of a sample's flags: that it cannot be begun at.
const NO_BEGINNING: u32 = 0x1_0000;

/// A track as it is gathered.
#[derive(Debug, Default)]
struct Gathered {
    defaults: Defaults,
    /// How many samples it may have: none is of no bytes.
    most: usize,
    /// When its first sample is due.
    begins_at: Option<u64>,
    duration: u64,
    sizes: Vec<u32>,
    /// How many samples last how long.
    deltas: Vec<(u32, u32)>,
    /// How many samples are shown how much later than they are decoded.
    shifts: Vec<(u32, u32)>,
    is_shifted: bool,
    /// Numbers of those that can be begun at.
    beginnings: Vec<u32>,
    /// Where each run lies, its bytes and its samples.
    runs: Vec<(u64, u64, u32)>,
}

/// What holds of samples that say nothing else.
#[derive(Clone, Copy, Debug, Default)]
struct Defaults {
    duration: u32,
    size: u32,
    flags: u32,
}

/// A track whose samples are known, with tables as they stand in a file without fragments.
#[derive(Debug)]
pub(super) struct Whole {
    pub(super) samples: Samples,
    /// `stts`, `ctts`, `stss`, `stsc` and `stsz`.
    pub(super) tables: Vec<u8>,
}

/// The tracks of these numbers and clocks.
pub(super) fn read(source: &mut Source<'_>, moov: &[u8], tracks: &[(u32, u32)]) -> Result<Vec<Whole>, Unfit> {
    let most = usize::try_from(source.length()).unwrap_or(MOST_SAMPLES).min(MOST_SAMPLES);
    let empty = |(number, _): &(u32, u32)| (*number, Gathered { most, ..Gathered::default() });
    let mut gathered: BTreeMap<u32, Gathered> = tracks.iter().map(empty).collect();
    let extended = find(moov, *b"mvex").ok_or_else(cut)?;
    for inner in children(extended.body).filter(|inner| inner.kind == *b"trex") {
        let (number, defaults) = extends(inner.body).ok_or_else(cut)?;
        if let Some(track) = gathered.get_mut(&number) {
            track.defaults = defaults;
        }
    }
    let mut at = 0;
    for _ in 0..MOST_PARTS {
        if source.length().saturating_sub(at) < 8 {
            return tracks_of(gathered, tracks);
        }
        let [a, b, c, d, kind @ ..] = source.array::<8>(at)?;
        let (head, length) = match u32::from_be_bytes([a, b, c, d]) {
            0 => (8, source.length().saturating_sub(at)),
            1 => (16, u64::from_be_bytes(source.array(at.saturating_add(8))?)),
            length => (8, u64::from(length)),
        };
        if length < head || at.checked_add(length).is_none_or(|end| end > source.length()) {
            return Err(cut());
        }
        if kind == *b"moof" {
            if length > MOST_HEAD {
                return Err(wrong("the head of a fragment is too large"));
            }
            let body = source.bytes(at + head, usize::try_from(length - head).map_err(|_| cut())?)?;
            fragment(&body, at, &mut gathered)?;
        }
        at += length;
    }
    Err(wrong("it has too many parts"))
}

fn tracks_of(mut gathered: BTreeMap<u32, Gathered>, tracks: &[(u32, u32)]) -> Result<Vec<Whole>, Unfit> {
    let begins = |number: &u32, clock: &u32| {
        let at = gathered.get(number).and_then(|track| track.begins_at)?;
        Some(at.saturating_mul(1_000) / u64::from((*clock).max(1)))
    };
    let begins: Vec<u64> = tracks.iter().filter_map(|(number, clock)| begins(number, clock)).collect();
    if begins.iter().max().zip(begins.iter().min()).is_some_and(|(last, first)| last - first > MOST_APART_MS) {
        return Err(Unfit::Foreign { codec: "MP4 in fragments whose tracks begin apart".to_owned() });
    }
    let whole = |(number, _): &(u32, u32)| gathered.remove(number).unwrap_or_default().whole();
    tracks.iter().map(whole).collect()
}

fn extends(body: &[u8]) -> Option<(u32, Defaults)> {
    let mut body = Bytes(body);
    body.skip(4)?;
    let number = body.u32()?;
    body.skip(4)?;
    Some((number, Defaults { duration: body.u32()?, size: body.u32()?, flags: body.u32()? }))
}

/// The runs of one fragment, whose head begins at a place.
fn fragment(body: &[u8], start: u64, gathered: &mut BTreeMap<u32, Gathered>) -> Result<(), Unfit> {
    // Without another word, what belongs to a track follows what belongs to the one before.
    let mut follows = start;
    for part in children(body).filter(|part| part.kind == *b"traf") {
        let head = find(part.body, *b"tfhd").ok_or_else(cut)?;
        let (number, place, defaults) = header(head.body, start, follows).ok_or_else(cut)??;
        // Of those that are not kept nothing is remembered, but where they end.
        let mut other = Gathered { most: MOST_SAMPLES, ..Gathered::default() };
        let track = gathered.get_mut(&number).unwrap_or(&mut other);
        let defaults = defaults.over(track.defaults);
        if let Some(at) = find(part.body, *b"tfdt").and_then(|inner| time(inner.body)) {
            track.is_due(at);
        }
        let mut next = place;
        for run in children(part.body).filter(|run| run.kind == *b"trun") {
            next = track.add(run, place, next, defaults)?;
        }
        follows = next;
    }
    Ok(())
}

/// What the head of a track's part says instead of what holds of the track.
#[derive(Clone, Copy, Default)]
struct Instead {
    duration: Option<u32>,
    size: Option<u32>,
    flags: Option<u32>,
}

impl Instead {
    fn over(self, defaults: Defaults) -> Defaults {
        Defaults {
            duration: self.duration.unwrap_or(defaults.duration),
            size: self.size.unwrap_or(defaults.size),
            flags: self.flags.unwrap_or(defaults.flags),
        }
    }
}

/// The number of the track, from where places are counted, and what holds here.
fn header(body: &[u8], start: u64, follows: u64) -> Option<Result<(u32, u64, Instead), Unfit>> {
    let mut body = Bytes(body);
    let flags = body.u32()?;
    let number = body.u32()?;
    let place = match flags {
        _ if flags & 0x1 != 0 => body.u64()?,
        _ if flags & 0x2_0000 != 0 => start,
        _ => follows,
    };
    if flags & 0x2 != 0 && body.u32()? != 1 {
        return Some(Err(Unfit::Foreign { codec: "MP4 in fragments of several kinds".to_owned() }));
    }
    let mut said = |flag: u32| if flags & flag == 0 { Some(None) } else { body.u32().map(Some) };
    let instead = Instead { duration: said(0x8)?, size: said(0x10)?, flags: said(0x20)? };
    Some(Ok((number, place, instead)))
}

fn time(body: &[u8]) -> Option<u64> {
    let mut body = Bytes(body);
    if body.u32()? >> 24 == 1 { body.u64() } else { body.u32().map(u64::from) }
}

impl Gathered {
    /// When the next sample is due: where something is missing, the one before lasts longer.
    fn is_due(&mut self, at: u64) {
        let begins = *self.begins_at.get_or_insert(at);
        let gap = at.saturating_sub(begins).saturating_sub(self.duration);
        let last = self.deltas.last().map(|(_, delta)| *delta);
        if let (Ok(gap @ 1..), Some(delta)) = (u32::try_from(gap), last) {
            if let Some((n, _)) = self.deltas.last_mut() {
                *n -= 1;
            }
            self.deltas.retain(|(n, _)| *n > 0);
            count(&mut self.deltas, delta.saturating_add(gap));
            self.duration = self.duration.saturating_add(u64::from(gap));
        }
    }

    /// A run of samples; where it ends.
    fn add(&mut self, run: Box<'_>, place: u64, next: u64, defaults: Defaults) -> Result<u64, Unfit> {
        let mut body = Bytes(run.body);
        let flags = body.u32().ok_or_else(cut)?;
        let n_samples = body.u32().ok_or_else(cut)?;
        let n = usize::try_from(n_samples).map_err(|_| cut())?;
        if n > self.most.saturating_sub(self.sizes.len()) {
            return Err(wrong("it has too many samples"));
        }
        let start = if flags & 0x1 == 0 {
            next
        } else {
            let from = body.array().map(i32::from_be_bytes).ok_or_else(cut)?;
            place.checked_add_signed(i64::from(from)).ok_or_else(cut)?
        };
        let first_flags = if flags & 0x4 == 0 { None } else { Some(body.u32().ok_or_else(cut)?) };
        let mut n_bytes = 0_u64;
        for sample in 0..n {
            let mut said = |flag: u32, otherwise: u32| {
                if flags & flag == 0 { Ok(otherwise) } else { body.u32().ok_or_else(cut) }
            };
            let (duration, size) = (said(0x100, defaults.duration)?, said(0x200, defaults.size)?);
            let kind = said(0x400, first_flags.filter(|_| sample == 0).unwrap_or(defaults.flags))?;
            let shift = said(0x800, 0)?;
            self.sizes.push(size);
            self.duration = self.duration.saturating_add(u64::from(duration));
            count(&mut self.deltas, duration);
            count(&mut self.shifts, shift);
            self.is_shifted |= shift != 0;
            if kind & NO_BEGINNING == 0 {
                self.beginnings.push(u32::try_from(self.sizes.len()).map_err(|_| cut())?);
            }
            n_bytes = n_bytes.saturating_add(u64::from(size));
        }
        if n_samples > 0 {
            self.runs.push((start, n_bytes, n_samples));
        }
        start.checked_add(n_bytes).ok_or_else(cut)
    }

    fn whole(self) -> Result<Whole, Unfit> {
        let mut tables = Vec::new();
        table(&mut tables, *b"stts", 0, self.deltas.iter().flat_map(|(n, delta)| [*n, *delta]), 2)?;
        if self.is_shifted {
            // Numbers that may be below zero; those that are not are the same in both forms.
            table(&mut tables, *b"ctts", 1, self.shifts.iter().flat_map(|(n, shift)| [*n, *shift]), 2)?;
        }
        if self.beginnings.len() < self.sizes.len() {
            table(&mut tables, *b"stss", 0, self.beginnings.iter().copied(), 1)?;
        }
        let mut chunks: Vec<u32> = Vec::new();
        let mut before = None;
        for (number, (_, _, n_samples)) in (1_u32..).zip(&self.runs) {
            if before.replace(*n_samples) != Some(*n_samples) {
                chunks.extend([number, *n_samples, 1]);
            }
        }
        table(&mut tables, *b"stsc", 0, chunks.into_iter(), 3)?;
        sizes(&mut tables, &self.sizes)?;
        let samples = Samples {
            count: self.sizes.len() as u64,
            duration: self.duration,
            chunks: self.runs.iter().map(|(start, n_bytes, _)| (*start, *n_bytes)).collect(),
            first: self.runs.first().map(|run| run.0).zip(self.sizes.first().copied().map(u64::from)),
        };
        Ok(Whole { samples, tables })
    }
}

/// One more of a kind.
fn count(runs: &mut Vec<(u32, u32)>, value: u32) {
    match runs.last_mut() {
        Some((n, known)) if *known == value => *n += 1,
        _ => runs.push((1, value)),
    }
}

/// Bytes of each sample; once, where all have the same.
fn sizes(out: &mut Vec<u8>, sizes: &[u32]) -> Result<(), Unfit> {
    let same = sizes.first().copied().filter(|first| *first > 0 && sizes.iter().all(|size| size == first));
    let each = if same.is_some() { &[] } else { sizes };
    let mut body = vec![0; 4];
    body.extend(same.unwrap_or(0).to_be_bytes());
    body.extend(u32::try_from(sizes.len()).map_err(|_| cut())?.to_be_bytes());
    each.iter().for_each(|size| body.extend(size.to_be_bytes()));
    super::write::put(out, *b"stsz", &body)
}

/// A table of entries of so many numbers.
fn table(
    out: &mut Vec<u8>,
    kind: [u8; 4],
    version: u8,
    numbers: impl Iterator<Item = u32>,
    each: usize,
) -> Result<(), Unfit> {
    let body: Vec<u8> = numbers.flat_map(u32::to_be_bytes).collect();
    let n = (body.len() / 4).checked_div(each).unwrap_or(0);
    let mut head = vec![version, 0, 0, 0];
    head.extend(u32::try_from(n).map_err(|_| cut())?.to_be_bytes());
    super::write::put(out, kind, &[head, body].concat())
}
