//! What is known of a film or a sound, and of which parts of its file the one that is kept is made.

use std::io::{self, Read, Seek, SeekFrom};

use phiomia_model::{
    limits::LIMITS,
    media::{Playing, SoundTrack},
};
use serde::{Deserialize, Serialize};

use crate::{
    Unfit,
    film::{mp4, webm},
    poster::First,
    sound,
    source::{File, Source},
};

/// Bytes from the beginning of a file that tell what it is.
pub const N_TELLING: usize = 512;
/// Most pieces a file is made of.
pub(crate) const MOST_PIECES: usize = 200_000;
/// Largest picture that a sound carries, in bytes.
pub(crate) const MOST_COVER: usize = 8 * 1024 * 1024;

/// How films and sounds are wrapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Container {
    /// MP4, QuickTime, 3GP, M4A.
    Mp4,
    /// WebM and Matroska.
    WebM,
    /// MP3.
    Mp3,
    /// AAC without a container.
    Aac,
    /// Ogg.
    Ogg,
    /// FLAC.
    Flac,
    /// WAV.
    Wav,
    /// Windows Media: this and what follows is never shown as it is.
    Asf,
    /// AVI.
    Avi,
    /// MPEG transport stream, also as cameras write it.
    MpegTs,
    /// MPEG program stream.
    MpegPs,
    /// Flash video.
    Flv,
    /// AIFF.
    Aiff,
    /// AMR: what telephones record.
    Amr,
    /// Apple's Core Audio.
    Caf,
    /// Sun's sound.
    Au,
    /// WavPack.
    WavPack,
}

/// What is shown by browsers, by how it is kept here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kept {
    /// A film as MP4.
    Mp4,
    /// A film as WebM.
    WebM,
    /// A sound as MP4.
    M4a,
    /// A sound as WebM.
    Weba,
    /// A sound as MP3.
    Mp3,
    /// A sound as AAC alone.
    Aac,
    /// A sound as Ogg.
    Ogg,
    /// A sound as FLAC.
    Flac,
    /// A sound as WAV.
    Wav,
}

/// Media types that are taken as they are, as the instance tells them to clients: names that clients know the kinds by.
pub const PLAYABLE_TYPES: [&str; 18] = [
    "video/webm",
    "video/mp4",
    "video/quicktime",
    "audio/wave",
    "audio/wav",
    "audio/x-wav",
    "audio/x-pn-wave",
    "audio/vnd.wave",
    "audio/ogg",
    "audio/vorbis",
    "audio/mpeg",
    "audio/mp3",
    "audio/webm",
    "audio/flac",
    "audio/aac",
    "audio/m4a",
    "audio/x-m4a",
    "audio/mp4",
];

impl Container {
    /// What a file begins like; [`N_TELLING`] bytes suffice.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Option<Container> {
        match bytes {
            // Pictures come in the same boxes.
            [_, _, _, _, b'f', b't', b'y', b'p', brand @ ..] => {
                let is_picture = [&b"heic"[..], b"heix", b"mif1", b"msf1", b"avif", b"avis"]
                    .iter()
                    .any(|one| brand.starts_with(one));
                (!is_picture).then_some(Container::Mp4)
            }
            // Old QuickTime files have no word of their own.
            [_, _, _, _, b'm', b'o', b'o', b'v', ..]
            | [_, _, _, _, b'm', b'd', b'a', b't', ..]
            | [0, 0, 0, 8, b'w', b'i', b'd', b'e', ..] => Some(Container::Mp4),
            [0x1a, 0x45, 0xdf, 0xa3, ..] => Some(Container::WebM),
            [b'O', b'g', b'g', b'S', ..] => Some(Container::Ogg),
            [b'f', b'L', b'a', b'C', ..] => Some(Container::Flac),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'A', b'V', b'E', ..] => Some(Container::Wav),
            [0x30, 0x26, 0xb2, 0x75, 0x8e, 0x66, 0xcf, 0x11, ..] => Some(Container::Asf),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'A', b'V', b'I', b' ', ..] => Some(Container::Avi),
            [b'F', b'O', b'R', b'M', _, _, _, _, b'A', b'I', b'F', b'F' | b'C', ..] => Some(Container::Aiff),
            [0, 0, 1, 0xba, ..] => Some(Container::MpegPs),
            [b'F', b'L', b'V', 1, ..] => Some(Container::Flv),
            [b'#', b'!', b'A', b'M', b'R', ..] => Some(Container::Amr),
            [b'c', b'a', b'f', b'f', ..] => Some(Container::Caf),
            [b'.', b's', b'n', b'd', ..] => Some(Container::Au),
            [b'w', b'v', b'p', b'k', ..] => Some(Container::WavPack),
            _ if is_transport_stream(bytes) => Some(Container::MpegTs),
            [b'I', b'D', b'3', 2..=4, ..] => Some(Container::Mp3),
            [0xff, second, ..] if second & 0xf6 == 0xf0 => Some(Container::Aac),
            [0xff, second, ..] if second & 0xe0 == 0xe0 && second & 0x06 != 0 => Some(Container::Mp3),
            _ => None,
        }
    }
}

