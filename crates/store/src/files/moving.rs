//! Files on their way from one shelf to the other. Begun anew it goes on where it was: what is there in its length stays.

use std::{collections::HashMap, sync::Arc};

use futures_util::{StreamExt as _, TryStreamExt as _, stream, stream::BoxStream};
use phiomia_model::Fault;

use super::{FileBody, FileKey, FileKind, FilePrefix, Files, Part, Shelf, Stored, blocking, disk::Disk, one::One};

/// Files on their way at the same time.
const AT_ONCE: usize = 4;

/// What was done with files, and how much they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Files.
    pub n_files: u64,
    /// Bytes.
    pub n_bytes: u64,
}

impl Tally {
    pub(super) fn add(&mut self, n_bytes: u64) {
        self.n_files = self.n_files.saturating_add(1);
        self.n_bytes = self.n_bytes.saturating_add(n_bytes);
    }
}

impl Files {
    /// All files of a kind on a shelf, some at a time.
    ///
    /// # Errors
    /// When there is no such shelf.
    pub fn pages(&self, shelf: Shelf, kind: FileKind) -> Result<BoxStream<'static, Result<Vec<Stored>, Fault>>, Fault> {
        Ok(self.one(shelf)?.pages(kind))
    }

    /// Copies to a shelf what is on the other one and not there, and looks whether it arrived in its length. `tell` hears
    /// of each page how much was copied so far.
    ///
    /// # Errors
    /// The first that went wrong. What was copied before stays.
    pub async fn copy_missing(&self, to: Shelf, mut tell: impl FnMut(Tally)) -> Result<Tally, Fault> {
        let (target, source) = (self.one(to)?, self.one(to.other())?);
        let mut copied = Tally::default();
        for kind in FileKind::ALL {
            let mut pages = source.pages(kind);
            while let Some(page) = pages.try_next().await? {
                let missing = missing(&target, page).await?;
                let copying = missing.into_iter().map(|file| copy(&source, &target, file));
                let mut copying = stream::iter(copying).buffer_unordered(AT_ONCE);
                while let Some(n_bytes) = copying.try_next().await? {
                    n_bytes.into_iter().for_each(|n_bytes| copied.add(n_bytes));
                }
                tell(copied);
            }
        }
        Ok(copied)
    }

    /// Removes from a shelf what is on the other one in the same length.
    ///
    /// # Errors
    /// The first that went wrong.
    pub async fn delete_copied(&self, from: Shelf) -> Result<Tally, Fault> {
        let (old, new) = (self.one(from)?, self.one(from.other())?);
        let mut deleted = Tally::default();
        for kind in FileKind::ALL {
            let mut pages = old.pages(kind);
            while let Some(page) = pages.try_next().await? {
                let known = sizes(&new, &page).await?;
                for file in page.into_iter().filter(|file| known.get(&file.key) == Some(&file.n_bytes)) {
                    old.delete(&file.key).await?;
                    deleted.add(file.n_bytes);
                }
            }
        }
        Ok(deleted)
    }

    /// Removes a file from one shelf alone.
    ///
    /// # Errors
    /// When it can not be removed.
    pub async fn delete_from(&self, shelf: Shelf, key: &FileKey) -> Result<bool, Fault> {
        self.one(shelf)?.delete(key).await
    }
}

/// Those of a page that are not there, or not in their length.
async fn missing(target: &One, page: Vec<Stored>) -> Result<Vec<Stored>, Fault> {
    let known = sizes(target, &page).await?;
    Ok(page.into_iter().filter(|file| known.get(&file.key) != Some(&file.n_bytes)).collect())
}

/// What a shelf has of the files of a page, and how long they are there.
async fn sizes(shelf: &One, page: &[Stored]) -> Result<HashMap<FileKey, u64>, Fault> {
    if let One::Disk(_) = shelf {
        let mut known = HashMap::new();
        for file in page {
            known.extend(shelf.size(&file.key).await?.map(|n_bytes| (file.key.clone(), n_bytes)));
        }
        return Ok(known);
    }
    let mut shards: Vec<FilePrefix> = page.iter().map(|file| FilePrefix::shard_of(&file.key)).collect();
    shards.dedup();
    let mut known = HashMap::new();
    for shard in shards {
        known.extend(shelf.list(&shard).await?.into_iter().map(|file| (file.key, file.n_bytes)));
    }
    Ok(known)
}

/// One file. `None`: it was deleted meanwhile.
async fn copy(source: &One, target: &One, file: Stored) -> Result<Option<u64>, Fault> {
    let Stored { key, n_bytes, .. } = file;
    if !carry(source, target, &key).await? {
        return Ok(None);
    }
    // Deleted while it was read: whoever deleted it did not find the copy yet.
    if source.size(&key).await?.is_none() {
        target.delete(&key).await?;
        return Ok(None);
    }
    match target.size(&key).await? {
        Some(arrived) if arrived == n_bytes => Ok(Some(n_bytes)),
        arrived => Err(Fault::new(format!("of the {n_bytes} bytes of {key}, {} arrived", arrived.unwrap_or(0)))),
    }
}

/// `false`: there was nothing to carry. No thread waits for the network here: there are few, and the network's client
/// needs one, too.
async fn carry(source: &One, target: &One, key: &FileKey) -> Result<bool, Fault> {
    match (source, target) {
        (One::Disk(disk), _) => {
            let (disk, name) = (disk.clone(), key.clone());
            let Some((file, _)) = blocking(move || disk.open_file(&name)).await? else { return Ok(false) };
            target.put_from(key, file).await?;
        }
        (One::Bucket(bucket), One::Disk(disk)) => {
            let Some(Part::Body(body)) = bucket.open_part(key, None).await? else { return Ok(false) };
            fetch(body, disk, key).await?;
        }
        (One::Bucket(_), One::Bucket(_)) => return Err(Fault::new("there is one bucket")),
    }
    Ok(true)
}

async fn fetch(mut body: FileBody, disk: &Arc<Disk>, key: &FileKey) -> Result<(), Fault> {
    let beginning = disk.clone();
    let mut unfinished = blocking(move || beginning.begin_file()).await?;
    while let Some(piece) = body.chunk().await? {
        unfinished = blocking(move || unfinished.write(&piece)).await?;
    }
    let (disk, key) = (disk.clone(), key.clone());
    blocking(move || disk.finish_file(unfinished, &key)).await
}
