//! Files that belong to posts and people: pictures, sound, film. On a local disk, or in a bucket.

use std::{
    collections::BTreeSet,
    io::{self, Read},
    path::{Path, PathBuf},
    sync::Arc,
};

use bytes::Bytes;
use phiomia_model::{Fault, Time};
use tokio::task::spawn_blocking;

mod body;
mod disk;
mod key;
mod moving;
mod one;
mod place;
mod s3;
mod usage;

pub use body::{FileBody, Part, Span};
pub use key::{FileKey, FileKind, FilePrefix};
pub use moving::Tally;
pub use place::{Place, Shelf};
pub(crate) use s3::{Bucket, Client, Object};
pub use s3::{BucketSettings, Elsewhere, HandOut};

use self::{disk::Disk, one::One, place::PlaceCell};

/// The files shelf. A clone is another handle of the same.
///
/// Every place does the same: what `put` returned from is durable and whole, under a name that nobody can guess.
/// While files are on their way from one place to another, both are read, and the new one is written.
#[derive(Clone, Debug)]
pub struct Files {
    disk: Arc<Disk>,
    bucket: Option<Bucket>,
    place: Arc<PlaceCell>,
}

/// A file as a listing shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Its name.
    pub key: FileKey,
    /// Bytes.
    pub n_bytes: u64,
    /// When it came there.
    pub modified_at: Time,
}

/// The room of a disk, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
    /// All of it.
    pub total: u64,
    /// What may still be written.
    pub free: u64,
}

impl Space {
    /// The room of the disk that a folder is on.
    ///
    /// # Errors
    /// The system does not say it, or there is no such folder.
    pub fn of(folder: &Path) -> io::Result<Space> {
        let seen = rustix::fs::statvfs(folder)?;
        let bytes = |blocks: u64| blocks.saturating_mul(seen.f_frsize);
        Ok(Space { total: bytes(seen.f_blocks), free: bytes(seen.f_bavail) })
    }

    /// Bytes that may still be taken by who leaves so many hundredths of the disk free; below zero when it is too full already.
    #[must_use]
    pub fn spare(&self, percent_left: u64) -> i64 {
        let bytes = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        bytes(self.free).saturating_sub(bytes((self.total / 100).saturating_mul(percent_left)))
    }
}

impl Files {
    /// Files below a folder, which is made if it is not there.
    ///
    /// # Errors
    /// When the folder can not be made.
    pub async fn disk(root: impl Into<PathBuf>) -> Result<Files, Fault> {
        let root = root.into();
        let disk = blocking(move || Disk::open(root)).await?;
        let place = Arc::new(PlaceCell::new(Place::at(Shelf::Disk)));
        Ok(Files { disk: Arc::new(disk), bucket: None, place })
    }

    /// The same with a bucket beside the folder. Nothing is asked of the bucket yet.
    ///
    /// # Errors
    /// When the folder can not be made or the settings do not hold.
    pub async fn with_bucket(root: impl Into<PathBuf>, settings: BucketSettings, place: Place) -> Result<Files, Fault> {
        let files = Files::disk(root).await?;
        files.place.set(place);
        Ok(Files { bucket: Some(Bucket::open(settings)?), ..files })
    }

    /// From now on no file is written when less of the disk than so many bytes would be left.
    pub fn keep_free(&self, n_bytes: u64) {
        self.disk.set_reserve(n_bytes);
    }

    /// Where files are.
    #[must_use]
    pub fn place(&self) -> Place {
        self.place.get()
    }

    /// From now on they are elsewhere.
    ///
    /// # Errors
    /// When there is no bucket for it.
    pub fn set_place(&self, place: Place) -> Result<(), Fault> {
        if place.needs_bucket() && self.bucket.is_none() {
            return Err(Fault::new("files are said to lie in a bucket, and none is known here"));
        }
        self.place.set(place);
        Ok(())
    }

    /// Whether there is a bucket, in use or not.
    #[must_use]
    pub fn has_bucket(&self) -> bool {
        self.bucket.is_some()
    }

    /// What a shelf is called to people: the folder, or the bucket and its server.
    #[must_use]
    pub fn name(&self, shelf: Shelf) -> String {
        match (shelf, &self.bucket) {
            (Shelf::Disk, _) => format!("the folder {}", self.disk.root().display()),
            (Shelf::S3, Some(bucket)) => bucket.name(),
            (Shelf::S3, None) => "no bucket".to_owned(),
        }
    }

    /// Keeps a file, in place of an older one of the same name: readers see the old or the new one, never a mixture.
    /// When it returns, the file outlives a loss of power.
    ///
    /// # Errors
    /// When it can not be written; transient when the disk is full or the bucket away. Nothing of it stays then.
    pub async fn put(&self, key: &FileKey, bytes: impl Into<Bytes>) -> Result<(), Fault> {
        let bytes: Bytes = bytes.into();
        self.put_from(key, std::io::Cursor::new(bytes)).await.map(drop)
    }

    /// The same, from a reader that may block (a temporary file). Returns the file's length in bytes.
    ///
    /// # Errors
    /// As [`Files::put`], and when the reader fails.
    pub async fn put_from(&self, key: &FileKey, from: impl Read + Send + 'static) -> Result<u64, Fault> {
        self.one(self.place().shelf)?.put_from(key, from).await
    }

    /// The whole file in memory. `None`: there is none.
    ///
    /// # Errors
    /// When it can not be read.
    pub async fn get(&self, key: &FileKey) -> Result<Option<Bytes>, Fault> {
        for one in self.to_read()? {
            if let Some(bytes) = one.get(key).await? {
                return Ok(Some(bytes));
            }
        }
        Ok(None)
    }

