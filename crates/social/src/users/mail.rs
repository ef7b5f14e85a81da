//! Mails to people who live here: asked for in a transaction, made when they are sent, so that no secret waits in a row.

use std::time::Duration;

use phiomia_model::{
    AccountId, Error, Event, Fault, Job, NotificationType, Noun, Permission, Refusal, job::Mail, strike::Action,
};
use phiomia_store::{
    Db, Entropy, Secret, SecretHash, Tx,
    db::{
        links::{self, LinkView, Purpose},
        moderation::strikes,
        rate_buckets, settings,
        users::{self, UserView},
    },
};

use crate::notifications::notify_staff;

use super::{
    barred,
    create::{check_email, is_taken},
    modify::change_password,
    passwords::{self, Passwords},
    sign_in::until,
};

/// How long a link to a new password is good.
pub const RESET_LIFE: Duration = Duration::from_secs(6 * 3_600);
/// How long a link that confirms an address is good.
pub const CONFIRMATION_LIFE: Duration = Duration::from_secs(2 * 86_400);
/// Mails of one kind to one address, or for one user.
const MOST_MAILS: i64 = 5;
const MAILS_WINDOW: Duration = Duration::from_secs(1_800);

/// Mastodon's sentence.
const NOT_WAITING: &str = "This method is only available while the e-mail is awaiting confirmation";

/// A mail that is to be written and sent.
#[derive(Debug)]
pub struct Letter {
    /// What it is about.
    pub mail: Mail,
    /// The address it goes to.
    pub to: String,
    /// Whom it greets.
    pub username: String,
    /// The secret in its link, good from now on, earlier ones of its kind are not; `None`: it has no link.
    pub link: Option<Secret>,
    /// What a moderator did, and the words for it; `None` unless it is about that.
    pub strike: Option<(Action, String)>,
}

/// Makes a mail. `None`: there is nothing to send any more, as the address is confirmed or the person is gone.
///
/// # Errors
/// A fault.
pub async fn letter(db: &Db, entropy: &Entropy, account: AccountId, mail: Mail) -> Result<Option<Letter>, Error> {
    let link = entropy.secret()?;
    let hash = link.hash();
    let made = db
        .write(move |tx| {
            let Some(user) = users::find(tx, account)?.filter(|user| user.deleted_at.is_none()) else {
                return Ok(None);
            };
            let Some(to) = addressee(tx, &user, mail)? else { return Ok(None) };
            let strike = match mail {
                Mail::Strike(id) => strikes::find(tx, id)?.map(|strike| (strike.action, strike.text)),
                _ => None,
            };
            let Some((purpose, life)) = leads_to(mail) else { return Ok(Some((to, user.username, false, strike))) };
            links::delete_of_account_for(tx, account, purpose)?;
            // An address that was changed meanwhile is not confirmed by a mail to the one before.
            let row = LinkView { account_id: Some(account), detail: Some(to.clone()), expires_at: tx.now().plus(life) };
            links::insert(tx, hash, purpose, &row)?;
            Ok(Some((to, user.username, true, strike)))
        })
        .await?;
    Ok(made.map(|(to, username, has_link, strike)| Letter {
        mail,
        to,
        username,
        link: has_link.then_some(link),
        strike,
    }))
}

/// What the link in a mail is for, and how long it is good.
const fn leads_to(mail: Mail) -> Option<(Purpose, Duration)> {
    match mail {
        Mail::Confirmation | Mail::NewAddress => Some((Purpose::Confirmation, CONFIRMATION_LIFE)),
        Mail::PasswordReset => Some((Purpose::PasswordReset, RESET_LIFE)),
        Mail::AddressChanging
        | Mail::SecondFactorOn
        | Mail::SecondFactorOff
        | Mail::PasskeyAdded
        | Mail::PasskeyRemoved
        | Mail::Approved
        | Mail::Strike(_) => None,
    }
}

/// Where a mail goes; nowhere when it has become pointless.
fn addressee(tx: &Tx<'_>, user: &UserView, mail: Mail) -> Result<Option<String>, Fault> {
    let to = match mail {
        Mail::Confirmation if user.confirmed_at.is_some() => None,
        Mail::NewAddress => match users::pending_email(tx, user.account_id)? {
            // Somebody else's by now: a link to take it would be worth nothing.
            Some(email) if users::by_email(tx, &email)?.is_some_and(|other| other != user.account_id) => None,
            pending => pending,
        },
        _ => Some(user.email.clone()),
    };
    Ok(to.filter(|to| !to.is_empty()))
}

/// Sends a link to a new password to an address, if somebody here has it. Nobody learns whether.
///
/// # Errors
/// `TooMany` after 5 mails in half an hour; a fault.
pub async fn ask_for_reset(db: &Db, email: &str) -> Result<(), Error> {
    let email = email.trim().to_lowercase();
    // Longer than any address: nobody's, and not worth a bucket.
    if check_email(&email).is_some() {
        return Ok(());
    }
    count_mails(db, "reset_mail", vec![email.clone()]).await?;
    db.write(move |tx| {
        if let Some(account) = users::by_email(tx, &email)? {
            tx.enqueue(&Job::SendMail { account, mail: Mail::PasswordReset })?;
        }
        Ok(())
    })
    .await
}

/// Whether a link to a new password is good, without using it up.
///
/// # Errors
/// A fault.
pub async fn is_reset_link(db: &Db, link: SecretHash) -> Result<bool, Error> {
    Ok(owner_of(db, link, Purpose::PasswordReset).await?.is_some())
}

