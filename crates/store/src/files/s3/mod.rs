//! Files in a bucket of a server that speaks S3: Amazon, MinIO, Garage, R2 and their relatives.

use std::{fmt, io::Read, sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream::BoxStream};
use object_store::{
    Attribute, Attributes, GetOptions, GetRange, MultipartUpload, ObjectMeta, ObjectStore as _, ObjectStoreExt as _,
    PutMultipartOptions, PutOptions, RetryConfig,
    aws::{AmazonS3, AmazonS3Builder},
    path::Path,
    signer::Signer as _,
};
use phiomia_model::{Fault, Time};

mod client;
mod objects;
mod settings;
mod trouble;

pub(crate) use client::Client;
pub(crate) use objects::Object;
pub use settings::{BucketSettings, HandOut};

use self::trouble::{Doing, Whereabouts, is_beyond, is_missing};
use super::{FileBody, FileKey, FilePrefix, Part, Span, Stored, blocking};

/// Files above this are sent in parts of this size, so that no more of one is in memory. Bytes; the least that S3 takes
/// for a part is 5 MB, and it takes 10,000 parts.
const PART_BYTES: usize = 8 * 1024 * 1024;
/// What is no file that is shown.
const UNKNOWN: &str = "application/octet-stream";
/// What lies under a name never changes.
const CACHE_CONTROL: &str = "public, max-age=31536000, immutable";
/// How long a signed address is good for. Whoever looks at a post may press play an hour later.
const SIGNED_FOR: Duration = Duration::from_secs(6 * 3_600);
/// How long an address of the bucket may be kept by who was sent there.
const SENT_FOR: Duration = Duration::from_secs(3_600);
/// No request is repeated longer than that.
const RETRY_TIMEOUT: Duration = Duration::from_secs(60);

/// The bucket. A clone is another handle of the same.
#[derive(Clone)]
pub(crate) struct Bucket(Arc<Inner>);

struct Inner {
    store: AmazonS3,
    client: Client,
    settings: BucketSettings,
    whereabouts: Whereabouts,
}

/// Where a file is fetched instead of here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Elsewhere {
    /// The address.
    pub url: String,
    /// How long it may be used without asking again.
    pub lasts: Duration,
}

