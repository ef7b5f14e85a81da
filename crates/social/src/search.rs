//! The words by which posts are found.

use std::borrow::Cow;

use phiomia_model::{AccountId, Error, StatusId};
use phiomia_store::{Tx, db::search};

/// Keeps the words of a post: its text, its warning, and what its poll offers.
///
/// # Errors
/// The database failed.
pub(crate) fn index(
    tx: &Tx<'_>,
    status: StatusId,
    author: AccountId,
    text: &str,
    spoiler_text: &str,
    choices: &[String],
) -> Result<(), Error> {
    keep(tx, vec![(status, author, words(text, spoiler_text, choices))])
}

/// The words of a post.
pub(crate) fn words(text: &str, spoiler_text: &str, choices: &[String]) -> Vec<String> {
    phiomia_text::search::words(&format!("{spoiler_text}\n{text}\n{}", choices.join("\n")))
}

/// Keeps the words of some posts.
///
/// # Errors
/// The database failed.
pub(crate) fn keep(tx: &Tx<'_>, posts: Vec<(StatusId, AccountId, Vec<String>)>) -> Result<(), Error> {
    Ok(search::keep(tx, posts)?)
}

/// Keeps the words of some posts after one anew; the last of them, `None` when there are no more. Running it again is
/// harmless.
///
/// # Errors
/// The database failed.
pub fn index_anew(tx: &Tx<'_>, after: StatusId, most: i64) -> Result<Option<StatusId>, Error> {
    let posts = search::posts_after(tx, after, most)?;
    for post in &posts {
        let plain = if post.is_local { Cow::from(&post.text) } else { phiomia_text::plain(&post.text).into() };
        index(tx, post.id, post.author, &plain, &post.spoiler_text, &search::choices(tx, post.id)?)?;
    }
    Ok(posts.last().map(|post| post.id))
}
