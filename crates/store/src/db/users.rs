//! Local people: how they sign in, what they may do, whether they may do anything at present.

use phiomia_model::account::{ProfileMention, ProfilePicture};
use phiomia_model::{AccountId, Fault, Role, Time};

use super::{
    activity, json,
    query::{Query, Tx},
    sql::{Sql, queries},
    value::{FromRow, Row},
};
use crate::secret::Secret;

queries! {
    FIND = Sql::Same("select u.account_id, a.username, u.email, u.password_hash, u.role, u.locale, u.created_at,
            u.confirmed_at, u.approved_at, u.disabled_at, a.suspended_at, a.deleted_at, u.otp_confirmed_at, u.last_sign_in_at
        from users u join accounts a on a.id = u.account_id where u.account_id = $1");
    LIST = Sql::Same("select u.account_id, a.username, u.email, u.password_hash, u.role, u.locale, u.created_at,
            u.confirmed_at, u.approved_at, u.disabled_at, a.suspended_at, a.deleted_at, u.otp_confirmed_at, u.last_sign_in_at
        from users u join accounts a on a.id = u.account_id where u.account_id > $1 order by u.account_id limit $2");
    BY_NAME = Sql::Same("select u.account_id from accounts a join users u on u.account_id = a.id
        where a.username_key = $1 and a.domain = ''");
    BY_EMAIL = Sql::Same("select account_id from users where email_key = $1 and email_key <> ''");
    NAME_IS_TAKEN = Sql::Same("select 1 from accounts where username_key = $1 and domain = ''");
    OWNER = Sql::Same("select u.account_id from users u join accounts a on a.id = u.account_id
        where u.role = 'owner' and a.deleted_at is null order by u.account_id limit 1");
    COUNT = Sql::Same("select count(*) from users u join accounts a on a.id = u.account_id where a.deleted_at is null");
    INSERT_ACCOUNT = Sql::Same("insert into accounts
            (id, username, username_key, uri, url, is_locked, is_discoverable, is_indexable, created_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)");
    INSERT = Sql::Same("insert into users
            (account_id, email, email_key, password_hash, role, locale, created_at, confirmed_at, approved_at, invite_request)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)");
    SET_EMAIL = Sql::Same("update users set email = $2, email_key = $3 where account_id = $1");
    SET_PASSWORD = Sql::Same("update users set password_hash = $2 where account_id = $1");
    UPGRADE_PASSWORD = Sql::Same("update users set password_hash = $3 where account_id = $1 and password_hash = $2");
    SET_ROLE = Sql::Same("update users set role = $2 where account_id = $1");
    SET_LOCALE = Sql::Same("update users set locale = $2 where account_id = $1");
    SET_CONFIRMED = Sql::Same("update users set confirmed_at = $2 where account_id = $1");
    SET_APPROVED = Sql::Same("update users set approved_at = $2 where account_id = $1");
    SET_DISABLED = Sql::Same("update users set disabled_at = $2 where account_id = $1");
    SET_SUSPENDED = Sql::Same("update accounts set suspended_at = $2 where id = $1");
    SET_DELETED = Sql::Same("update accounts set deleted_at = $2 where id = $1");
    SET_FLAGS = Sql::Same("update accounts set is_locked = coalesce(cast($2 as boolean), is_locked),
            is_discoverable = coalesce(cast($3 as boolean), is_discoverable),
            is_indexable = coalesce(cast($4 as boolean), is_indexable) where id = $1");
    SET_PENDING_EMAIL = Sql::Same("update users set pending_email = $2 where account_id = $1");
    PENDING_EMAIL = Sql::Same("select pending_email from users where account_id = $1 and pending_email is not null");
    SET_MENTIONS = Sql::Same("update users set mentions = $2 where account_id = $1");
    SET_PICTURES = Sql::Same("update users set avatar = $2, header = $3 where account_id = $1");
    ERASE = Sql::Same("update users set email = '', email_key = '', pending_email = null, passkey_handle = null, password_hash = null, otp_secret = null,
            otp_confirmed_at = null, invite_request = null, mentions = null where account_id = $1");
    ERASE_PROFILE = Sql::Same("update accounts set display_name = '', note = '', fields = '[]', attribution_domains = '[]'
        where id = $1 and deleted_at is not null");
    NOTE_SIGN_IN = Sql::Same("update users set last_sign_in_at = $2, last_active_day = $3 where account_id = $1");
    NOTE_ACTIVE = Sql::Same("update users set last_active_day = $2
        where account_id = $1 and (last_active_day is null or last_active_day < $2)");
}

/// Whether somebody may act, and if not, why not; asked in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// May do everything.
    Good,
    /// The e-mail address was not confirmed yet.
    Unconfirmed,
    /// Staff has not approved the sign-up yet.
    Pending,
    /// Staff disabled the login.
    Disabled,
    /// Staff suspended the account, or it is being deleted.
    Suspended,
}

impl Standing {
    /// From the moments in the two rows.
    #[must_use]
    pub fn of(is_confirmed: bool, is_approved: bool, is_disabled: bool, is_gone: bool) -> Standing {
        match (is_confirmed, is_approved, is_disabled, is_gone) {
            (false, ..) => Standing::Unconfirmed,
            (_, false, ..) => Standing::Pending,
            (_, _, true, _) => Standing::Disabled,
            (.., true) => Standing::Suspended,
            (true, true, false, false) => Standing::Good,
        }
    }
}

/// A local user with the parts of the account that decide what they may do.
#[derive(Clone, Debug)]
pub struct UserView {
    /// Their account.
    pub account_id: AccountId,
    /// Their name, as written.
    pub username: String,
    /// Empty without one.
    pub email: String,
    /// As the password library wrote it; `None`: signs in by link alone.
    pub password_hash: Option<Secret>,
    /// What they may do.
    pub role: Role,
    /// Language of pages and mails.
    pub locale: String,
    /// When they came.
    pub created_at: Time,
    /// When the address was confirmed.
    pub confirmed_at: Option<Time>,
    /// When staff approved them.
    pub approved_at: Option<Time>,
    /// When the login was disabled.
    pub disabled_at: Option<Time>,
    /// When the account was suspended.
    pub suspended_at: Option<Time>,
    /// When deletion was asked for.
    pub deleted_at: Option<Time>,
    /// Since when a second factor is asked for.
    pub otp_confirmed_at: Option<Time>,
    /// When they last signed in.
    pub last_sign_in_at: Option<Time>,
}

impl UserView {
    /// Whether they may act.
    #[must_use]
    pub fn standing(&self) -> Standing {
        Standing::of(
            self.confirmed_at.is_some(),
            self.approved_at.is_some(),
            self.disabled_at.is_some(),
            self.suspended_at.is_some() || self.deleted_at.is_some(),
        )
    }
}

impl FromRow for UserView {
    fn from_row(row: &mut Row<'_>) -> Result<UserView, Fault> {
        Ok(UserView {
            account_id: row.next()?,
            username: row.next()?,
            email: row.next()?,
            password_hash: row.next::<Option<String>>()?.map(Secret::new),
            role: role(&row.next::<String>()?)?,
            locale: row.next()?,
            created_at: row.next()?,
            confirmed_at: row.next()?,
            approved_at: row.next()?,
            disabled_at: row.next()?,
            suspended_at: row.next()?,
            deleted_at: row.next()?,
            otp_confirmed_at: row.next()?,
            last_sign_in_at: row.next()?,
        })
    }
}

pub(super) fn role(word: &str) -> Result<Role, Fault> {
    word.parse().map_err(|e| Fault::because("reading a user's role", e))
}

/// One user; `None` when the account is not a local one.
///
/// # Errors
/// The database failed.
pub fn find(q: &Query<'_>, account: AccountId) -> Result<Option<UserView>, Fault> {
    q.row(&FIND, (account,))
}

/// Users by id, those after `after`; deleted ones too, as long as their rows stay.
///
/// # Errors
/// The database failed.
pub fn list(q: &Query<'_>, after: Option<AccountId>, most: i64) -> Result<Vec<UserView>, Fault> {
    q.rows(&LIST, (after.unwrap_or(AccountId(0)), most))
}

/// Whose name this is, in whatever case.
///
/// # Errors
/// The database failed.
pub fn by_name(q: &Query<'_>, username: &str) -> Result<Option<AccountId>, Fault> {
    q.value(&BY_NAME, (username.to_lowercase(),))
}

/// Whose e-mail address this is, in whatever case.
///
/// # Errors
/// The database failed.
pub fn by_email(q: &Query<'_>, email: &str) -> Result<Option<AccountId>, Fault> {
    q.value(&BY_EMAIL, (email.to_lowercase(),))
}

/// Whether the name belongs to somebody here or once did.
///
/// # Errors
/// The database failed.
pub fn name_is_taken(q: &Query<'_>, username: &str) -> Result<bool, Fault> {
    q.exists(&NAME_IS_TAKEN, (username.to_lowercase(),))
}

/// Whose server this is: the first owner who has not left.
///
/// # Errors
/// The database failed.
pub fn owner(q: &Query<'_>) -> Result<Option<AccountId>, Fault> {
    q.value(&OWNER, ())
}

/// How many people live here.
///
/// # Errors
/// The database failed.
pub fn count(q: &Query<'_>) -> Result<i64, Fault> {
    Ok(q.value(&COUNT, ())?.unwrap_or_default())
}

/// The rows of a new local person.
#[derive(Debug)]
pub struct NewPerson<'a> {
    /// Chosen by the caller, as the addresses are made from it.
    pub id: AccountId,
    /// As written.
    pub username: &'a str,
    /// Name in the network.
    pub uri: &'a str,
    /// Page.
    pub url: &'a str,
    /// Empty without one.
    pub email: &'a str,
    /// As the password library wrote it.
    pub password_hash: Option<&'a Secret>,
    /// What they may do.
    pub role: Role,
    /// Language of pages and mails.
    pub locale: &'a str,
    /// When the address was confirmed.
    pub confirmed_at: Option<Time>,
    /// When staff approved them.
    pub approved_at: Option<Time>,
    /// Why they want to join.
    pub invite_request: Option<&'a str>,
    /// Follow requests need approval.
    pub is_locked: bool,
    /// May be shown in discovery.
    pub is_discoverable: bool,
    /// Public posts may be found by anyone's search.
    pub is_indexable: bool,
}

/// Writes account and user.
///
/// # Errors
/// The database failed; a taken name runs the act again, which then finds it taken.
pub fn insert(tx: &Tx<'_>, new: &NewPerson<'_>) -> Result<(), Fault> {
    let flags = (new.is_locked, new.is_discoverable, new.is_indexable);
    let key = new.username.to_lowercase();
    let account = (new.id, new.username, key, new.uri, new.url, flags.0, flags.1, flags.2, tx.now());
    tx.execute(&INSERT_ACCOUNT, account)?;
    let user = (
        new.id,
        new.email,
        new.email.to_lowercase(),
        new.password_hash.map(Secret::expose),
        new.role.word(),
        new.locale,
        tx.now(),
        new.confirmed_at,
        new.approved_at,
        new.invite_request,
    );
    tx.execute(&INSERT, user).map(|_| ())
}

/// Sets the e-mail address; empty for none.
///
/// # Errors
/// The database failed.
pub fn set_email(tx: &Tx<'_>, account: AccountId, email: &str) -> Result<(), Fault> {
    tx.execute(&SET_EMAIL, (account, email, email.to_lowercase())).map(|_| ())
}

/// Sets what the password is checked against.
///
/// # Errors
/// The database failed.
pub fn set_password(tx: &Tx<'_>, account: AccountId, hash: Option<&Secret>) -> Result<(), Fault> {
    tx.execute(&SET_PASSWORD, (account, hash.map(Secret::expose))).map(|_| ())
}

/// Puts a better hash of the same password in the place of `old`, unless the password was changed meanwhile.
///
/// # Errors
/// The database failed.
pub fn upgrade_password(tx: &Tx<'_>, account: AccountId, old: &Secret, new: &Secret) -> Result<(), Fault> {
    tx.execute(&UPGRADE_PASSWORD, (account, old.expose(), new.expose())).map(|_| ())
}

/// Sets the role.
///
/// # Errors
/// The database failed.
pub fn set_role(tx: &Tx<'_>, account: AccountId, role: Role) -> Result<(), Fault> {
    tx.execute(&SET_ROLE, (account, role.word())).map(|_| ())
}

/// Sets the language of pages and mails.
///
/// # Errors
/// The database failed.
pub fn set_locale(tx: &Tx<'_>, account: AccountId, locale: &str) -> Result<(), Fault> {
    tx.execute(&SET_LOCALE, (account, locale)).map(|_| ())
}

/// Sets when the address was confirmed.
///
/// # Errors
/// The database failed.
pub fn set_confirmed(tx: &Tx<'_>, account: AccountId, at: Option<Time>) -> Result<(), Fault> {
    tx.execute(&SET_CONFIRMED, (account, at)).map(|_| ())
}

/// Sets when staff approved the sign-up.
///
/// # Errors
/// The database failed.
pub fn set_approved(tx: &Tx<'_>, account: AccountId, at: Option<Time>) -> Result<(), Fault> {
    tx.execute(&SET_APPROVED, (account, at)).map(|_| ())
}

/// Sets since when the login is disabled.
///
/// # Errors
/// The database failed.
pub fn set_disabled(tx: &Tx<'_>, account: AccountId, at: Option<Time>) -> Result<(), Fault> {
    tx.execute(&SET_DISABLED, (account, at)).map(|_| ())
}

/// Sets since when the account is suspended.
///
/// # Errors
/// The database failed.
pub fn set_suspended(tx: &Tx<'_>, account: AccountId, at: Option<Time>) -> Result<(), Fault> {
    tx.execute(&SET_SUSPENDED, (account, at)).map(|_| ())
}

/// Sets when the account was deleted. The row stays and with it the name.
///
/// # Errors
/// The database failed.
pub fn set_deleted(tx: &Tx<'_>, account: AccountId, at: Option<Time>) -> Result<(), Fault> {
    tx.execute(&SET_DELETED, (account, at)).map(|_| ())
}

/// Sets what is given of locked, discoverable, indexable.
///
/// # Errors
/// The database failed.
pub fn set_flags(
    tx: &Tx<'_>,
    account: AccountId,
    is_locked: Option<bool>,
    is_discoverable: Option<bool>,
    is_indexable: Option<bool>,
) -> Result<(), Fault> {
    tx.execute(&SET_FLAGS, (account, is_locked, is_discoverable, is_indexable)).map(|_| ())
}

/// Erases what somebody told about themselves, if their account is deleted; whether it is. Name and id stay.
///
/// # Errors
/// The database failed.
pub fn erase(tx: &Tx<'_>, account: AccountId) -> Result<bool, Fault> {
    if tx.execute(&ERASE_PROFILE, (account,))? == 0 {
        return Ok(false);
    }
    tx.execute(&ERASE, (account,))?;
    Ok(true)
}

/// Writes the pictures of somebody anew.
///
/// # Errors
/// The database failed.
pub fn set_pictures(
    tx: &Tx<'_>,
    account: AccountId,
    avatar: Option<&ProfilePicture>,
    header: Option<&ProfilePicture>,
) -> Result<(), Fault> {
    let json = |picture: Option<&ProfilePicture>| picture.map(|picture| json::write("users", picture)).transpose();
    tx.execute(&SET_PICTURES, (account, json(avatar)?, json(header)?)).map(|_| ())
}

/// Writes anew whom somebody's bio and fields name.
///
/// # Errors
/// The database failed.
pub fn set_mentions(tx: &Tx<'_>, account: AccountId, mentions: &[ProfileMention]) -> Result<(), Fault> {
    let json = (!mentions.is_empty()).then(|| json::write("users", mentions)).transpose()?;
    tx.execute(&SET_MENTIONS, (account, json)).map(|_| ())
}

/// Notes a sign-in.
///
/// # Errors
/// The database failed.
pub fn note_sign_in(tx: &Tx<'_>, account: AccountId) -> Result<(), Fault> {
    tx.execute(&NOTE_SIGN_IN, (account, tx.now(), tx.now().as_days()))?;
    activity::note(tx, account)
}

/// Notes that they were here today.
///
/// # Errors
/// The database failed.
pub fn note_active(tx: &Tx<'_>, account: AccountId) -> Result<(), Fault> {
    tx.execute(&NOTE_ACTIVE, (account, tx.now().as_days()))?;
    activity::note(tx, account)
}

/// The address somebody wants to have and has not confirmed yet.
///
/// # Errors
/// The database failed.
pub fn pending_email(q: &Query<'_>, account: AccountId) -> Result<Option<String>, Fault> {
    q.value(&PENDING_EMAIL, (account,))
}

/// Notes the address somebody wants to have; `None`: the one they have is to stay.
///
/// # Errors
/// The database failed.
pub fn set_pending_email(tx: &Tx<'_>, account: AccountId, email: Option<&str>) -> Result<(), Fault> {
    tx.execute(&SET_PENDING_EMAIL, (account, email)).map(|_| ())
}
