//! What people do with hashtags: follow them, show them on their profiles.

use phiomia_model::{AccountId, Error, Event, Fault, Noun, Outgoing, Refusal, limits::LIMITS};
use phiomia_store::{
    Tx,
    db::{
        featured_tags, followed_tags,
        tags::{self, TagView},
        timelines,
    },
};
use phiomia_text::{is_valid_tag, tag_key};

use crate::outgoing::tell;

/// `me` follows a tag: public posts under it come into home from now on.
///
/// # Errors
/// Refused when the name can be no tag (`404`).
pub fn follow(tx: &Tx<'_>, me: AccountId, name: &str) -> Result<TagView, Error> {
    let tag = made(tx, name)?.ok_or(Refusal::NotFound(Noun::Record))?;
    if followed_tags::follow(tx, me, tag.id)? {
        tx.announce(Event::TagFollowed { account: me, tag: tag.id });
    }
    Ok(tag)
}

/// `me` no longer follows a tag: what is in home only because of it goes.
///
/// # Errors
/// Refused when the name can be no tag (`404`).
pub fn unfollow(tx: &Tx<'_>, me: AccountId, name: &str) -> Result<TagView, Error> {
    let tag = made(tx, name)?.ok_or(Refusal::NotFound(Noun::Record))?;
    if followed_tags::unfollow(tx, me, tag.id)? {
        timelines::sweep_tag(tx, me, tag.id)?;
        tx.announce(Event::TagFollowed { account: me, tag: tag.id });
    }
    Ok(tag)
}

/// `me` shows a tag on their profile; nothing happens when they do already.
///
/// # Errors
/// Refused when the name can be no tag (`404`), or `me` shows as many as one may (`422`).
pub fn feature(tx: &Tx<'_>, me: AccountId, name: &str) -> Result<TagView, Error> {
    let tag = made(tx, name)?.ok_or(Refusal::NotFound(Noun::Record))?;
    if featured_tags::among(tx, me, &[tag.id])?.is_empty() {
        insert(tx, me, &tag)?;
    }
    Ok(tag)
}

/// The same as asked for by a form: showing it twice is refused, and so is a name that can be no tag (`422`).
///
/// # Errors
/// As told.
pub fn feature_new(tx: &Tx<'_>, me: AccountId, name: &str) -> Result<TagView, Error> {
    if name.trim().is_empty() {
        return Err(Refusal::validation("Name can't be blank").into());
    }
    let tag = made(tx, name)?.ok_or_else(|| Refusal::validation("Name is invalid"))?;
    if !featured_tags::among(tx, me, &[tag.id])?.is_empty() {
        return Err(Refusal::validation("Tag has already been taken").into());
    }
    insert(tx, me, &tag)?;
    Ok(tag)
}

/// `me` no longer shows a tag; nothing happens when they do not.
///
/// # Errors
/// Refused when the name can be no tag (`404`).
pub fn unfeature(tx: &Tx<'_>, me: AccountId, name: &str) -> Result<TagView, Error> {
    let tag = made(tx, name)?.ok_or(Refusal::NotFound(Noun::Record))?;
    featured_tags::delete_tag(tx, me, tag.id)?;
    tell(tx, Outgoing::FeaturedTag { account: me, name: tag.name.clone(), is_undone: true })?;
    Ok(tag)
}

/// The same by the id of its place on the profile.
///
/// # Errors
/// Refused when `me` has no such place (`404`).
pub fn unfeature_by_id(tx: &Tx<'_>, me: AccountId, id: i64) -> Result<(), Error> {
    let shown = featured_tags::of_account(tx, me)?.into_iter().find(|shown| shown.id == id);
    let shown = shown.ok_or(Refusal::NotFound(Noun::Record))?;
    featured_tags::delete(tx, me, id)?;
    tell(tx, Outgoing::FeaturedTag { account: me, name: shown.tag.name, is_undone: true })?;
    Ok(())
}

/// Forgets which tags somebody follows and shows whose account is erased.
///
/// # Errors
/// The database failed.
pub fn erase_all(tx: &Tx<'_>, account: AccountId) -> Result<(), Fault> {
    followed_tags::erase(tx, account)?;
    featured_tags::erase(tx, account)
}

fn insert(tx: &Tx<'_>, me: AccountId, tag: &TagView) -> Result<(), Error> {
    if featured_tags::of_account(tx, me)?.len() >= LIMITS.featured_tags {
        return Err(Refusal::validation("You have already featured the maximum number of hashtags").into());
    }
    featured_tags::insert(tx, me, tag.id)?;
    tell(tx, Outgoing::FeaturedTag { account: me, name: tag.name.clone(), is_undone: false })?;
    Ok(())
}

/// The tag of that name, made if nobody used it yet; `None` when it can be no tag.
pub(crate) fn made(tx: &Tx<'_>, name: &str) -> Result<Option<TagView>, Error> {
    let written = name.trim().trim_start_matches('#');
    if !is_valid_tag(written) {
        return Ok(None);
    }
    let key = tag_key(written);
    if let Some(tag) = tags::by_name(tx, &key)? {
        return Ok(Some(tag));
    }
    tags::ensure(tx, &key, written)?;
    Ok(tags::by_name(tx, &key)?)
}
