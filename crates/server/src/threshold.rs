//! What every request passes on its way in and out, whatever it asks for: who it is from, what it is called, how long it
//! may take, what an answer always says.

use std::{
    any::Any,
    collections::HashMap,
    hash::{BuildHasher as _, RandomState},
    net::IpAddr,
    panic::AssertUnwindSafe,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::{
    body::Body,
    extract::Request,
    response::{IntoResponse, Response},
};
use futures_util::FutureExt as _;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use hyper::body::Body as _;
use phiomia_api::{
    pages::visitors::Framable,
    peer::{Arrival, NearAddr, RequestId, Stopping},
};
use tokio::time::{Instant, sleep};
use tracing::Instrument as _;

use crate::{
    answers::Answers,
    coming::{Coming, Late, Patience},
    compress::{accepted, compress},
    figures::Figures,
    linger::Lingering,
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

/// The threshold of a listener.
pub(crate) struct Threshold {
    answers: Answers,
    options: Arc<Options>,
    stopping: Stopping,
    open: Open,
    names: Names,
    figures: Figures,
}

impl Threshold {
    /// Lays the threshold before what answers.
    pub(crate) fn before(answers: Answers, options: &Arc<Options>, stopping: Stopping) -> Arc<Threshold> {
        let options = options.clone();
        let (open, names, figures) = (Open::default(), Names::default(), Figures::default());
        Arc::new(Threshold { answers, options, stopping, open, names, figures })
    }

    /// One request, from somebody at the other end of a socket.
    pub(crate) async fn pass(self: Arc<Self>, request: http::Request<Lingering>, peer: Peer) -> Response {
        let id = self.names.of(request.headers());
        // No query: it may carry a token.
        let span = tracing::info_span!(
            "request",
            request.id = %id.as_str(),
            http.method = %request.method(),
            http.path = %loggable(request.uri().path())
        );
        let started = Instant::now();
        let method = request.method().clone();
        let path = tracing::enabled!(tracing::Level::DEBUG).then(|| loggable(request.uri().path()).to_owned());
        let answering = self.answer(request, peer, &id);
        let mut response = if span.is_disabled() { answering.await } else { answering.instrument(span.clone()).await };
        decorate(&mut response, id, self.options.https);
        let took = started.elapsed();
        self.figures.note(&method, response.status(), took);
        if let Some(path) = path {
            let (status, duration_ms) = (response.status().as_u16(), took.as_millis());
            let note =
                || tracing::debug!(http.status = status, duration_ms, "{method} {path}: {status} in {duration_ms} ms");
            span.in_scope(note);
        }
        response
    }

    async fn answer(&self, request: http::Request<Lingering>, peer: Peer, id: &RequestId) -> Response {
        let options = &self.options;
        let client = options.fronts.client(peer.0, request.headers());
        let accepted = accepted(request.headers());
        let (mut head, body) = request.into_parts();
        let (body, progress) = if body.is_end_stream() { (Body::empty(), None) } else { Coming::of(Body::new(body)) };
        let (near, id, stopping) = (NearAddr(peer.0), id.clone(), Some(self.stopping.clone()));
        head.extensions.insert(Arrival { client, near, id, stopping });
        let request = Request::from_parts(head, body);
        if let Some(plain) = &options.plain_leads_to
            && options.fronts.is_plain(peer.0, request.headers())
        {
            return plain.lead(&request);
        }
        let Some(_place) = self.open.take_place(client.bucket(), options.max_requests_per_client) else {
            return busy("Too many requests at the same time");
        };
        let late = async {
            match progress {
                Some(progress) => {
                    progress.late(Patience { answer: options.request_timeout, rest: options.body_rest }).await
                }
                None => {
                    sleep(options.request_timeout).await;
                    Late::Answer
                }
            }
        };
        tokio::select! {
            // What is answered at once needs no clock.
            biased;
            answer = AssertUnwindSafe(self.answers.begin(request)).catch_unwind() => match answer {
                Ok(response) => compress(response, accepted).await,
                Err(panic) => after_panic(&*panic),
            },
            late = late => match late {
                Late::Answer => busy("This took too long"),
                Late::Body => refuse(StatusCode::REQUEST_TIMEOUT, "The request came too slowly"),
            },
        }
    }
}

fn decorate(response: &mut Response, id: RequestId, https: bool) {
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
    headers.insert(X_REQUEST_ID, id.0);
}

/// A path as a log may keep it: a one-time link is a secret.
fn loggable(path: &str) -> &str {
    if path.starts_with("/owner/") { "/owner/…" } else { path }
}

/// A handler that panics ends its own request and nothing else.
fn after_panic(panic: &(dyn Any + Send)) -> Response {
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

/// Gives requests their names.
#[derive(Default)]
struct Names {
    /// Two, because one gives half of a name.
    keys: [RandomState; 2],
    n_given: AtomicU64,
}

impl Names {
    /// The id a proxy gave, if it looks like one, else a new one in the form of a UUID.
    fn of(&self, headers: &HeaderMap) -> RequestId {
        let is_sane = |value: &&HeaderValue| value.to_str().is_ok_and(is_sane_id);
        RequestId(headers.get(X_REQUEST_ID).filter(is_sane).cloned().unwrap_or_else(|| self.new_id()))
    }

    /// Nobody guesses the next one who does not know the keys, and no secret hangs on it: asking the system for random
    /// bytes costs more than all else that is done for a name.
    fn new_id(&self) -> HeaderValue {
        let n = self.n_given.fetch_add(1, Ordering::Relaxed);
        let [high, low] = self.keys.each_ref().map(|key| key.hash_one(n));
        let bits = (u128::from(high) << 64) | u128::from(low);
        let mut text = [b'-'; 36];
        let places = text.iter_mut().enumerate().filter(|(at, _)| !matches!(at, 8 | 13 | 18 | 23));
        for ((_, place), nth) in places.zip((0..32_u32).rev()) {
            let digit = u8::try_from((bits >> (4 * nth)) & 0xf).unwrap_or_default();
            *place = if digit < 10 { b'0' + digit } else { b'a' + digit - 10 };
        }
        HeaderValue::from_bytes(&text).unwrap_or_else(|_| HeaderValue::from_static("none"))
    }
}

fn is_sane_id(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
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
        let names = Names::default();
        let (one, other) = (names.of(&HeaderMap::new()), names.of(&HeaderMap::new()));
        assert_ne!(one, other);
        let lengths: Vec<usize> = one.as_str().split('-').map(str::len).collect();
        assert!(lengths == [8, 4, 4, 4, 12] && is_sane_id(one.as_str()), "{one:?}");
    }
}
