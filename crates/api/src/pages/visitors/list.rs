//! A page of a list of posts: which ones, and where the newer and older ones are.

use phiomia_mastodon::entities;
use phiomia_model::{Error, Fault, Page};

use super::post::{Place, Post};
use crate::render::Cx;

/// Posts of a page.
pub(super) const POSTS: i64 = 20;
/// Bytes that what people wrote may take on a page, so that with what stands around, its styles included, it has less
/// than 30,000 and opens at once wherever one is.
pub(super) const BUDGET: usize = 10_500;
/// One post is shown beyond the budget, but never beyond this.
pub(super) const MOST: usize = 11_300;

/// Keys of a page, newest first, and what lies beyond.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Slice {
    pub(super) keys: Vec<i64>,
    pub(super) has_newer: bool,
    pub(super) has_older: bool,
}

/// Reads a page by `read`, which gives the keys of any page.
pub(super) fn slice(asked: &Page, read: impl Fn(&Page) -> Result<Vec<i64>, Fault>) -> Result<Slice, Fault> {
    let limit = usize::try_from(asked.limit).unwrap_or_default();
    let one_more = Page { since_id: None, limit: asked.limit.saturating_add(1), ..*asked };
    let mut keys = read(&one_more)?;
    let has_more = keys.len() > limit;
    if asked.is_upward() && has_more {
        // The one more is the newest.
        keys.remove(0);
        return Ok(Slice { keys, has_newer: true, has_older: true });
    }
    if asked.is_upward() {
        // The top of the list is reached: whole, rather than what happens to be left of it.
        return slice(&Page::first(asked.limit), read);
    }
    keys.truncate(limit);
    Ok(Slice { keys, has_newer: asked.max_id.is_some(), has_older: has_more })
}

/// The posts of a page as HTML, and the ways to its neighbours.
#[derive(Clone, Debug, Default)]
pub(in crate::pages) struct Listed {
    pub(in crate::pages) posts: Vec<String>,
    /// Newer ones are found by this `min_id`.
    pub(in crate::pages) newer: Option<i64>,
    /// Older ones are found by this `max_id`.
    pub(in crate::pages) older: Option<i64>,
}

impl Listed {
    /// As many of the posts as fit, without ways to others.
    pub(in crate::pages) fn whole(statuses: &[entities::Status], cx: &Cx) -> Result<Listed, Error> {
        let slice = Slice { keys: Vec::new(), has_newer: false, has_older: false };
        Ok(Listed { older: None, ..Listed::of(&slice, statuses, 0, cx)? })
    }

    /// As many of the posts as fit. `spent` bytes of the budget are taken.
    pub(super) fn of(slice: &Slice, statuses: &[entities::Status], spent: usize, cx: &Cx) -> Result<Listed, Error> {
        let mut listed = Listed {
            newer: slice.keys.first().copied().filter(|_| slice.has_newer),
            older: slice.keys.last().copied().filter(|_| slice.has_older),
            ..Listed::default()
        };
        let (mut n_bytes, mut last) = (spent, None);
        for status in statuses {
            let html = Post::of(status, Place::Listed, cx).html()?;
            n_bytes = n_bytes.saturating_add(html.len());
            let most = if last.is_some() { BUDGET } else { MOST };
            if n_bytes > most {
                // Who finds none here finds all behind the next page.
                listed.older = last.or(Some(status.id.0.saturating_add(1)));
                break;
            }
            last = Some(status.id.0);
            listed.posts.push(html);
        }
        Ok(listed)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test shall fail loudly")]

    use super::*;

    #[test]
    fn pages_lead_down_and_up_again_without_losing_a_post() {
        let all: Vec<i64> = (1..=45).rev().collect();
        let read = |page: &Page| {
            let (below, above) = (page.max_id.unwrap_or(i64::MAX), page.lower().unwrap_or(0));
            let fitting: Vec<i64> = all.iter().copied().filter(|id| *id < below && *id > above).collect();
            let n = usize::try_from(page.limit).unwrap();
            let skipped = if page.is_upward() { fitting.len().saturating_sub(n) } else { 0 };
            Ok(fitting.into_iter().skip(skipped).take(n).collect::<Vec<i64>>())
        };
        let page = |max_id, min_id| slice(&Page { max_id, min_id, since_id: None, limit: 20 }, read).unwrap();
        let first = page(None, None);
        assert_eq!((first.keys.first(), first.keys.last()), (Some(&45), Some(&26)));
        assert_eq!((first.has_newer, first.has_older), (false, true));
        let second = page(Some(26), None);
        assert_eq!((second.keys.first(), second.keys.last()), (Some(&25), Some(&6)));
        let third = page(Some(6), None);
        assert_eq!((third.keys.len(), third.has_newer, third.has_older), (5, true, false));
        assert_eq!(page(None, Some(5)), second);
        assert_eq!(page(None, Some(25)), first);
    }
}
