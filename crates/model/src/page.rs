//! Keyset paging: which part of a newest-first list is wanted.

/// The ids of a page, as Mastodon's parameters name them. All are exclusive.
/// Source: <https://docs.joinmastodon.org/api/guidelines/#pagination>.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// Older than this.
    pub max_id: Option<i64>,
    /// Newer than this, newest first: may leave a gap.
    pub since_id: Option<i64>,
    /// Directly newer than this: the page next to it, still shown newest first.
    pub min_id: Option<i64>,
    /// At most this many.
    pub limit: i64,
}

impl Page {
    /// The first page.
    #[must_use]
    pub const fn first(limit: i64) -> Page {
        Page { max_id: None, since_id: None, min_id: None, limit }
    }
    /// The lower bound, whichever of the two kinds it is.
    #[must_use]
    pub fn lower(&self) -> Option<i64> {
        self.min_id.or(self.since_id)
    }
    /// Whether the page is taken from its lower end (`min_id`).
    #[must_use]
    pub const fn is_upward(&self) -> bool {
        self.min_id.is_some()
    }
}
