//! Answers in fewer bytes, for those who take them so.

use std::{convert::Infallible, future::ready};

use axum::{body::Body, response::Response};
use http::{HeaderMap, HeaderValue, Request, header};
use tower::{Layer as _, ServiceExt as _, service_fn};
use tower_http::{
    CompressionLevel,
    compression::{
        CompressionLayer, Predicate,
        predicate::{DefaultPredicate, NotForContentType},
    },
};

/// What an answer that might be compressed depends on.
const VARIES: &str = "accept-encoding";

/// What a request says of the forms it takes; empty: nothing.
pub(crate) fn accepted(headers: &HeaderMap) -> HeaderMap {
    let mut accepted = HeaderMap::new();
    for value in headers.get_all(header::ACCEPT_ENCODING) {
        accepted.append(header::ACCEPT_ENCODING, value.clone());
    }
    accepted
}

/// The default leaves out pictures, gRPC and event streams. Sound and video are compressed as well as they can be.
fn worthwhile() -> impl Predicate {
    DefaultPredicate::new().and(NotForContentType::const_new("video/")).and(NotForContentType::const_new("audio/"))
}

/// The answer in the best form of those that are taken.
pub(crate) async fn compress(mut response: Response, accepted: HeaderMap) -> Response {
    let headers = response.headers();
    // Most answers pass as they are: the library's way costs each of them another body.
    if headers.contains_key(header::CONTENT_ENCODING)
        || headers.contains_key(header::CONTENT_RANGE)
        || !worthwhile().should_compress(&response)
    {
        return response;
    }
    if accepted.is_empty() {
        let is_told = |value: &HeaderValue| value.to_str().is_ok_and(|text| text.to_ascii_lowercase().contains(VARIES));
        if !headers.get_all(header::VARY).iter().any(is_told) {
            response.headers_mut().append(header::VARY, HeaderValue::from_static(VARIES));
        }
        return response;
    }
    let mut request = Request::new(());
    *request.headers_mut() = accepted;
    let mut made = Some(response);
    let layer = CompressionLayer::new().quality(CompressionLevel::Precise(4)).compress_when(worthwhile());
    let compressing =
        layer.layer(service_fn(move |_: Request<()>| ready(Ok::<_, Infallible>(made.take().unwrap_or_default()))));
    compressing.oneshot(request).await.unwrap_or_else(|never| match never {}).map(Body::new)
}
