//! The words by which posts are found.

use phiomia_model::{AccountId, Error, StatusId};
use phiomia_store::{Tx, db::search};

/// Keeps the words of a post: its text, its warning, and what its poll offers.
///
/// # Errors
/// The database failed.
pub fn index(
    tx: &Tx<'_>,
    status: StatusId,
    author: AccountId,
    text: &str,
    spoiler_text: &str,
    is_local: bool,
) -> Result<(), Error> {
    let plain = if is_local { text.to_owned() } else { phiomia_text::plain(text) };
    let choices = search::choices(tx, status)?.join("\n");
    search::keep(tx, status, author, &phiomia_text::search::words(&format!("{spoiler_text}\n{plain}\n{choices}")))?;
    Ok(())
}

/// Keeps the words of some posts after one anew; the last of them, `None` when there are no more. Running it again is
/// harmless.
///
/// # Errors
/// The database failed.
pub fn index_anew(tx: &Tx<'_>, after: StatusId, most: i64) -> Result<Option<StatusId>, Error> {
    let posts = search::posts_after(tx, after, most)?;
    for post in &posts {
        index(tx, post.id, post.author, &post.text, &post.spoiler_text, post.is_local)?;
    }
    Ok(posts.last().map(|post| post.id))
}
