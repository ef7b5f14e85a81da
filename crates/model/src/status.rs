//! Posts: who may see them, who may quote them, and what somebody wants to post.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

use crate::id::{AccountId, AppId, MediaId, StatusId};
use crate::media::{Media, MediaWords};
use crate::time::Time;

/// Who may see a post. `Private` is followers-only, as Mastodon names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Visibility {
    /// Everybody, and in public timelines.
    Public,
    /// Everybody, but in no public timeline, trend or search.
    Unlisted,
    /// Followers and mentioned people.
    Private,
    /// Mentioned people.
    Direct,
}

impl Visibility {
    /// All four, widest first.
    pub const ALL: [Visibility; 4] =
        [Visibility::Public, Visibility::Unlisted, Visibility::Private, Visibility::Direct];

    /// The number in the database.
    #[must_use]
    pub const fn code(self) -> i64 {
        match self {
            Visibility::Public => 0,
            Visibility::Unlisted => 1,
            Visibility::Private => 2,
            Visibility::Direct => 3,
        }
    }
    /// The word of the API.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Visibility::Public => "public",
            Visibility::Unlisted => "unlisted",
            Visibility::Private => "private",
            Visibility::Direct => "direct",
        }
    }
    /// From the number in the database; an unknown one is read as the narrowest.
    #[must_use]
    pub const fn from_code(code: i64) -> Visibility {
        match code {
            0 => Visibility::Public,
            1 => Visibility::Unlisted,
            2 => Visibility::Private,
            _ => Visibility::Direct,
        }
    }
    /// Whether strangers may open it.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Visibility::Public | Visibility::Unlisted)
    }
}

impl fmt::Display for Visibility {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// The word is none of a closed set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown word `{0}`")]
pub struct UnknownWord(pub String);

impl FromStr for Visibility {
    type Err = UnknownWord;
    fn from_str(word: &str) -> Result<Visibility, UnknownWord> {
        Visibility::ALL.into_iter().find(|v| v.word() == word).ok_or_else(|| UnknownWord(word.to_owned()))
    }
}

/// Whether a quote is allowed by the author of what it quotes.
/// Source: <https://docs.joinmastodon.org/entities/Quote/#state>.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum QuoteState {
    /// The quoted author has not answered.
    Pending,
    /// They allow it.
    Accepted,
    /// They do not.
    Rejected,
    /// They did, and took it back.
    Revoked,
    /// What was quoted is gone.
    Deleted,
}

impl QuoteState {
    /// Each of them.
    pub const ALL: [QuoteState; 5] =
        [QuoteState::Pending, QuoteState::Accepted, QuoteState::Rejected, QuoteState::Revoked, QuoteState::Deleted];
    /// The word of the API, also in the database.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            QuoteState::Pending => "pending",
            QuoteState::Accepted => "accepted",
            QuoteState::Rejected => "rejected",
            QuoteState::Revoked => "revoked",
            QuoteState::Deleted => "deleted",
        }
    }
}

impl FromStr for QuoteState {
    type Err = UnknownWord;
    fn from_str(word: &str) -> Result<QuoteState, UnknownWord> {
        QuoteState::ALL.into_iter().find(|state| state.word() == word).ok_or_else(|| UnknownWord(word.to_owned()))
    }
}

/// Whether an author elsewhere, who wants to be asked, allows what somebody here did with a post of theirs.
/// Source: <https://docs.gotosocial.org/en/latest/federation/interaction_controls/>.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Approval {
    /// They have not answered: nobody else sees it.
    Pending,
    /// They allow it.
    Accepted,
    /// They do not: nobody else sees it.
    Rejected,
}

impl Approval {
    /// Each of them.
    pub const ALL: [Approval; 3] = [Approval::Pending, Approval::Accepted, Approval::Rejected];
    /// The word of our own additions to the API, also in the database.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Approval::Pending => "pending",
            Approval::Accepted => "accepted",
            Approval::Rejected => "rejected",
        }
    }
}

impl FromStr for Approval {
    type Err = UnknownWord;
    fn from_str(word: &str) -> Result<Approval, UnknownWord> {
        Approval::ALL.into_iter().find(|one| one.word() == word).ok_or_else(|| UnknownWord(word.to_owned()))
    }
}

/// Who may quote a post.
/// Source: <https://docs.joinmastodon.org/entities/QuoteApproval/>.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum QuotePolicy {
    /// Everybody who can see it.
    Public,
    /// Followers.
    Followers,
    /// The author alone.
    Nobody,
}

