//! Pictures: those that stand for a missing one, and custom emoji.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use phiomia_model::{Error, Noun, Refusal};
use phiomia_store::{db::server, files::FileKey};

use crate::gate::{Anyone, Ask};

/// Shown for who has none.
static AVATAR: &[u8] = include_bytes!("pictures/avatar.png");
/// Shown for who has none.
static HEADER: &[u8] = include_bytes!("pictures/header.png");

/// What a file of somebody may do when it is opened as a page: nothing.
const POLICY: HeaderValue = HeaderValue::from_static("default-src 'none'; form-action 'none'; sandbox");

/// Pictures that may be served, by media type; anything else is not.
const TYPES: [&str; 4] = ["image/png", "image/gif", "image/webp", "image/jpeg"];

/// What files of the shelf are served as, by the end of the name that we gave them; nothing else is served.
const EXTENSIONS: [(&str, &str); 4] =
    [("jpg", "image/jpeg"), ("png", "image/png"), ("gif", "image/gif"), ("webp", "image/webp")];

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

/// `GET /system/emoji/…`: the picture of a custom emoji, under a name that never gets another one.
///
/// # Errors
/// `NotFound` when no emoji has that picture.
pub async fn emoji(ask: Ask<Anyone>) -> Result<Response, Error> {
    let not_there = || Refusal::NotFound(Noun::Record);
    let name = format!("emoji/{}", ask.piece("file"));
    let key: FileKey = name.parse().map_err(|_| not_there())?;
    let found = ask.api.db.read(move |q| Ok(server::emoji_type(q, &name)?)).await?;
    let content_type = found.and_then(|found| TYPES.into_iter().find(|known| *known == found)).ok_or_else(not_there)?;
    let bytes = ask.api.files.get(&key).await?.ok_or_else(not_there)?;
    Ok(picture(content_type, bytes))
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
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    let known = EXTENSIONS.into_iter().find(|(known, _)| *known == extension);
    let (_, content_type) = known.ok_or_else(not_there)?;
    // What lies under a name never changes, so the name says which version it is.
    let tag = format!("\"{}\"", name.replace('/', "-"));
    if ask.header("if-none-match").is_some_and(|known| known == "*" || known.contains(&tag)) {
        if !ask.api.files.exists(&key).await? {
            return Err(not_there().into());
        }
        return Ok(with_tag(StatusCode::NOT_MODIFIED.into_response(), &tag));
    }
    let range = ask.header("range").filter(|_| ask.header("if-range").is_none_or(|known| known == tag));
    let Some(range) = range else {
        let body = ask.api.files.open(&key).await?.ok_or_else(not_there)?;
        let length = HeaderValue::from(body.size_bytes());
        let mut whole = picture(content_type, axum::body::Body::from_stream(body.into_stream()));
        whole.headers_mut().insert(header::CONTENT_LENGTH, length);
        return Ok(with_tag(whole, &tag));
    };
    let bytes = ask.api.files.get(&key).await?.ok_or_else(not_there)?;
    let length = bytes.len();
    match part(range, length) {
        Asked::Whole => Ok(with_tag(picture(content_type, bytes), &tag)),
        Asked::Part(from, to) => {
            let mut part = picture(content_type, bytes.slice(from..to));
            *part.status_mut() = StatusCode::PARTIAL_CONTENT;
            let place = HeaderValue::try_from(format!("bytes {from}-{}/{length}", to.saturating_sub(1)));
            place.into_iter().for_each(|place| drop(part.headers_mut().insert(header::CONTENT_RANGE, place)));
            Ok(with_tag(part, &tag))
        }
        Asked::Beyond => {
            let mut beyond = StatusCode::RANGE_NOT_SATISFIABLE.into_response();
            let place = HeaderValue::try_from(format!("bytes */{length}"));
            place.into_iter().for_each(|place| drop(beyond.headers_mut().insert(header::CONTENT_RANGE, place)));
            Ok(beyond)
        }
    }
}

/// What a `Range` asks for. Several ranges, or what is none, is the whole file: RFC 9110, 14.2.
#[derive(Debug, PartialEq, Eq)]
enum Asked {
    Whole,
    /// From the first to before the second.
    Part(usize, usize),
    Beyond,
}

fn part(range: &str, length: usize) -> Asked {
    let Some((first, last)) = range.strip_prefix("bytes=").and_then(|range| range.trim().split_once('-')) else {
        return Asked::Whole;
    };
    match (first.parse::<usize>(), last.parse::<usize>()) {
        (Ok(first), _) if first >= length => Asked::Beyond,
        (Ok(first), Ok(last)) if last >= first => Asked::Part(first, last.saturating_add(1).min(length)),
        (Ok(first), Err(_)) if last.is_empty() => Asked::Part(first, length),
        (Err(_), Ok(0)) if first.is_empty() => Asked::Beyond,
        (Err(_), Ok(n)) if first.is_empty() => Asked::Part(length.saturating_sub(n), length),
        _ => Asked::Whole,
    }
}

fn with_tag(mut answer: Response, tag: &str) -> Response {
    let tag = HeaderValue::try_from(tag);
    tag.into_iter().for_each(|tag| drop(answer.headers_mut().insert(header::ETAG, tag)));
    answer.headers_mut().insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    answer
}

fn picture(content_type: &'static str, bytes: impl Into<axum::body::Body>) -> Response {
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
    use super::*;

    #[test]
    fn a_range_is_one_part_of_the_file() {
        assert_eq!(part("bytes=0-3", 10), Asked::Part(0, 4));
        assert_eq!(part("bytes=4-", 10), Asked::Part(4, 10));
        assert_eq!(part("bytes=-3", 10), Asked::Part(7, 10));
        assert_eq!(part("bytes=-30", 10), Asked::Part(0, 10));
        assert_eq!(part("bytes=5-400", 10), Asked::Part(5, 10));
        assert_eq!(part("bytes=10-", 10), Asked::Beyond);
        assert_eq!(part("bytes=-0", 10), Asked::Beyond);
        for other in ["bytes=3-1", "bytes=0-1,4-5", "lines=1-2", "bytes=a-b", "bytes=-", ""] {
            assert_eq!(part(other, 10), Asked::Whole, "{other}");
        }
    }
}
