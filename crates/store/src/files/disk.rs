//! Files on a local disk: written beside, made durable, then renamed into place.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind, Read, Write as _},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use phiomia_model::{Fault, Time, error::is_full};

use super::{FileBody, FileKey, FilePrefix, Part, Space, Span, Stored};

/// Half-written files lie here, on the same file system as their final place, or a rename would not be one step.
const UNFINISHED: &str = ".unfinished";
const UNFINISHED_LIFE: Duration = Duration::from_secs(86_400);
/// How often a `put` begins again because a `delete` removed the folder that became empty meanwhile.
const MAX_ATTEMPTS: usize = 5;

#[derive(Debug)]
pub(super) struct Disk {
    root: PathBuf,
    n_written: AtomicU64,
    /// Bytes of the disk that are left to others.
    reserve: AtomicU64,
}

/// A file that is being written and has no name yet. What is dropped before it got one is removed.
#[derive(Debug)]
pub(super) struct Unfinished {
    path: PathBuf,
    file: File,
    has_name: bool,
}

impl Unfinished {
    pub(super) fn write(mut self, bytes: &[u8]) -> Result<Unfinished, Fault> {
        self.file.write_all(bytes).map_err(|error| Fault::because("writing a file", error))?;
        Ok(self)
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.has_name {
            // What can not be removed now is swept up later.
            let _ = fs::remove_file(&self.path);
        }
    }
}

impl Disk {
    pub(super) fn open(root: PathBuf) -> Result<Disk, Fault> {
        let disk = Disk { root, n_written: AtomicU64::new(0), reserve: AtomicU64::new(0) };
        fs::create_dir_all(disk.root.join(UNFINISHED))
            .map_err(|error| Fault::because("making the folder for files", error))?;
        sync_folder(&disk.root).map_err(|error| Fault::because("making the folder for files durable", error))?;
        // Its name stands in the folder above, which need not be ours to read: whoever made that one keeps it.
        match disk.root.parent().filter(|above| !above.as_os_str().is_empty()).map_or(Ok(()), sync_folder) {
            Err(error) if error.kind() != ErrorKind::PermissionDenied => {
                Err(Fault::because("making the folder for files durable", error))
            }
            _ => Ok(disk),
        }
    }

    pub(super) fn set_reserve(&self, n_bytes: u64) {
        self.reserve.store(n_bytes, Ordering::Relaxed);
    }

    pub(super) fn put(&self, key: &FileKey, from: &mut impl Read) -> Result<u64, Fault> {
        let mut unfinished = self.begin_file()?;
        let n_bytes = io::copy(from, &mut unfinished.file).map_err(|error| Fault::because("writing a file", error))?;
        self.finish_file(unfinished, key).map(|()| n_bytes)
    }

    pub(super) fn begin_file(&self) -> Result<Unfinished, Fault> {
        self.check_reserve()?;
        self.begin().map_err(|error| Fault::because("beginning a file", error))
    }

    pub(super) fn finish_file(&self, mut unfinished: Unfinished, key: &FileKey) -> Result<(), Fault> {
        let finished = sync_file(&unfinished.file).and_then(|()| self.finish(&unfinished.path, key));
        unfinished.has_name = finished.is_ok();
        finished.map_err(|error| Fault::because("writing a file", error))
    }

    pub(super) fn get(&self, key: &FileKey) -> Result<Option<Bytes>, Fault> {
        let Some((mut file, len)) = self.open_file(key)? else { return Ok(None) };
        let mut bytes = Vec::with_capacity(usize::try_from(len).unwrap_or(0));
        file.read_to_end(&mut bytes).map_err(|error| Fault::because("reading a file", error))?;
        Ok(Some(Bytes::from(bytes)))
    }

    /// The file and its length in bytes.
    pub(super) fn open_file(&self, key: &FileKey) -> Result<Option<(File, u64)>, Fault> {
        let opened = File::open(self.path(key)).and_then(|file| {
            let len = file.metadata()?.len();
            Ok((file, len))
        });
        found(opened).map_err(|error| Fault::because("opening a file", error))
    }

    /// `None` for the whole.
    pub(super) fn open_part(&self, key: &FileKey, span: Option<Span>) -> Result<Option<Part>, Fault> {
        let Some((file, n_bytes)) = self.open_file(key)? else { return Ok(None) };
        let range = match span {
            None => Some(0..n_bytes),
            Some(span) => span.within(n_bytes),
        };
        let Some(range) = range else { return Ok(Some(Part::Beyond { n_bytes })) };
        FileBody::of_file(file, n_bytes, range).map(|body| Some(Part::Body(body)))
    }

    pub(super) fn size(&self, key: &FileKey) -> Result<Option<u64>, Fault> {
        let metadata =
            found(fs::metadata(self.path(key))).map_err(|error| Fault::because("looking for a file", error))?;
        Ok(metadata.filter(fs::Metadata::is_file).map(|metadata| metadata.len()))
    }

