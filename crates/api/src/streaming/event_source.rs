//! Server-sent events: an answer that does not end.

use std::convert::Infallible;

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures_util::stream;
use http::{HeaderName, HeaderValue, header};
use phiomia_mastodon::stream::SSE_HEARTBEAT;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

use super::hub::Seat;
use crate::peer::Stopping;

/// The first bytes: browsers see that the answer has begun.
const GREETING: &[u8] = b":)\n\n";

struct Listening {
    seat: Seat,
    thumps: Interval,
    stopping: Option<Stopping>,
    has_begun: bool,
}

impl Listening {
    /// The next bytes; `None` ends the answer.
    async fn next(&mut self) -> Option<Bytes> {
        if !self.has_begun {
            self.has_begun = true;
            return Some(Bytes::from_static(GREETING));
        }
        tokio::select! {
            biased;
            _ = &mut self.seat.closing => None,
            () = stopped(&mut self.stopping) => None,
            event = self.seat.events.recv() => event,
            _ = self.thumps.tick() => Some(Bytes::from_static(SSE_HEARTBEAT.as_bytes())),
        }
    }
}

/// Waits until the process stops.
pub(super) async fn stopped(stopping: &mut Option<Stopping>) {
    match stopping {
        Some(stopping) => stopping.wait().await,
        None => std::future::pending().await,
    }
}

/// The answer; ends when the listener goes or has to go.
pub(super) fn open(seat: Seat, stopping: Option<Stopping>) -> Response {
    let every = seat.pace().thump_every;
    let mut thumps = interval_at(Instant::now() + every, every);
    thumps.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let listening = Listening { seat, thumps, stopping, has_begun: false };
    let body = Body::from_stream(stream::unfold(listening, async |mut listening| {
        let bytes = listening.next().await?;
        Some((Ok::<_, Infallible>(bytes), listening))
    }));
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        (header::CACHE_CONTROL, HeaderValue::from_static("private, no-store")),
        // nginx would otherwise wait until its buffer is full.
        (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
    ];
    (headers, body).into_response()
}
