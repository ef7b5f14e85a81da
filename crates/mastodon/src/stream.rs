//! Streams: their names, what clients say on an open WebSocket, and what the server says on it or as server-sent
//! events.
//!
//! Source: <https://docs.joinmastodon.org/methods/streaming/>.

use std::borrow::Cow;

use phiomia_model::Refusal;
use serde::{Deserialize, Serialize};

use crate::entities::Id;
use crate::form::{Text, Tree};

/// The comment that keeps an idle stream of server-sent events open.
pub const SSE_HEARTBEAT: &str = ":thump\n\n";

/// Longest tag that may be listened to, in bytes.
const MAX_TAG_BYTES: usize = 1_024;
/// Longest message of a client, in bytes; they only ever name one stream.
const MAX_MESSAGE_BYTES: usize = 4_096;

/// What may be listened to.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum StreamName {
    /// My home timeline and notifications.
    User,
    /// My notifications.
    UserNotification,
    /// All public posts.
    Public,
    /// Those with media.
    PublicMedia,
    /// Public posts from here.
    PublicLocal,
    /// Those with media.
    PublicLocalMedia,
    /// Public posts from elsewhere.
    PublicRemote,
    /// Those with media.
    PublicRemoteMedia,
    /// Public posts with a hashtag, as the client wrote it, without `#`.
    Hashtag(String),
    /// Those from here.
    HashtagLocal(String),
    /// One of my lists.
    List(Id),
    /// My direct conversations.
    Direct,
}

impl StreamName {
    /// A stream by the name clients use, and the tag or list that some of them need.
    ///
    /// # Errors
    /// `Malformed`, in the words of Mastodon, when there is no such stream or what it needs is missing.
    pub fn new(name: &str, tag: Option<&str>, list: Option<&str>) -> Result<StreamName, Refusal> {
        let hashtag = || {
            let tag = tag.map(|tag| tag.strip_prefix('#').unwrap_or(tag)).unwrap_or_default();
            if tag.is_empty() || tag.len() > MAX_TAG_BYTES {
                return Err(Refusal::Malformed("Missing tag name parameter".to_owned()));
            }
            Ok(tag.to_owned())
        };
        Ok(match name {
            "user" => StreamName::User,
            "user:notification" => StreamName::UserNotification,
            "public" => StreamName::Public,
            "public:media" => StreamName::PublicMedia,
            "public:local" => StreamName::PublicLocal,
            "public:local:media" => StreamName::PublicLocalMedia,
            "public:remote" => StreamName::PublicRemote,
            "public:remote:media" => StreamName::PublicRemoteMedia,
            "hashtag" => StreamName::Hashtag(hashtag()?),
            "hashtag:local" => StreamName::HashtagLocal(hashtag()?),
            "list" => {
                let id = list.filter(|id| id.bytes().all(|b| b.is_ascii_digit())).and_then(|id| id.parse().ok());
                StreamName::List(Id(id.ok_or_else(|| Refusal::Malformed("Missing list name parameter".to_owned()))?))
            }
            "direct" => StreamName::Direct,
            _ => return Err(Refusal::Malformed("Unknown stream type".to_owned())),
        })
    }

    /// A stream by the path of its server-sent events below `/api/v1/streaming/`: `public/local`. `only_media` makes
    /// the media stream of a public one.
    ///
    /// # Errors
    /// As [`StreamName::new`].
    pub fn from_path(
        path: &str,
        only_media: bool,
        tag: Option<&str>,
        list: Option<&str>,
    ) -> Result<StreamName, Refusal> {
        let mut name = path.replace('/', ":");
        if only_media && matches!(name.as_str(), "public" | "public:local" | "public:remote") {
            name.push_str(":media");
        }
        StreamName::new(&name, tag, list)
    }

    /// The name clients use, without its tag or list.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            StreamName::User => "user",
            StreamName::UserNotification => "user:notification",
            StreamName::Public => "public",
            StreamName::PublicMedia => "public:media",
            StreamName::PublicLocal => "public:local",
            StreamName::PublicLocalMedia => "public:local:media",
            StreamName::PublicRemote => "public:remote",
            StreamName::PublicRemoteMedia => "public:remote:media",
            StreamName::Hashtag(_) => "hashtag",
            StreamName::HashtagLocal(_) => "hashtag:local",
            StreamName::List(_) => "list",
            StreamName::Direct => "direct",
        }
    }

    /// The tag or list, as text.
    #[must_use]
    pub fn argument(&self) -> Option<Cow<'_, str>> {
        match self {
            StreamName::Hashtag(tag) | StreamName::HashtagLocal(tag) => Some(Cow::Borrowed(tag)),
            StreamName::List(id) => Some(Cow::Owned(id.to_string())),
            _ => None,
        }
    }

    /// Whether it belongs to somebody, so that it needs a token of theirs.
    #[must_use]
    pub const fn is_personal(&self) -> bool {
        matches!(self, StreamName::User | StreamName::UserNotification | StreamName::List(_) | StreamName::Direct)
    }
}

