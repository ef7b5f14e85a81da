//! Another e-mail address for somebody who has one: asked for here, in force when its link is opened.

use phiomia_model::{AccountId, Error, Job, Noun, Refusal, SessionId, job::Mail};
use phiomia_store::{Db, Secret, db::users};

use super::{barred, create::check_email, mail::count_mails, own::check_is_known, passwords::Passwords};

/// Sends a mail with a link to the new address and a word to the old one; `mail_servers`: which take the mail of the new
/// one, as far as that is known. Nobody learns whether somebody else here has
/// the new one: then its mail is not sent.
///
/// # Errors
/// `InvalidFields` about `current_password` or `email`, `TooMany` after 5 mails in half an hour; a fault.
pub async fn ask_for_address(
    db: &Db,
    passwords: &Passwords,
    (account, session): (AccountId, Option<SessionId>),
    password: &Secret,
    (email, mail_servers): (&str, Vec<String>),
) -> Result<(), Error> {
    let email = email.trim().to_owned();
    check_is_known(db, passwords, (account, session), password).await?;
    if let Some(wrong) = check_email(&email) {
        return Err(Refusal::InvalidFields(vec![wrong]).into());
    }
    count_mails(db, "confirmation_mail", vec![account.to_string(), email.to_lowercase()]).await?;
    db.write(move |tx| {
        let user = users::find(tx, account)?.ok_or(Refusal::NotFound(Noun::Account))?;
        // The one they have: nothing changes, and one they asked for before is forgotten.
        if user.email == email {
            return Ok(users::set_pending_email(tx, account, None)?);
        }
        if let Some(wrong) = barred::look(tx, &email, &mail_servers)?.wrong {
            return Err(Refusal::InvalidFields(vec![wrong]).into());
        }
        users::set_pending_email(tx, account, Some(&email))?;
        tx.enqueue(&Job::SendMail { account, mail: Mail::NewAddress })?;
        if !user.email.is_empty() {
            tx.enqueue(&Job::SendMail { account, mail: Mail::AddressChanging })?;
        }
        Ok(())
    })
    .await
}

/// Keeps the address they have; the link to another is worth nothing from now on.
///
/// # Errors
/// A fault.
pub async fn keep_address(db: &Db, account: AccountId) -> Result<(), Error> {
    db.write(move |tx| Ok(users::set_pending_email(tx, account, None)?)).await
}
