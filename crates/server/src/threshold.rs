//! What every request passes on its way in and out, whatever it asks for: who it is from, what it is called, how long it
//! may take, what an answer always says.

use std::{
    any::Any,
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    Router,
    extract::{Request, State},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use phiomia_api::{
    pages::visitors::Framable,
    peer::{NearAddr, RequestId, Stopping},
};
use tokio::time::Instant;
use tower_http::{
    CompressionLevel,
    catch_panic::CatchPanicLayer,
    compression::{
        CompressionLayer, Predicate,
        predicate::{DefaultPredicate, NotForContentType},
    },
};
use tracing::Instrument as _;

use crate::{
    coming::{Coming, Late, Patience},
    listen::Options,
};

/// The address at the other end of the socket.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub IpAddr);

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Headers of every answer that does not say something else itself.
const ALWAYS: [(HeaderName, HeaderValue); 5] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static(
            "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), \
             microphone=(), midi=(), payment=(), serial=(), usb=()",
        ),
    ),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
];

/// Two years, for browsers that have seen us over https once.
const STAY_WITH_HTTPS: HeaderValue = HeaderValue::from_static("max-age=63072000; includeSubDomains");

struct Threshold {
    options: Arc<Options>,
    stopping: Stopping,
    open: Open,
}

/// Lays the threshold around a router.
pub(crate) fn around(router: Router, options: &Arc<Options>, stopping: Stopping) -> Router {
    let threshold = Arc::new(Threshold { options: options.clone(), stopping, open: Open::default() });
    router.layer(compression()).layer(CatchPanicLayer::custom(after_panic)).layer(from_fn_with_state(threshold, pass))
}

fn compression() -> CompressionLayer<impl Predicate> {
    // The default leaves out pictures, gRPC and event streams. Sound and video are compressed as well as they can be.
    let worthwhile =
        DefaultPredicate::new().and(NotForContentType::const_new("video/")).and(NotForContentType::const_new("audio/"));
    CompressionLayer::new().quality(CompressionLevel::Precise(4)).compress_when(worthwhile)
}

async fn pass(State(threshold): State<Arc<Threshold>>, mut request: Request, next: Next) -> Response {
    let options = &threshold.options;
    let peer = request.extensions().get::<Peer>().map_or(IpAddr::from([0, 0, 0, 0]), |peer| peer.0);
    let client = options.fronts.client(peer, request.headers());
    let id = request_id(request.headers());
    let method = request.method().clone();
    let path = loggable(request.uri().path());
    // No query: it may carry a token.
    let span = tracing::info_span!("request", request.id = %id.0, http.method = %method, http.path = %path);
    request.extensions_mut().insert(client);
    request.extensions_mut().insert(NearAddr(peer));
    request.extensions_mut().insert(id.clone());
    request.extensions_mut().insert(threshold.stopping.clone());

    let started = Instant::now();
    let led = match &options.plain_leads_to {
        Some(plain) if options.fronts.is_plain(peer, request.headers()) => Some(plain.lead(&request)),
        _ => None,
    };
    let mut response = async {
        if let Some(led) = led {
            return led;
        }
        let Some(_place) = threshold.open.take_place(client.bucket(), options.max_requests_per_client) else {
            return busy("Too many requests at the same time");
        };
        let (head, body) = request.into_parts();
        let (body, progress) = Coming::of(body);
        let patience = Patience { answer: options.request_timeout, rest: options.body_rest };
        tokio::select! {
            response = next.run(Request::from_parts(head, body)) => response,
            late = progress.late(patience) => match late {
                Late::Answer => busy("This took too long"),
                Late::Body => refuse(StatusCode::REQUEST_TIMEOUT, "The request came too slowly"),
            },
        }
    }
    .instrument(span.clone())
    .await;
    let took = started.elapsed();

    decorate(&mut response, &id, options.https);
    span.in_scope(|| note(&method, &path, response.status(), took));
    response
}

