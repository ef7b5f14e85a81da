//! A WebSocket: one small task that writes what the hub hands it and reads what the client wishes.

use std::time::Duration;

use axum::{
    extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade, close_code},
    response::Response,
};
use bytes::Bytes;
use http::HeaderValue;
use phiomia_mastodon::stream::{ClientMessage, StreamName, error_frame};
use phiomia_model::{Error, Refusal};
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};

use super::{event_source::stopped, hub::Seat, registry::Farewell};
use crate::{peer::Stopping, state::Api};

/// Longest message of a client, in bytes.
const MAX_MESSAGE: usize = 4 * 1024;
/// Messages of a client between two pings; one that says more is closed.
const MOST_MESSAGES: u32 = 600;
/// How long one message may take to be written.
const LONGEST_WRITE: Duration = Duration::from_secs(10);
/// How long a goodbye may take.
const LONGEST_GOODBYE: Duration = Duration::from_secs(1);

/// Buffers are kept for each of many idle sockets, so they are small: what is read is short, and what is written is
/// written at once.
pub(super) fn open(
    upgrade: WebSocketUpgrade,
    protocol: Option<HeaderValue>,
    api: Api,
    seat: Seat,
    first: Option<Result<StreamName, Refusal>>,
    stopping: Option<Stopping>,
) -> Response {
    let mut upgrade = upgrade
        .read_buffer_size(1024)
        .write_buffer_size(0)
        .max_write_buffer_size(1024 * 1024)
        .max_message_size(MAX_MESSAGE)
        .max_frame_size(MAX_MESSAGE);
    if let Some(protocol) = protocol {
        upgrade.set_selected_protocol(protocol);
    }
    upgrade.on_upgrade(move |socket| Conversation { socket, api, seat, stopping, n_messages: 0 }.run(first))
}

struct Conversation {
    socket: WebSocket,
    api: Api,
    seat: Seat,
    stopping: Option<Stopping>,
    n_messages: u32,
}

/// How a conversation ends.
enum End {
    /// The other side is gone, or does not take anything any more.
    Gone,
    /// We say why.
    Goodbye(Option<(u16, &'static str)>),
}

impl Conversation {
    async fn run(mut self, first: Option<Result<StreamName, Refusal>>) {
        let end = match self.begin(first).await {
            Ok(()) => self.converse().await,
            Err(end) => end,
        };
        // From here on nothing is told to it.
        let Conversation { mut socket, seat, stopping, .. } = self;
        drop(seat);
        if let End::Goodbye(why) = end {
            let frame = why.map(|(code, reason)| CloseFrame { code, reason: Utf8Bytes::from_static(reason) });
            let goodbye = async {
                if socket.send(Message::Close(frame)).await.is_ok() {
                    // The answer, and whatever was on its way before it.
                    while let Some(Ok(_)) = socket.recv().await {}
                }
            };
            let _ = timeout(LONGEST_GOODBYE, goodbye).await;
        }
        drop(stopping);
    }

    async fn begin(&mut self, first: Option<Result<StreamName, Refusal>>) -> Result<(), End> {
        match first {
            None => Ok(()),
            Some(stream) => {
                let done = match stream {
                    Ok(stream) => self.subscribe(&stream).await?,
                    Err(refusal) => Err(refusal),
                };
                self.answer(done).await
            }
        }
    }

    /// What became of a wish; a database that is away ends the conversation, and the client comes back later.
    async fn subscribe(&mut self, stream: &StreamName) -> Result<Result<(), Refusal>, End> {
        match self.seat.subscribe(&self.api, stream).await {
            Ok(()) => Ok(Ok(())),
            Err(Error::Refused(refusal)) => Ok(Err(refusal)),
            Err(Error::Broken(fault)) => {
                tracing::error!("a list could not be looked up for a stream, which is closed: {fault}");
                Err(End::Gone)
            }
        }
    }

    async fn converse(&mut self) -> End {
        let every = self.seat.pace().ping_every;
        let mut pings = interval_at(Instant::now() + every, every);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut is_alive = true;
        loop {
            let done = tokio::select! {
                biased;
                why = &mut self.seat.closing => return farewell(why.unwrap_or(Farewell::Stopping)),
                () = stopped(&mut self.stopping) => return farewell(Farewell::Stopping),
                _ = pings.tick() => {
                    if !is_alive {
                        return End::Gone;
                    }
                    is_alive = false;
                    self.n_messages = 0;
                    self.write(Message::Ping(Bytes::new())).await
                }
                message = self.socket.recv() => match message {
                    Some(Ok(message)) => {
                        is_alive = true;
                        self.hear(message).await
                    }
                    // The library's sentence is the only thing by which this kind of error is told apart.
                    Some(Err(error)) if error.to_string().contains("too long") => {
                        Err(End::Goodbye(Some((close_code::SIZE, "Message too long"))))
                    }
                    Some(Err(_)) | None => Err(End::Gone),
                },
                Some(event) = self.seat.events.recv() => match Utf8Bytes::try_from(event) {
                    Ok(text) => self.write(Message::Text(text)).await,
                    Err(_) => Ok(()),
                },
            };
            if let Err(end) = done {
                return end;
            }
        }
    }

    async fn hear(&mut self, message: Message) -> Result<(), End> {
        self.n_messages += 1;
        if self.n_messages > MOST_MESSAGES {
            return Err(End::Goodbye(Some((close_code::POLICY, "Too many messages"))));
        }
        match message {
            Message::Text(text) => {
                let done = match ClientMessage::read(&text) {
                    Ok(ClientMessage::Subscribe(stream)) => self.subscribe(&stream).await?,
                    Ok(ClientMessage::Unsubscribe(stream)) => self.seat.unsubscribe(&stream),
                    Err(refusal) => Err(refusal),
                };
                self.answer(done).await
            }
            Message::Binary(_) => Err(End::Goodbye(Some((close_code::UNSUPPORTED, "Only text is understood here")))),
            // The library has answered already.
            Message::Ping(_) | Message::Pong(_) => Ok(()),
            Message::Close(_) => Err(End::Gone),
        }
    }

    /// Silence when a wish was granted, as Mastodon does.
    async fn answer(&mut self, done: Result<(), Refusal>) -> Result<(), End> {
        match done {
            Ok(()) => Ok(()),
            Err(refusal) => {
                let frame = error_frame(&refusal.to_string(), status(&refusal));
                self.write(Message::Text(frame.into())).await
            }
        }
    }

    async fn write(&mut self, message: Message) -> Result<(), End> {
        tokio::select! {
            biased;
            why = &mut self.seat.closing => Err(farewell(why.unwrap_or(Farewell::Stopping))),
            written = timeout(LONGEST_WRITE, self.socket.send(message)) => match written {
                Ok(Ok(())) => Ok(()),
                Ok(Err(_)) | Err(_) => Err(End::Gone),
            },
        }
    }
}

fn farewell(why: Farewell) -> End {
    End::Goodbye(match why {
        // Mastodon gives no code here.
        Farewell::Revoked => None,
        Farewell::Slow => Some((close_code::POLICY, "Too slow")),
        Farewell::Missed => Some((close_code::AGAIN, "Events were missed")),
        Farewell::Stopping => Some((close_code::AWAY, "The server stops")),
    })
}

/// The HTTP status a refusal of this room would have.
fn status(refusal: &Refusal) -> u16 {
    match refusal {
        Refusal::Malformed(_) => 400,
        Refusal::Unauthenticated(_) => 401,
        Refusal::TooLarge => 413,
        _ => 422,
    }
}
