//! One shelf, whichever it is.

use std::{io::Read, sync::Arc};

use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream, stream::BoxStream};
use phiomia_model::Fault;

use super::{FileKey, FileKind, FilePrefix, Part, Span, Stored, blocking, disk::Disk, s3::Bucket};

/// Files of a bucket that are looked at together.
const PAGE: usize = 1_000;

#[derive(Clone, Debug)]
pub(super) enum One {
    Disk(Arc<Disk>),
    Bucket(Bucket),
}

impl One {
    pub(super) async fn put_from(&self, key: &FileKey, mut from: impl Read + Send + 'static) -> Result<u64, Fault> {
        match self {
            One::Disk(disk) => {
                let (disk, key) = (Arc::clone(disk), key.clone());
                blocking(move || disk.put(&key, &mut from)).await
            }
            One::Bucket(bucket) => bucket.put_from(key, from).await,
        }
    }

    pub(super) async fn get(&self, key: &FileKey) -> Result<Option<Bytes>, Fault> {
        match self {
            One::Disk(disk) => {
                let (disk, key) = (Arc::clone(disk), key.clone());
                blocking(move || disk.get(&key)).await
            }
            One::Bucket(bucket) => bucket.get(key).await,
        }
    }

    /// `None` for the whole.
    pub(super) async fn open_part(&self, key: &FileKey, span: Option<Span>) -> Result<Option<Part>, Fault> {
        match self {
            One::Disk(disk) => {
                let (disk, key) = (Arc::clone(disk), key.clone());
                blocking(move || disk.open_part(&key, span)).await
            }
            One::Bucket(bucket) => bucket.open_part(key, span).await,
        }
    }

    pub(super) async fn size(&self, key: &FileKey) -> Result<Option<u64>, Fault> {
        match self {
            One::Disk(disk) => {
                let (disk, key) = (Arc::clone(disk), key.clone());
                blocking(move || disk.size(&key)).await
            }
            One::Bucket(bucket) => bucket.size(key).await,
        }
    }

    pub(super) async fn delete(&self, key: &FileKey) -> Result<bool, Fault> {
        match self {
            One::Disk(disk) => {
                let (disk, key) = (Arc::clone(disk), key.clone());
                blocking(move || disk.delete(&key)).await
            }
            One::Bucket(bucket) => bucket.delete(key).await,
        }
    }

    pub(super) async fn list(&self, prefix: &FilePrefix) -> Result<Vec<Stored>, Fault> {
        match self {
            One::Disk(disk) => {
                let (disk, prefix) = (Arc::clone(disk), prefix.clone());
                blocking(move || disk.list(&prefix)).await
            }
            One::Bucket(bucket) => bucket.list(prefix).try_collect().await,
        }
    }

    /// All files of a kind, some at a time; never an empty page.
    pub(super) fn pages(&self, kind: FileKind) -> BoxStream<'static, Result<Vec<Stored>, Fault>> {
        match self {
            One::Disk(disk) => {
                let disk = Arc::clone(disk);
                let shards = stream::iter(0..=u8::MAX).then(move |shard| {
                    let disk = Arc::clone(&disk);
                    blocking(move || disk.list(&FilePrefix::shard(kind, shard)))
                });
                shards.try_filter(|page| std::future::ready(!page.is_empty())).boxed()
            }
            One::Bucket(bucket) => {
                bucket.list(&FilePrefix::kind(kind)).try_chunks(PAGE).map_err(|broken| broken.1).boxed()
            }
        }
    }
}
