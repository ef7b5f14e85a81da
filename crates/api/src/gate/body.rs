//! Reading what a request carries: its query string and its body, in whichever of the usual forms, into one tree.

mod film;

use std::time::Duration;

use axum::body::Body as HttpBody;
use bytes::Bytes;
use http::{HeaderMap, header, request::Parts};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use phiomia_mastodon::Tree;
use phiomia_model::{Error, Refusal, limits::LIMITS};
use phiomia_workshop::{Spooled, Workshop};
use tokio::sync::{Semaphore, SemaphorePermit};

/// The largest activity.
const ACTIVITY_BYTES: usize = 1_048_576;
/// The largest upload: a picture, another that stands for it, and words.
const UPLOAD_BYTES: usize = LIMITS.image_bytes * 2 + LIMITS.body_bytes;
/// The largest body that is only counted.
const COUNTED_BYTES: usize = LIMITS.image_bytes + LIMITS.body_bytes;
/// The largest film, a picture that stands for it, and words.
const FILM_BYTES: usize = LIMITS.video_bytes + LIMITS.image_bytes + LIMITS.body_bytes;
/// Uploads that are being read, all together, in kilobytes.
static UPLOADING: Semaphore = Semaphore::const_new(64 * 1_024);
/// Activities that are being read, all together, in kilobytes.
static READING: Semaphore = Semaphore::const_new(32 * 1_024);

/// What body a route takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// None; what comes along is not read.
    Nothing,
    /// JSON, a form or the texts of a multipart form, up to `LIMITS.body_bytes`.
    Form,
    /// The same, and a multipart form may have files in it, which are read: up to the largest picture and a form around
    /// it.
    Upload,
    /// The same, and what is a film or a sound goes to the disk as it comes.
    Film,
    /// An activity of another server, as it is, up to a megabyte.
    Activity,
    /// Anything, which is counted and not kept: as much as a picture and a form around it may have.
    Counted,
}

impl Body {
    /// The largest body in bytes.
    #[must_use]
    pub const fn max_bytes(self) -> usize {
        match self {
            Body::Nothing => 0,
            Body::Form => LIMITS.body_bytes,
            Body::Upload => UPLOAD_BYTES,
            Body::Film => FILM_BYTES,
            Body::Activity => ACTIVITY_BYTES,
            Body::Counted => COUNTED_BYTES,
        }
    }
}

/// A file that came as a parameter.
#[derive(Clone, Debug)]
pub struct Upload {
    /// The parameter's name.
    pub name: String,
    /// The file; of what is neither picture nor film only the beginning.
    pub bytes: Bytes,
    /// A film or a sound, which is not held in memory.
    pub film: Option<Spooled>,
}

impl Upload {
    /// Whether nothing came.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty() && self.film.is_none()
    }
}

/// What was read.
#[derive(Debug, Default)]
pub(super) struct Input {
    /// Query string and body in one tree, the body winning.
    pub(super) tree: Tree,
    /// Parameters that came as files; on a route that takes none they are empty.
    pub(super) files: Vec<Upload>,
    /// The body as it came, where the route takes it so.
    pub(super) raw: Bytes,
    /// How many bytes came, where the route only counts them.
    pub(super) n_bytes: usize,
    /// Its part of the memory for uploads, until the request is answered.
    pub(super) place: Option<SemaphorePermit<'static>>,
}

