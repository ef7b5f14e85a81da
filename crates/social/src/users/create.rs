//! How a local person comes to be.

use phiomia_model::{
    AccountId, Addresses, Error, Event, Fault, Noun, Refusal, Role,
    error::FieldError,
    handle::{is_reserved_name, is_valid_local_name},
    limits::LIMITS,
};
use phiomia_store::{
    Db, Query, Secret, SecretHash, Tx,
    db::{
        links::{self, Purpose},
        users::{self, NewPerson},
    },
};

use super::passwords::{self, Passwords};

/// Longest name.
const NAME_CHARACTERS: usize = 30;

/// Somebody who shall live here.
#[derive(Clone, Debug, Default)]
pub struct NewUser {
    /// Name, as written.
    pub username: String,
    /// `None`: has no address, signs in by name.
    pub email: Option<String>,
    /// `None`: signs in by link, until one is set.
    pub password: Option<Secret>,
    /// `None`: the first to come is the owner, everybody else a user.
    pub role: Option<Role>,
    /// The address counts as confirmed.
    pub is_confirmed: bool,
    /// Staff need not look at the sign-up.
    pub is_approved: bool,
    /// Follow requests need approval.
    pub is_locked: bool,
    /// May be shown in discovery.
    pub is_discoverable: bool,
    /// Public posts may be found by anyone's search.
    pub is_indexable: bool,
    /// Language of pages and mails; `None`: English.
    pub locale: Option<String>,
    /// Why they want to join.
    pub reason: Option<String>,
}

/// Creates account and user.
///
/// # Errors
/// `InvalidFields` in Mastodon's words; a fault of the database.
pub async fn create(db: &Db, addresses: &Addresses, passwords: &Passwords, new: NewUser) -> Result<AccountId, Error> {
    let (new, hash) = prepare(db, passwords, new, Vec::new()).await?;
    let addresses = addresses.clone();
    db.write(move |tx| insert(tx, &addresses, &new, hash.as_ref())).await
}

/// Creates the owner of an empty server for whoever bears the first-owner link, and uses the link up.
///
/// # Errors
/// `NotFound` for a link that is worth nothing, `Conflict` when somebody lives here already, else as [`create`].
pub async fn create_first_owner(
    db: &Db,
    addresses: &Addresses,
    passwords: &Passwords,
    link: SecretHash,
    new: NewUser,
) -> Result<AccountId, Error> {
    let new = NewUser { role: Some(Role::Owner), is_confirmed: true, is_approved: true, ..new };
    let now = db.clock().now();
    // Before any hashing: the bearer of a worthless link costs nothing.
    let is_good = db.read(move |q| Ok(links::find(q, link, Purpose::FirstOwner, now)?.is_some()));
    if !is_good.await? {
        return Err(Refusal::NotFound(Noun::Record).into());
    }
    let (new, hash) = prepare(db, passwords, new, Vec::new()).await?;
    let addresses = addresses.clone();
    db.write(move |tx| {
        if links::take(tx, link, Purpose::FirstOwner)?.is_none() {
            return Err(Refusal::NotFound(Noun::Record).into());
        }
        if users::owner(tx)?.is_some() {
            return Err(Refusal::Conflict("This server has an owner already".to_owned()).into());
        }
        links::delete_of_purpose(tx, Purpose::FirstOwner)?;
        insert(tx, &addresses, &new, hash.as_ref())
    })
    .await
}

/// Everything that needs no transaction: the checks, with all that is wrong told at once (`more` is what the caller
/// found), and the password's hash.
pub(super) async fn prepare(
    db: &Db,
    passwords: &Passwords,
    new: NewUser,
    more: Vec<FieldError>,
) -> Result<(NewUser, Option<Secret>), Error> {
    let mut new = new;
    new.username = new.username.trim().to_owned();
    new.email = new.email.map(|e| e.trim().to_owned());
    let (name, email, mut wrong) = (new.username.clone(), new.email.clone(), check(&new));
    wrong.extend(db.read(move |q| Ok(taken(q, &name, email.as_deref())?)).await?);
    wrong.extend(more);
    if !wrong.is_empty() {
        return Err(Refusal::InvalidFields(wrong).into());
    }
    let hash = match &new.password {
        None => None,
        Some(password) => Some(passwords.hash(password).await?),
    };
    Ok((new, hash))
}