impl Bucket {
    /// Nothing is asked yet: a bucket that is away does not keep anybody from starting.
    pub(crate) fn open(settings: BucketSettings) -> Result<Bucket, Fault> {
        let client = Client::new(&settings)?;
        let retry =
            RetryConfig { max_retries: settings.max_retries, retry_timeout: RETRY_TIMEOUT, ..RetryConfig::default() };
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&settings.bucket)
            .with_region(&settings.region)
            .with_access_key_id(&settings.access_key_id)
            .with_secret_access_key(settings.secret_access_key.expose())
            .with_virtual_hosted_style_request(settings.is_virtual_hosted)
            // Whether that may be is said with the endpoint.
            .with_allow_http(true)
            // Neither is known everywhere.
            .with_disable_tagging(true)
            .with_disable_bulk_delete(true)
            .with_retry(retry)
            .with_http_connector(client.clone());
        if let Some(endpoint) = settings.bucket_endpoint() {
            builder = builder.with_endpoint(endpoint);
        }
        let store = builder.build().map_err(|error| Fault::because("setting the bucket up", error))?;
        let whereabouts = Whereabouts::of(&settings);
        Ok(Bucket(Arc::new(Inner { store, client, settings, whereabouts })))
    }

    /// `the bucket files at https://minio.example.org`
    pub(crate) fn name(&self) -> String {
        self.0.whereabouts.name()
    }

    /// Nothing of a file is there before all of it is.
    pub(super) async fn put_from(&self, key: &FileKey, from: impl Read + Send + 'static) -> Result<u64, Fault> {
        self.put_at(&self.path(key.as_str()), self.attributes(key.media_type().unwrap_or(UNKNOWN)), from).await
    }

    async fn put_at(
        &self,
        path: &Path,
        attributes: Attributes,
        mut from: impl Read + Send + 'static,
    ) -> Result<u64, Fault> {
        let (first, mut from) = blocking(move || Ok((read_part(&mut from)?, from))).await?;
        let mut n_bytes = n_bytes_of(&first);
        if first.len() < PART_BYTES {
            self.put_whole(path, first, attributes).await?;
            return Ok(n_bytes);
        }
        let options = PutMultipartOptions { attributes, ..Default::default() };
        let begun = self.0.store.put_multipart_opts(path, options).await;
        let mut upload = begun.map_err(|error| self.fault(Doing::Write, error))?;
        let mut part = first;
        while !part.is_empty() {
            let put = upload.put_part(part.into()).await.map_err(|error| self.fault(Doing::Write, error));
            let next = match put {
                Ok(()) => blocking(move || Ok((read_part(&mut from)?, from))).await,
                Err(fault) => Err(fault),
            };
            match next {
                Ok(read) => (part, from) = read,
                Err(fault) => return Err(self.give_up(upload, fault).await),
            }
            n_bytes = n_bytes.saturating_add(n_bytes_of(&part));
        }
        match upload.complete().await {
            Ok(_) => Ok(n_bytes),
            Err(error) => {
                let fault = self.fault(Doing::Write, error);
                Err(self.give_up(upload, fault).await)
            }
        }
    }

    async fn put_whole(&self, path: &Path, bytes: Bytes, attributes: Attributes) -> Result<(), Fault> {
        let options = PutOptions { attributes, ..Default::default() };
        let put = self.0.store.put_opts(path, bytes.into(), options).await;
        put.map(drop).map_err(|error| self.fault(Doing::Write, error))
    }

    /// Parts that were sent cost money until they are thrown away.
    async fn give_up(&self, mut upload: Box<dyn MultipartUpload>, fault: Fault) -> Fault {
        if let Err(error) = upload.abort().await {
            tracing::warn!("parts of a file stay in {}: {error}", self.name());
        }
        fault
    }

    pub(super) async fn get(&self, key: &FileKey) -> Result<Option<Bytes>, Fault> {
        let got = async { self.0.store.get(&self.path(key.as_str())).await?.bytes().await };
        self.found(Doing::Read, got.await)
    }

    /// `None` for the whole.
    pub(super) async fn open_part(&self, key: &FileKey, span: Option<Span>) -> Result<Option<Part>, Fault> {
        let range = match span {
            // A range that is none is refused before it is asked for.
            Some(Span::Last(0)) => return self.beyond(key).await,
            Some(Span::Between(first, last)) => Some(GetRange::Bounded(first..last.saturating_add(1))),
            Some(Span::From(first)) => Some(GetRange::Offset(first)),
            Some(Span::Last(n)) => Some(GetRange::Suffix(n)),
            None => None,
        };
        let options = GetOptions { range, ..GetOptions::default() };
        let opened = match self.0.store.get_opts(&self.path(key.as_str()), options).await {
            Err(error) if is_beyond(&error) => return self.beyond(key).await,
            opened => opened,
        };
        let Some(opened) = self.found(Doing::Read, opened)? else { return Ok(None) };
        let (n_bytes, range, bucket) = (opened.meta.size, opened.range.clone(), self.clone());
        let chunks = opened.into_stream().map_err(move |error| bucket.fault(Doing::Read, error));
        let chunks = chunks.try_filter(|chunk| std::future::ready(!chunk.is_empty()));
        Ok(Some(Part::Body(FileBody::of_chunks(chunks, n_bytes, range))))
    }

    async fn beyond(&self, key: &FileKey) -> Result<Option<Part>, Fault> {
        Ok(self.size(key).await?.map(|n_bytes| Part::Beyond { n_bytes }))
    }

    pub(super) async fn size(&self, key: &FileKey) -> Result<Option<u64>, Fault> {
        let found = self.0.store.head(&self.path(key.as_str())).await;
        Ok(self.found(Doing::Read, found)?.map(|meta| meta.size))
    }

    /// Few buckets say whether there was one.
    pub(super) async fn delete(&self, key: &FileKey) -> Result<bool, Fault> {
        let deleted = self.0.store.delete(&self.path(key.as_str())).await;
        Ok(self.found(Doing::Delete, deleted)?.is_some())
    }

    /// What has no name of ours is left out.
    pub(super) fn list(&self, prefix: &FilePrefix) -> BoxStream<'static, Result<Stored, Fault>> {
        let (bucket, ours) = (self.clone(), self.path(""));
        let listed = self.0.store.list(Some(&self.path(prefix.as_str())));
        let listed = listed.map_err(move |error| bucket.fault(Doing::List, error));
        listed.try_filter_map(move |meta| std::future::ready(Ok(stored(&ours, &meta)))).boxed()
    }

    /// Where the file is fetched instead of here; `None`: nowhere.
    pub(super) async fn elsewhere(&self, key: &FileKey) -> Result<Option<Elsewhere>, Fault> {
        if let Some(base) = self.0.settings.public_base() {
            return Ok(Some(Elsewhere { url: format!("{base}/{key}"), lasts: SENT_FOR }));
        }
        if self.0.settings.hand_out == HandOut::Proxied {
            return Ok(None);
        }
        let signed = self.0.store.signed_url(http::Method::GET, &self.path(key.as_str()), SIGNED_FOR).await;
        let url = signed.map_err(|error| self.fault(Doing::Sign, error))?;
        Ok(Some(Elsewhere { url: url.into(), lasts: SENT_FOR }))
    }

    /// Does once everything that is done with files, with one of the name `random`, and takes it away again.
    pub(super) async fn check(&self, random: u128) -> Result<(), Fault> {
        let probe = self.path(&format!("check/{random:032x}"));
        let mut listed = self.0.store.list(Some(&self.path("check")));
        listed.try_next().await.map_err(|error| self.fault(Doing::List, error))?;
        let attributes = self.attributes(UNKNOWN);
        self.put_whole(&probe, Bytes::from_static(b"phiomia"), attributes).await?;
        let checked = self.check_reading(&probe).await;
        // Whoever may not delete hears of that, unless reading failed already.
        let deleted = self.0.store.delete(&probe).await.map_err(|error| self.fault(Doing::Delete, error));
        checked.and(deleted)
    }

    async fn check_reading(&self, probe: &Path) -> Result<(), Fault> {
        let read = self.0.store.get_range(probe, 1..4).await.map_err(|error| self.fault(Doing::Read, error))?;
        if read != b"hio"[..] {
            return Err(Fault::new(format!("{} gives another part of a file than was asked for", self.name())));
        }
        Ok(())
    }

    /// Whether everybody gets files at the public address, for which one is put there for a moment.
    pub(super) async fn check_public(&self, random: u128) -> Result<(), Fault> {
        let Some(base) = self.0.settings.public_base() else { return Ok(()) };
        let name = format!("check/{random:032x}");
        let probe = self.path(&name);
        self.put_whole(&probe, Bytes::from_static(b"phiomia"), self.attributes(UNKNOWN)).await?;
        let status = self.0.client.status_for_anybody(&format!("{base}/{name}")).await;
        self.0.store.delete(&probe).await.map_err(|error| self.fault(Doing::Delete, error))?;
        match status? {
            200 => Ok(()),
            status => Err(Fault::new(format!(
                "files are handed out at {base}, but what lies in {} is answered there with {status}: let everybody \
                 read by a policy of the bucket (docs/hosting/s3.md), correct s3.alias_host, or say \
                 s3.hand_out=proxied",
                self.name()
            ))),
        }
    }

    fn attributes(&self, media_type: &'static str) -> Attributes {
        let mut attributes = Attributes::new();
        attributes.insert(Attribute::ContentType, media_type.into());
        attributes.insert(Attribute::CacheControl, CACHE_CONTROL.into());
        if let Some(class) = &self.0.settings.storage_class {
            attributes.insert(Attribute::StorageClass, class.clone().into());
        }
        attributes
    }

    fn path(&self, name: &str) -> Path {
        match &self.0.settings.prefix {
            Some(prefix) => Path::from(format!("{prefix}/{name}")),
            None => Path::from(name),
        }
    }

    fn found<T>(&self, doing: Doing, result: object_store::Result<T>) -> Result<Option<T>, Fault> {
        match result {
            Ok(value) => Ok(Some(value)),
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(self.fault(doing, error)),
        }
    }

    fn fault(&self, doing: Doing, error: object_store::Error) -> Fault {
        self.0.whereabouts.fault(doing, error)
    }
}

impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bucket({})", self.name())
    }
}

fn stored(ours: &Path, meta: &ObjectMeta) -> Option<Stored> {
    let name = meta.location.as_ref().strip_prefix(ours.as_ref())?.trim_start_matches('/');
    let key = name.parse().ok()?;
    Some(Stored { key, n_bytes: meta.size, modified_at: Time(meta.last_modified.timestamp_micros()) })
}

/// The next part of a file; a shorter one is the last.
fn read_part(from: &mut impl Read) -> Result<Bytes, Fault> {
    let mut part = Vec::new();
    let most = u64::try_from(PART_BYTES).unwrap_or(u64::MAX);
    from.take(most).read_to_end(&mut part).map_err(|error| Fault::because("reading what is to be kept", error))?;
    Ok(Bytes::from(part))
}

fn n_bytes_of(part: &Bytes) -> u64 {
    u64::try_from(part.len()).unwrap_or(u64::MAX)
}