/// Packets of 188 bytes, each with a mark; cameras put the time before each.
fn is_transport_stream(bytes: &[u8]) -> bool {
    const MARK: Option<&u8> = Some(&0x47);
    let has_marks = |first: usize, step: usize| (0..3).all(|n| bytes.get(first + n * step) == MARK);
    has_marks(0, 188) || has_marks(4, 192)
}

impl Kept {
    /// Its media type.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Kept::Mp4 => "video/mp4",
            Kept::WebM => "video/webm",
            Kept::M4a => "audio/mp4",
            Kept::Weba => "audio/webm",
            Kept::Mp3 => "audio/mpeg",
            Kept::Aac => "audio/aac",
            Kept::Ogg => "audio/ogg",
            Kept::Flac => "audio/flac",
            Kept::Wav => "audio/wav",
        }
    }

    /// The end of a file's name.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Kept::Mp4 => "mp4",
            Kept::WebM => "webm",
            Kept::M4a => "m4a",
            Kept::Weba => "weba",
            Kept::Mp3 => "mp3",
            Kept::Aac => "aac",
            Kept::Ogg => "ogg",
            Kept::Flac => "flac",
            Kept::Wav => "wav",
        }
    }

    /// Whether there is something to see.
    #[must_use]
    pub const fn is_film(self) -> bool {
        matches!(self, Kept::Mp4 | Kept::WebM)
    }

    /// All of them.
    pub const ALL: [Kept; 9] =
        [Kept::Mp4, Kept::WebM, Kept::M4a, Kept::Weba, Kept::Mp3, Kept::Aac, Kept::Ogg, Kept::Flac, Kept::Wav];
}

/// A part of the file that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// What came, from a place and so many bytes.
    Copy(u64, u64),
    /// What we wrote.
    Bytes(Vec<u8>),
    /// So many zeros in the place of what nobody shall know.
    Zeros(u64),
}

impl Piece {
    /// Its bytes.
    #[must_use]
    pub const fn length(&self) -> u64 {
        match self {
            Piece::Copy(_, n) | Piece::Zeros(n) => *n,
            Piece::Bytes(bytes) => bytes.len() as u64,
        }
    }
}

/// A film or a sound that browsers play, and of what the file that is kept is made: without what its maker told
/// besides, and so that it plays before all of it is there.
#[derive(Clone, Debug, PartialEq)]
pub struct Playable {
    /// How it is kept.
    pub kept: Kept,
    /// Pixels, the right way up.
    pub size: Option<(u32, u32)>,
    /// What else is known of it.
    pub playing: Playing,
    /// The file, in order.
    pub pieces: Vec<Piece>,
    /// A picture that came with a sound, as a file.
    pub cover: Option<Vec<u8>>,
}

