//! The stylesheet, under a name that changes with it, so that browsers may keep it for good.

use std::sync::LazyLock;

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};
use phiomia_model::{Error, Noun, Refusal};
use phiomia_store::SecretHash;

use crate::gate::{Anyone, Ask};

const TEXT: &str = include_str!("../../templates/style.css");

static PATH: LazyLock<String> = LazyLock::new(|| {
    let hash: String = SecretHash::of(TEXT).bytes().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("/packs/pages-{hash}.css")
});

/// Its address.
pub(super) fn path() -> &'static str {
    &PATH
}

/// `GET /packs/{name}`.
///
/// # Errors
/// `NotFound` for any other name.
pub async fn show(ask: Ask<Anyone>) -> Result<Response, Error> {
    if path().strip_prefix("/packs/") != Some(ask.piece("name")) {
        return Err(Refusal::NotFound(Noun::Record).into());
    }
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/css; charset=utf-8")),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable")),
    ];
    Ok((headers, TEXT).into_response())
}
