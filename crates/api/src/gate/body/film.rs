//! Forms with films in them: read piece by piece, so that a film is never in memory as a whole.

use axum::body::Body as HttpBody;
use bytes::{Bytes, BytesMut};
use futures_util::TryStreamExt as _;
use http::{HeaderMap, header};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use multer::Field;
use phiomia_mastodon::Tree;
use phiomia_media::{Container, Format, StillCodec, Unfit};
use phiomia_model::{Error, Fault, Refusal, limits::LIMITS};
use phiomia_workshop::Workshop;
use tokio::sync::SemaphorePermit;

use super::{FILM_BYTES, Input, UPLOAD_BYTES, Upload, place};

/// Bytes that tell what a file is.
const N_TELLING: usize = 64;
/// Most parameters of a form.
const MOST_FIELDS: usize = 100;

/// Reads a form.
pub(super) async fn form(headers: &HeaderMap, body: HttpBody, workshop: &Workshop) -> Result<Input, Error> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = text(header::CONTENT_TYPE);
    if !media_type.trim_start().to_ascii_lowercase().starts_with("multipart/form-data") {
        return super::form(headers, body, LIMITS.body_bytes, false).await;
    }
    let length = text(header::CONTENT_LENGTH).parse().unwrap_or(UPLOAD_BYTES);
    if length > FILM_BYTES {
        return Err(Refusal::TooLarge.into());
    }
    let boundary = multer::parse_boundary(media_type).map_err(|error| broken(&error))?;
    let stream = Limited::new(body, FILM_BYTES).into_data_stream();
    let mut form = multer::Multipart::new(stream, boundary);
    let mut reading = Reading { workshop, length: length.min(UPLOAD_BYTES), place: None, n_texts: 0 };
    let (mut pairs, mut files) = (Vec::new(), Vec::new());
    while let Some(mut field) = form.next_field().await.map_err(|error| broken(&error))? {
        let Some(name) = field.name().map(str::to_owned) else { continue };
        if pairs.len() + files.len() >= MOST_FIELDS {
            return Err(Refusal::Malformed("The form has too many parameters".to_owned()).into());
        }
        if field.file_name().is_some_and(|name| !name.is_empty()) {
            files.push(reading.file(name, &mut field).await?);
        } else {
            pairs.push((name, reading.text(&mut field).await?));
        }
    }
    Ok(Input { tree: Tree::from_pairs(pairs)?, files, place: reading.place, ..Input::default() })
}

/// A form that is being read.
struct Reading<'a> {
    workshop: &'a Workshop,
    /// Most bytes of it that may be held in memory.
    length: usize,
    /// Its part of the memory for uploads, once it has a picture.
    place: Option<SemaphorePermit<'static>>,
    n_texts: usize,
}

impl Reading<'_> {
    async fn text(&mut self, field: &mut Field<'_>) -> Result<String, Error> {
        let mut bytes = Vec::new();
        while let Some(chunk) = chunk(field).await? {
            self.n_texts = self.n_texts.saturating_add(chunk.len());
            if self.n_texts > LIMITS.body_bytes {
                return Err(Refusal::TooLarge.into());
            }
            bytes.extend_from_slice(&chunk);
        }
        String::from_utf8(bytes).map_err(|_| Refusal::Malformed("A parameter is not UTF-8".to_owned()).into())
    }

    async fn file(&mut self, name: String, field: &mut Field<'_>) -> Result<Upload, Error> {
        let mut start = BytesMut::new();
        while start.len() < N_TELLING
            && let Some(chunk) = chunk(field).await?
        {
            start.extend_from_slice(&chunk);
        }
        let start = start.freeze();
        if Format::of(&start).is_some() || StillCodec::of(&start).is_some() {
            if self.place.is_none() {
                self.place = Some(place(self.length).await?);
            }
            let bytes = picture(start, field).await?;
            return Ok(Upload { name, bytes, film: None });
        }
        if Container::of(&start).is_some() {
            return self.film(name, &start, field).await;
        }
        // Nothing that is taken: its beginning says so to whoever looks at it.
        while chunk(field).await?.is_some() {}
        Ok(Upload { name, bytes: start.slice(..start.len().min(N_TELLING)), film: None })
    }

    async fn film(&self, name: String, start: &[u8], field: &mut Field<'_>) -> Result<Upload, Error> {
        let full = |error| Fault::because("keeping a film that comes in", error).transient();
        let mut spool = self.workshop.spool().await?;
        spool.write(start).await.map_err(full)?;
        while let Some(chunk) = chunk(field).await? {
            spool.write(&chunk).await.map_err(full)?;
            if spool.size_bytes() > LIMITS.video_bytes as u64 {
                return Err(too_large(LIMITS.video_bytes));
            }
        }
        Ok(Upload { name, bytes: Bytes::new(), film: Some(spool.finish().await.map_err(full)?) })
    }
}

async fn picture(start: Bytes, field: &mut Field<'_>) -> Result<Bytes, Error> {
    let mut bytes = BytesMut::from(start);
    while let Some(chunk) = chunk(field).await? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > LIMITS.image_bytes {
            return Err(too_large(LIMITS.image_bytes));
        }
    }
    Ok(bytes.freeze())
}

fn too_large(most: usize) -> Error {
    Refusal::validation(&format!("File {}", Unfit::TooManyBytes { most })).into()
}

async fn chunk(field: &mut Field<'_>) -> Result<Option<Bytes>, Error> {
    field.try_next().await.map_err(|error| broken(&error))
}

fn broken(error: &multer::Error) -> Error {
    let is_too_large = match error {
        multer::Error::StreamReadFailed(inner) => inner.is::<LengthLimitError>(),
        _ => false,
    };
    if is_too_large {
        return Refusal::TooLarge.into();
    }
    Refusal::Malformed("The body is no multipart form that can be read".to_owned()).into()
}