    /// The file's length and then its content, piece by piece. `None`: there is none.
    ///
    /// # Errors
    /// When it can not be opened.
    pub async fn open(&self, key: &FileKey) -> Result<Option<FileBody>, Fault> {
        Ok(match self.look(key, None).await? {
            Some(Part::Body(body)) => Some(body),
            Some(Part::Beyond { .. }) | None => None,
        })
    }

    /// The same of a part of the file; no more than that is read. `None`: there is no such file.
    ///
    /// # Errors
    /// When it can not be opened.
    pub async fn open_part(&self, key: &FileKey, span: Span) -> Result<Option<Part>, Fault> {
        self.look(key, Some(span)).await
    }

    async fn look(&self, key: &FileKey, span: Option<Span>) -> Result<Option<Part>, Fault> {
        for one in self.to_read()? {
            if let Some(part) = one.open_part(key, span).await? {
                return Ok(Some(part));
            }
        }
        Ok(None)
    }

    /// Length of the file in bytes. `None`: there is none.
    ///
    /// # Errors
    /// When it can not be told.
    pub async fn size(&self, key: &FileKey) -> Result<Option<u64>, Fault> {
        for one in self.to_read()? {
            if let Some(n_bytes) = one.size(key).await? {
                return Ok(Some(n_bytes));
            }
        }
        Ok(None)
    }

    /// Whether the file is there.
    ///
    /// # Errors
    /// When it can not be told.
    pub async fn exists(&self, key: &FileKey) -> Result<bool, Fault> {
        Ok(self.size(key).await?.is_some())
    }

    /// Removes a file, also a copy that a move left behind. `false`: there was none, which is as good; not every bucket
    /// says so.
    ///
    /// # Errors
    /// When it can not be removed.
    pub async fn delete(&self, key: &FileKey) -> Result<bool, Fault> {
        let mut was_there = One::Disk(self.disk.clone()).delete(key).await?;
        if let Some(bucket) = &self.bucket {
            was_there |= bucket.delete(key).await?;
        }
        Ok(was_there)
    }

    /// The files below a prefix, sorted. What is there and has no name of ours is left out.
    ///
    /// # Errors
    /// When it can not be told.
    pub async fn list(&self, prefix: &FilePrefix) -> Result<Vec<FileKey>, Fault> {
        let mut all = BTreeSet::new();
        for one in self.to_read()? {
            all.extend(one.list(prefix).await?.into_iter().map(|stored| stored.key));
        }
        Ok(all.into_iter().collect())
    }

    /// Where the file is fetched instead of from this server; `None`: nowhere else.
    ///
    /// # Errors
    /// When no address can be signed.
    pub async fn elsewhere(&self, key: &FileKey) -> Result<Option<Elsewhere>, Fault> {
        match &self.bucket {
            Some(bucket) if self.place() == Place::at(Shelf::S3) => bucket.elsewhere(key).await,
            _ => Ok(None),
        }
    }

    /// Does once what is done with files (listing, writing, reading a part, deleting), where they are and where they are
    /// going. `random`: 128 bits, for the name of what is written.
    ///
    /// # Errors
    /// A sentence about what is missing; transient when it may go well later by itself.
    pub async fn check(&self, random: u128) -> Result<(), Fault> {
        let place = self.place();
        self.check_shelf(place.shelf, random).await?;
        if place.is_moving { self.check_shelf(place.shelf.other(), random).await } else { Ok(()) }
    }

    /// The same for one shelf, in use or not.
    ///
    /// # Errors
    /// As [`Files::check`], and when there is no bucket.
    pub async fn check_shelf(&self, shelf: Shelf, random: u128) -> Result<(), Fault> {
        match self.one(shelf)? {
            One::Disk(disk) => blocking(move || disk.check()).await,
            One::Bucket(bucket) => bucket.check(random).await,
        }
    }

    /// Whether everybody gets files at the public address of the bucket, if there is one. It may be reached from here in
    /// another way than from elsewhere, so this is advice.
    ///
    /// # Errors
    /// A sentence about what is missing.
    pub async fn check_public(&self, random: u128) -> Result<(), Fault> {
        match &self.bucket {
            Some(bucket) => bucket.check_public(random).await,
            None => Ok(()),
        }
    }

    /// How much room there is. `None`: where files lie, nobody says.
    ///
    /// # Errors
    /// When it can not be told.
    pub async fn space(&self) -> Result<Option<Space>, Fault> {
        if self.place().shelf != Shelf::Disk {
            return Ok(None);
        }
        let disk = Arc::clone(&self.disk);
        blocking(move || disk.space()).await.map(Some)
    }

    /// Removes what a crash left half-written more than a day before `now`. Returns how many files.
    ///
    /// # Errors
    /// When the folder can not be read.
    pub async fn sweep_unfinished(&self, now: Time) -> Result<usize, Fault> {
        let disk = Arc::clone(&self.disk);
        blocking(move || disk.sweep_unfinished(now)).await
    }

    fn one(&self, shelf: Shelf) -> Result<One, Fault> {
        match (shelf, &self.bucket) {
            (Shelf::Disk, _) => Ok(One::Disk(self.disk.clone())),
            (Shelf::S3, Some(bucket)) => Ok(One::Bucket(bucket.clone())),
            (Shelf::S3, None) => Err(Fault::new("no bucket is set: see s3.enabled and s3.bucket")),
        }
    }

    /// Where a file may be, the likeliest first.
    fn to_read(&self) -> Result<Vec<One>, Fault> {
        let place = self.place();
        let mut all = vec![self.one(place.shelf)?];
        if place.is_moving {
            all.push(self.one(place.shelf.other())?);
        }
        Ok(all)
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Fault> + Send + 'static) -> Result<T, Fault> {
    spawn_blocking(work).await.map_err(|error| Fault::because("waiting for the disk", error))?
}
