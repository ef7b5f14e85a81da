//! WebM: RFC 8794 (EBML) and <https://www.webmproject.org/docs/container/>.
//!
//! Nothing is moved: what nobody shall know becomes an empty element of the same length, so that every place that is
//! named in the file stays right.

mod elements;
mod info;
mod tracks;

use self::{
    elements::{Element, element},
    info::Info,
    tracks::Tracks,
};
use crate::{
    Kept, Piece, Unfit,
    playable::{Film, Found, fraction},
    poster::First,
    source::{Source, cut, wrong},
};

const EBML: u32 = 0x1a45_dfa3;
const SEGMENT: u32 = 0x1853_8067;
const SEEK_HEAD: u32 = 0x114d_9b74;
const INFO: u32 = 0x1549_a966;
const TRACKS: u32 = 0x1654_ae6b;
const CUES: u32 = 0x1c53_bb6b;
const CLUSTER: u32 = 0x1f43_b675;
const TIMECODE: u32 = 0xe7;
const SIMPLE_BLOCK: u32 = 0xa3;
const BLOCK_GROUP: u32 = 0xa0;
const BLOCK: u32 = 0xa1;

/// Our head of the file: a WebM of version 4 that readers of version 2 understand.
const HEAD: &[u8] = b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\xf7\x81\x01\x42\xf2\x81\x04\x42\xf3\x81\x08\x42\x82\x84webm\x42\x87\x81\x04\x42\x85\x81\x02";
/// Largest description of the file or of its tracks, in bytes.
const MOST_DESCRIPTION: u64 = 1024 * 1024;
/// Most parts on the upper floor.
const MOST_PARTS: usize = 100_000;

/// What was seen on the way through the file.
#[derive(Default)]
struct Walk {
    info: Info,
    tracks: Option<Tracks>,
    /// Pictures of the film.
    n_frames: u64,
    /// Where the first of them lies, and its bytes.
    first: Option<(u64, u64)>,
    /// Where the last sample begins, in ticks.
    last: u64,
    /// Whether places in the file are named somewhere.
    has_places: bool,
    pieces: Vec<Piece>,
    /// Which piece is the description.
    described: Option<usize>,
}

pub(crate) fn probe(source: &mut Source<'_>) -> Result<Found, Unfit> {
    let head = element(source, 0)?;
    if head.id != EBML {
        return Err(Unfit::UnknownKind);
    }
    let segment = element(source, head.end.ok_or_else(cut)?)?;
    if segment.id != SEGMENT {
        return Err(wrong("it has no segment"));
    }
    let end = segment.end.unwrap_or(source.length());
    if end > source.length() {
        return Err(cut());
    }
    let mut walk = Walk::default();
    walk.pieces.push(Piece::Bytes(HEAD.to_vec()));
    walk.pieces.push(Piece::Copy(segment.at, segment.body.saturating_sub(segment.at)));
    walk.parts(source, segment.body, end)?;
    walk.found(segment.end.is_none())
}

impl Walk {
    fn parts(&mut self, source: &mut Source<'_>, from: u64, end: u64) -> Result<(), Unfit> {
        let mut at = from;
        for _ in 0..MOST_PARTS {
            if at >= end {
                return Ok(());
            }
            let part = element(source, at)?;
            let until = match (part.id, part.end) {
                // Written while it was made: it ends where the next part begins.
                (CLUSTER, told) => self.cluster(source, &part, told.unwrap_or(end), told.is_none())?,
                (_, Some(told)) => told,
                (_, None) => return Err(wrong("a part does not say how long it is")),
            };
            if until > end || until <= at {
                return Err(cut());
            }
            self.part(source, &part, until)?;
            at = until;
        }
        Err(wrong("it is in too many pieces"))
    }

    fn part(&mut self, source: &mut Source<'_>, part: &Element, until: u64) -> Result<(), Unfit> {
        let n = until.saturating_sub(part.at);
        match part.id {
            INFO => {
                let body = description(source, part, until)?;
                self.info = Info::read(&body)?;
                self.described = Some(self.pieces.len());
                self.pieces.push(Piece::Bytes(info::without_names(source, part, &body)?));
            }
            TRACKS => {
                let body = description(source, part, until)?;
                self.tracks = Some(Tracks::read(&body)?);
                self.pieces.push(Piece::Bytes(tracks::without_names(source, part, &body)?));
            }
            CLUSTER | SEEK_HEAD | CUES => {
                self.has_places |= part.id != CLUSTER;
                match self.pieces.last_mut() {
                    Some(Piece::Copy(from, length)) if from.saturating_add(*length) == part.at => {
                        *length = length.saturating_add(n);
                    }
                    _ => self.pieces.push(Piece::Copy(part.at, n)),
                }
            }
            // Tags, attachments, chapters: nothing to players, or they tell too much.
            _ => {
                let head = elements::void(n).ok_or_else(cut)?;
                let rest = n.saturating_sub(head.len() as u64);
                self.pieces.extend([Piece::Bytes(head), Piece::Zeros(rest)]);
            }
        }
        Ok(())
    }

