//! Public answers: the same for everybody, kept for moments, and not sent again to who has them.

use askama::Template;
use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use phiomia_model::{Error, Fault, Time};
use phiomia_store::SecretHash;

use super::Visitor;
use crate::{gate::Ask, pages::POLICY};

/// Seconds for which a page is not asked for again. Short: what was deleted is to be gone everywhere.
const MAX_AGE: HeaderValue = HeaderValue::from_static("public, max-age=15, must-revalidate");

/// Who may show an embedded post in a frame: everybody.
pub(super) const EMBED_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; base-uri 'none'; frame-ancestors *; form-action 'none'; style-src 'self'; img-src 'self' data:; media-src 'self'",
);

/// Marks an answer that other sites may show in a frame.
#[derive(Clone, Copy, Debug)]
pub struct Framable;

/// A template as a page.
pub(super) fn page(ask: &Ask<Visitor>, template: &impl Template) -> Result<Response, Error> {
    let html = rendered(template)?;
    let mut response = kept(&ask.parts.headers, "text/html; charset=utf-8", html, None);
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, POLICY);
    Ok(response)
}

/// A template as text.
pub(super) fn rendered(template: &impl Template) -> Result<String, Error> {
    Ok(template.render().map_err(|e| Fault::because("rendering a page", e))?)
}

/// A text with what lets others keep it: `304` and nothing more for who has the same one.
pub(super) fn kept(asked: &HeaderMap, media_type: &'static str, text: String, changed_at: Option<Time>) -> Response {
    let hash = SecretHash::of(&text);
    let digits: String = hash.bytes().iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    // Weak: the same text may be sent compressed.
    let tag = format!("W/\"{digits}\"");
    let is_known = is_known(asked, &tag);
    let body = if is_known { Body::empty() } else { Body::from(text) };
    let status = if is_known { StatusCode::NOT_MODIFIED } else { StatusCode::OK };
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    if !is_known {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    }
    headers.insert(header::CACHE_CONTROL, MAX_AGE);
    headers.insert(header::VARY, HeaderValue::from_static("Accept"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    if let Some(date) = changed_at.and_then(http_date).and_then(|date| HeaderValue::from_str(&date).ok()) {
        headers.insert(header::LAST_MODIFIED, date);
    }
    response
}

/// By the tag alone: a date would not tell that the newest post was deleted.
fn is_known(asked: &HeaderMap, tag: &str) -> bool {
    let known = asked.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let bare = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    known.split(',').any(|one| one.trim() == "*" || bare(one) == bare(tag))
}

/// `Wed, 25 Nov 2026 12:00:00 GMT`.
pub(super) fn http_date(time: Time) -> Option<String> {
    let moment = jiff::Timestamp::from_second(time.as_secs()).ok()?;
    jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&moment).ok()
}

/// Sends a visitor to another page of ours. `to` is a path of ours.
pub(super) fn redirect(to: &str) -> Result<Response, Error> {
    let to = HeaderValue::from_str(to).map_err(|e| Fault::because("writing a redirect", e))?;
    let mut response = StatusCode::FOUND.into_response();
    let headers = response.headers_mut();
    headers.insert(header::LOCATION, to);
    headers.insert(header::CACHE_CONTROL, MAX_AGE);
    headers.insert(header::VARY, HeaderValue::from_static("Accept"));
    Ok(response)
}