/// What its parts say of a film or a sound, before it is checked.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) kept: Kept,
    pub(crate) duration_ms: u64,
    pub(crate) film: Option<Film>,
    pub(crate) sound: Option<SoundTrack>,
    pub(crate) pieces: Vec<Piece>,
    pub(crate) cover: Option<Vec<u8>>,
}

/// What there is to see.
#[derive(Debug)]
pub(crate) struct Film {
    pub(crate) codec: &'static str,
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// Frames a second, as a fraction.
    pub(crate) frame_rate: Option<(u32, u32)>,
    /// Its first picture, where that is decoded here.
    pub(crate) first: Option<First>,
}

impl Film {
    /// Whether it is no larger and no quicker than may be.
    pub(crate) fn check(&self) -> Result<(), Unfit> {
        let Film { width, height, frame_rate, .. } = *self;
        if width == 0 || height == 0 {
            return Err(Unfit::Empty);
        }
        if u64::from(width) * u64::from(height) > LIMITS.video_pixels as u64 {
            return Err(Unfit::TooManyFilmPixels { width, height });
        }
        match frame_rate {
            Some((frames, seconds)) if u64::from(frames) > LIMITS.video_frame_rate as u64 * u64::from(seconds) => {
                Err(Unfit::TooManyFrames { rate: frames / seconds.max(1) })
            }
            _ => Ok(()),
        }
    }
}

impl Found {
    fn check(self) -> Result<Playable, Unfit> {
        if let Some(film) = &self.film {
            film.check()?;
        }
        let n_bytes = self.pieces.iter().map(Piece::length).fold(0, u64::saturating_add);
        if self.pieces.len() > MOST_PIECES {
            return Err(Unfit::Damaged("it is in too many pieces".to_owned()));
        }
        let bitrate = n_bytes.saturating_mul(8_000).checked_div(self.duration_ms).unwrap_or(0);
        Ok(Playable {
            kept: self.kept,
            size: self.film.as_ref().map(|film| (film.width, film.height)),
            playing: Playing {
                duration_ms: self.duration_ms,
                bitrate,
                frame_rate: self.film.as_ref().and_then(|film| film.frame_rate),
                codec: self.film.as_ref().map(|film| film.codec.to_owned()),
                sound: self.sound,
            },
            pieces: self.pieces,
            cover: self.cover,
        })
    }
}

/// What a film or a sound is, and of what the file is made that is kept of it.
///
/// # Errors
/// What is wrong with it; [`Unfit::Foreign`] when it is right, but not every browser plays it.
pub fn probe(file: &mut dyn File) -> Result<Playable, Unfit> {
    found(&mut Source::of(file)?)?.check()
}

/// What its parts say of it.
pub(crate) fn found(source: &mut Source<'_>) -> Result<Found, Unfit> {
    let most = LIMITS.video_bytes;
    if source.length() > most as u64 {
        return Err(Unfit::TooManyBytes { most });
    }
    let n_telling = usize::try_from(source.length()).unwrap_or(N_TELLING).min(N_TELLING);
    let start = source.bytes(0, n_telling)?;
    let foreign = |name: &str| Err(Unfit::Foreign { codec: name.to_owned() });
    match Container::of(&start).filter(|_| n_telling >= 12).ok_or(Unfit::UnknownKind)? {
        Container::Mp4 => mp4::probe(source),
        Container::WebM => webm::probe(source),
        Container::Mp3 | Container::Aac => sound::stream::probe(source),
        Container::Ogg => sound::ogg::probe(source),
        Container::Flac => sound::flac::probe(source, 0, None),
        Container::Wav => sound::wav::probe(source),
        Container::Asf => foreign("Windows Media"),
        Container::Avi => foreign("AVI"),
        Container::MpegTs => foreign("an MPEG transport stream"),
        Container::MpegPs => foreign("an MPEG program stream"),
        Container::Flv => foreign("Flash video"),
        Container::Aiff => foreign("AIFF"),
        Container::Amr => foreign("AMR"),
        Container::Caf => foreign("Core Audio"),
        Container::Au => foreign("Sun audio"),
        Container::WavPack => foreign("WavPack"),
    }
}

