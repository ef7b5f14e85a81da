//! What the server files listeners under, and who one listener is.

use phiomia_mastodon::stream::StreamName;
use phiomia_model::{AccountId, ListId, Refusal, Scope, Scopes, TokenId};
use phiomia_text::tag_key;

/// Mastodon's sentences.
const NO_TOKEN: &str = "Missing access token";
const OUTSIDE_SCOPES: &str = "Access token does not have the required scopes";
pub(super) const NO_LIST: &str = "Not authorized to stream this list";

const READ_STATUSES: Scope = Scope::of("read:statuses");
const READ_NOTIFICATIONS: Scope = Scope::of("read:notifications");

/// From where the posts of a public stream come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Origin {
    /// All that this server knows.
    Anywhere,
    /// Written here.
    Local,
    /// Written elsewhere.
    Remote,
}

/// What an event is filed under. A stream listens to one or two topics.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Topic {
    /// Somebody's home feed.
    Home(AccountId),
    /// Somebody's notifications.
    Notifications(AccountId),
    /// Somebody's conversations.
    Direct(AccountId),
    /// A list, with its owner. Whoever names somebody else's list listens to nothing: its posts are filed under another.
    List(ListId, AccountId),
    /// Public posts.
    Public {
        /// From where.
        origin: Origin,
        /// Only those with media.
        only_media: bool,
    },
    /// Public posts under a hashtag.
    Tag {
        /// The form in which hashtags are compared.
        key: String,
        /// Only those written here.
        only_local: bool,
    },
}

/// Whose token opened a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Holder {
    /// Who.
    pub(super) account: AccountId,
    /// The token.
    pub(super) token: TokenId,
    /// What it allows.
    pub(super) scopes: Scopes,
}

impl Topic {
    const fn public(origin: Origin, only_media: bool) -> Topic {
        Topic::Public { origin, only_media }
    }

    /// What a stream listens to, the one that tells it apart first.
    ///
    /// # Errors
    /// In the words of Mastodon, when it is not for the holder of this token, or needs a token and there is none.
    pub(super) fn of(stream: &StreamName, holder: Option<&Holder>) -> Result<Vec<Topic>, Refusal> {
        let who = |scope: Scope| match holder {
            None => Err(Refusal::Unauthenticated(NO_TOKEN)),
            Some(holder) if holder.scopes.hold(scope) => Ok(holder),
            Some(_) => Err(Refusal::Unauthenticated(OUTSIDE_SCOPES)),
        };
        Ok(match stream {
            StreamName::User => {
                let holder = who(READ_STATUSES)?;
                let mut topics = vec![Topic::Home(holder.account)];
                // Who may not read notifications gets the rest.
                if holder.scopes.hold(READ_NOTIFICATIONS) {
                    topics.push(Topic::Notifications(holder.account));
                }
                topics
            }
            StreamName::UserNotification => vec![Topic::Notifications(who(READ_NOTIFICATIONS)?.account)],
            StreamName::Direct => vec![Topic::Direct(who(READ_STATUSES)?.account)],
            StreamName::Public => vec![Topic::public(Origin::Anywhere, false)],
            StreamName::PublicMedia => vec![Topic::public(Origin::Anywhere, true)],
            StreamName::PublicLocal => vec![Topic::public(Origin::Local, false)],
            StreamName::PublicLocalMedia => vec![Topic::public(Origin::Local, true)],
            StreamName::PublicRemote => vec![Topic::public(Origin::Remote, false)],
            StreamName::PublicRemoteMedia => vec![Topic::public(Origin::Remote, true)],
            StreamName::Hashtag(tag) => vec![Topic::Tag { key: tag_key(tag), only_local: false }],
            StreamName::HashtagLocal(tag) => vec![Topic::Tag { key: tag_key(tag), only_local: true }],
            StreamName::List(id) => vec![Topic::List(ListId(id.0), who(READ_STATUSES)?.account)],
        })
    }

    /// Where a public post shows: under its tags, and on the public streams unless it answers somebody else.
    pub(super) fn of_public_post(tags: &[String], is_local: bool, is_reply: bool) -> Vec<Topic> {
        let mut topics = Vec::new();
        for tag in tags {
            topics.push(Topic::Tag { key: tag.clone(), only_local: false });
            if is_local {
                topics.push(Topic::Tag { key: tag.clone(), only_local: true });
            }
        }
        if !is_reply {
            let side = if is_local { Origin::Local } else { Origin::Remote };
            for origin in [Origin::Anywhere, side] {
                topics.push(Topic::public(origin, false));
                topics.push(Topic::public(origin, true));
            }
        }
        topics
    }

    /// Whether posts without media do not show here.
    pub(super) const fn wants_media(&self) -> bool {
        matches!(self, Topic::Public { only_media: true, .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holder(scopes: &str) -> Holder {
        Holder { account: AccountId(1), token: TokenId(2), scopes: Scopes::parse(scopes).unwrap_or_default() }
    }

    #[test]
    fn a_personal_stream_needs_a_token_with_its_scope() {
        let refusal = |stream: StreamName, scopes: Option<&str>| {
            Topic::of(&stream, scopes.map(holder).as_ref()).err().map(|refusal| refusal.to_string())
        };
        let list = StreamName::List(phiomia_mastodon::entities::Id(3));
        for stream in [StreamName::User, StreamName::UserNotification, StreamName::Direct, list] {
            assert_eq!(refusal(stream.clone(), None).as_deref(), Some(NO_TOKEN), "{stream:?}");
            assert_eq!(refusal(stream.clone(), Some("write")).as_deref(), Some(OUTSIDE_SCOPES), "{stream:?}");
            assert_eq!(refusal(stream, Some("read")), None);
        }
        assert_eq!(refusal(StreamName::UserNotification, Some("read:statuses")).as_deref(), Some(OUTSIDE_SCOPES));
        assert_eq!(refusal(StreamName::UserNotification, Some("read:notifications")), None);
        assert_eq!(refusal(StreamName::Public, None), None);
    }

    #[test]
    fn a_token_without_notifications_hears_the_home_feed_alone() {
        assert_eq!(Topic::of(&StreamName::User, Some(&holder("read:statuses"))), Ok(vec![Topic::Home(AccountId(1))]));
    }

    #[test]
    fn an_answer_to_somebody_else_shows_under_its_tags_alone() {
        let topics = Topic::of_public_post(&["cats".into()], false, true);
        assert_eq!(topics, [Topic::Tag { key: "cats".into(), only_local: false }]);
    }

    #[test]
    fn a_tag_is_heard_however_it_is_written() {
        assert_eq!(
            Topic::of(&StreamName::Hashtag("Ｃａｆé".into()), None),
            Topic::of(&StreamName::Hashtag("cafe".into()), None)
        );
    }
}
