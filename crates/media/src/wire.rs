//! What the server and its child say to each other: one line of JSON each way, and bytes after it.
//!
//! To the child: the task, then the file to its end. From the child: what came of it, then the files it made, in order.

use serde::{Deserialize, Serialize};

use crate::{Format, Picture, Purpose, Unfit, Version, prepare};

/// What the child shall do with the file that follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Task {
    /// Make a picture fit for something.
    Picture(Purpose),
}

#[derive(Debug, Serialize, Deserialize)]
struct Made {
    original: Piece,
    preview: Option<Piece>,
    still: Option<Piece>,
    blurhash: Option<String>,
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
    let Task::Picture(purpose) = serde_json::from_slice(line).ok()?;
    let done = prepare(rest.get(1..).unwrap_or_default(), purpose);
    let head: Result<Made, &Unfit> = done.as_ref().map(|picture| Made {
        original: Piece::of(&picture.original),
        preview: picture.preview.as_ref().map(Piece::of),
        still: picture.still.as_ref().map(Piece::of),
        blurhash: picture.blurhash.clone(),
    });
    let mut said = serde_json::to_vec(&head).ok()?;
    said.push(b'\n');
    if let Ok(picture) = &done {
        for version in [Some(&picture.original), picture.preview.as_ref(), picture.still.as_ref()].into_iter().flatten()
        {
            said.extend_from_slice(&version.bytes);
        }
    }
    Some(said)
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
    Some(Ok(Picture { original, preview, still, blurhash: made.blurhash }))
}
