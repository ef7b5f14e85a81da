//! Somebody signs themselves up.

use phiomia_model::{AccountId, Addresses, Error, Job, Role, error::FieldError, job::Mail};
use phiomia_store::Db;

use super::{
    create::{NewUser, insert, prepare},
    mail::count_mails,
    passwords::Passwords,
};

/// Longest reason. Source: `app/models/user_invite_request.rb` of Mastodon 4.7.
const REASON_CHARACTERS: usize = 420;

/// What somebody who signs up says, beside name, address and password.
#[derive(Clone, Debug)]
pub struct SignUp {
    /// Name, address (may be empty, which is refused), password, language, reason.
    pub new: NewUser,
    /// Whether they agree to the rules.
    pub agrees: bool,
    /// Whether staff looks at it first.
    pub needs_approval: bool,
}

/// Creates somebody who has yet to confirm their address, and sends the mail for that.
///
/// # Errors
/// `InvalidFields` in Mastodon's codes, `TooMany` mails to one address; a fault.
pub async fn sign_up(
    db: &Db,
    addresses: &Addresses,
    passwords: &Passwords,
    sign_up: SignUp,
) -> Result<AccountId, Error> {
    let new = NewUser {
        email: Some(sign_up.new.email.clone().unwrap_or_default()),
        password: Some(sign_up.new.password.clone().unwrap_or_else(|| phiomia_store::Secret::new(""))),
        // Nobody becomes the owner of a server by signing up.
        role: Some(Role::User),
        is_confirmed: false,
        is_approved: !sign_up.needs_approval,
        ..sign_up.new.clone()
    };
    let (new, hash) = prepare(db, passwords, new, wrong(&sign_up)).await?;
    let address = new.email.clone().unwrap_or_default().to_lowercase();
    count_mails(db, "confirmation_mail", vec![address]).await?;
    let addresses = addresses.clone();
    db.write(move |tx| {
        let account = insert(tx, &addresses, &new, hash.as_ref())?;
        tx.enqueue(&Job::SendMail { account, mail: Mail::Confirmation })?;
        Ok(account)
    })
    .await
}

fn wrong(sign_up: &SignUp) -> Vec<FieldError> {
    let mut wrong = Vec::new();
    if !sign_up.agrees {
        let description = "must be accepted".to_owned();
        wrong.push(FieldError { field: "agreement", code: "ERR_ACCEPTED", description });
    }
    if sign_up.new.reason.as_deref().is_some_and(|reason| reason.chars().count() > REASON_CHARACTERS) {
        let description = format!("is too long (maximum is {REASON_CHARACTERS} characters)");
        wrong.push(FieldError { field: "reason", code: "ERR_TOO_LONG", description });
    }
    wrong
}
