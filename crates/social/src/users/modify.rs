//! How a local person is changed by staff or command, changes their password, and goes.

use std::time::Duration;

use phiomia_model::{
    AccountId, Error, Event, Fault, Job, Noun, Outgoing, Refusal, Role, SessionId, Time, account::ProfilePicture,
};
use phiomia_store::{
    Db, Secret, Tx,
    db::{
        accounts,
        moderation::sign_ups,
        passkeys, relationships, second_factor, severances,
        users::{self, UserView},
    },
};

use crate::outgoing::tell;

use super::{
    create::{check_email, is_taken},
    passwords::{self, Passwords},
    revoke::{What, revoke},
};

/// What is changed about somebody; `None` leaves a part as it is.
#[derive(Clone, Debug, Default)]
pub struct UserEdit {
    /// New address; empty for none.
    pub email: Option<String>,
    /// What they may do.
    pub role: Option<Role>,
    /// Language of pages and mails.
    pub locale: Option<String>,
    /// The address counts as confirmed.
    pub is_confirmed: Option<bool>,
    /// Staff approved the sign-up.
    pub is_approved: Option<bool>,
    /// The login is disabled; ends all access.
    pub is_disabled: Option<bool>,
    /// The account is suspended; ends all access.
    pub is_suspended: Option<bool>,
    /// Follow requests need approval.
    pub is_locked: Option<bool>,
    /// May be shown in discovery.
    pub is_discoverable: Option<bool>,
    /// Public posts may be found by anyone's search.
    pub is_indexable: Option<bool>,
}

/// Changes somebody.
///
/// # Errors
/// `NotFound` when there is no such user, `InvalidFields` for the address; a fault of the database.
pub fn modify(tx: &Tx<'_>, account: AccountId, edit: &UserEdit) -> Result<(), Error> {
    let before = present(tx, account)?;
    if let Some(email) = edit.email.as_deref().map(str::trim) {
        if !email.is_empty() {
            if let Some(wrong) = check_email(email) {
                return Err(Refusal::InvalidFields(vec![wrong]).into());
            }
            if users::by_email(tx, email)?.is_some_and(|other| other != account) {
                return Err(Refusal::InvalidFields(vec![is_taken("email")]).into());
            }
        }
        users::set_email(tx, account, email)?;
    }
    if let Some(role) = edit.role {
        users::set_role(tx, account, role)?;
    }
    if let Some(locale) = &edit.locale {
        users::set_locale(tx, account, locale)?;
    }
    // A moment that is set stays what it was.
    let moment = |wanted: Option<bool>, was: Option<Time>| match (wanted, was) {
        (Some(true), None) => Some(Some(tx.now())),
        (Some(false), Some(_)) => Some(None),
        _ => None,
    };
    if let Some(at) = moment(edit.is_confirmed, before.confirmed_at) {
        users::set_confirmed(tx, account, at)?;
    }
    if let Some(at) = moment(edit.is_approved, before.approved_at) {
        users::set_approved(tx, account, at)?;
    }
    if let Some(at) = moment(edit.is_disabled, before.disabled_at) {
        users::set_disabled(tx, account, at)?;
    }
    if let Some(at) = moment(edit.is_suspended, before.suspended_at) {
        users::set_suspended(tx, account, at)?;
        match at {
            // Nobody comes back by signing up once more.
            Some(_) if !before.email.is_empty() => {
                sign_ups::bar_email(tx, &sign_ups::canonical_hash(&before.email), Some(account))?;
            }
            Some(_) => {}
            None => sign_ups::lift_emails_of(tx, account)?,
        }
    }
    if edit.is_disabled == Some(true) || edit.is_suspended == Some(true) {
        revoke(tx, What::Account { account, kept: None })?;
    }
    users::set_flags(tx, account, edit.is_locked, edit.is_discoverable, edit.is_indexable)?;
    tell(tx, Outgoing::ProfileChanged { account })?;
    tx.announce(Event::AccountTouched { account });
    Ok(())
}

