//! Ids: 64 bits, milliseconds since 1970 in the upper 48, so that they sort by time.
//!
//! Clients see them as decimal strings and may compare them (length first, then text).
//! Source: <https://docs.joinmastodon.org/api/guidelines/#id>.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{fmt, str::FromStr};

use crate::time::Time;

/// How many low bits of an id tell apart what was made in the same millisecond.
pub const SEQUENCE_BITS: u32 = 16;

/// The smallest id that something made at `time` can have. Times before 1970 give 0.
#[must_use]
pub fn first_of(time: Time) -> i64 {
    (time.as_millis().max(0)).saturating_mul(1 << SEQUENCE_BITS)
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub i64);

        impl $name {
            /// The moment in the id's upper bits.
            #[must_use]
            pub fn time(self) -> Time { Time::from_millis(self.0 >> SEQUENCE_BITS) }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { write!(f, "{}", self.0) }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { write!(f, "{}({})", stringify!($name), self.0) }
        }
        impl FromStr for $name {
            type Err = NotAnId;
            fn from_str(text: &str) -> Result<Self, NotAnId> {
                // Only plain digits: `+1` and ` 1` are not ids, and an id is never negative.
                if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) { return Err(NotAnId); }
                text.parse().map($name).map_err(|_| NotAnId)
            }
        }
        impl From<$name> for i64 {
            fn from(id: $name) -> i64 { id.0 }
        }
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> { s.collect_str(&self.0) }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                struct Visitor;
                impl de::Visitor<'_> for Visitor {
                    type Value = $name;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str("an id") }
                    fn visit_str<E: de::Error>(self, text: &str) -> Result<$name, E> {
                        text.parse().map_err(|_| E::custom("not an id"))
                    }
                    fn visit_i64<E: de::Error>(self, id: i64) -> Result<$name, E> { Ok($name(id)) }
                    fn visit_u64<E: de::Error>(self, id: u64) -> Result<$name, E> {
                        i64::try_from(id).map($name).map_err(|_| E::custom("not an id"))
                    }
                }
                d.deserialize_any(Visitor)
            }
        }
    )*};
}

ids! {
    /// A person, bot or group, here or elsewhere. A local user has the same id as their account.
    AccountId,
    /// A post, or a boost of one.
    StatusId,
    /// One thing that happened to somebody here.
    NotificationId,
    /// A sender whose mentions are held back.
    NotificationRequestId,
    /// A registered client application.
    AppId,
    /// An access token.
    TokenId,
    /// A browser session.
    SessionId,
    /// A passkey of somebody here.
    PasskeyId,
    /// A hashtag.
    TagId,
    /// A list of people.
    ListId,
    /// A filter: what somebody does not want to see.
    FilterId,
    /// A phrase that a filter looks for.
    FilterKeywordId,
    /// A post that a filter names.
    FilterStatusId,
    /// Something uploaded.
    MediaId,
    /// What somebody told moderators.
    ReportId,
    /// A row of the job table.
    JobId,
    /// A custom emoji.
    CustomEmojiId,
    /// A server rule.
    RuleId,
    /// An announcement to everybody on the server.
    AnnouncementId,
    /// Direct posts between the same people, as one of them has them in their list.
    ConversationId,
    /// A poll.
    PollId,
    /// A post that waits for its time.
    ScheduledStatusId,
    /// What is decided about a domain.
    DomainBlockId,
    /// A domain that was allowed by hand.
    DomainAllowId,
    /// What a moderator did about somebody.
    StrikeId,
    /// Follows that somebody lost at once.
    SeveranceId,
    /// An e-mail domain nobody signs up with.
    EmailDomainBlockId,
    /// A range of network addresses under a rule.
    IpBlockId,
    /// An e-mail address nobody signs up with.
    CanonicalEmailBlockId,
}

/// The text is not a decimal id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an id")]
pub struct NotAnId;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_time_and_print_as_decimal() {
        let early = StatusId(first_of(Time::from_millis(1_700_000_000_000)));
        let late = StatusId(first_of(Time::from_millis(1_700_000_000_001)));
        assert!(early < late);
        assert_eq!(early.time().as_millis(), 1_700_000_000_000);
        assert_eq!(serde_json::to_string(&early).unwrap_or_default(), format!("\"{}\"", early.0));
    }

    #[test]
    fn only_plain_digits_are_ids() {
        for bad in ["", "+1", "-1", " 1", "1x", "99999999999999999999"] {
            assert_eq!(bad.parse::<StatusId>(), Err(NotAnId), "{bad:?}");
        }
        assert_eq!("42".parse(), Ok(StatusId(42)));
    }
}