    /// Counts pictures and looks for the last sample; says where the cluster ends.
    fn cluster(&mut self, source: &mut Source<'_>, cluster: &Element, end: u64, is_open: bool) -> Result<u64, Unfit> {
        if end > source.length() {
            return Err(cut());
        }
        let mut at = cluster.body;
        let mut time = 0;
        while at < end {
            let inner = element(source, at)?;
            // Names of four bytes are those of the upper floor.
            if is_open && inner.id > 0x00ff_ffff {
                return Ok(at);
            }
            let until = inner.end.filter(|until| *until <= end && *until > at).ok_or_else(cut)?;
            match inner.id {
                TIMECODE => time = elements::number(&source.bytes(inner.body, small(inner.body, until)?)?),
                SIMPLE_BLOCK => self.block(source, inner.body, until, time)?,
                BLOCK_GROUP => {
                    let mut within = inner.body;
                    while within < until {
                        let part = element(source, within)?;
                        let ends = part.end.filter(|ends| *ends <= until && *ends > within).ok_or_else(cut)?;
                        if part.id == BLOCK {
                            self.block(source, part.body, ends, time)?;
                        }
                        within = ends;
                    }
                }
                _ => {}
            }
            at = until;
        }
        Ok(end)
    }

    fn block(&mut self, source: &mut Source<'_>, at: u64, end: u64, time: u64) -> Result<(), Unfit> {
        let n = usize::try_from(end.saturating_sub(at)).map_err(|_| cut())?.min(12);
        let head = source.bytes(at, n)?;
        let (track, length) = elements::vint(&head).ok_or_else(cut)?;
        let [a, b] = head.get(length..).and_then(|rest| rest.first_chunk::<2>()).copied().ok_or_else(cut)?;
        let start = time.saturating_add_signed(i64::from(i16::from_be_bytes([a, b])));
        self.last = self.last.max(start);
        if self.tracks.as_ref().is_some_and(|tracks| tracks.film_number() == Some(track)) {
            self.n_frames = self.n_frames.saturating_add(1);
            // Behind the time stands one byte more.
            let data = at.saturating_add(length as u64 + 3);
            self.first.get_or_insert((data, end.saturating_sub(data)));
        }
        Ok(())
    }

    fn found(mut self, is_open: bool) -> Result<Found, Unfit> {
        let tracks = self.tracks.take().ok_or(Unfit::NothingToPlay)?;
        let told = self.info.duration_ms();
        let duration_ms = told.unwrap_or_else(|| self.info.milliseconds(self.last));
        // Where nobody names places, what was recorded live can be told how long it is.
        if told.is_none()
            && is_open
            && !self.has_places
            && let Some(Piece::Bytes(described)) = self.described.and_then(|n| self.pieces.get_mut(n))
        {
            info::tell_duration(described, self.info.ticks(duration_ms));
        }
        let frame_rate = match tracks.frame_nanoseconds() {
            Some(nanoseconds) => fraction(1_000_000_000, nanoseconds),
            None => fraction(self.n_frames.saturating_mul(1_000), duration_ms),
        };
        let coding = tracks.coding();
        let (seen, heard) = tracks.into_parts()?;
        let first = self.first.zip(coding).map(|((at, n_bytes), coding)| First {
            at,
            n_bytes,
            coding,
            colouring: None,
            turn: None,
        });
        let film = seen.map(|(codec, width, height)| Film { codec, width, height, frame_rate, first });
        let kept = if film.is_some() { Kept::WebM } else { Kept::Weba };
        Ok(Found { kept, duration_ms, film, sound: heard, pieces: self.pieces, cover: None })
    }
}

/// What is in a part that is read as a whole.
fn description(source: &mut Source<'_>, part: &Element, until: u64) -> Result<Vec<u8>, Unfit> {
    if until.saturating_sub(part.body) > MOST_DESCRIPTION {
        return Err(wrong("its description is too large"));
    }
    source.bytes(part.body, small(part.body, until)?)
}

fn small(from: u64, until: u64) -> Result<usize, Unfit> {
    let n = until.saturating_sub(from);
    if n > MOST_DESCRIPTION {
        return Err(wrong("a number is too large"));
    }
    usize::try_from(n).map_err(|_| cut())
}
