//! Where the samples of a track lie: the boxes `stts`, `stsz`, `stsc`, `stco` and `co64`.

use super::find;
use crate::{
    Unfit,
    source::{Bytes, cut, wrong},
};

/// Most runs of samples in a file.
const MOST_CHUNKS: usize = 1_000_000;

/// The samples of a track.
#[derive(Debug)]
pub(super) struct Samples {
    /// How many.
    pub(super) count: u64,
    /// All together, in the track's time.
    pub(super) duration: u64,
    /// Runs of samples in the file: where each begins, and its bytes.
    pub(super) chunks: Vec<(u64, u64)>,
    /// Where the first one begins, and its bytes.
    pub(super) first: Option<(u64, u64)>,
}

impl Samples {
    pub(super) fn read(table: &[u8]) -> Result<Samples, Unfit> {
        let body = |kind: [u8; 4]| find(table, kind).map(|inner| inner.body);
        let duration = body(*b"stts").and_then(duration).ok_or_else(cut)?;
        let sizes = match (body(*b"stsz"), body(*b"stz2")) {
            (Some(sizes), _) => Sizes::read(sizes).ok_or_else(cut)?,
            (None, Some(_)) => return Err(Unfit::Foreign { codec: "MP4 with small samples".to_owned() }),
            (None, None) => return Err(cut()),
        };
        let offsets = match (body(*b"stco"), body(*b"co64")) {
            (Some(offsets), _) => self::offsets(offsets, false),
            (None, Some(offsets)) => self::offsets(offsets, true),
            (None, None) => None,
        };
        let offsets = offsets.ok_or_else(cut)?;
        let chunks = body(*b"stsc").ok_or_else(cut)?;
        let chunks = chunks_of(chunks, &offsets, &sizes)?;
        let first = offsets.first().copied().zip(sizes.sum(0, 1));
        Ok(Samples { count: sizes.count as u64, duration, chunks, first })
    }
}

/// How long all samples together take.
fn duration(stts: &[u8]) -> Option<u64> {
    let mut body = Bytes(stts);
    body.skip(4)?;
    let mut duration = 0_u64;
    for _ in 0..body.u32()? {
        let (count, delta) = (body.u32()?, body.u32()?);
        duration = duration.saturating_add(u64::from(count).saturating_mul(u64::from(delta)));
    }
    Some(duration)
}

/// Bytes of each sample.
struct Sizes<'a> {
    count: usize,
    /// Zero: each has its own.
    same: u32,
    each: &'a [[u8; 4]],
}

impl<'a> Sizes<'a> {
    fn read(stsz: &'a [u8]) -> Option<Sizes<'a>> {
        let mut body = Bytes(stsz);
        body.skip(4)?;
        let same = body.u32()?;
        let count = usize::try_from(body.u32()?).ok()?;
        let (each, _) = body.0.as_chunks::<4>();
        if same == 0 && each.len() < count {
            return None;
        }
        Some(Sizes { count, same, each })
    }

    /// Bytes of so many samples from one on.
    fn sum(&self, from: usize, n: usize) -> Option<u64> {
        let end = from.checked_add(n).filter(|end| *end <= self.count)?;
        if self.same > 0 {
            return u64::from(self.same).checked_mul(n as u64);
        }
        Some(self.each.get(from..end)?.iter().map(|size| u64::from(u32::from_be_bytes(*size))).sum())
    }
}

fn offsets(body: &[u8], is_long: bool) -> Option<Vec<u64>> {
    let mut body = Bytes(body);
    body.skip(4)?;
    let n = usize::try_from(body.u32()?).ok()?;
    // What is claimed takes memory only if it is there.
    let n_there = body.0.len() / if is_long { 8 } else { 4 };
    if n > n_there || n > MOST_CHUNKS {
        return None;
    }
    (0..n).map(|_| if is_long { body.u64() } else { body.u32().map(u64::from) }).collect()
}

/// The bytes of each chunk: its samples are said in runs of chunks that have equally many.
fn chunks_of(stsc: &[u8], offsets: &[u64], sizes: &Sizes<'_>) -> Result<Vec<(u64, u64)>, Unfit> {
    let mut body = Bytes(stsc);
    body.skip(4).ok_or_else(cut)?;
    let n_runs = body.u32().ok_or_else(cut)?;
    let mut run = || -> Option<(u64, usize)> {
        let (first, n_samples) = (body.u32()?, body.u32()?);
        body.skip(4)?;
        Some((u64::from(first), usize::try_from(n_samples).ok()?))
    };
    let mut left = n_runs;
    let mut next = if left > 0 { run() } else { None };
    let (mut n_samples, mut sample) = (0, 0_usize);
    let mut chunks = Vec::with_capacity(offsets.len());
    for (number, offset) in (1_u64..).zip(offsets) {
        while let Some((first, n)) = next.filter(|(first, _)| *first <= number) {
            if first == 0 {
                return Err(wrong("its runs of samples begin before the first"));
            }
            n_samples = n;
            left = left.saturating_sub(1);
            next = if left > 0 { run() } else { None };
        }
        let n_bytes = sizes.sum(sample, n_samples).ok_or_else(|| wrong("it has fewer samples than it says"))?;
        sample = sample.saturating_add(n_samples);
        chunks.push((*offset, n_bytes));
    }
    if sample < sizes.count && sizes.same != 1 {
        return Err(wrong("it has more samples than it says"));
    }
    Ok(chunks)
}
