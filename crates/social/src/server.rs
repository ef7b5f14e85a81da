//! What whoever runs the server says about it and offers to everybody. Caches hear of each change as one of settings.

use phiomia_model::{AccountId, Error, Event, Fault, Noun, Refusal, RuleId};
use phiomia_store::{
    Tx,
    db::{promoted, server, settings, tags, terms, users},
};
use phiomia_text::{is_valid_tag, tag_key};

/// Sets a setting; an empty value counts as never set. Whether it makes sense, the caller has looked at.
///
/// # Errors
/// The database failed.
pub fn set(tx: &Tx<'_>, key: &str, value: &str) -> Result<(), Fault> {
    settings::set(tx, key, value)?;
    tx.announce(Event::SettingsChanged);
    Ok(())
}

/// Adds a rule at the end. `translations`: JSON, `{"de": {"text": "…", "hint": "…"}}`.
///
/// # Errors
/// The database failed.
pub fn add_rule(tx: &Tx<'_>, text: &str, hint: &str, translations: &str) -> Result<RuleId, Fault> {
    let id = server::add_rule(tx, text, hint, translations)?;
    tx.announce(Event::SettingsChanged);
    Ok(id)
}

/// Writes the terms of service that hold from a day on (`YYYY-MM-DD`).
///
/// # Errors
/// The database failed.
pub fn set_terms(tx: &Tx<'_>, effective_date: &str, text: &str) -> Result<(), Fault> {
    terms::set(tx, effective_date, text)?;
    tx.announce(Event::SettingsChanged);
    Ok(())
}

/// Puts a tag forward as a trend, whether somebody used it already or not.
///
/// # Errors
/// `Invalid` when it can be no tag; a fault.
pub fn promote_tag(tx: &Tx<'_>, name: &str) -> Result<(), Error> {
    let written = name.strip_prefix('#').unwrap_or(name);
    if !is_valid_tag(written) {
        return Err(Refusal::Invalid(format!("{name} can be no hashtag")).into());
    }
    let key = tag_key(written);
    tags::ensure(tx, &key, written)?;
    promoted::add_tag(tx, &key)?;
    tx.announce(Event::SettingsChanged);
    Ok(())
}

/// Suggests an account to somebody who lives here.
///
/// # Errors
/// `NotFound` when nobody lives here by that id, `Invalid` when the two are one; a fault.
pub fn suggest(tx: &Tx<'_>, account: AccountId, target: AccountId) -> Result<(), Error> {
    if account == target {
        return Err(Refusal::Invalid("nobody is suggested to themselves".to_owned()).into());
    }
    if users::find(tx, account)?.is_none() {
        return Err(Refusal::NotFound(Noun::Account).into());
    }
    Ok(promoted::suggest(tx, account, target)?)
}
