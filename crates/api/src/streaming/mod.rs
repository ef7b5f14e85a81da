//! Streaming: what happens, as it happens, over WebSocket or as server-sent events, on the server's one port.
//!
//! An event of `store::live` carries ids. The [`Hub`] knows who listens to what, reads the rest once for all listeners,
//! renders it once for those who see it alike, and puts the text into the queue of each.

mod event_source;
mod hub;
mod listener;
mod news;
mod registry;
mod topic;
mod websocket;

use axum::{
    extract::{FromRequestParts as _, ws::WebSocketUpgrade},
    response::{IntoResponse, Response},
};
use http::{HeaderValue, header};
use phiomia_mastodon::stream::StreamName;
use phiomia_model::{Error, Refusal};

pub use hub::{Hub, Pace};
pub use listener::Listener;

use crate::{
    gate::{Anyone, Ask},
    peer::Arrival,
};
use registry::Wire;

/// `GET /api/v1/streaming/health`.
///
/// # Errors
/// Never.
pub async fn health(_: Ask<Anyone>) -> Result<Response, Error> {
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    Ok(([(header::CONTENT_TYPE, plain)], "OK").into_response())
}

/// `GET /api/v1/streaming` and everything below it: a WebSocket where one is asked for, else server-sent events.
///
/// # Errors
/// The refusals of Mastodon: no such stream, a stream that needs another token; and too many open streams.
pub async fn open(ask: Ask<Listener>) -> Result<Response, Error> {
    let path = ask.piece("path").trim_end_matches('/').to_owned();
    let text = |name: &str| ask.input.text(name);
    let (tag, list) = (text("tag"), text("list"));
    let wished = text("stream");
    let only_media = text("only_media").is_some_and(|value| is_true(&value));
    let hub = ask.api.hub().clone();
    let address = ask.client.bucket();
    let Ask { api, me, mut parts, .. } = ask;
    let stopping = parts.extensions.get::<Arrival>().and_then(|arrival| arrival.stopping.clone());
    let protocol = listener::protocol(&parts);
    if parts.headers.contains_key(header::SEC_WEBSOCKET_KEY) || parts.headers.contains_key(header::UPGRADE) {
        let upgrade = match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
            Ok(upgrade) => upgrade,
            Err(rejection) => return Err(Refusal::Malformed(rejection.body_text()).into()),
        };
        let seat = hub.enter(me.holder, address, Wire::WebSocket)?;
        // As Mastodon does, a socket is opened whatever it wishes for, and told there what does not hold.
        let first = wished.map(|name| StreamName::new(&name, tag.as_deref(), list.as_deref()));
        return Ok(websocket::open(upgrade, protocol, api, seat, first, stopping));
    }
    let stream = match StreamName::from_path(&path, only_media, tag.as_deref(), list.as_deref()) {
        Ok(stream) => stream,
        Err(Refusal::Malformed(sentence)) if sentence.starts_with("Unknown") => {
            return Err(Refusal::Malformed("Unknown channel requested".to_owned()).into());
        }
        Err(refusal) => return Err(refusal.into()),
    };
    let seat = hub.enter(me.holder, address, Wire::EventSource)?;
    seat.subscribe(&api, &stream).await?;
    Ok(event_source::open(seat, stopping))
}

/// As Mastodon reads a flag in a query.
fn is_true(value: &str) -> bool {
    !matches!(value, "" | "0" | "f" | "F" | "false" | "FALSE" | "off" | "OFF")
}
