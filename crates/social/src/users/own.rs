//! What somebody does about their own access: another password, one browser less, one application less.

use phiomia_model::{AccountId, AppId, Error, Noun, Refusal, SessionId, error::FieldError};
use phiomia_store::{
    Db, Secret, Tx,
    db::{sessions, tokens, users},
};

use super::{
    modify::change_password,
    passwords::{Passwords, Verdict},
    revoke::{What, revoke},
};

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
        let wrong =
            FieldError { field: "current_password", code: "ERR_INVALID", description: "is not right".to_owned() };
        return Err(Refusal::InvalidFields(vec![wrong]).into());
    }
    Ok(())
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
