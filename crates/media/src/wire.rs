//! What the server and its child say to each other: one line of JSON each way, and bytes after it.
//!
//! To the child: the task, then the file to its end. From the child: what came of it, then the files it made, in order.
//! A film is not sent to and fro: the child reads it where it lies, and says of which parts the one is made that is kept.

use serde::{Deserialize, Serialize};

use phiomia_model::media::{Colors, Playing};

use crate::{
    File, Format, Kept, Picture, Piece as FilmPiece, Playable, Purpose, Still, Unfit, Version, heif, playable,
    playable::MOST_PIECES, poster, prepare,
};

/// What the child shall do with the file that follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Task {
    /// Make a picture fit for something.
    Picture(Purpose),
    /// Take a picture out of its boxes.
    Unwrap,
}

#[derive(Debug, Serialize, Deserialize)]
struct Made {
    original: Piece,
    preview: Option<Piece>,
    still: Option<Piece>,
    blurhash: Option<String>,
    colors: Option<Colors>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Piece {
    n_bytes: usize,
    format: Format,
    width: u32,
    height: u32,
}

impl Piece {
    fn of(version: &Version) -> Piece {
        Piece { n_bytes: version.bytes.len(), format: version.format, width: version.width, height: version.height }
    }
}

impl Task {
    /// The line before the file.
    #[must_use]
    pub fn line(self) -> Vec<u8> {
        let mut line = serde_json::to_vec(&self).unwrap_or_default();
        line.push(b'\n');
        line
    }
}

/// What the child does: reads a task and a file, and writes what comes of it. `None`: it was not asked anything.
#[must_use]
pub fn answer(asked: &[u8]) -> Option<Vec<u8>> {
    let end = asked.iter().position(|byte| *byte == b'\n')?;
    let (line, rest) = asked.split_at(end);
    let file = rest.get(1..).unwrap_or_default();
    let purpose = match serde_json::from_slice(line).ok()? {
        Task::Picture(purpose) => purpose,
        Task::Unwrap => return answer_unwrapped(file),
    };
    told(&prepare(file, purpose))
}

/// What the child does with a film of which the first picture is wanted.
#[must_use]
pub fn answer_poster(film: &mut dyn File) -> Option<Vec<u8>> {
    told(&poster(film))
}

fn told(done: &Result<Picture, Unfit>) -> Option<Vec<u8>> {
    let head: Result<Made, &Unfit> = done.as_ref().map(|picture| Made {
        original: Piece::of(&picture.original),
        preview: picture.preview.as_ref().map(Piece::of),
        still: picture.still.as_ref().map(Piece::of),
        blurhash: picture.blurhash.clone(),
        colors: picture.colors.clone(),
    });
    let mut said = serde_json::to_vec(&head).ok()?;
    said.push(b'\n');
    if let Ok(picture) = done {
        for version in [Some(&picture.original), picture.preview.as_ref(), picture.still.as_ref()].into_iter().flatten()
        {
            said.extend_from_slice(&version.bytes);
        }
    }
    Some(said)
}

#[derive(Debug, Serialize, Deserialize)]
struct Unwrapped {
    still: Still,
    n_profile: Option<usize>,
    n_stream: usize,
}

fn answer_unwrapped(file: &[u8]) -> Option<Vec<u8>> {
    let done = heif::unwrap(file);
    let head: Result<Unwrapped, &Unfit> = done.as_ref().map(|still| Unwrapped {
        still: Still { profile: None, stream: Vec::new(), ..still.clone() },
        n_profile: still.profile.as_ref().map(Vec::len),
        n_stream: still.stream.len(),
    });
    let mut said = serde_json::to_vec(&head).ok()?;
    said.push(b'\n');
    if let Ok(still) = &done {
        said.extend_from_slice(still.profile.as_deref().unwrap_or_default());
        said.extend_from_slice(&still.stream);
    }
    Some(said)
}

/// What the server makes of what the child says of a picture in boxes.
#[must_use]
pub fn understand_unwrapped(said: &[u8]) -> Option<Result<Still, Unfit>> {
    let end = said.iter().position(|byte| *byte == b'\n')?;
    let (line, rest) = said.split_at(end);
    let unwrapped: Unwrapped = match serde_json::from_slice(line).ok()? {
        Ok(unwrapped) => unwrapped,
        Err(unfit) => return Some(Err(unfit)),
    };
    let (profile, stream) = rest.get(1..)?.split_at_checked(unwrapped.n_profile.unwrap_or(0))?;
    let stream = stream.get(..unwrapped.n_stream)?.to_vec();
    let profile = unwrapped.n_profile.map(|_| profile.to_vec());
    Some(Ok(Still { profile, stream, ..unwrapped.still }))
}

/// What the server makes of the child's answer. `None`: it is none, which is the child's fault and not the file's.
#[must_use]
pub fn understand(said: &[u8]) -> Option<Result<Picture, Unfit>> {
    let end = said.iter().position(|byte| *byte == b'\n')?;
    let (line, rest) = said.split_at(end);
    let made: Made = match serde_json::from_slice(line).ok()? {
        Ok(made) => made,
        Err(unfit) => return Some(Err(unfit)),
    };
    let mut rest = rest.get(1..)?;
    let mut take = |piece: Piece| {
        let (bytes, left) = rest.split_at_checked(piece.n_bytes)?;
        rest = left;
        Some(Version { bytes: bytes.to_vec(), format: piece.format, width: piece.width, height: piece.height })
    };
    let original = take(made.original)?;
    let preview = made.preview.map(|piece| take(piece).ok_or(())).transpose().ok()?;
    let still = made.still.map(|piece| take(piece).ok_or(())).transpose().ok()?;
    Some(Ok(Picture { original, preview, still, blurhash: made.blurhash, colors: made.colors }))
}

#[derive(Debug, Serialize, Deserialize)]
struct Seen {
    kept: Kept,
    size: Option<(u32, u32)>,
    playing: Playing,
    parts: Vec<Part>,
    cover: Option<usize>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
enum Part {
    #[serde(rename = "c")]
    Copy(u64, u64),
    #[serde(rename = "b")]
    Bytes(usize),
    #[serde(rename = "z")]
    Zeros(u64),
}

/// What the child does with a film or a sound.
#[must_use]
pub fn answer_film(film: &mut dyn File) -> Option<Vec<u8>> {
    let done = playable::probe(film);
    let head: Result<Seen, &Unfit> = done.as_ref().map(|playable| Seen {
        kept: playable.kept,
        size: playable.size,
        playing: playable.playing.clone(),
        parts: playable.pieces.iter().map(part).collect(),
        cover: playable.cover.as_ref().map(Vec::len),
    });
    let mut said = serde_json::to_vec(&head).ok()?;
    said.push(b'\n');
    if let Ok(playable) = &done {
        for piece in &playable.pieces {
            if let FilmPiece::Bytes(bytes) = piece {
                said.extend_from_slice(bytes);
            }
        }
        said.extend_from_slice(playable.cover.as_deref().unwrap_or_default());
    }
    Some(said)
}

fn part(piece: &FilmPiece) -> Part {
    match piece {
        FilmPiece::Copy(from, n) => Part::Copy(*from, *n),
        FilmPiece::Bytes(bytes) => Part::Bytes(bytes.len()),
        FilmPiece::Zeros(n) => Part::Zeros(*n),
    }
}

/// What the server makes of that, of a film of so many bytes. What is kept is never larger than what came and what the
/// child said, whatever the child is.
#[must_use]
pub fn understand_film(said: &[u8], n_bytes: u64) -> Option<Result<Playable, Unfit>> {
    let end = said.iter().position(|byte| *byte == b'\n')?;
    let (line, rest) = said.split_at(end);
    let seen: Seen = match serde_json::from_slice(line).ok()? {
        Ok(seen) => seen,
        Err(unfit) => return Some(Err(unfit)),
    };
    let mut rest = rest.get(1..)?;
    let mut take = |n: usize| {
        let (bytes, left) = rest.split_at_checked(n)?;
        rest = left;
        Some(bytes.to_vec())
    };
    let mut left = n_bytes;
    let mut piece = |part: &Part| match *part {
        Part::Bytes(n) => take(n).map(FilmPiece::Bytes),
        Part::Copy(from, n) => {
            left = left.checked_sub(n)?;
            from.checked_add(n).filter(|end| *end <= n_bytes).map(|_| FilmPiece::Copy(from, n))
        }
        Part::Zeros(n) => {
            left = left.saturating_add(1).checked_sub(n)?;
            Some(FilmPiece::Zeros(n))
        }
    };
    let pieces = seen.parts.iter().take(MOST_PIECES).map(&mut piece).collect::<Option<Vec<_>>>()?;
    let cover = seen.cover.map(|n| take(n).ok_or(())).transpose().ok()?;
    Some(Ok(Playable { kept: seen.kept, size: seen.size, playing: seen.playing, pieces, cover }))
}
