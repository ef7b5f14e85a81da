//! MP4 and its kin (QuickTime, 3GP, M4A): ISO/IEC 14496-12.
//!
//! What is kept is written anew: the table of contents first, so that a film plays before all of it is there; in it only
//! what a player needs, with no times, places or names; and of the samples only those of the tracks that are kept, so
//! that a track of positions is gone with its data.

mod codec;
mod fragments;
mod samples;
mod write;

use phiomia_model::media::SoundTrack;

use self::{codec::Encoded, samples::Samples};
use crate::{
    Kept, Unfit,
    boxes::{Box, MOST_BOXES, children, find},
    heif::Turn,
    playable::{Film, Found, MOST_COVER, fraction},
    poster::First,
    source::{Bytes, Source, cut, wrong},
};

/// Largest table of contents, in bytes: one of ten hours of sound has four million.
const MOST_MOOV: u64 = 24 * 1024 * 1024;
/// Most tracks.
const MOST_TRACKS: usize = 64;

/// A track that is kept.
struct Track<'a> {
    /// What is in its box.
    body: &'a [u8],
    encoded: Encoded,
    samples: Samples,
    timescale: u32,
    /// In its own time.
    duration: u64,
    number: u32,
    /// Tables of its samples that stand in no file yet: it came in fragments.
    tables: Option<Vec<u8>>,
    /// How it is turned when it is shown.
    turn: Option<Turn>,
}

pub(crate) fn probe(source: &mut Source<'_>) -> Result<Found, Unfit> {
    let moov = contents(source)?;
    let is_in_fragments = find(&moov, *b"mvex").is_some();
    let tracks = children(&moov).filter(|inner| inner.kind == *b"trak").take(MOST_TRACKS);
    let tracks: Vec<Track<'_>> = tracks.filter_map(|inner| track(inner.body).transpose()).collect::<Result<_, _>>()?;
    let mut film = None;
    let mut sound = None;
    for track in tracks {
        match &track.encoded {
            Encoded::Film { .. } if film.is_none() => film = Some(track),
            Encoded::Sound { .. } if sound.is_none() => sound = Some(track),
            _ => {}
        }
    }
    if film.is_none() && sound.is_none() {
        return Err(Unfit::NothingToPlay);
    }
    let seen = film.as_ref().and_then(Track::film);
    if let Some(seen) = &seen {
        seen.check()?;
    }
    for track in [&film, &sound].into_iter().flatten() {
        if let Some(codec) = track.encoded.foreign() {
            return Err(Unfit::Foreign { codec: codec.to_owned() });
        }
    }
    if is_in_fragments {
        gather(source, &moov, &mut film, &mut sound)?;
    }
    let seen = film.as_ref().and_then(Track::film);
    if let Some(seen) = &seen {
        seen.check()?;
    }
    let heard = sound.as_ref().and_then(Track::sound);
    let kept: Vec<&Track<'_>> = [&film, &sound].into_iter().flatten().collect();
    // What is shown of the tracks may be less than there is in them.
    let shown = find(&moov, *b"mvhd")
        .filter(|_| !is_in_fragments)
        .and_then(|inner| clock(inner.body))
        .map_or(0, |(timescale, ticks)| ticks.saturating_mul(1_000).checked_div(u64::from(timescale)).unwrap_or(0));
    let duration_ms = if shown > 0 { shown } else { kept.iter().map(|track| track.duration_ms()).max().unwrap_or(0) };
    let pieces = write::pieces(&moov, &kept, source.length())?;
    let cover = if film.is_none() { cover(&moov) } else { None };
    let kept = if film.is_some() { Kept::Mp4 } else { Kept::M4a };
    Ok(Found { kept, duration_ms, film: seen, sound: heard, pieces, cover })
}

/// Puts the samples of all fragments together.
fn gather<'a>(
    source: &mut Source<'_>,
    moov: &[u8],
    film: &mut Option<Track<'a>>,
    sound: &mut Option<Track<'a>>,
) -> Result<(), Unfit> {
    let mut tracks: Vec<&mut Track<'a>> = [film.as_mut(), sound.as_mut()].into_iter().flatten().collect();
    if tracks.iter().any(|track| track.samples.count > 0) {
        return Err(Unfit::Foreign { codec: "MP4 of which a part is in fragments".to_owned() });
    }
    let wanted: Vec<(u32, u32)> = tracks.iter().map(|track| (track.number, track.timescale)).collect();
    for (track, whole) in tracks.iter_mut().zip(fragments::read(source, moov, &wanted)?) {
        track.duration = whole.samples.duration;
        (track.samples, track.tables) = (whole.samples, Some(whole.tables));
    }
    if tracks.iter().all(|track| track.samples.count == 0) {
        return Err(Unfit::NothingToPlay);
    }
    Ok(())
}

