//! A file, or a part of one, that is being read.

use std::{
    fmt,
    io::{Seek as _, SeekFrom},
    ops::Range,
    pin::Pin,
};

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream};
use phiomia_model::Fault;
use tokio::io::AsyncReadExt as _;

/// Largest piece of a file on a disk in memory while it is streamed, in bytes.
const CHUNK_BYTES: usize = 64 * 1024;

/// Which part of a file is wanted, in bytes. Source: RFC 9110, 14.1.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// From the first to the second, which belongs to it.
    Between(u64, u64),
    /// From there to the end.
    From(u64),
    /// So many at the end.
    Last(u64),
}

impl Span {
    /// What it is of a file of a length. `None`: nothing.
    #[must_use]
    pub fn within(self, n_bytes: u64) -> Option<Range<u64>> {
        let range = match self {
            Span::Between(first, last) => first..last.saturating_add(1).min(n_bytes),
            Span::From(first) => first..n_bytes,
            Span::Last(n) => n_bytes.saturating_sub(n)..n_bytes,
        };
        (range.start < range.end).then_some(range)
    }
}

/// What became of asking for a part of a file.
#[derive(Debug)]
pub enum Part {
    /// It.
    Body(FileBody),
    /// The file is shorter.
    Beyond {
        /// How long it is.
        n_bytes: u64,
    },
}

type Chunks = Pin<Box<dyn Stream<Item = Result<Bytes, Fault>> + Send>>;

/// An open file, or a part of one. It stays whole when it is replaced or deleted while being read.
pub struct FileBody {
    n_bytes: u64,
    range: Range<u64>,
    left: u64,
    source: Source,
}

enum Source {
    Disk(tokio::fs::File),
    Elsewhere(Chunks),
}

impl FileBody {
    /// A part of a file on a disk.
    pub(super) fn of_file(mut file: std::fs::File, n_bytes: u64, range: Range<u64>) -> Result<FileBody, Fault> {
        if range.start > 0 {
            file.seek(SeekFrom::Start(range.start)).map_err(|error| Fault::because("reading a file", error))?;
        }
        let left = range.end.saturating_sub(range.start);
        Ok(FileBody { n_bytes, range, left, source: Source::Disk(tokio::fs::File::from_std(file)) })
    }

    /// What comes from somewhere else.
    pub(super) fn of_chunks(
        chunks: impl Stream<Item = Result<Bytes, Fault>> + Send + 'static,
        n_bytes: u64,
        range: Range<u64>,
    ) -> FileBody {
        let left = range.end.saturating_sub(range.start);
        FileBody { n_bytes, range, left, source: Source::Elsewhere(Box::pin(chunks)) }
    }

    /// Length of the whole file in bytes.
    #[must_use]
    pub fn size_bytes(&self) -> u64 {
        self.n_bytes
    }

    /// What of the file this is.
    #[must_use]
    pub fn range(&self) -> Range<u64> {
        self.range.clone()
    }

    /// The next piece; `None` at the end.
    ///
    /// # Errors
    /// When the file can not be read or ends before its length.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Fault> {
        if self.left == 0 {
            return Ok(None);
        }
        let chunk = match &mut self.source {
            Source::Disk(file) => {
                let most = usize::try_from(self.left).unwrap_or(CHUNK_BYTES).min(CHUNK_BYTES);
                let mut chunk = Vec::with_capacity(most);
                let mut file = file.take(u64::try_from(most).unwrap_or(u64::MAX));
                file.read_buf(&mut chunk).await.map_err(|error| Fault::because("reading a file", error))?;
                Bytes::from(chunk)
            }
            Source::Elsewhere(chunks) => chunks.next().await.transpose()?.unwrap_or_default(),
        };
        if chunk.is_empty() {
            return Err(Fault::new(format!("a file ended {} bytes early", self.left)));
        }
        self.left = self.left.saturating_sub(u64::try_from(chunk.len()).unwrap_or(u64::MAX));
        Ok(Some(chunk))
    }

    /// The pieces as a stream, which ends after the first fault.
    pub fn into_stream(self) -> impl Stream<Item = Result<Bytes, Fault>> + Send {
        stream::unfold(Some(self), |body| async {
            let mut body = body?;
            match body.chunk().await {
                Ok(None) => None,
                Ok(Some(chunk)) => Some((Ok(chunk), Some(body))),
                Err(fault) => Some((Err(fault), None)),
            }
        })
    }
}

impl fmt::Debug for FileBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileBody").field("n_bytes", &self.n_bytes).field("range", &self.range).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_cut_to_the_file_and_may_be_nothing_of_it() {
        assert_eq!(Span::Between(0, 3).within(10), Some(0..4));
        assert_eq!(Span::Between(5, 400).within(10), Some(5..10));
        assert_eq!(Span::Between(5, u64::MAX).within(10), Some(5..10));
        assert_eq!(Span::From(4).within(10), Some(4..10));
        assert_eq!(Span::Last(3).within(10), Some(7..10));
        assert_eq!(Span::Last(30).within(10), Some(0..10));
        for (span, n_bytes) in
            [(Span::Between(10, 12), 10), (Span::From(10), 10), (Span::Last(0), 10), (Span::From(0), 0)]
        {
            assert_eq!(span.within(n_bytes), None, "{span:?}");
        }
    }
}
