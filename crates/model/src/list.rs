//! Lists of people.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::status::UnknownWord;

/// Which replies a list shows, besides those to its owner and those of a member to themselves.
/// Source: <https://docs.joinmastodon.org/entities/List/#replies_policy>.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RepliesPolicy {
    /// To anybody the owner follows.
    Followed,
    /// To members of the list.
    #[default]
    List,
    /// None.
    None,
}

impl RepliesPolicy {
    /// All three.
    pub const ALL: [RepliesPolicy; 3] = [RepliesPolicy::Followed, RepliesPolicy::List, RepliesPolicy::None];
    /// The word of the API, also in the database.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            RepliesPolicy::Followed => "followed",
            RepliesPolicy::List => "list",
            RepliesPolicy::None => "none",
        }
    }
}

impl FromStr for RepliesPolicy {
    type Err = UnknownWord;
    fn from_str(word: &str) -> Result<RepliesPolicy, UnknownWord> {
        RepliesPolicy::ALL.into_iter().find(|p| p.word() == word).ok_or_else(|| UnknownWord(word.to_owned()))
    }
}
