//! A file that is read here and there, never as a whole: films are larger than the memory that a child has.

use std::io::{Read, Seek, SeekFrom};

use crate::Unfit;

/// Bytes that are read ahead.
const WINDOW: usize = 64 * 1024;

/// What is read.
pub trait File: Read + Seek {}
impl<T: Read + Seek> File for T {}

/// A file with its length and a window of it in memory.
pub(crate) struct Source<'a> {
    file: &'a mut dyn File,
    length: u64,
    window: Vec<u8>,
    from: u64,
}

/// It ends before it should.
pub(crate) fn cut() -> Unfit {
    Unfit::Damaged("it ends too early".to_owned())
}

/// It says of itself what cannot be.
pub(crate) fn wrong(what: &str) -> Unfit {
    Unfit::Damaged(what.to_owned())
}

fn unread(error: &std::io::Error) -> Unfit {
    Unfit::Unreadable(error.to_string())
}

impl<'a> Source<'a> {
    pub(crate) fn of(file: &'a mut dyn File) -> Result<Source<'a>, Unfit> {
        let length = file.seek(SeekFrom::End(0)).map_err(|error| unread(&error))?;
        Ok(Source { file, length, window: Vec::new(), from: 0 })
    }

    /// Bytes of the file.
    pub(crate) const fn length(&self) -> u64 {
        self.length
    }

    /// So many bytes from a place. How many are asked for is bounded by whoever asks.
    pub(crate) fn bytes(&mut self, at: u64, n: usize) -> Result<Vec<u8>, Unfit> {
        if at.checked_add(n as u64).is_none_or(|end| end > self.length) {
            return Err(cut());
        }
        if let Some(known) = self.known(at, n) {
            return Ok(known.to_vec());
        }
        if n < WINDOW {
            self.look(at)?;
            return self.known(at, n).map(<[u8]>::to_vec).ok_or_else(cut);
        }
        let mut bytes = vec![0; n];
        self.file.seek(SeekFrom::Start(at)).map_err(|error| unread(&error))?;
        self.file.read_exact(&mut bytes).map_err(|error| unread(&error))?;
        Ok(bytes)
    }

    /// A few bytes from a place.
    pub(crate) fn array<const N: usize>(&mut self, at: u64) -> Result<[u8; N], Unfit> {
        if at.checked_add(N as u64).is_none_or(|end| end > self.length) {
            return Err(cut());
        }
        if self.known(at, N).is_none() {
            self.look(at)?;
        }
        self.known(at, N).and_then(|known| known.try_into().ok()).ok_or_else(cut)
    }

    fn known(&self, at: u64, n: usize) -> Option<&[u8]> {
        let start = usize::try_from(at.checked_sub(self.from)?).ok()?;
        self.window.get(start..start.checked_add(n)?)
    }

    fn look(&mut self, at: u64) -> Result<(), Unfit> {
        self.file.seek(SeekFrom::Start(at)).map_err(|error| unread(&error))?;
        self.window.clear();
        self.from = at;
        let mut ahead = Read::take(&mut *self.file, WINDOW as u64);
        ahead.read_to_end(&mut self.window).map_err(|error| unread(&error))?;
        Ok(())
    }
}

/// Bytes that are taken one number after the other. `None`: there are no more.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bytes<'a>(pub(crate) &'a [u8]);

impl<'a> Bytes<'a> {
    pub(crate) fn slice(&mut self, n: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(n)?;
        self.0 = rest;
        Some(taken)
    }

    pub(crate) fn skip(&mut self, n: usize) -> Option<()> {
        self.slice(n).map(drop)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.slice(N)?.try_into().ok()
    }

    pub(crate) fn u8(&mut self) -> Option<u8> {
        self.array().map(u8::from_be_bytes)
    }

    pub(crate) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_be_bytes)
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    pub(crate) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_be_bytes)
    }

    /// A number with its lowest byte first.
    pub(crate) fn u32_le(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }
}
