//! Pictures: those that stand for a missing one, and the files of the shelf.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use phiomia_model::{Error, Fault, Noun, Refusal};
use phiomia_store::files::{FileBody, FileKey, Part, Span};

use crate::gate::{Anyone, Ask};

/// Shown for who has none.
static AVATAR: &[u8] = include_bytes!("pictures/avatar.png");
/// Shown for who has none.
static HEADER: &[u8] = include_bytes!("pictures/header.png");

/// What a file of somebody may do when it is opened as a page: nothing.
const POLICY: HeaderValue = HeaderValue::from_static("default-src 'none'; form-action 'none'; sandbox");

/// `GET /avatars/original/missing.png`
///
/// # Errors
/// Never.
pub async fn missing_avatar(_: Ask<Anyone>) -> Result<Response, Error> {
    Ok(picture("image/png", AVATAR))
}

/// `GET /headers/original/missing.png`
///
/// # Errors
/// Never.
pub async fn missing_header(_: Ask<Anyone>) -> Result<Response, Error> {
    Ok(picture("image/png", HEADER))
}

/// `GET /system/:kind/:shard/:name/:label`: a file of the shelf. Who does not know its name cannot guess it. One range of
/// it may be asked for, as players do.
///
/// # Errors
/// `NotFound` when there is no such file.
pub async fn file(ask: Ask<Anyone>) -> Result<Response, Error> {
    let not_there = || Refusal::NotFound(Noun::Record);
    let name = ["kind", "shard", "name", "label"].map(|part| ask.piece(part)).join("/");
    let key: FileKey = name.parse().map_err(|_| not_there())?;
    if key.media_type().is_none() {
        return Err(not_there().into());
    }
    if let Some(away) = elsewhere(&ask, &key).await? {
        return Ok(away);
    }
    Ok(shelved(&ask, &key).await?.ok_or_else(not_there)?)
}

/// A file of the shelf, the part of it that is asked for, or that the asker has it already. `None`: it is not there.
pub(crate) async fn shelved(ask: &Ask<Anyone>, key: &FileKey) -> Result<Option<Response>, Error> {
    let Some(content_type) = key.media_type() else { return Ok(None) };
    // What lies under a name never changes, so the name says which version it is.
    let tag = format!("\"{}\"", key.as_str().replace('/', "-"));
    if ask.header("if-none-match").is_some_and(|known| known == "*" || known.contains(&tag)) {
        let is_there = ask.api.files.exists(key).await?;
        return Ok(is_there.then(|| with_tag(StatusCode::NOT_MODIFIED.into_response(), &tag)));
    }
    let range = ask.header("range").filter(|_| ask.header("if-range").is_none_or(|known| known == tag));
    let Some(range) = range.and_then(span) else {
        let body = ask.api.files.open(key).await?;
        return Ok(body.map(|body| with_tag(streamed(content_type, body), &tag)));
    };
    Ok(ask.api.files.open_part(key, range).await?.map(|part| match part {
        Part::Body(body) => {
            let (range, length) = (body.range(), body.size_bytes());
            let mut part = streamed(content_type, body);
            *part.status_mut() = StatusCode::PARTIAL_CONTENT;
            let place = format!("bytes {}-{}/{length}", range.start, range.end.saturating_sub(1));
            let place = HeaderValue::try_from(place);
            place.into_iter().for_each(|place| drop(part.headers_mut().insert(header::CONTENT_RANGE, place)));
            with_tag(part, &tag)
        }
        Part::Beyond { n_bytes } => {
            let mut beyond = StatusCode::RANGE_NOT_SATISFIABLE.into_response();
            let place = HeaderValue::try_from(format!("bytes */{n_bytes}"));
            place.into_iter().for_each(|place| drop(beyond.headers_mut().insert(header::CONTENT_RANGE, place)));
            beyond
        }
    }))
}

