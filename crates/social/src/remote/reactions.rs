//! Favourites and emoji reactions from elsewhere.

use phiomia_model::{AccountId, Error, StatusId};
use phiomia_store::{
    Tx,
    db::federation::{posts, received},
};

use crate::statuses;

/// `who` favourites a post; `uri` names the `Like`.
///
/// # Errors
/// Refused when `who` may not see it.
pub fn favourite(tx: &Tx<'_>, who: AccountId, status: StatusId, uri: Option<&str>) -> Result<(), Error> {
    if is_taken_back(tx, uri)? {
        return Ok(());
    }
    let status = statuses::favourite(tx, who, status)?;
    if let Some(uri) = uri {
        posts::name_favourite(tx, who, status, uri)?;
    }
    Ok(())
}

/// `who` reacts with an emoji. To apps of Mastodon that is a favourite; the reaction itself is kept and counted.
///
/// # Errors
/// Refused when `who` may not see the post.
pub fn react(tx: &Tx<'_>, who: AccountId, status: StatusId, content: &str, uri: Option<&str>) -> Result<(), Error> {
    if is_taken_back(tx, uri)? {
        return Ok(());
    }
    let status = statuses::favourite(tx, who, status)?;
    posts::react(tx, status, who, content, uri)?;
    Ok(())
}

/// Whether it was taken back before it came.
fn is_taken_back(tx: &Tx<'_>, uri: Option<&str>) -> Result<bool, Error> {
    match uri {
        Some(uri) => Ok(received::was_taken_back(tx, uri)?),
        None => Ok(false),
    }
}

/// `who` takes a reaction back; `false` when there was none. With the last one the favourite goes that stood for them.
///
/// # Errors
/// The database failed.
pub fn unreact(tx: &Tx<'_>, who: AccountId, status: StatusId, content: &str, uri: Option<&str>) -> Result<bool, Error> {
    if !posts::unreact(tx, status, who, content, uri)? {
        return Ok(false);
    }
    if !posts::has_reacted(tx, status, who)? {
        match statuses::unfavourite(tx, who, status) {
            Err(Error::Refused(_)) | Ok(_) => {}
            Err(broken) => return Err(broken),
        }
    }
    Ok(true)
}
