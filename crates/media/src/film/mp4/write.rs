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
    inner.extend(without_times(head.whole));
    for (track, offsets) in tracks.iter().zip(offsets) {
        put(&mut inner, *b"trak", &self::track(track, offsets)?)?;
    }
    let mut out = Vec::new();
    put(&mut out, *b"moov", &inner)?;
    Ok(out)
}

fn track(track: &Track<'_>, offsets: &[u32]) -> Result<Vec<u8>, Unfit> {
    let mut out = Vec::new();
    for part in children(track.body) {
        match &part.kind {
            b"tkhd" => out.extend(without_times(part.whole)),
            b"edts" => out.extend(part.whole),
            b"mdia" => put(&mut out, part.kind, &media(part.body, offsets)?)?,
            _ => {}
        }
    }
    Ok(out)
}

fn media(body: &[u8], offsets: &[u32]) -> Result<Vec<u8>, Unfit> {
    let mut out = Vec::new();
    for part in children(body) {
        match &part.kind {
            b"mdhd" => out.extend(without_times(part.whole)),
            // What handles it, and no name.
            b"hdlr" => {
                let kind = part.body.get(8..12).ok_or_else(cut)?;
                put(&mut out, part.kind, &[&[0; 8], kind, &[0; 13]].concat())?;
            }
            b"minf" => put(&mut out, part.kind, &information(part.body, offsets)?)?,
            _ => {}
        }
    }
    Ok(out)
}

fn information(body: &[u8], offsets: &[u32]) -> Result<Vec<u8>, Unfit> {
    let mut out = Vec::new();
    for part in children(body) {
        match &part.kind {
            b"vmhd" | b"smhd" => out.extend(part.whole),
            b"stbl" => {
                out.extend(DINF);
                let mut table = Vec::new();
                children(part.body).filter(|one| TABLES.contains(&one.kind)).for_each(|one| table.extend(one.whole));
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

/// `mvhd`, `tkhd` and `mdhd` begin alike: when it was made and when it was changed. Nobody needs to know.
fn without_times(whole: &[u8]) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    let n = if bytes.get(8) == Some(&1) { 16 } else { 8 };
    if let Some(times) = bytes.get_mut(12..12 + n) {
        times.fill(0);
    }
    bytes
}

fn put(out: &mut Vec<u8>, kind: [u8; 4], body: &[u8]) -> Result<(), Unfit> {
    let length = body.len().checked_add(8).and_then(|length| u32::try_from(length).ok()).ok_or_else(cut)?;
    out.extend(length.to_be_bytes());
    out.extend(kind);
    out.extend(body);
    Ok(())
}
