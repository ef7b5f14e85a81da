//! Whether the server lives and can work, for whoever watches it.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};
use phiomia_model::Error;

use crate::gate::{Anyone, Ask};

/// The process answers. As Mastodon's, a plain `OK`.
///
/// # Errors
/// Never.
pub async fn live(_: Ask<Anyone>) -> Result<Response, Error> {
    Ok(ok())
}

/// The database answers, too. Without Redis this process goes on alone: that is no reason to send people elsewhere, where it
/// is missing as well.
///
/// # Errors
/// A fault that passes by itself, told as `503`.
pub async fn ready(ask: Ask<Anyone>) -> Result<Response, Error> {
    ask.api.db.ping().await?;
    Ok(ok())
}

fn ok() -> Response {
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    ([(header::CONTENT_TYPE, plain)], "OK").into_response()
}
