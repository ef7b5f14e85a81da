//! What comes from other servers, cut to the bounds and understood, on its way into the database.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    id::AccountId,
    status::{QuotePolicy, Visibility},
    time::Time,
};

/// A custom emoji of another server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoteEmoji {
    /// Without colons.
    pub shortcode: String,
    /// Its picture there.
    pub url: String,
}

/// A picture, sound or video that lies on another server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RemoteMedia {
    /// `image`, `video`, `audio` or `unknown`.
    pub kind: String,
    /// Where it is.
    pub url: String,
    /// A smaller picture of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview_url: Option<String>,
    /// As claimed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// Alt text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// A placeholder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blurhash: Option<String>,
    /// What shall stay visible: from -1 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub focus: Option<(f64, f64)>,
    /// Pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// Pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
}

/// A poll as its origin counts it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemotePoll {
    /// Titles and votes, in order.
    pub options: Vec<(String, i64)>,
    /// Several choices allowed.
    pub is_multiple: bool,
    /// When it ends; `None`: never.
    pub expires_at: Option<Time>,
    /// When it was closed.
    pub closed_at: Option<Time>,
    /// People who voted; `None`: not said.
    pub voters: Option<i64>,
}

/// What a post from elsewhere quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteQuote {
    /// The quoted post's id in the network.
    pub uri: String,
    /// The stamp that allows it, where there is one.
    pub stamp: Option<String>,
    /// Whether it was found to be allowed.
    pub is_allowed: bool,
    /// After which time the server of the stamp, which could not be asked, is asked again; `None`: it has answered.
    pub ask_again: Option<Duration>,
}

/// What somebody does with a post that its author may want to be asked about.
/// Source: <https://docs.gotosocial.org/en/latest/federation/interaction_controls/>.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Interaction {
    /// Favouriting it.
    Like,
    /// Answering it.
    Reply,
    /// Boosting it.
    Announce,
}

impl Interaction {
    /// Each of them.
    pub const ALL: [Interaction; 3] = [Interaction::Like, Interaction::Reply, Interaction::Announce];
    /// As it stands in addresses of ours.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Interaction::Like => "like",
            Interaction::Reply => "reply",
            Interaction::Announce => "announce",
        }
    }
}

/// Who may do something with a post from elsewhere, as its author says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Allowed {
    /// Whoever sees it.
    Everybody,
    /// Who follows the author.
    Followers,
    /// Whom the author follows.
    Following,
    /// Somebody, by their id in the network.
    Account(String),
}

/// What an author restricts. `None`: everybody who sees the post may. Who is in the lists of those that are asked about
/// does it when the author says yes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interactions {
    /// Favouriting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub like: Option<Vec<Allowed>>,
    /// Answering.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply: Option<Vec<Allowed>>,
    /// Boosting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub announce: Option<Vec<Allowed>>,
    /// Favouriting, for those that are asked about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub like_asked: Vec<Allowed>,
    /// Answering, for those that are asked about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reply_asked: Vec<Allowed>,
    /// Boosting, for those that are asked about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub announce_asked: Vec<Allowed>,
    /// The author's server answers requests, and not only to what was done already: GoToSocial since 0.20.
    #[serde(default)]
    pub answers_requests: bool,
}

impl Interactions {
    /// Who may do this at once, and who when the author says yes; `None`: everybody may.
    #[must_use]
    pub fn of(&self, what: Interaction) -> Option<(&[Allowed], &[Allowed])> {
        let (at_once, asked) = match what {
            Interaction::Like => (&self.like, &self.like_asked),
            Interaction::Reply => (&self.reply, &self.reply_asked),
            Interaction::Announce => (&self.announce, &self.announce_asked),
        };
        at_once.as_deref().map(|at_once| (at_once, asked.as_slice()))
    }
}

/// A post from elsewhere. Ids are in normal form.
#[derive(Clone, Debug, PartialEq)]
pub struct RemoteDraft {
    /// Its id in the network.
    pub uri: String,
    /// Its page.
    pub url: Option<String>,
    /// Who wrote it.
    pub author: AccountId,
    /// HTML as received.
    pub text: String,
    /// Content warning, plain text.
    pub spoiler_text: String,
    /// Who may see it.
    pub visibility: Visibility,
    /// Marked sensitive.
    pub is_sensitive: bool,
    /// BCP 47.
    pub language: Option<String>,
    /// What it answers.
    pub in_reply_to: Option<String>,
    /// When it was posted, as it says.
    pub published: Option<Time>,
    /// When it was edited, as it says.
    pub edited: Option<Time>,
    /// Whom it names, with the handle as written.
    pub mentions: Vec<(AccountId, String)>,
    /// Who may read it without being named in the text.
    pub addressed: Vec<AccountId>,
    /// As written, without `#`.
    pub tags: Vec<String>,
    /// Its poll.
    pub poll: Option<RemotePoll>,
    /// Its media.
    pub attachments: Vec<RemoteMedia>,
    /// Pictures for `:shortcodes:`.
    pub emojis: Vec<RemoteEmoji>,
    /// The thread's name.
    pub conversation: Option<String>,
    /// The collection of the whole thread.
    pub context: Option<String>,
    /// The collection of its answers.
    pub replies: Option<String>,
    /// Answers, as the origin counts.
    pub n_replies: Option<i64>,
    /// Boosts, as the origin counts.
    pub n_reblogs: Option<i64>,
    /// Favourites, as the origin counts.
    pub n_favourites: Option<i64>,
    /// What it quotes.
    pub quote: Option<RemoteQuote>,
    /// Who may quote it.
    pub quote_policy: QuotePolicy,
    /// Who may do what else with it.
    pub interactions: Interactions,
}
