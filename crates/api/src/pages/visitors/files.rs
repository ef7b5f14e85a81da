//! Small files that browsers and search engines look for under fixed names.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};
use phiomia_model::Error;
use serde_json::json;

use crate::gate::{Anyone, Ask};

static FAVICON: &[u8] = include_bytes!("../../pictures/favicon.ico");

/// Nothing behind these is for a search engine.
const ROBOTS: &str = "User-agent: *\nDisallow: /api/\nDisallow: /auth/\nDisallow: /oauth/\nDisallow: /owner/\n";

/// `GET /robots.txt`.
///
/// # Errors
/// Never.
pub async fn robots(_: Ask<Anyone>) -> Result<Response, Error> {
    Ok(([(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"))], ROBOTS).into_response())
}

/// `GET /favicon.ico`.
///
/// # Errors
/// Never.
pub async fn favicon(_: Ask<Anyone>) -> Result<Response, Error> {
    Ok(([(header::CONTENT_TYPE, HeaderValue::from_static("image/x-icon"))], FAVICON).into_response())
}

/// `GET /manifest`, and `.json`.
///
/// # Errors
/// A fault.
pub async fn manifest(ask: Ask<Anyone>) -> Result<Response, Error> {
    let settings = ask.api.settings().await?;
    let short: String = settings.title.chars().take(12).collect();
    let manifest = json!({
        "id": "/",
        "name": settings.title,
        "short_name": short,
        "start_url": "/",
        "scope": "/",
        "display": "browser",
        "background_color": "#f6efe4",
        "theme_color": "#97431f",
        "icons": [{ "src": "/favicon.ico", "sizes": "32x32", "type": "image/x-icon" }],
    });
    let media_type = HeaderValue::from_static("application/manifest+json; charset=utf-8");
    Ok(([(header::CONTENT_TYPE, media_type)], manifest.to_string()).into_response())
}