/// Sets a new password and ends all access that was gained with the old one, the session `kept` excepted.
///
/// # Errors
/// `NotFound` when there is no such user, `InvalidFields` for the password; a fault.
pub async fn change_password(
    db: &Db,
    passwords: &Passwords,
    account: AccountId,
    password: Secret,
    kept: Option<SessionId>,
) -> Result<(), Error> {
    if let Some(wrong) = passwords::check(&password) {
        return Err(Refusal::InvalidFields(vec![wrong]).into());
    }
    let hash = passwords.hash(&password).await?;
    db.write(move |tx| {
        present(tx, account)?;
        users::set_password(tx, account, Some(&hash))?;
        Ok(revoke(tx, What::Account { account, kept })?)
    })
    .await
}

/// Takes every second factor away (app, recovery codes, passkeys) and ends all access: whoever had them may be somebody
/// else.
///
/// # Errors
/// `NotFound` when there is no such user; a fault of the database.
pub fn disable_two_factor(tx: &Tx<'_>, account: AccountId) -> Result<(), Error> {
    present(tx, account)?;
    forget_second_factors(tx, account)?;
    Ok(revoke(tx, What::Account { account, kept: None })?)
}

/// How long an account that is being deleted keeps its posts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grace {
    /// They go as soon as a worker is free.
    None,
    /// They are kept, shown to nobody, for thirty days.
    ThirtyDays,
}

/// Begins the end of an account: it can no longer be seen or signed in to, its posts are erased after the grace,
/// its name is never given to anybody else.
///
/// # Errors
/// `NotFound` when there is no such user or it is being deleted already; a fault of the database.
pub fn delete(tx: &Tx<'_>, account: AccountId, grace: Grace) -> Result<(), Error> {
    present(tx, account)?;
    users::set_deleted(tx, account, Some(tx.now()))?;
    revoke(tx, What::Account { account, kept: None })?;
    tell(tx, Outgoing::AccountDeleted { account })?;
    let wait = match grace {
        Grace::None => Duration::ZERO,
        Grace::ThirtyDays => Duration::from_secs(30 * 86_400),
    };
    tx.enqueue_at(&Job::SweepAccount { account }, tx.now().plus(wait))?;
    tx.announce(Event::AccountTouched { account });
    Ok(())
}

/// Erases what a deleted account told about itself: profile, address, password, lists, tags, filters, blocked domains. The first part of
/// `Job::SweepAccount`; nothing happens to an account that is not deleted.
///
/// # Errors
/// The database failed.
pub fn erase(tx: &Tx<'_>, account: AccountId) -> Result<(), Fault> {
    let pictures = accounts::view(tx, account)?;
    if users::erase(tx, account)? {
        let pictures = pictures.iter().flat_map(|view| view.own_avatar.iter().chain(&view.own_header));
        let keys: Vec<String> = pictures.flat_map(ProfilePicture::files).map(|file| file.key.clone()).collect();
        if !keys.is_empty() {
            tx.enqueue(&Job::DropFiles { keys })?;
        }
        crate::lists::erase_all(tx, account)?;
        crate::tags::erase_all(tx, account)?;
        crate::filters::erase_all(tx, account)?;
        relationships::erase_domain_blocks(tx, account)?;
        severances::erase(tx, account)?;
        forget_second_factors(tx, account)?;
        tx.announce(Event::AccountTouched { account });
    }
    Ok(())
}

fn forget_second_factors(tx: &Tx<'_>, account: AccountId) -> Result<(), Fault> {
    passkeys::delete_of_account(tx, account)?;
    second_factor::disable(tx, account)?;
    second_factor::delete_codes(tx, account)
}

fn present(tx: &Tx<'_>, account: AccountId) -> Result<UserView, Error> {
    let user: Result<Option<UserView>, Fault> = users::find(tx, account);
    user?.filter(|u| u.deleted_at.is_none()).ok_or_else(|| Refusal::NotFound(Noun::Account).into())
}
