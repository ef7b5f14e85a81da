//! What somebody keeps about others: a private note, a place on the own profile.

use phiomia_model::{AccountId, Error, Refusal, limits::LIMITS};
use phiomia_store::{Tx, db::relationships};

use super::{pair, pair_even_gone};

/// What `me` notes about `target`, for nobody else's eyes; an empty comment takes the note away.
///
/// # Errors
/// Refused when `target` is unknown (`404`) or the comment longer than 2,000 characters (`422`).
pub fn note(tx: &Tx<'_>, me: AccountId, target: AccountId, comment: &str) -> Result<(), Error> {
    let most = LIMITS.account_note_characters;
    if comment.chars().count() > most {
        return Err(Refusal::validation(&format!("Comment is too long (maximum is {most} characters)")).into());
    }
    pair_even_gone(tx, me, target)?;
    if comment.trim().is_empty() {
        relationships::delete_note(tx, me, target)?;
    } else {
        relationships::set_note(tx, me, target, comment)?;
    }
    Ok(())
}

/// `me` shows `target`, whom it follows, on its profile.
///
/// # Errors
/// Refused when `target` is not there (`404`) or not followed (`422`).
pub fn endorse(tx: &Tx<'_>, me: AccountId, target: AccountId) -> Result<(), Error> {
    pair(tx, me, target)?;
    if !relationships::is_following(tx, me, target)? {
        return Err(Refusal::validation("You must be already following the person you want to endorse").into());
    }
    Ok(relationships::insert_endorsement(tx, me, target)?)
}

/// `me` no longer shows `target` on its profile.
///
/// # Errors
/// Refused when `target` is unknown (`404`).
pub fn unendorse(tx: &Tx<'_>, me: AccountId, target: AccountId) -> Result<(), Error> {
    pair_even_gone(tx, me, target)?;
    Ok(relationships::delete_endorsement(tx, me, target)?)
}
