//! The stylesheets, under names that change with them, so that browsers may keep them for good.

use std::sync::LazyLock;

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};
use phiomia_model::{Error, Noun, Refusal};
use phiomia_store::SecretHash;

use crate::gate::{Anyone, Ask};

struct Sheet {
    path: String,
    text: &'static str,
}

impl Sheet {
    fn new(name: &str, text: &'static str) -> Sheet {
        let hash: String = SecretHash::of(text).bytes().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        Sheet { path: format!("/packs/{name}-{hash}.css"), text }
    }
}

/// For every page.
static PAGES: LazyLock<Sheet> = LazyLock::new(|| Sheet::new("pages", include_str!("../../templates/style.css")));
/// For those that anybody may read, beside the first.
static VISITORS: LazyLock<Sheet> =
    LazyLock::new(|| Sheet::new("visitors", include_str!("../../templates/visitors/style.css")));

/// Address of the stylesheet of every page.
pub(super) fn path() -> &'static str {
    &PAGES.path
}

/// Address of the one that public pages have beside it.
pub(super) fn visitors() -> &'static str {
    &VISITORS.path
}

/// `GET /packs/{name}`.
///
/// # Errors
/// `NotFound` for any other name.
pub async fn show(ask: Ask<Anyone>) -> Result<Response, Error> {
    let sheet = [&*PAGES, &*VISITORS]
        .into_iter()
        .find(|sheet| sheet.path == ask.parts.uri.path())
        .ok_or(Refusal::NotFound(Noun::Record))?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/css; charset=utf-8")),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable")),
    ];
    Ok((headers, sheet.text).into_response())
}