/// What a `Range` asks for. `None`: several ranges, or what is none, is the whole file: RFC 9110, 14.2.
fn span(range: &str) -> Option<Span> {
    let (first, last) = range.strip_prefix("bytes=")?.trim().split_once('-')?;
    match (first.parse(), last.parse()) {
        (Ok(first), Ok(last)) if last >= first => Some(Span::Between(first, last)),
        (Ok(first), Err(_)) if last.is_empty() => Some(Span::From(first)),
        (Err(_), Ok(n)) if first.is_empty() => Some(Span::Last(n)),
        _ => None,
    }
}

/// Sends whoever asks to where the file is, when that is not here.
async fn elsewhere(ask: &Ask<Anyone>, key: &FileKey) -> Result<Option<Response>, Error> {
    let Some(place) = ask.api.files.elsewhere(key).await? else { return Ok(None) };
    let url = HeaderValue::try_from(place.url).map_err(|error| Fault::because("sending to where a file is", error))?;
    let cache = HeaderValue::try_from(format!("public, max-age={}", place.lasts.as_secs()));
    let cache = cache.map_err(|error| Fault::because("saying how long that holds", error))?;
    let headers = [
        (header::LOCATION, url),
        (header::CACHE_CONTROL, cache),
        // Scripts that fetch the file are asked here and there.
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*")),
    ];
    Ok(Some((StatusCode::FOUND, headers).into_response()))
}

fn streamed(content_type: &'static str, body: FileBody) -> Response {
    let range = body.range();
    let length = HeaderValue::from(range.end.saturating_sub(range.start));
    let mut answer = picture(content_type, axum::body::Body::from_stream(body.into_stream()));
    answer.headers_mut().insert(header::CONTENT_LENGTH, length);
    answer
}

fn with_tag(mut answer: Response, tag: &str) -> Response {
    let tag = HeaderValue::try_from(tag);
    tag.into_iter().for_each(|tag| drop(answer.headers_mut().insert(header::ETAG, tag)));
    answer.headers_mut().insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    answer
}

pub(crate) fn picture(content_type: &'static str, bytes: impl Into<axum::body::Body>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(content_type)),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        // Web clients on other sites draw them, and players ask for parts.
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*")),
        (
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static("Accept-Ranges, Content-Length, Content-Range, ETag"),
        ),
    ];
    (headers, bytes.into()).into_response()
}

#[cfg(test)]
mod tests {
    use phiomia_media::{Format, Kept};
    use phiomia_store::files::FileKind;

    use super::*;

    #[test]
    fn whatever_is_kept_is_served_as_what_it_is() {
        let pictures = [Format::Jpeg, Format::Png, Format::Gif, Format::WebP];
        let pictures = pictures.map(|format| (format.extension(), format.media_type()));
        let films = Kept::ALL.map(|kept| (kept.extension(), kept.media_type()));
        for (extension, media_type) in pictures.into_iter().chain(films) {
            let key = FileKey::new(FileKind::Media, 1, &format!("original.{extension}")).ok();
            assert_eq!(key.and_then(|key| key.media_type()), Some(media_type), "{extension}");
        }
        for strange in ["original", "page.html", "page.svg", "original.png.exe"] {
            let key = FileKey::new(FileKind::Media, 1, strange).ok();
            assert_eq!(key.and_then(|key| key.media_type()), None, "{strange}");
        }
    }

    #[test]
    fn a_range_is_one_part_of_the_file() {
        assert_eq!(span("bytes=0-3"), Some(Span::Between(0, 3)));
        assert_eq!(span("bytes=4-"), Some(Span::From(4)));
        assert_eq!(span("bytes=-3"), Some(Span::Last(3)));
        assert_eq!(span("bytes=5-400"), Some(Span::Between(5, 400)));
        for other in ["bytes=3-1", "bytes=0-1,4-5", "lines=1-2", "bytes=a-b", "bytes=-", ""] {
            assert_eq!(span(other), None, "{other}");
        }
    }
}