/// A fraction of numbers that fit.
pub(crate) fn fraction(above: u64, below: u64) -> Option<(u32, u32)> {
    if above == 0 || below == 0 {
        return None;
    }
    let (mut a, mut b) = (above, below);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    let (mut above, mut below) = (above / a, below / a);
    while above > u64::from(u32::MAX) || below > u64::from(u32::MAX) {
        (above, below) = (above / 2, below / 2);
    }
    Some((u32::try_from(above).ok()?, u32::try_from(below).ok().filter(|below| *below > 0)?))
}

/// The file that is kept, read from the pieces.
pub struct Remade<R> {
    file: R,
    pieces: std::vec::IntoIter<Piece>,
    piece: Piece,
    /// How much of the piece was read.
    done: u64,
}

impl<R: Read + Seek> Remade<R> {
    /// Of the file that came and the pieces.
    pub fn new(file: R, pieces: Vec<Piece>) -> Remade<R> {
        Remade { file, pieces: pieces.into_iter(), piece: Piece::Zeros(0), done: 0 }
    }
}

impl<R: Read + Seek> Read for Remade<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let mut left = self.piece.length().saturating_sub(self.done);
        while left == 0 {
            let Some(next) = self.pieces.next() else { return Ok(0) };
            if let Piece::Copy(from, _) = next {
                self.file.seek(SeekFrom::Start(from))?;
            }
            (left, self.piece, self.done) = (next.length(), next, 0);
        }
        let n = into.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let into = into.get_mut(..n).unwrap_or_default();
        let n = match &self.piece {
            Piece::Copy(..) => match self.file.read(into)? {
                0 if !into.is_empty() => return Err(io::ErrorKind::UnexpectedEof.into()),
                n => n,
            },
            Piece::Bytes(bytes) => {
                let from = usize::try_from(self.done).unwrap_or(usize::MAX);
                into.copy_from_slice(bytes.get(from..from.saturating_add(n)).unwrap_or_default());
                n
            }
            Piece::Zeros(_) => {
                into.fill(0);
                n
            }
        };
        self.done = self.done.saturating_add(n as u64);
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test shall fail loudly")]

    use std::io::Cursor;

    use super::*;

    #[test]
    fn a_file_is_made_of_its_pieces_in_order() {
        let file = Cursor::new(b"0123456789".to_vec());
        let pieces =
            vec![Piece::Copy(7, 2), Piece::Bytes(b"ab".to_vec()), Piece::Zeros(2), Piece::Zeros(0), Piece::Copy(0, 3)];
        let mut made = Vec::new();
        Remade::new(file, pieces).read_to_end(&mut made).unwrap();
        assert_eq!(made, b"78ab\0\x00012");
        let beyond = Remade::new(Cursor::new(b"0".to_vec()), vec![Piece::Copy(0, 2)]).read_to_end(&mut made);
        assert_eq!(beyond.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }

    #[test]
    fn a_container_is_what_the_file_begins_with() {
        let mut stream = vec![0_u8; 600];
        stream.iter_mut().step_by(188).for_each(|mark| *mark = 0x47);
        assert_eq!(Container::of(&stream), Some(Container::MpegTs));
        assert_eq!(Container::of(stream.get(..300).unwrap()), None);
        assert_eq!(Container::of(b"RIFF....AVI LIST"), Some(Container::Avi));
        assert_eq!(Container::of(b"#!AMR\n"), Some(Container::Amr));
        for other in
            ["#EXTM3U\n#EXT-X-TARGETDURATION:1", "ffconcat version 1.0", "<svg xmlns=", "<?xml version=\"1.0\"?><MPD"]
        {
            assert_eq!(Container::of(other.as_bytes()), None, "{other}");
        }
    }

    #[test]
    fn fractions_are_made_small() {
        assert_eq!(fraction(90_000 * 300, 90_000 * 10), Some((30, 1)));
        assert_eq!(fraction(30_000, 1_001), Some((30_000, 1_001)));
        assert_eq!((fraction(0, 5), fraction(5, 0)), (None, None));
    }
}