/// The table of contents, wherever it lies.
fn contents(source: &mut Source<'_>) -> Result<Vec<u8>, Unfit> {
    let mut at = 0;
    let mut moov = None;
    for _ in 0..MOST_BOXES {
        if source.length().saturating_sub(at) < 8 {
            break;
        }
        let [a, b, c, d, kind @ ..] = source.array::<8>(at)?;
        let (head, length) = match u32::from_be_bytes([a, b, c, d]) {
            // To the end of the file.
            0 => (8, source.length().saturating_sub(at)),
            1 => (16, u64::from_be_bytes(source.array(at.saturating_add(8))?)),
            length => (8, u64::from(length)),
        };
        let end =
            at.checked_add(length).filter(|_| length >= head).ok_or_else(|| wrong("a part is smaller than itself"))?;
        if end > source.length() {
            return Err(cut());
        }
        if kind == *b"moov" && moov.is_none() {
            moov = Some((at.saturating_add(head), length.saturating_sub(head)));
        }
        at = end;
    }
    let (at, length) = moov.ok_or_else(|| wrong("it has no table of contents"))?;
    if length > MOST_MOOV {
        return Err(wrong("its table of contents is too large"));
    }
    source.bytes(at, usize::try_from(length).map_err(|_| cut())?)
}

fn track(body: &[u8]) -> Result<Option<Track<'_>>, Unfit> {
    let Some(media) = find(body, *b"mdia") else { return Ok(None) };
    let handler = find(media.body, *b"hdlr").and_then(|inner| inner.body.get(8..12));
    let is_film = match handler {
        Some(b"vide") => true,
        Some(b"soun") => false,
        _ => return Ok(None),
    };
    let table = find(media.body, *b"minf").and_then(|inner| find(inner.body, *b"stbl"));
    let Some(table) = table else { return Ok(None) };
    let Some(encoded) = codec::read(table.body, is_film)? else { return Ok(None) };
    let (timescale, told) = find(media.body, *b"mdhd").and_then(|inner| clock(inner.body)).ok_or_else(cut)?;
    if timescale == 0 {
        return Err(wrong("a track has no clock"));
    }
    let samples = Samples::read(table.body)?;
    let duration = if samples.duration > 0 { samples.duration } else { told };
    let turn = find(body, *b"tkhd").and_then(|inner| turn(inner.body));
    let number = find(body, *b"tkhd").and_then(|inner| number(inner.body)).ok_or_else(cut)?;
    Ok(Some(Track { body, encoded, samples, timescale, duration, number, tables: None, turn }))
}

/// Ticks a second, and ticks in all.
fn clock(body: &[u8]) -> Option<(u32, u64)> {
    let mut body = Bytes(body);
    let version = body.u32()? >> 24;
    if version == 1 {
        body.skip(16)?;
        Some((body.u32()?, body.u64()?))
    } else {
        body.skip(8)?;
        Some((body.u32()?, u64::from(body.u32()?)))
    }
}

/// The number by which fragments name a track.
fn number(tkhd: &[u8]) -> Option<u32> {
    let mut body = Bytes(tkhd);
    let version = body.u32()? >> 24;
    body.skip(if version == 1 { 16 } else { 8 })?;
    body.u32()
}

/// What becomes of what is across: the first two numbers of the matrix, both in 16.16.
fn turn(tkhd: &[u8]) -> Option<Turn> {
    let at = if tkhd.first() == Some(&1) { 52 } else { 40 };
    let mut matrix = Bytes(tkhd.get(at..)?);
    let (across, down) = (matrix.u32()?.cast_signed(), matrix.u32()?.cast_signed());
    match (across, down) {
        (0, 1..) => Some(Turn::Right),
        (0, ..=-1) => Some(Turn::Left),
        (..=-1, _) => Some(Turn::Over),
        _ => None,
    }
}

impl Track<'_> {
    fn film(&self) -> Option<Film> {
        let Encoded::Film { codec, width, height, still, .. } = &self.encoded else { return None };
        let is_on_its_side = matches!(self.turn, Some(Turn::Left | Turn::Right));
        let (width, height) = if is_on_its_side { (*height, *width) } else { (*width, *height) };
        let ticks = u64::from(self.timescale).saturating_mul(self.samples.count);
        let first = still.as_ref().zip(self.samples.first).map(|(still, (at, n_bytes))| First {
            at,
            n_bytes,
            coding: still.coding.clone(),
            colouring: still.colouring,
            turn: self.turn,
        });
        Some(Film { codec, width, height, frame_rate: fraction(ticks, self.duration), first })
    }

    fn sound(&self) -> Option<SoundTrack> {
        let Encoded::Sound { codec, rate_hz, channels, .. } = self.encoded else { return None };
        Some(SoundTrack { codec: codec.to_owned(), rate_hz, channels })
    }

    fn duration_ms(&self) -> u64 {
        self.duration.saturating_mul(1_000) / u64::from(self.timescale.max(1))
    }
}

/// The picture that music programs put beside a sound: `moov/udta/meta/ilst/covr/data`.
fn cover(moov: &[u8]) -> Option<Vec<u8>> {
    let meta = find(find(moov, *b"udta")?.body, *b"meta")?;
    let list = find(meta.body.get(4..)?, *b"ilst")?;
    let data = find(find(list.body, *b"covr")?.body, *b"data")?;
    data.body.get(8..).filter(|picture| picture.len() <= MOST_COVER).map(<[u8]>::to_vec)
}