fn decorate(response: &mut Response, id: &RequestId, https: bool) {
    let is_framable = response.extensions().get::<Framable>().is_some();
    let headers = response.headers_mut();
    for (name, value) in ALWAYS {
        if !(is_framable && name == header::X_FRAME_OPTIONS) {
            headers.entry(name).or_insert(value);
        }
    }
    if https {
        headers.entry(header::STRICT_TRANSPORT_SECURITY).or_insert(STAY_WITH_HTTPS);
    }
    if let Ok(value) = HeaderValue::from_str(&id.0) {
        headers.insert(X_REQUEST_ID, value);
    }
}

/// A path as a log may keep it: a one-time link is a secret.
fn loggable(path: &str) -> String {
    if path.starts_with("/owner/") { "/owner/…".to_owned() } else { path.to_owned() }
}

fn note(method: &Method, path: &str, status: StatusCode, took: Duration) {
    let class = match status.as_u16() / 100 {
        1 => "1xx",
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        _ => "5xx",
    };
    // Methods are free text; a label is not.
    let label = match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    };
    metrics::counter!("http_requests_total", "method" => label, "status" => class).increment(1);
    metrics::histogram!("http_request_duration_seconds", "method" => label).record(took.as_secs_f64());
    let duration_ms = took.as_millis();
    let status = status.as_u16();
    tracing::debug!(http.status = status, duration_ms, "{method} {path}: {status} in {duration_ms} ms");
}

/// A handler that panics ends its own request and nothing else.
#[expect(clippy::needless_pass_by_value, reason = "the signature is the library's")]
fn after_panic(panic: Box<dyn Any + Send>) -> Response {
    let words = panic.downcast_ref::<&str>().copied();
    let words = words.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message");
    tracing::error!("a request ended in a panic: {words}");
    metrics::counter!("http_panics_total").increment(1);
    refuse(StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong on our end")
}

fn busy(sentence: &'static str) -> Response {
    let mut response = refuse(StatusCode::SERVICE_UNAVAILABLE, sentence);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
    response
}

fn refuse(status: StatusCode, sentence: &'static str) -> Response {
    (status, axum::Json(serde_json::json!({ "error": sentence }))).into_response()
}

/// The id a proxy gave, if it looks like one, else a new one in the form of a UUID.
fn request_id(headers: &HeaderMap) -> RequestId {
    let given = headers.get(X_REQUEST_ID).and_then(|value| value.to_str().ok());
    match given.filter(|text| is_sane_id(text)) {
        Some(text) => RequestId(text.into()),
        None => RequestId(new_id().into()),
    }
}

fn is_sane_id(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}

fn new_id() -> String {
    let mut bytes = [0_u8; 16];
    if aws_lc_rs::rand::fill(&mut bytes).is_err() {
        tracing::error!("the system has no randomness for the id of a request");
    }
    let hex = format!("{:032x}", u128::from_be_bytes(bytes));
    let part = |from, to| hex.get(from..to).unwrap_or_default();
    [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-")
}

/// Requests in hand, by client.
#[derive(Default)]
struct Open {
    counts: Mutex<HashMap<IpAddr, usize>>,
}

impl Open {
    /// A place for one more request; `None` when the client has all it may have.
    fn take_place(&self, client: IpAddr, most: usize) -> Option<Place<'_>> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(client).or_insert(0);
        (*count < most).then(|| {
            *count += 1;
            Place { open: self, client }
        })
    }
}

/// Given back when the answer begins, or when the client has gone.
struct Place<'a> {
    open: &'a Open,
    client: IpAddr,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut counts = self.open.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.client) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.client);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_has_as_many_places_as_it_may_and_gets_them_back() {
        let open = Open::default();
        let (one, other) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
        let first = open.take_place(one, 2);
        let second = open.take_place(one, 2);
        assert!(first.is_some() && second.is_some());
        assert!(open.take_place(one, 2).is_none());
        assert!(open.take_place(other, 2).is_some());
        drop(first);
        assert!(open.take_place(one, 2).is_some());
        drop(second);
        assert!(open.counts.lock().is_ok_and(|counts| counts.is_empty()));
    }

    #[test]
    fn ids_of_requests_are_short_and_plain() {
        assert!(is_sane_id("0b1e-XY_9"));
        for bad in ["", "a b", "a\"b", "ä", "{}", &"a".repeat(65)] {
            assert!(!is_sane_id(bad), "{bad:?}");
        }
        assert_eq!(new_id().len(), 36);
    }
}
