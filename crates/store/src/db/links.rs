//! One-time links: worth something until used or expired.

use phiomia_model::{AccountId, Fault, Time};

use super::{
    query::{Query, Tx},
    sql::{Sql, queries},
    value::{FromRow, Row},
};
use crate::secret::SecretHash;

queries! {
    INSERT = Sql::Same("insert into one_time_links (token_hash, purpose, account_id, detail, created_at, expires_at)
        values ($1, $2, $3, $4, $5, $6)");
    FIND = Sql::Same("select account_id, detail, expires_at from one_time_links
        where token_hash = $1 and purpose = $2 and expires_at > $3");
    TAKE = Sql::Same("delete from one_time_links where token_hash = $1 and purpose = $2 and expires_at > $3
        returning account_id, detail, expires_at");
    DELETE_OF_ACCOUNT = Sql::Same("delete from one_time_links where account_id = $1");
    DELETE_OF_ACCOUNT_FOR = Sql::Same("delete from one_time_links where account_id = $1 and purpose = $2");
    DELETE_OF_PURPOSE = Sql::Same("delete from one_time_links where purpose = $1");
    DELETE_EXPIRED = Sql::Same("delete from one_time_links where expires_at < $1");
}

/// What a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Nobody lives here yet: its bearer chooses the owner's name and password.
    FirstOwner,
    /// Signs its account in without a password.
    SignIn,
    /// Its bearer has shown the right password and is asked for a code.
    SecondFactor,
    /// Confirms the address that is its detail.
    Confirmation,
    /// Sets a new password.
    PasswordReset,
    /// The challenge of a passkey that is being made.
    NewPasskey,
    /// The challenge of a passkey that signs in: after the password of its account, or without one of anybody.
    Passkey,
}

impl Purpose {
    const fn word(self) -> &'static str {
        match self {
            Purpose::FirstOwner => "first_owner",
            Purpose::SignIn => "sign_in",
            Purpose::SecondFactor => "second_factor",
            Purpose::Confirmation => "confirmation",
            Purpose::PasswordReset => "password_reset",
            Purpose::NewPasskey => "new_passkey",
            Purpose::Passkey => "passkey",
        }
    }
}

/// A link that is worth something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkView {
    /// Whom it is about.
    pub account_id: Option<AccountId>,
    /// What else it needs to know.
    pub detail: Option<String>,
    /// Worth nothing from then on.
    pub expires_at: Time,
}

impl FromRow for LinkView {
    fn from_row(row: &mut Row<'_>) -> Result<LinkView, Fault> {
        Ok(LinkView { account_id: row.next()?, detail: row.next()?, expires_at: row.next()? })
    }
}

/// Writes a link.
///
/// # Errors
/// The database failed.
pub fn insert(tx: &Tx<'_>, hash: SecretHash, purpose: Purpose, link: &LinkView) -> Result<(), Fault> {
    let row = (hash, purpose.word(), link.account_id, link.detail.as_deref(), tx.now(), link.expires_at);
    tx.execute(&INSERT, row).map(|_| ())
}

/// Looks at a link without using it up.
///
/// # Errors
/// The database failed.
pub fn find(q: &Query<'_>, hash: SecretHash, purpose: Purpose, now: Time) -> Result<Option<LinkView>, Fault> {
    q.row(&FIND, (hash, purpose.word(), now))
}

/// Uses a link up; `None` when there is none of this purpose, or it has expired.
///
/// # Errors
/// The database failed.
pub fn take(tx: &Tx<'_>, hash: SecretHash, purpose: Purpose) -> Result<Option<LinkView>, Fault> {
    tx.row(&TAKE, (hash, purpose.word(), tx.now()))
}

/// Deletes an account's.
///
/// # Errors
/// The database failed.
pub fn delete_of_account(tx: &Tx<'_>, account: AccountId) -> Result<(), Fault> {
    tx.execute(&DELETE_OF_ACCOUNT, (account,)).map(|_| ())
}

/// Deletes an account's of one purpose.
///
/// # Errors
/// The database failed.
pub fn delete_of_account_for(tx: &Tx<'_>, account: AccountId, purpose: Purpose) -> Result<(), Fault> {
    tx.execute(&DELETE_OF_ACCOUNT_FOR, (account, purpose.word())).map(|_| ())
}

/// Deletes all of one purpose.
///
/// # Errors
/// The database failed.
pub fn delete_of_purpose(tx: &Tx<'_>, purpose: Purpose) -> Result<(), Fault> {
    tx.execute(&DELETE_OF_PURPOSE, (purpose.word(),)).map(|_| ())
}

/// Throws away what expired before `before`; how many.
///
/// # Errors
/// The database failed.
pub fn delete_expired(tx: &Tx<'_>, before: Time) -> Result<u64, Fault> {
    tx.execute(&DELETE_EXPIRED, (before,))
}
