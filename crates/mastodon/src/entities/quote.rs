//! Quotes.

use phiomia_model::StatusId;
use serde::Serialize;

use super::status::Status;

/// A quote, whole on a post and shallow within the quoted post, so that answers end.
#[derive(Serialize, Debug, Clone)]
#[serde(untagged)]
pub enum StatusQuote {
    /// With the quoted post.
    Whole(Quote),
    /// With its id only.
    Shallow(ShallowQuote),
}

/// What a post quotes.
/// Source: <https://docs.joinmastodon.org/entities/Quote/>.
#[derive(Serialize, Debug, Clone)]
pub struct Quote {
    /// Whether it may be shown, and why not. Since 4.4.0.
    pub state: QuoteState,
    /// The quoted post. `null` where it may not be shown. Since 4.4.0.
    pub quoted_status: Option<Box<Status>>,
}

/// What a quoted post quotes in turn.
/// Source: <https://docs.joinmastodon.org/entities/ShallowQuote/>.
#[derive(Serialize, Debug, Clone)]
pub struct ShallowQuote {
    /// As in a whole quote. Since 4.4.0.
    pub state: QuoteState,
    /// The quoted post's id. `null` where it may not be shown. Since 4.4.0.
    pub quoted_status_id: Option<StatusId>,
}

/// Whether a quote may be shown, and why not.
#[derive(Serialize, Debug, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum QuoteState {
    /// The quoted author has not answered.
    Pending,
    /// Allowed: the quoted post is shown.
    Accepted,
    /// The quoted author said no.
    Rejected,
    /// The quoted author took the yes back.
    Revoked,
    /// The quoted post is gone.
    Deleted,
    /// The viewer may not see the quoted post.
    Unauthorized,
    /// The viewer blocks the quoted author.
    BlockedAccount,
    /// The viewer hides the quoted author's domain.
    BlockedDomain,
    /// The viewer mutes the quoted author.
    MutedAccount,
}
