//! Who may quote a post, and who may put somebody into collections.

use serde::Serialize;

/// Who may quote a post.
/// Source: <https://docs.joinmastodon.org/entities/QuoteApproval/>.
#[derive(Serialize, Debug, Clone)]
pub struct QuoteApproval {
    /// Who may quote at once. Since 4.5.0.
    pub automatic: Vec<ApprovedGroup>,
    /// Who may quote after review. Since 4.5.0.
    pub manual: Vec<ApprovedGroup>,
    /// What holds for me. Since 4.5.0.
    pub current_user: CurrentUserApproval,
}

/// Who may put an account into collections.
/// Source: <https://docs.joinmastodon.org/entities/FeatureApproval/>.
#[derive(Serialize, Debug, Clone)]
pub struct FeatureApproval {
    /// Who is accepted at once. Since 4.6.0.
    pub automatic: Vec<ApprovedGroup>,
    /// Who is accepted after review. Since 4.6.0.
    pub manual: Vec<ApprovedGroup>,
    /// What holds for me. Since 4.6.0.
    pub current_user: CurrentUserApproval,
}

/// A group of people that a policy names.
#[derive(Serialize, Debug, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum ApprovedGroup {
    /// Everybody.
    Public,
    /// Followers.
    Followers,
    /// People the author follows.
    Following,
    /// Somebody this server has no word for.
    UnsupportedPolicy,
}

/// What a policy means for the viewer.
#[derive(Serialize, Debug, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum CurrentUserApproval {
    /// Allowed at once.
    Automatic,
    /// Allowed after review.
    Manual,
    /// Not allowed.
    Denied,
    /// Not known, as of groups this server has no word for.
    Unknown,
    /// The account states no policy (collections only).
    Missing,
}
