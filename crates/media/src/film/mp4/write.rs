//! The file that is kept: `ftyp`, `moov` without what nobody needs, `mdat` with the samples of the tracks that are kept.

use super::{Track, children};
use crate::{
    Piece, Unfit,
    playable::MOST_PIECES,
    source::{cut, wrong},
};

/// What the file says it is, whatever it said before.
const FTYP: &[u8] = b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41";
/// Parts of a track's table that say how its samples are played.
const TABLES: [[u8; 4]; 8] = [*b"stsd", *b"stts", *b"ctts", *b"stss", *b"stsc", *b"stsz", *b"sdtp", *b"cslg"];
/// Data in the file itself: nothing outside is looked for.
const DINF: &[u8] = b"\0\0\0\x24dinf\0\0\0\x1cdref\0\0\0\0\0\0\0\x01\0\0\0\x0curl \0\0\0\x01";

/// The file in pieces. `length`: of what came.
pub(super) fn pieces(moov: &[u8], tracks: &[&Track<'_>], length: u64) -> Result<Vec<Piece>, Unfit> {
    let mut chunks: Vec<(u64, u64, usize, usize)> = Vec::new();
    for (t, track) in tracks.iter().enumerate() {
        let placed = track.samples.chunks.iter().enumerate();
        chunks.extend(placed.map(|(n, (offset, n_bytes))| (*offset, *n_bytes, t, n)));
    }
    chunks.sort_unstable();
    let mut offsets: Vec<Vec<u32>> = tracks.iter().map(|track| vec![0; track.samples.chunks.len()]).collect();
    // Offsets are written as numbers of four bytes, whatever they are, so the length of what stands before is known.
    let head = |offsets: &[Vec<u32>]| write(moov, tracks, offsets);
    let start = (FTYP.len() as u64).saturating_add(head(&offsets)?.len() as u64).saturating_add(8);
    let (mut at, mut before) = (start, 0);
    let mut copies: Vec<(u64, u64)> = Vec::new();
    for (offset, n_bytes, t, n) in chunks {
        let end = offset.checked_add(n_bytes).filter(|end| *end <= length).ok_or_else(cut)?;
        // Chunks that share bytes would make a large file of a small one.
        if offset < before && n_bytes > 0 {
            return Err(wrong("its parts overlap"));
        }
        before = before.max(end);
        let place = offsets.get_mut(t).and_then(|offsets| offsets.get_mut(n)).ok_or_else(cut)?;
        *place = u32::try_from(at).map_err(|_| cut())?;
        at = at.saturating_add(n_bytes);
        match copies.last_mut() {
            Some((from, n)) if from.saturating_add(*n) == offset => *n = n.saturating_add(n_bytes),
            _ if n_bytes == 0 => {}
            _ => copies.push((offset, n_bytes)),
        }
        if copies.len() > MOST_PIECES {
            return Err(wrong("it is in too many pieces"));
        }
    }
    let mut written = FTYP.to_vec();
    written.extend(head(&offsets)?);
    let n_data = at.saturating_sub(start).saturating_add(8);
    written.extend(u32::try_from(n_data).map_err(|_| cut())?.to_be_bytes());
    written.extend(b"mdat");
    let copies = copies.into_iter().map(|(from, n)| Piece::Copy(from, n));
    Ok(std::iter::once(Piece::Bytes(written)).chain(copies).collect())
}

fn write(moov: &[u8], tracks: &[&Track<'_>], offsets: &[Vec<u32>]) -> Result<Vec<u8>, Unfit> {
    let mut inner = Vec::new();
    let head = children(moov).find(|inner| inner.kind == *b"mvhd").ok_or_else(cut)?;
    let lasts = Lasts::of(head.body, tracks);
    inner.extend(with(without_times(head.whole), lasts.movie(), [16, 24]));
    for (track, offsets) in tracks.iter().zip(offsets) {
        put(&mut inner, *b"trak", &self::track(track, offsets, lasts)?)?;
    }
    let mut out = Vec::new();
    put(&mut out, *b"moov", &inner)?;
    Ok(out)
}

fn track(track: &Track<'_>, offsets: &[u32], lasts: Lasts) -> Result<Vec<u8>, Unfit> {
    let mut out = Vec::new();
    let shown = lasts.shown(track);
    for part in children(track.body) {
        match &part.kind {
            b"tkhd" => out.extend(with(without_times(part.whole), shown, [20, 28])),
            b"edts" => out.extend(edits(part.whole, shown)),
            b"mdia" => put(&mut out, part.kind, &media(part.body, track, offsets)?)?,
            _ => {}
        }
    }
    Ok(out)
}

fn media(body: &[u8], track: &Track<'_>, offsets: &[u32]) -> Result<Vec<u8>, Unfit> {
    let mut out = Vec::new();
    let lasts = track.tables.is_some().then_some(track.duration);
    for part in children(body) {
        match &part.kind {
            b"mdhd" => out.extend(with(without_times(part.whole), lasts, [16, 24])),
            // What handles it, and no name.
            b"hdlr" => {
                let kind = part.body.get(8..12).ok_or_else(cut)?;
                put(&mut out, part.kind, &[&[0; 8], kind, &[0; 13]].concat())?;
            }
            b"minf" => put(&mut out, part.kind, &information(part.body, track, offsets)?)?,
            _ => {}
        }
    }
    Ok(out)
}

fn information(body: &[u8], track: &Track<'_>, offsets: &[u32]) -> Result<Vec<u8>, Unfit> {
    let mut out = Vec::new();
    for part in children(body) {
        match &part.kind {
            b"vmhd" | b"smhd" => out.extend(part.whole),
            b"stbl" => {
                out.extend(DINF);
                let mut table = Vec::new();
                // Of a track in fragments the tables here are empty.
                let kept: &[[u8; 4]] = if track.tables.is_some() { &[*b"stsd"] } else { &TABLES };
                children(part.body).filter(|one| kept.contains(&one.kind)).for_each(|one| table.extend(one.whole));
                table.extend(track.tables.iter().flatten());
                let mut places = vec![0; 4];
                places.extend(u32::try_from(offsets.len()).map_err(|_| cut())?.to_be_bytes());
                offsets.iter().for_each(|offset| places.extend(offset.to_be_bytes()));
                put(&mut table, *b"stco", &places)?;
                put(&mut out, part.kind, &table)?;
            }
            _ => {}
        }
    }
    Ok(out)
}

/// How long a film lasts that came in fragments: its head did not know. `None`: it does.
#[derive(Clone, Copy)]
struct Lasts {
    /// Ticks a second of the film.
    clock: Option<u32>,
    ticks: u64,
}

impl Lasts {
    fn of(mvhd: &[u8], tracks: &[&Track<'_>]) -> Lasts {
        let clock = super::clock(mvhd).map(|(clock, _)| clock);
        let clock = clock.filter(|_| tracks.iter().any(|track| track.tables.is_some()));
        let mut lasts = Lasts { clock, ticks: 0 };
        lasts.ticks = tracks.iter().filter_map(|track| lasts.shown(track)).max().unwrap_or(0);
        lasts
    }

    fn movie(self) -> Option<u64> {
        self.clock.map(|_| self.ticks)
    }

    /// How long a track is shown, in ticks of the film.
    fn shown(self, track: &Track<'_>) -> Option<u64> {
        let ticks = u128::from(track.duration) * u128::from(self.clock?) / u128::from(track.timescale.max(1));
        u64::try_from(ticks).ok()
    }
}

/// A box with a duration in it, at one place of its body in the older form and at another in the newer one.
fn with(mut whole: Vec<u8>, lasts: Option<u64>, [older, newer]: [usize; 2]) -> Vec<u8> {
    let Some(lasts) = lasts else { return whole };
    if whole.get(8) == Some(&1) {
        if let Some(place) = whole.get_mut(8 + newer..16 + newer) {
            place.copy_from_slice(&lasts.to_be_bytes());
        }
    } else if let Some(place) = whole.get_mut(8 + older..12 + older) {
        place.copy_from_slice(&u32::try_from(lasts).unwrap_or(u32::MAX).to_be_bytes());
    }
    whole
}

/// Which part of a track is shown: of one in fragments the last edit lasts for nothing, and means all.
fn edits(whole: &[u8], lasts: Option<u64>) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    // `edts` and `elst` have heads of eight bytes; then the form, the number of edits, and each of them.
    let word = |at: usize| whole.get(at..at + 4).and_then(|four| four.try_into().ok()).map(u32::from_be_bytes);
    let n = word(20).and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
    if let (Some(lasts), Some(last), true) = (lasts, n.checked_sub(1), whole.get(12..16) == Some(b"elst")) {
        let is_newer = whole.get(16) == Some(&1);
        let (at, length) = if is_newer { (24 + last.saturating_mul(20), 8) } else { (24 + last.saturating_mul(12), 4) };
        if let Some(place) = bytes.get_mut(at..at.saturating_add(length)).filter(|place| place.iter().all(|b| *b == 0))
        {
            let told = if is_newer { lasts } else { u64::from(u32::try_from(lasts).unwrap_or(u32::MAX)) };
            place.copy_from_slice(told.to_be_bytes().get(8 - length..).unwrap_or_default());
        }
    }
    bytes
}

/// `mvhd`, `tkhd` and `mdhd` begin alike: when it was made and when it was changed. Nobody needs to know.
fn without_times(whole: &[u8]) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    let n = if bytes.get(8) == Some(&1) { 16 } else { 8 };
    if let Some(times) = bytes.get_mut(12..12 + n) {
        times.fill(0);
    }
    bytes
}

pub(super) fn put(out: &mut Vec<u8>, kind: [u8; 4], body: &[u8]) -> Result<(), Unfit> {
    let length = body.len().checked_add(8).and_then(|length| u32::try_from(length).ok()).ok_or_else(cut)?;
    out.extend(length.to_be_bytes());
    out.extend(kind);
    out.extend(body);
    Ok(())
}