/// What a client says on an open WebSocket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientMessage {
    /// From now on, events of this stream too.
    Subscribe(StreamName),
    /// No longer.
    Unsubscribe(StreamName),
}

impl ClientMessage {
    /// Reads `{"type":"subscribe","stream":"hashtag","tag":"foo"}`.
    ///
    /// # Errors
    /// `TooLarge` for a message beyond any use, `Malformed` or `Invalid` for one that says nothing.
    pub fn read(message: &str) -> Result<ClientMessage, Refusal> {
        #[derive(Deserialize)]
        struct Wish {
            r#type: Text,
            stream: Text,
            tag: Option<Text>,
            list: Option<Text>,
        }
        if message.len() > MAX_MESSAGE_BYTES {
            return Err(Refusal::TooLarge);
        }
        let wish: Wish = Tree::from_json(message.as_bytes())?.decode()?;
        let text = |text: &Option<Text>| text.as_ref().map(|t| t.0.clone());
        let stream = || StreamName::new(&wish.stream.0, text(&wish.tag).as_deref(), text(&wish.list).as_deref());
        match wish.r#type.0.as_str() {
            "subscribe" => Ok(ClientMessage::Subscribe(stream()?)),
            "unsubscribe" => Ok(ClientMessage::Unsubscribe(stream()?)),
            _ => Err(Refusal::Malformed("Unknown message type".to_owned())),
        }
    }
}

/// What happened, as clients name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StreamEvent {
    /// A post appeared. Payload: Status.
    Update,
    /// A post is gone. Payload: its id.
    Delete,
    /// A post was edited. Payload: Status. Since 3.5.0.
    StatusUpdate,
    /// I was notified. Payload: Notification.
    Notification,
    /// Requests became notifications: fetch them anew. Payload: `1`. Since 4.3.0.
    NotificationsMerged,
    /// My filters changed. No payload. Since 2.4.3.
    FiltersChanged,
    /// A direct conversation moved. Payload: Conversation. Since 2.6.0.
    Conversation,
    /// An announcement was published. Payload: Announcement. Since 3.1.0.
    Announcement,
    /// A reaction to an announcement. Payload: name, count, announcement id. Since 3.1.0.
    AnnouncementReaction,
    /// An announcement is gone. Payload: its id. Since 3.1.0.
    AnnouncementDelete,
}

impl StreamEvent {
    /// The word on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            StreamEvent::Update => "update",
            StreamEvent::Delete => "delete",
            StreamEvent::StatusUpdate => "status.update",
            StreamEvent::Notification => "notification",
            StreamEvent::NotificationsMerged => "notifications_merged",
            StreamEvent::FiltersChanged => "filters_changed",
            StreamEvent::Conversation => "conversation",
            StreamEvent::Announcement => "announcement",
            StreamEvent::AnnouncementReaction => "announcement.reaction",
            StreamEvent::AnnouncementDelete => "announcement.delete",
        }
    }
}

/// One event as a text message of a WebSocket. The payload, JSON or an id, is put into a string of its own.
#[must_use]
pub fn frame(stream: &StreamName, event: StreamEvent, payload: Option<&str>) -> String {
    #[derive(Serialize)]
    struct Frame<'f> {
        stream: &'f [&'f str],
        event: &'f str,
        #[serde(skip_serializing_if = "Option::is_none")]
        payload: Option<&'f str>,
    }
    let argument = stream.argument();
    let both = [stream.name(), argument.as_deref().unwrap_or_default()];
    let stream = if argument.is_some() { both.as_slice() } else { both.split_at(1).0 };
    in_json(&Frame { stream, event: event.word(), payload })
}

/// A refusal as a text message of a WebSocket; `status` is the HTTP status it would have had.
#[must_use]
pub fn error_frame(sentence: &str, status: u16) -> String {
    #[derive(Serialize)]
    struct Frame<'f> {
        error: &'f str,
        status: u16,
    }
    in_json(&Frame { error: sentence, status })
}

/// One event as lines of server-sent events.
#[must_use]
pub fn sse(event: StreamEvent, payload: Option<&str>) -> String {
    let mut lines = format!("event: {}\n", event.word());
    // Browsers drop an event without data; Mastodon's word for no payload is this one.
    for line in payload.unwrap_or("undefined").split(['\r', '\n']) {
        lines.push_str("data: ");
        lines.push_str(line);
        lines.push('\n');
    }
    lines.push('\n');
    lines
}

