//! Follows that ended because of what was decided about whom they led to or came from.

use std::str::FromStr;

use crate::status::UnknownWord;

/// Why they ended.
/// Source: <https://docs.joinmastodon.org/entities/RelationshipSeveranceEvent/#type>.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeveranceKind {
    /// Moderators blocked a domain.
    DomainBlock,
    /// Somebody hid a domain for themselves.
    UserDomainBlock,
    /// Moderators suspended an account.
    AccountSuspension,
}

impl SeveranceKind {
    /// All three.
    pub const ALL: [SeveranceKind; 3] =
        [SeveranceKind::DomainBlock, SeveranceKind::UserDomainBlock, SeveranceKind::AccountSuspension];
    /// The word of the API, also in the database.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            SeveranceKind::DomainBlock => "domain_block",
            SeveranceKind::UserDomainBlock => "user_domain_block",
            SeveranceKind::AccountSuspension => "account_suspension",
        }
    }
}

impl FromStr for SeveranceKind {
    type Err = UnknownWord;
    fn from_str(word: &str) -> Result<SeveranceKind, UnknownWord> {
        SeveranceKind::ALL.into_iter().find(|kind| kind.word() == word).ok_or_else(|| UnknownWord(word.to_owned()))
    }
}
