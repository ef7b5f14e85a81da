//! Pictures: those that stand for a missing one, and custom emoji.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};
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

fn picture(content_type: &'static str, bytes: impl Into<axum::body::Body>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(content_type)),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        // Web clients on other sites draw them.
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*")),
    ];
    (headers, bytes.into()).into_response()
}
