//! Web clients on other sites: the API is open to all of them, without cookies.

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};

/// What scripts of other sites may read besides the body.
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "Link, X-RateLimit-Reset, X-RateLimit-Limit, X-RateLimit-Remaining, X-Request-Id, Mastodon-Async-Refresh",
);
const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, PUT, DELETE, PATCH, OPTIONS");
/// Named one by one: `*` does not include `Authorization`.
const HEADERS: HeaderValue = HeaderValue::from_static(
    "Authorization, Content-Type, Idempotency-Key, Accept, Accept-Language, Cache-Control, X-Requested-With",
);
/// Seconds; browsers cut it to their own limit. Without it every request is asked for first.
const MAX_AGE: HeaderValue = HeaderValue::from_static("7200");
const ANY: HeaderValue = HeaderValue::from_static("*");
/// What an API answer shown as a page may do: nothing.
const API_POLICY: HeaderValue =
    HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'; form-action 'none'");

/// Whether scripts of other sites may ask for the path.
pub(super) fn is_open(path: &str) -> bool {
    path.starts_with("/api/")
        || path.starts_with("/.well-known/")
        || path.starts_with("/nodeinfo/")
        || path.starts_with("/ap/")
        || matches!(path, "/actor" | "/actor/outbox" | "/oauth/token" | "/oauth/revoke" | "/oauth/userinfo")
}

/// What scripts of other sites are told with every answer to what they may ask for.
pub(super) fn open(headers: &mut HeaderMap) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, ANY);
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(API_POLICY);
}

/// The answer to what browsers ask beforehand.
pub(super) fn preflight() -> Response {
    let mut headers = HeaderMap::new();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, ANY);
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS);
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE);
    (StatusCode::OK, headers).into_response()
}
