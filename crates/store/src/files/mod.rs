//! Files that belong to posts and people: pictures, sound, film. On a local disk.

use std::{io::Read, path::PathBuf, sync::Arc};

use bytes::Bytes;
use futures_util::{Stream, stream};
use phiomia_model::{Fault, Time};
use tokio::{io::AsyncReadExt, task::spawn_blocking};

mod disk;
mod key;

pub use key::{FileKey, FileKind, FilePrefix};

use self::disk::Disk;

/// Largest piece of a file in memory while it is streamed, in bytes.
const CHUNK_BYTES: usize = 64 * 1024;

/// The files shelf. A clone is another handle of the same.
#[derive(Clone, Debug)]
pub struct Files(Place);

/// Every place does the same: what `put` returned from is durable and whole, under a name that nobody can guess.
#[derive(Clone, Debug)]
enum Place {
    Disk(Arc<Disk>),
}

impl Files {
    /// Files below a folder, which is made if it is not there.
    ///
    /// # Errors
    /// When the folder can not be made.
    pub async fn disk(root: impl Into<PathBuf>) -> Result<Files, Fault> {
        let root = root.into();
        let disk = blocking(move || Disk::open(root)).await?;
        Ok(Files(Place::Disk(Arc::new(disk))))
    }

    /// Keeps a file, in place of an older one of the same name: readers see the old or the new one, never a mixture.
    /// When it returns, the file outlives a loss of power.
    ///
    /// # Errors
    /// When it can not be written; transient when the disk is full. Nothing of it stays then.
    pub async fn put(&self, key: &FileKey, bytes: impl Into<Bytes>) -> Result<(), Fault> {
        let bytes: Bytes = bytes.into();
        self.put_from(key, std::io::Cursor::new(bytes)).await.map(drop)
    }

    /// The same, from a reader that may block (a temporary file). Returns the file's length in bytes.
    ///
    /// # Errors
    /// As [`Files::put`], and when the reader fails.
    pub async fn put_from(&self, key: &FileKey, mut from: impl Read + Send + 'static) -> Result<u64, Fault> {
        match &self.0 {
            Place::Disk(disk) => {
                let (disk, key) = (Arc::clone(disk), key.clone());
                blocking(move || disk.put(&key, &mut from)).await
            }
        }
    }

    /// The whole file in memory. `None`: there is none.
    ///
    /// # Errors
    /// When it can not be read.
    pub async fn get(&self, key: &FileKey) -> Result<Option<Bytes>, Fault> {
        match &self.0 {
            Place::Disk(disk) => {
                let (disk, key) = (Arc::clone(disk), key.clone());
                blocking(move || disk.get(&key)).await
            }
        }
    }

    /// The file's length and then its content, piece by piece. `None`: there is none.
    ///
    /// # Errors
    /// When it can not be opened.
    pub async fn open(&self, key: &FileKey) -> Result<Option<FileBody>, Fault> {
        match &self.0 {
            Place::Disk(disk) => {
                let (disk, key) = (Arc::clone(disk), key.clone());
                let opened = blocking(move || disk.open_file(&key)).await?;
                Ok(opened.map(|(file, len)| FileBody { len, left: len, file: tokio::fs::File::from_std(file) }))
            }
        }
    }

    /// Whether the file is there.
    ///
    /// # Errors
    /// When it can not be told.
    pub async fn exists(&self, key: &FileKey) -> Result<bool, Fault> {
        match &self.0 {
            Place::Disk(disk) => {
                let (disk, key) = (Arc::clone(disk), key.clone());
                blocking(move || disk.exists(&key)).await
            }
        }
    }

    /// Removes a file. `false`: there was none, which is as good.
    ///
    /// # Errors
    /// When it can not be removed.
    pub async fn delete(&self, key: &FileKey) -> Result<bool, Fault> {
        match &self.0 {
            Place::Disk(disk) => {
                let (disk, key) = (Arc::clone(disk), key.clone());
                blocking(move || disk.delete(&key)).await
            }
        }
    }

    /// The files below a prefix, sorted. What is there and has no name of ours is left out.
    ///
    /// # Errors
    /// When a folder can not be read.
    pub async fn list(&self, prefix: &FilePrefix) -> Result<Vec<FileKey>, Fault> {
        match &self.0 {
            Place::Disk(disk) => {
                let (disk, prefix) = (Arc::clone(disk), prefix.clone());
                blocking(move || disk.list(&prefix)).await
            }
        }
    }

    /// Removes what a crash left half-written more than a day before `now`. Returns how many files.
    ///
    /// # Errors
    /// When the folder can not be read.
    pub async fn sweep_unfinished(&self, now: Time) -> Result<usize, Fault> {
        match &self.0 {
            Place::Disk(disk) => {
                let disk = Arc::clone(disk);
                blocking(move || disk.sweep_unfinished(now)).await
            }
        }
    }
}

/// An open file. It stays whole when it is replaced or deleted while being read.
#[derive(Debug)]
pub struct FileBody {
    len: u64,
    left: u64,
    file: tokio::fs::File,
}

impl FileBody {
    /// Length of the whole file in bytes.
    #[must_use]
    pub fn size_bytes(&self) -> u64 {
        self.len
    }

    /// The next piece; `None` at the end.
    ///
    /// # Errors
    /// When the file can not be read or ends before its length.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Fault> {
        if self.left == 0 {
            return Ok(None);
        }
        let mut chunk = Vec::with_capacity(usize::try_from(self.left).unwrap_or(CHUNK_BYTES).min(CHUNK_BYTES));
        let n_read = self.file.read_buf(&mut chunk).await.map_err(|error| Fault::because("reading a file", error))?;
        if n_read == 0 {
            return Err(Fault::new(format!("a file ended {} bytes early", self.left)));
        }
        self.left = self.left.saturating_sub(u64::try_from(n_read).unwrap_or(u64::MAX));
        Ok(Some(Bytes::from(chunk)))
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

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Fault> + Send + 'static) -> Result<T, Fault> {
    spawn_blocking(work).await.map_err(|error| Fault::because("waiting for the disk", error))?
}
