//! What a moderator does about somebody.

use std::str::FromStr;

use crate::status::UnknownWord;

/// The acts of the admin API.
/// Source: <https://docs.joinmastodon.org/methods/admin/accounts/#action>.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Words alone.
    None,
    /// Media show as sensitive.
    Sensitive,
    /// The login is disabled.
    Disable,
    /// Seen by followers alone.
    Silence,
    /// Seen nowhere.
    Suspend,
}

impl Action {
    /// All of them, mildest first.
    pub const ALL: [Action; 5] = [Action::None, Action::Sensitive, Action::Disable, Action::Silence, Action::Suspend];
    /// The word of the API, also in the database.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Action::None => "none",
            Action::Sensitive => "sensitive",
            Action::Disable => "disable",
            Action::Silence => "silence",
            Action::Suspend => "suspend",
        }
    }
}

impl FromStr for Action {
    type Err = UnknownWord;
    fn from_str(word: &str) -> Result<Action, UnknownWord> {
        Action::ALL.into_iter().find(|action| action.word() == word).ok_or_else(|| UnknownWord(word.to_owned()))
    }
}