impl QuotePolicy {
    /// All three.
    pub const ALL: [QuotePolicy; 3] = [QuotePolicy::Public, QuotePolicy::Followers, QuotePolicy::Nobody];
    /// The word of the API, also in the database.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            QuotePolicy::Public => "public",
            QuotePolicy::Followers => "followers",
            QuotePolicy::Nobody => "nobody",
        }
    }
}

impl FromStr for QuotePolicy {
    type Err = UnknownWord;
    fn from_str(word: &str) -> Result<QuotePolicy, UnknownWord> {
        QuotePolicy::ALL.into_iter().find(|p| p.word() == word).ok_or_else(|| UnknownWord(word.to_owned()))
    }
}

/// For whom something is read. Every read of posts names its viewer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Viewer {
    /// Somebody without an account.
    Anonymous,
    /// A local account.
    Account(AccountId),
}

impl Viewer {
    /// The viewer's account, if there is one.
    #[must_use]
    pub const fn account(self) -> Option<AccountId> {
        match self {
            Viewer::Anonymous => None,
            Viewer::Account(id) => Some(id),
        }
    }
}

impl From<Option<AccountId>> for Viewer {
    fn from(account: Option<AccountId>) -> Viewer {
        account.map_or(Viewer::Anonymous, Viewer::Account)
    }
}

/// A poll that somebody wants to attach to a post.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PollDraft {
    /// What there is to choose from.
    pub options: Vec<String>,
    /// How long it runs, in seconds; `None` was not said, and is refused.
    pub expires_in: Option<i64>,
    /// Several choices allowed.
    pub is_multiple: bool,
    /// No figures before its end.
    pub hides_totals: bool,
}

/// What an edit does to the poll of a post.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum PollEdit {
    /// Nothing.
    #[default]
    Keep,
    /// Takes it away.
    Remove,
    /// Attaches it, or puts it in the place of the one there is. Other choices, or another way to choose, and all votes
    /// are gone.
    Set(PollDraft),
}

/// What somebody here wants to post, checked against the bounds table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// Raw text as typed.
    pub text: String,
    /// Content warning; empty for none.
    pub spoiler_text: String,
    /// `None`: the author's default (a reply is never wider than what it answers).
    pub visibility: Option<Visibility>,
    /// `None`: the author's default.
    pub is_sensitive: Option<bool>,
    /// `None`: the author's default. An ISO 639 code.
    pub language: Option<String>,
    /// The post it answers.
    pub in_reply_to: Option<StatusId>,
    /// The post it quotes.
    pub quoted: Option<StatusId>,
    /// `None`: the author's default.
    pub quote_policy: Option<QuotePolicy>,
    /// A poll to go with it.
    pub poll: Option<PollDraft>,
    /// Uploads to go with it, in order.
    #[serde(default)]
    pub media: Vec<MediaId>,
    /// The app it was written with.
    pub app: Option<AppId>,
    /// `Idempotency-Key`: the same key within an hour gives the same post.
    pub idempotency_key: Option<String>,
}

/// What an edit changes; `None` leaves a part as it is.
#[derive(Clone, Debug, Default)]
pub struct Edit {
    /// Raw text as typed.
    pub text: Option<String>,
    /// Content warning.
    pub spoiler_text: Option<String>,
    /// Marked sensitive.
    pub is_sensitive: Option<bool>,
    /// An ISO 639 code.
    pub language: Option<String>,
    /// Who may quote it.
    pub quote_policy: Option<QuotePolicy>,
    /// What becomes of its poll.
    pub poll: PollEdit,
    /// The uploads that go with it from now on, in order; `None`: those that do.
    pub media: Option<Vec<MediaId>>,
    /// What is said of some of them anew.
    pub media_words: Vec<(MediaId, MediaWords)>,
}

/// One revision of a post.
#[derive(Clone, Debug)]
pub struct Revision {
    /// Raw text for local posts, HTML for remote ones.
    pub text: String,
    /// Content warning.
    pub spoiler_text: String,
    /// Marked sensitive.
    pub is_sensitive: bool,
    /// When this revision was made.
    pub created_at: Time,
    /// What could be chosen in its poll; `None` without one.
    pub poll_options: Option<Vec<String>>,
    /// What went with it.
    pub media: Vec<Media>,
}
