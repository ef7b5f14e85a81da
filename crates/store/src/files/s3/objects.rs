//! Objects under names that are no files of people: backups. Nobody keeps them on the way, and nobody is sent to them.

use std::io::Read;

use futures_util::TryStreamExt as _;
use object_store::{Attribute, Attributes, GetResult, ObjectStore as _, ObjectStoreExt as _};
use phiomia_model::{Fault, Time};

use super::{Bucket, trouble::Doing};

/// An object as a listing shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Object {
    /// Its name below the prefix of the settings.
    pub(crate) name: String,
    /// Bytes.
    pub(crate) n_bytes: u64,
    /// When it came there.
    pub(crate) modified_at: Time,
}

impl Bucket {
    /// Nothing of it is there before all of it is.
    pub(crate) async fn put_object(&self, name: &str, from: impl Read + Send + 'static) -> Result<u64, Fault> {
        let mut attributes = Attributes::new();
        attributes.insert(Attribute::ContentType, "application/octet-stream".into());
        attributes.insert(Attribute::CacheControl, "private, no-store".into());
        if let Some(class) = &self.0.settings.storage_class {
            attributes.insert(Attribute::StorageClass, class.clone().into());
        }
        self.put_at(&self.path(name), attributes, from).await
    }

    /// What lies directly below the prefix of the settings.
    pub(crate) async fn objects(&self) -> Result<Vec<Object>, Fault> {
        let below = self.path("");
        let prefix = (!below.as_ref().is_empty()).then_some(&below);
        let listed = self.0.store.list_with_delimiter(prefix).await;
        let listed = listed.map_err(|error| self.fault(Doing::List, error))?;
        let object = |meta: object_store::ObjectMeta| {
            let name = meta.location.filename()?.to_owned();
            Some(Object { name, n_bytes: meta.size, modified_at: Time(meta.last_modified.timestamp_micros()) })
        };
        Ok(listed.objects.into_iter().filter_map(object).collect())
    }

    /// Hands its pieces to `take`. `false`: there is none of that name.
    pub(crate) async fn read_object(
        &self,
        name: &str,
        mut take: impl FnMut(&[u8]) -> Result<(), Fault>,
    ) -> Result<bool, Fault> {
        let got: Result<GetResult, _> = self.0.store.get(&self.path(name)).await;
        let Some(got) = self.found(Doing::Read, got)? else { return Ok(false) };
        let mut pieces = got.into_stream();
        while let Some(piece) = pieces.try_next().await.map_err(|error| self.fault(Doing::Read, error))? {
            take(&piece)?;
        }
        Ok(true)
    }

    /// Takes it away.
    pub(crate) async fn delete_object(&self, name: &str) -> Result<(), Fault> {
        let deleted = self.0.store.delete(&self.path(name)).await;
        self.found(Doing::Delete, deleted).map(drop)
    }
}