    /// Whether a file can be written and removed here.
    pub(super) fn check(&self) -> Result<(), Fault> {
        self.check_reserve()?;
        let checked = self.begin().and_then(|unfinished| sync_file(&unfinished.file));
        checked.map_err(|error| Fault::because(format!("writing below {}", self.root.display()), error))
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn delete(&self, key: &FileKey) -> Result<bool, Fault> {
        let path = self.path(key);
        if found(fs::remove_file(&path)).map_err(|error| Fault::because("deleting a file", error))?.is_none() {
            return Ok(false);
        }
        let Some(folder) = path.parent() else { return Ok(true) };
        found(sync_folder(folder)).map_err(|error| Fault::because("making a deletion durable", error))?;
        // Fails while siblings are there, which is right.
        let _ = fs::remove_dir(folder);
        Ok(true)
    }

    pub(super) fn list(&self, prefix: &FilePrefix) -> Result<Vec<Stored>, Fault> {
        let mut all = Vec::new();
        self.collect(prefix.as_str(), &mut all).map_err(|error| Fault::because("listing files", error))?;
        all.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        Ok(all)
    }

    pub(super) fn space(&self) -> Result<Space, Fault> {
        Space::of(&self.root).map_err(|error| Fault::because("looking how full the disk is", error))
    }

    /// Files end before the disk does: what is left is for the database, without which nothing can be deleted either.
    fn check_reserve(&self) -> Result<(), Fault> {
        let reserve = self.reserve.load(Ordering::Relaxed);
        if reserve == 0 {
            return Ok(());
        }
        let free = self.space()?.free;
        if free >= reserve {
            return Ok(());
        }
        let megabytes = |bytes: u64| bytes >> 20;
        let (free, reserve) = (megabytes(free), megabytes(reserve));
        Err(Fault::new(format!("the disk has {free} MB left, and the last {reserve} MB take no files")).transient())
    }

    pub(super) fn sweep_unfinished(&self, now: Time) -> Result<usize, Fault> {
        let micros = u64::try_from(now.minus(UNFINISHED_LIFE).0).unwrap_or(0);
        let before = SystemTime::UNIX_EPOCH + Duration::from_micros(micros);
        let swept = (|| {
            let mut n_swept = 0;
            for entry in fs::read_dir(self.root.join(UNFINISHED))? {
                let entry = entry?;
                let is_old = found(entry.metadata().and_then(|metadata| metadata.modified()))?
                    .is_some_and(|modified| modified < before);
                if is_old && found(fs::remove_file(entry.path()))?.is_some() {
                    n_swept += 1;
                }
            }
            Ok(n_swept)
        })();
        swept.map_err(|error: io::Error| Fault::because("sweeping unfinished files", error))
    }

    /// A new file that no other thread and no other process (a command beside the server) writes to.
    fn begin(&self) -> io::Result<Unfinished> {
        loop {
            let n = self.n_written.fetch_add(1, Ordering::Relaxed);
            let path = self.root.join(UNFINISHED).join(format!("{}-{n}", std::process::id()));
            match OpenOptions::new().write(true).create_new(true).open(&path) {
                Ok(file) => return Ok(Unfinished { path, file, has_name: false }),
                // Left by a crash of a process with this number, or two containers number alike.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn finish(&self, unfinished: &Path, key: &FileKey) -> io::Result<()> {
        let path = self.path(key);
        let mut attempt = 1;
        loop {
            let done = self.rename_into(unfinished, &path);
            match done {
                Err(error) if is_vanished(&error) && attempt < MAX_ATTEMPTS => attempt += 1,
                done => return done,
            }
        }
    }

    /// The rename, and every folder from the file up to the root made durable: another thread may have made one of
    /// them a moment ago and not be so far.
    fn rename_into(&self, unfinished: &Path, path: &Path) -> io::Result<()> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::rename(unfinished, path)?;
        for folder in path.ancestors().skip(1).take_while(|folder| folder.starts_with(&self.root)) {
            // Gone again: somebody deleted the file in this moment.
            found(sync_folder(folder))?;
        }
        Ok(())
    }

    fn collect(&self, folder: &str, all: &mut Vec<Stored>) -> io::Result<()> {
        let Some(entries) = found(fs::read_dir(self.root.join(folder)))? else { return Ok(()) };
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name();
            let Some(name) = name.to_str() else { continue };
            let path = format!("{folder}/{name}");
            // A link is no folder and no file of ours.
            let Some(file_type) = found(entry.file_type())? else { continue };
            if file_type.is_dir() {
                self.collect(&path, all)?;
            } else if file_type.is_file()
                && let Ok(key) = path.parse::<FileKey>()
                && let Some(metadata) = found(entry.metadata())?
            {
                let age = metadata.modified()?.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
                let modified_at = Time(i64::try_from(age.as_micros()).unwrap_or(i64::MAX));
                all.push(Stored { key, n_bytes: metadata.len(), modified_at });
            }
        }
        Ok(())
    }

    fn path(&self, key: &FileKey) -> PathBuf {
        self.root.join(key.as_str())
    }
}

fn found<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// How it shows that a folder was removed in this moment. `AlreadyExists`: it was there when it should be made, and
/// gone when `create_dir_all` looked whether what is there is a folder.
fn is_vanished(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::AlreadyExists)
}

fn sync_file(file: &File) -> io::Result<()> {
    file.sync_all().map_err(|error| end_if_lost("a file", error))
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    match File::open(folder)?.sync_all() {
        // Some network file systems can not sync a folder, and say so: they keep names in order themselves.
        Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => Ok(()),
        Err(error) => Err(end_if_lost("a folder", error)),
        Ok(()) => Ok(()),
    }
}

/// After a failed sync nobody knows what is on the disk, and a second one may succeed without having written
/// anything: the process ends and what is on the disk is read anew. A full disk is not such a failure.
fn end_if_lost(what: &str, error: io::Error) -> io::Error {
    if is_full(&error) {
        return error;
    }
    tracing::error!("the disk failed to make {what} durable, stopping now: {error}");
    std::process::abort();
}
