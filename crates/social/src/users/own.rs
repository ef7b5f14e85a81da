//! What somebody does about their own access: another password, one browser less, one application less.

use std::time::Duration;

use phiomia_model::{AccountId, AppId, Error, Noun, Refusal, Role, SessionId, error::FieldError};
use phiomia_store::{
    Db, Secret, Tx,
    db::{sessions, tokens, users},
};

use super::{
    modify::{Grace, change_password, delete},
    passwords::{Passwords, Verdict},
    revoke::{What, revoke},
};

/// Who signed in so lately need not show their password once more.
const FRESH: Duration = Duration::from_secs(600);

/// Changes one's own password, which ends all access but the session it is done in. Who has none yet (they came by
/// link) needs to show none.
///
/// # Errors
/// `InvalidFields` about `current_password` or `password`; a fault.
pub async fn change_own_password(
    db: &Db,
    passwords: &Passwords,
    (account, session): (AccountId, Option<SessionId>),
    current: &Secret,
    new: Secret,
) -> Result<(), Error> {
    check_own_password(db, passwords, account, current).await?;
    change_password(db, passwords, account, new, session).await
}

/// Whether somebody signed in shows their own password, before something is changed that matters.
///
/// # Errors
/// `InvalidFields` about `current_password`; a fault.
pub(super) async fn check_own_password(
    db: &Db,
    passwords: &Passwords,
    account: AccountId,
    current: &Secret,
) -> Result<(), Error> {
    let user = db.read(move |q| Ok(users::find(q, account)?)).await?;
    let user = user.filter(|u| u.deleted_at.is_none()).ok_or(Refusal::NotFound(Noun::Account))?;
    let Some(kept) = user.password_hash else { return Ok(()) };
    if passwords.verify(current, Some(&kept)).await? == Verdict::Wrong {
        return Err(wrong("is not right"));
    }
    Ok(())
}

/// Whether it is the owner of the account who changes how one signs in: they signed in just now, or show the password.
///
/// # Errors
/// `InvalidFields` about `current_password`; a fault.
pub(super) async fn check_is_owner(
    db: &Db,
    passwords: &Passwords,
    (account, session): (AccountId, Option<SessionId>),
    current: &Secret,
) -> Result<(), Error> {
    if is_fresh(db, account, session).await? {
        return Ok(());
    }
    check_is_known(db, passwords, (account, session), current).await
}

/// The same for those who have a password only when they show it; who has none must have signed in just now.
///
/// # Errors
/// `InvalidFields` about `current_password`; a fault.
pub(super) async fn check_is_known(
    db: &Db,
    passwords: &Passwords,
    (account, session): (AccountId, Option<SessionId>),
    current: &Secret,
) -> Result<(), Error> {
    let user = db.read(move |q| Ok(users::find(q, account)?)).await?;
    let has_none = user.is_some_and(|user| user.password_hash.is_none());
    if has_none && !is_fresh(db, account, session).await? {
        return Err(wrong("is not set: sign out and in again, then you have ten minutes"));
    }
    check_own_password(db, passwords, account, current).await
}

/// Ends one's own account, as [`delete`] with its thirty days does. The owner of the server stays: without them nobody
/// could change what the server is.
///
/// # Errors
/// `InvalidFields` about `current_password`; `Forbidden` for the owner; a fault.
pub async fn leave(
    db: &Db,
    passwords: &Passwords,
    (account, session): (AccountId, Option<SessionId>),
    current: &Secret,
) -> Result<(), Error> {
    let user = db.read(move |q| Ok(users::find(q, account)?)).await?;
    if user.is_some_and(|user| user.role == Role::Owner) {
        return Err(Refusal::Forbidden("The owner of a server cannot leave it").into());
    }
    check_is_known(db, passwords, (account, session), current).await?;
    db.write(move |tx| delete(tx, account, Grace::ThirtyDays)).await
}

/// Whether the session began within the last ten minutes.
///
/// # Errors
/// A fault.
pub async fn is_fresh(db: &Db, account: AccountId, session: Option<SessionId>) -> Result<bool, Error> {
    let since = db.clock().now().minus(FRESH);
    let sessions = db.read(move |q| Ok(sessions::list(q, account)?)).await?;
    Ok(sessions.iter().any(|known| Some(known.id) == session && known.created_at > since))
}

fn wrong(description: &str) -> Error {
    let description = description.to_owned();
    Refusal::InvalidFields(vec![FieldError { field: "current_password", code: "ERR_INVALID", description }]).into()
}

/// Signs one of one's own browsers out.
///
/// # Errors
/// `NotFound` when it is nobody's, or somebody else's; a fault of the database.
pub fn end_session(tx: &Tx<'_>, account: AccountId, session: SessionId) -> Result<(), Error> {
    if !sessions::is_of(tx, session, account)? {
        return Err(Refusal::NotFound(Noun::Record).into());
    }
    Ok(revoke(tx, What::Session(session))?)
}

/// Takes back everything one allowed an application.
///
/// # Errors
/// `NotFound` when it holds nothing of this account; a fault of the database.
pub fn forget_app(tx: &Tx<'_>, account: AccountId, app: AppId) -> Result<(), Error> {
    if !tokens::uses(tx, account)?.iter().any(|used| used.app_id == app) {
        return Err(Refusal::NotFound(Noun::Record).into());
    }
    Ok(revoke(tx, What::AppOf(app, account))?)
}
