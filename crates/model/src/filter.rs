//! What somebody does not want to see, or only behind a warning.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::status::UnknownWord;

/// Where a filter applies. Apps look at it: the server tells every match, wherever it is.
/// Source: <https://docs.joinmastodon.org/entities/Filter/#context>.
#[derive(Serialize, Deserialize, Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[serde(rename_all = "snake_case")]
pub enum FilterContext {
    /// Home and lists.
    Home,
    /// Notifications.
    Notifications,
    /// Public and tag timelines.
    Public,
    /// Threads.
    Thread,
    /// Profiles.
    Account,
}

impl FilterContext {
    /// All of them.
    pub const ALL: [FilterContext; 5] = [
        FilterContext::Home,
        FilterContext::Notifications,
        FilterContext::Public,
        FilterContext::Thread,
        FilterContext::Account,
    ];

    /// The word of the API, also in the database.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            FilterContext::Home => "home",
            FilterContext::Notifications => "notifications",
            FilterContext::Public => "public",
            FilterContext::Thread => "thread",
            FilterContext::Account => "account",
        }
    }
}

impl FromStr for FilterContext {
    type Err = UnknownWord;
    fn from_str(word: &str) -> Result<FilterContext, UnknownWord> {
        FilterContext::ALL.into_iter().find(|c| c.word() == word).ok_or_else(|| UnknownWord(word.to_owned()))
    }
}

/// What a match does. Apps do it: nothing is taken away by the server.
/// Source: <https://docs.joinmastodon.org/entities/Filter/#filter_action>.
#[derive(Serialize, Deserialize, Debug, Default, Clone, Copy, PartialEq, Eq, Hash)]
#[serde(rename_all = "snake_case")]
pub enum FilterAction {
    /// Shows a warning with the title.
    #[default]
    Warn,
    /// Takes the post away.
    Hide,
    /// Blurs its media.
    Blur,
}

impl FilterAction {
    /// All three.
    pub const ALL: [FilterAction; 3] = [FilterAction::Warn, FilterAction::Hide, FilterAction::Blur];

    /// The word of the API, also in the database.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            FilterAction::Warn => "warn",
            FilterAction::Hide => "hide",
            FilterAction::Blur => "blur",
        }
    }
}

impl FromStr for FilterAction {
    type Err = UnknownWord;
    fn from_str(word: &str) -> Result<FilterAction, UnknownWord> {
        FilterAction::ALL.into_iter().find(|a| a.word() == word).ok_or_else(|| UnknownWord(word.to_owned()))
    }
}