/// Structs of texts and numbers always have a form in JSON.
fn in_json(frame: &impl Serialize) -> String {
    serde_json::to_string(frame).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all() -> Vec<StreamName> {
        vec![
            StreamName::User,
            StreamName::UserNotification,
            StreamName::Public,
            StreamName::PublicMedia,
            StreamName::PublicLocal,
            StreamName::PublicLocalMedia,
            StreamName::PublicRemote,
            StreamName::PublicRemoteMedia,
            StreamName::Hashtag("foo".into()),
            StreamName::HashtagLocal("foo".into()),
            StreamName::List(Id(12)),
            StreamName::Direct,
        ]
    }

    #[test]
    fn every_stream_is_found_by_its_own_name() {
        for stream in all() {
            let (tag, list) = match &stream {
                StreamName::List(_) => (None, Some("12")),
                _ => (Some("foo"), None),
            };
            assert_eq!(StreamName::new(stream.name(), tag, list), Ok(stream.clone()), "{stream:?}");
            assert_eq!(StreamName::from_path(&stream.name().replace(':', "/"), false, tag, list), Ok(stream));
        }
    }

    #[test]
    fn only_media_makes_a_media_stream_of_public_ones() {
        assert_eq!(StreamName::from_path("public/local", true, None, None), Ok(StreamName::PublicLocalMedia));
        assert_eq!(StreamName::from_path("user", true, None, None), Ok(StreamName::User));
    }

    #[test]
    fn a_stream_that_lacks_something_says_what() {
        for (name, tag, list, sentence) in [
            ("hashtag", None, None, "Missing tag name parameter"),
            ("hashtag:local", Some("#"), None, "Missing tag name parameter"),
            ("list", None, None, "Missing list name parameter"),
            ("list", None, Some("x"), "Missing list name parameter"),
            ("users", None, None, "Unknown stream type"),
            ("", None, None, "Unknown stream type"),
        ] {
            assert_eq!(StreamName::new(name, tag, list), Err(Refusal::Malformed(sentence.into())), "{name}");
        }
    }

    #[test]
    fn clients_subscribe_and_unsubscribe_by_message() {
        for (message, expected) in [
            (r#"{"type":"subscribe","stream":"user"}"#, ClientMessage::Subscribe(StreamName::User)),
            (
                r#"{"type":"unsubscribe","stream":"hashtag","tag":"foo"}"#,
                ClientMessage::Unsubscribe(StreamName::Hashtag("foo".into())),
            ),
            (r#"{"type":"subscribe","stream":"list","list":12}"#, ClientMessage::Subscribe(StreamName::List(Id(12)))),
            (r#"{"type":"subscribe","stream":"list","list":"12"}"#, ClientMessage::Subscribe(StreamName::List(Id(12)))),
        ] {
            assert_eq!(ClientMessage::read(message), Ok(expected), "{message}");
        }
        for message in ["", "{}", "x", r#"{"type":"subscribe"}"#, r#"{"type":"shout","stream":"user"}"#] {
            assert!(ClientMessage::read(message).is_err(), "{message}");
        }
        assert_eq!(ClientMessage::read(&" ".repeat(5_000)), Err(Refusal::TooLarge));
    }

    #[test]
    fn a_payload_travels_as_a_string_within_the_frame() {
        assert_eq!(
            frame(&StreamName::Hashtag("foo".into()), StreamEvent::Update, Some(r#"{"id":"1"}"#)),
            r#"{"stream":["hashtag","foo"],"event":"update","payload":"{\"id\":\"1\"}"}"#
        );
        assert_eq!(
            frame(&StreamName::List(Id(12)), StreamEvent::Delete, Some("7")),
            r#"{"stream":["list","12"],"event":"delete","payload":"7"}"#
        );
        assert_eq!(
            frame(&StreamName::User, StreamEvent::FiltersChanged, None),
            r#"{"stream":["user"],"event":"filters_changed"}"#
        );
        assert_eq!(error_frame("Unknown stream type", 400), r#"{"error":"Unknown stream type","status":400}"#);
    }

    #[test]
    fn server_sent_events_are_lines() {
        assert_eq!(sse(StreamEvent::StatusUpdate, Some("{}")), "event: status.update\ndata: {}\n\n");
        assert_eq!(sse(StreamEvent::FiltersChanged, None), "event: filters_changed\ndata: undefined\n\n");
        assert_eq!(
            sse(StreamEvent::Delete, Some("1\n\nevent: x")),
            "event: delete\ndata: 1\ndata: \ndata: event: x\n\n"
        );
    }

    proptest! {
        #[test]
        fn any_message_is_read_or_refused(message in ".{0,100}") {
            let _ = ClientMessage::read(&message);
        }
    }
}
