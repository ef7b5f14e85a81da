//! Where backups are kept: a folder, or a bucket of their own.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use phiomia_model::{Fault, Time};
use tokio::task::spawn_blocking;

use crate::files::{Bucket, BucketSettings};

/// The ending of a file that is not whole yet.
const UNFINISHED: &str = ".part";

/// A place for backups. A clone is another handle of the same.
#[derive(Clone, Debug)]
pub struct Shelf {
    /// The place itself; for a bucket, where a file waits to be sent there.
    folder: PathBuf,
    bucket: Option<Bucket>,
}

/// A backup as a listing shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Its name.
    pub name: String,
    /// Bytes.
    pub n_bytes: u64,
    /// When it came there.
    pub modified_at: Time,
}

impl Shelf {
    /// A folder, made when the first backup comes.
    #[must_use]
    pub fn folder(folder: impl Into<PathBuf>) -> Shelf {
        Shelf { folder: folder.into(), bucket: None }
    }

    /// A bucket, and a folder in which backups are made. Nothing is asked of the bucket yet.
    ///
    /// # Errors
    /// When the settings do not hold.
    pub fn bucket(folder: impl Into<PathBuf>, settings: BucketSettings) -> Result<Shelf, Fault> {
        Ok(Shelf { folder: folder.into(), bucket: Some(Bucket::open(settings)?) })
    }

    /// What it is called to people.
    #[must_use]
    pub fn name(&self) -> String {
        match &self.bucket {
            Some(bucket) => bucket.name(),
            None => format!("the folder {}", self.folder.display()),
        }
    }

    /// A file to write a backup into, which nobody takes for one before it is kept. For nobody's eyes but ours.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn begin(&self, name: &str) -> Result<File, Fault> {
        let path = self.unfinished(name);
        let failed = |e: io::Error| Fault::because(format!("making {}", path.display()), e);
        DirBuilder::new().recursive(true).mode(0o700).create(&self.folder).map_err(failed)?;
        OpenOptions::new().read(true).write(true).create(true).truncate(true).mode(0o600).open(&path).map_err(failed)
    }

    /// Keeps what was written: durably, whole, and under its name. Where it is now, for people.
    ///
    /// # Errors
    /// When it cannot be stored or sent.
    pub async fn keep(&self, name: &str, file: File) -> Result<String, Fault> {
        let (unfinished, path, folder) = (self.unfinished(name), self.folder.join(name), self.folder.clone());
        let Some(bucket) = &self.bucket else {
            let failed = |e: io::Error| Fault::because("storing the backup durably", e);
            let shown = path.display().to_string();
            let storing = move || {
                file.sync_all()?;
                fs::rename(&unfinished, &path)?;
                File::open(&folder)?.sync_all()
            };
            blocking(move || storing().map_err(failed)).await?;
            return Ok(shown);
        };
        let reading = unfinished.clone();
        let open = move || File::open(&reading).map_err(|e| Fault::because("reading the backup", e));
        let sent = bucket.put_object(name, blocking(open).await?).await;
        self.forget(name);
        sent.map(|_| format!("{name} in {}", bucket.name()))
    }

    /// Throws away what was begun.
    pub fn forget(&self, name: &str) {
        // Whether it was there at all is all the same.
        let _ = fs::remove_file(self.unfinished(name));
    }

    /// The backups that are there, oldest first by their names.
    ///
    /// # Errors
    /// When it cannot be told.
    pub async fn list(&self) -> Result<Vec<Kept>, Fault> {
        let mut all = match &self.bucket {
            Some(bucket) => {
                let kept = |object: crate::files::Object| Kept {
                    name: object.name,
                    n_bytes: object.n_bytes,
                    modified_at: object.modified_at,
                };
                bucket.objects().await?.into_iter().map(kept).collect()
            }
            None => {
                let folder = self.folder.clone();
                blocking(move || in_folder(&folder)).await?
            }
        };
        all.retain(|kept| kept.name.starts_with("phiomia-") && kept.name.contains(".tar.gz"));
        all.retain(|kept| !kept.name.ends_with(UNFINISHED));
        all.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Ok(all)
    }

    /// The file of a backup on this machine, fetched into `scratch` when it lies elsewhere. `None`: there is none.
    ///
    /// # Errors
    /// When it cannot be fetched.
    pub async fn fetch(&self, name: &str, scratch: &Path) -> Result<Option<PathBuf>, Fault> {
        let Some(bucket) = &self.bucket else {
            let path = self.folder.join(name);
            return Ok(path.is_file().then_some(path));
        };
        let failed = |e: io::Error| Fault::because(format!("writing {}", scratch.display()), e);
        let opened = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(scratch);
        let mut file = opened.map_err(failed)?;
        let is_there = bucket.read_object(name, |piece| file.write_all(piece).map_err(failed)).await?;
        Ok(is_there.then(|| scratch.to_owned()))
    }

    /// Deletes one.
    ///
    /// # Errors
    /// When it cannot be deleted.
    pub async fn delete(&self, name: &str) -> Result<(), Fault> {
        match &self.bucket {
            Some(bucket) => bucket.delete_object(name).await,
            None => {
                let path = self.folder.join(name);
                blocking(move || fs::remove_file(path).map_err(|e| Fault::because("deleting a backup", e))).await
            }
        }
    }

    fn unfinished(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}{UNFINISHED}"))
    }
}

fn in_folder(folder: &Path) -> Result<Vec<Kept>, Fault> {
    let failed = |e: io::Error| Fault::because(format!("looking into {}", folder.display()), e);
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(failed(e)),
    };
    let mut all = Vec::new();
    for entry in entries {
        let entry = entry.map_err(failed)?;
        let (Ok(name), Ok(found)) = (entry.file_name().into_string(), entry.metadata()) else { continue };
        let since = found.modified().ok().and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
        let modified_at = Time(since.map_or(0, |since| i64::try_from(since.as_micros()).unwrap_or_default()));
        if found.is_file() {
            all.push(Kept { name, n_bytes: found.len(), modified_at });
        }
    }
    Ok(all)
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Fault> + Send + 'static) -> Result<T, Fault> {
    spawn_blocking(work).await.map_err(|error| Fault::because("waiting for the disk", error))?
}