/// Reads query string and body.
pub(super) async fn read(kind: Body, parts: &Parts, body: HttpBody, workshop: &Workshop) -> Result<Input, Error> {
    let query = match parts.uri.query() {
        Some(query) => Tree::from_urlencoded(query.as_bytes())?,
        None => Tree::default(),
    };
    match kind {
        Body::Nothing => Ok(Input { tree: query, ..Input::default() }),
        Body::Form => {
            let form = form(&parts.headers, body, kind.max_bytes(), false).await?;
            Ok(Input { tree: form.tree.over(query), ..form })
        }
        Body::Film => {
            let form = Box::pin(film::form(&parts.headers, body, workshop)).await?;
            Ok(Input { tree: form.tree.over(query), ..form })
        }
        Body::Upload => {
            let length = parts.headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse().ok());
            let bytes = length.unwrap_or(UPLOAD_BYTES);
            if bytes > UPLOAD_BYTES {
                return Err(Refusal::TooLarge.into());
            }
            let place = place(bytes).await?;
            let form = form(&parts.headers, body, kind.max_bytes(), true).await?;
            Ok(Input { tree: form.tree.over(query), place: Some(place), ..form })
        }
        Body::Activity => {
            let length = parts.headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse().ok());
            let bytes = length.unwrap_or(ACTIVITY_BYTES);
            if bytes > ACTIVITY_BYTES {
                return Err(Refusal::TooLarge.into());
            }
            let kilobytes = u32::try_from(bytes.div_ceil(1_024).max(1)).unwrap_or(u32::MAX);
            let busy = |_| Refusal::Unavailable { retry_after: Duration::from_secs(5) };
            let _place = READING.try_acquire_many(kilobytes).map_err(busy)?;
            Ok(Input { tree: query, raw: collect(body, ACTIVITY_BYTES).await?, ..Input::default() })
        }
        Body::Counted => Ok(Input { tree: query, n_bytes: count(body).await?, ..Input::default() }),
    }
}

/// Memory for an upload of so many bytes. Whoever comes while others are being read waits: an app that is turned away
/// would have to send it again.
async fn place(bytes: usize) -> Result<SemaphorePermit<'static>, Error> {
    let kilobytes = u32::try_from(bytes.div_ceil(1_024).max(1)).unwrap_or(u32::MAX);
    Ok(UPLOADING.acquire_many(kilobytes).await.map_err(|_| Refusal::TooLarge)?)
}

async fn form(headers: &HeaderMap, body: HttpBody, max_bytes: usize, takes_files: bool) -> Result<Input, Error> {
    let media_type = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let essence = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let bytes = collect(body, max_bytes).await?;
    if bytes.is_empty() {
        return Ok(Input::default());
    }
    let tree = match essence.as_str() {
        "application/json" => Tree::from_json(&bytes)?,
        // Some small clients name no type at all.
        "application/x-www-form-urlencoded" | "" => Tree::from_urlencoded(&bytes)?,
        "multipart/form-data" => return multipart(media_type, bytes, takes_files).await,
        _ => return Err(Refusal::UnsupportedForm.into()),
    };
    Ok(Input { tree, ..Input::default() })
}

async fn collect(body: HttpBody, max_bytes: usize) -> Result<Bytes, Error> {
    match Limited::new(body, max_bytes).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Refusal::TooLarge.into()),
        // The client went away or broke off.
        Err(_) => Err(Refusal::Malformed("The body could not be read".to_owned()).into()),
    }
}

/// How many bytes come; each is let go at once.
async fn count(body: HttpBody) -> Result<usize, Error> {
    let mut body = std::pin::pin!(body);
    let mut n_bytes = 0_usize;
    while let Some(frame) = body.frame().await {
        let broken = |_| Refusal::Malformed("The body could not be read".to_owned());
        n_bytes = n_bytes.saturating_add(frame.map_err(broken)?.data_ref().map_or(0, Bytes::len));
        if n_bytes > COUNTED_BYTES {
            return Err(Refusal::TooLarge.into());
        }
    }
    Ok(n_bytes)
}

async fn multipart(media_type: &str, bytes: Bytes, takes_files: bool) -> Result<Input, Error> {
    let broken = |_| Refusal::Malformed("The body is no multipart form that can be read".to_owned());
    let boundary = multer::parse_boundary(media_type).map_err(broken)?;
    let stream = futures_util::stream::iter([Ok::<_, std::io::Error>(bytes)]);
    let mut form = multer::Multipart::new(stream, boundary);
    let (mut pairs, mut files) = (Vec::new(), Vec::new());
    while let Some(field) = form.next_field().await.map_err(broken)? {
        let Some(name) = field.name().map(str::to_owned) else { continue };
        if field.file_name().is_some_and(|name| !name.is_empty()) {
            let bytes = if takes_files { field.bytes().await.map_err(broken)? } else { Bytes::new() };
            files.push(Upload { name, bytes, film: None });
            continue;
        }
        let text = String::from_utf8(field.bytes().await.map_err(broken)?.to_vec())
            .map_err(|_| Refusal::Malformed("A parameter is not UTF-8".to_owned()))?;
        pairs.push((name, text));
    }
    Ok(Input { tree: Tree::from_pairs(pairs)?, files, ..Input::default() })
}