pub(super) fn insert(
    tx: &Tx<'_>,
    addresses: &Addresses,
    new: &NewUser,
    hash: Option<&Secret>,
) -> Result<AccountId, Error> {
    let wrong = taken(tx, &new.username, new.email.as_deref())?;
    if !wrong.is_empty() {
        return Err(Refusal::InvalidFields(wrong).into());
    }
    let role = match new.role {
        Some(role) => role,
        None if users::count(tx)? == 0 => Role::Owner,
        None => Role::User,
    };
    let id = AccountId(tx.new_id());
    users::insert(
        tx,
        &NewPerson {
            id,
            username: &new.username,
            uri: &addresses.account_uri(id),
            url: &addresses.account_url(&new.username),
            email: new.email.as_deref().unwrap_or_default(),
            password_hash: hash,
            role,
            locale: new.locale.as_deref().unwrap_or("en"),
            confirmed_at: new.is_confirmed.then_some(tx.now()),
            approved_at: new.is_approved.then_some(tx.now()),
            invite_request: new.reason.as_deref(),
            is_locked: new.is_locked,
            is_discoverable: new.is_discoverable,
            is_indexable: new.is_indexable,
        },
    )?;
    tx.announce(Event::AccountTouched { account: id });
    Ok(id)
}

fn check(new: &NewUser) -> Vec<FieldError> {
    let mut wrong = Vec::new();
    wrong.extend(check_name(&new.username));
    wrong.extend(new.email.as_deref().and_then(check_email));
    wrong.extend(new.password.as_ref().and_then(passwords::check));
    wrong
}

fn check_name(name: &str) -> Option<FieldError> {
    let (code, description) = if name.is_empty() {
        ("ERR_BLANK", "can't be blank".to_owned())
    } else if name.chars().count() > NAME_CHARACTERS {
        ("ERR_TOO_LONG", format!("is too long (maximum is {NAME_CHARACTERS} characters)"))
    } else if !is_valid_local_name(name) {
        ("ERR_INVALID", "must contain only letters, numbers and underscores".to_owned())
    } else if is_reserved_name(name) {
        ("ERR_RESERVED", "is reserved".to_owned())
    } else {
        return None;
    };
    Some(FieldError { field: "username", code, description })
}

/// Only what no address can be: whether one can be reached, a mail to it shows.
pub(super) fn check_email(email: &str) -> Option<FieldError> {
    let is_good = email.rsplit_once('@').is_some_and(|(local, domain)| {
        !local.is_empty() && !domain.is_empty() && !domain.starts_with('.') && !domain.ends_with('.')
    });
    let has_bad = email.chars().any(|c| c.is_whitespace() || c.is_control() || "<>,;\"()[]\\".contains(c));
    let (code, description) = if email.is_empty() {
        ("ERR_BLANK", "can't be blank".to_owned())
    } else if email.chars().count() > LIMITS.email_characters {
        ("ERR_TOO_LONG", format!("is too long (maximum is {} characters)", LIMITS.email_characters))
    } else if !is_good || has_bad || email.matches('@').count() > 1 {
        ("ERR_INVALID", "is invalid".to_owned())
    } else {
        return None;
    };
    Some(FieldError { field: "email", code, description })
}

fn taken(q: &Query<'_>, name: &str, email: Option<&str>) -> Result<Vec<FieldError>, Fault> {
    let mut wrong = Vec::new();
    if users::name_is_taken(q, name)? {
        wrong.push(is_taken("username"));
    }
    if let Some(email) = email
        && users::by_email(q, email)?.is_some()
    {
        wrong.push(is_taken("email"));
    }
    Ok(wrong)
}

pub(super) fn is_taken(field: &'static str) -> FieldError {
    FieldError { field, code: "ERR_TAKEN", description: "has already been taken".to_owned() }
}