/// Sets a new password by link, which ends all access.
///
/// # Errors
/// `NotFound` when the link is worth nothing, `InvalidFields` about `password` (the link stays good); a fault.
pub async fn reset_password(db: &Db, passwords: &Passwords, link: SecretHash, password: Secret) -> Result<(), Error> {
    if let Some(wrong) = passwords::check(&password) {
        return Err(Refusal::InvalidFields(vec![wrong]).into());
    }
    let taken = db.write(move |tx| Ok(links::take(tx, link, Purpose::PasswordReset)?)).await?;
    let account = taken.and_then(|link| link.account_id).ok_or(Refusal::NotFound(Noun::Record))?;
    change_password(db, passwords, account, password, None).await
}

/// Whether a link that confirms an address is good, without using it up.
///
/// # Errors
/// A fault.
pub async fn is_confirmation_link(db: &Db, link: SecretHash) -> Result<bool, Error> {
    Ok(owner_of(db, link, Purpose::Confirmation).await?.is_some())
}

/// Confirms an address by link; who it is now.
///
/// # Errors
/// `NotFound` when the link is worth nothing; a fault.
pub async fn confirm_email(db: &Db, link: SecretHash) -> Result<UserView, Error> {
    db.write(move |tx| {
        let nothing = || Error::from(Refusal::NotFound(Noun::Record));
        let link = links::take(tx, link, Purpose::Confirmation)?.ok_or_else(nothing)?;
        let account = link.account_id.ok_or_else(nothing)?;
        let user = users::find(tx, account)?.filter(|user| user.deleted_at.is_none()).ok_or_else(nothing)?;
        let confirmed = link.detail.unwrap_or_default();
        if confirmed != user.email {
            let is_wanted = users::pending_email(tx, account)?.is_some_and(|email| email == confirmed);
            if !is_wanted || users::by_email(tx, &confirmed)?.is_some_and(|other| other != account) {
                return Err(nothing());
            }
            users::set_email(tx, account, &confirmed)?;
            // What was sent to the address before must open nothing any more.
            links::delete_of_account_for(tx, account, Purpose::PasswordReset)?;
        }
        users::set_pending_email(tx, account, None)?;
        if user.confirmed_at.is_none() {
            users::set_confirmed(tx, account, Some(tx.now()))?;
            // Only now it is somebody who can be reached, and not any address that was typed.
            notify_staff(tx, Permission::ManageUsers, account, NotificationType::AdminSignUp, None)?;
            tx.announce(Event::AccountTouched { account });
        }
        users::find(tx, account)?.ok_or_else(nothing)
    })
    .await
}

/// Sends the mail that confirms an address once more, to another address if one is given; `mail_servers`: which take its
/// mail, as far as that is known.
///
/// # Errors
/// `Forbidden` when the address is confirmed, `InvalidFields` about `email`, `TooMany` after 5 mails; a fault.
pub async fn resend_confirmation(
    db: &Db,
    account: AccountId,
    email: Option<String>,
    mail_servers: Vec<String>,
) -> Result<(), Error> {
    let email = email.map(|email| email.trim().to_owned()).filter(|email| !email.is_empty());
    if let Some(wrong) = email.as_deref().and_then(check_email) {
        return Err(Refusal::InvalidFields(vec![wrong]).into());
    }
    let user = db.read(move |q| Ok(users::find(q, account)?)).await?.ok_or(Refusal::NotFound(Noun::Account))?;
    if user.confirmed_at.is_some() {
        return Err(Refusal::Forbidden(NOT_WAITING).into());
    }
    let address = email.clone().unwrap_or(user.email).to_lowercase();
    count_mails(db, "confirmation_mail", vec![account.to_string(), address]).await?;
    db.write(move |tx| {
        if let Some(email) = &email {
            if users::by_email(tx, email)?.is_some_and(|other| other != account) {
                return Err(Refusal::InvalidFields(vec![is_taken("email")]).into());
            }
            if let Some(wrong) = barred::look(tx, email, &mail_servers)?.wrong {
                return Err(Refusal::InvalidFields(vec![wrong]).into());
            }
            users::set_email(tx, account, email)?;
        }
        Ok(tx.enqueue(&Job::SendMail { account, mail: Mail::Confirmation })?)
    })
    .await
}

/// Counts a mail before it is asked for, in a commit of its own: it counts whatever becomes of it.
pub(super) async fn count_mails(db: &Db, bucket: &'static str, whose: Vec<String>) -> Result<(), Error> {
    let too_many = db
        .write(move |tx| {
            if settings::get(tx, "rate_limits")?.as_deref() == Some("off") {
                return Ok(None);
            }
            fullest(tx, bucket, &whose)
        })
        .await?;
    too_many.map_or(Ok(()), |retry_after| Err(Refusal::TooMany { retry_after }.into()))
}

fn fullest(tx: &Tx<'_>, bucket: &str, whose: &[String]) -> Result<Option<Duration>, Error> {
    let mut too_many = None;
    for who in whose {
        let fill = rate_buckets::hit(tx, bucket, who, MAILS_WINDOW)?;
        if fill.count > MOST_MAILS {
            too_many = Some(until(tx.now(), fill.ends_at)).max(too_many);
        }
    }
    Ok(too_many)
}

async fn owner_of(db: &Db, link: SecretHash, purpose: Purpose) -> Result<Option<AccountId>, Error> {
    let now = db.clock().now();
    let found = db.read(move |q| Ok(links::find(q, link, purpose, now)?)).await?;
    Ok(found.and_then(|link| link.account_id))
}
