//! Who is behind an access token: one query for everything a request is admitted by.

use phiomia_model::{AccountId, AppId, Fault, Role, Scopes, Time, TokenId};

use super::{
    query::Query,
    sql::{Sql, queries},
    value::{FromRow, Row},
};

queries! {
    BY_TOKEN = Sql::Same("select t.id, t.app_id, t.scopes, t.last_used_day, t.account_id, u.role, u.confirmed_at,
            u.approved_at, u.disabled_at, a.suspended_at, a.deleted_at, a.is_memorial
        from tokens t
        left join users u on u.account_id = t.account_id
        left join accounts a on a.id = t.account_id
        where t.token_hash = $1");
}

/// A token that exists, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The token.
    pub token: TokenId,
    /// The app it was given to.
    pub app: AppId,
    /// What the app may do.
    pub scopes: Scopes,
    /// Days since 1970; `None`: never used.
    pub last_used_day: Option<i64>,
    /// `None`: the app speaks for itself.
    pub user: Option<CallingUser>,
}

/// The user of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallingUser {
    /// The user's account.
    pub account: AccountId,
    /// What the user is here.
    pub role: Role,
    /// Whether the account can be used, and why not.
    pub standing: Standing,
}

/// Whether somebody may use their account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Yes.
    Good,
    /// The e-mail address was never confirmed.
    Unconfirmed,
    /// Staff has not approved it yet.
    Pending,
    /// Disabled, suspended, deleted or a memorial.
    Disabled,
}

impl FromRow for Caller {
    fn from_row(row: &mut Row<'_>) -> Result<Caller, Fault> {
        let (token, app) = (row.next()?, row.next()?);
        let scopes = row.next::<String>()?;
        // A scope that does not exist any more allows nothing.
        let scopes = Scopes::parse(&scopes).unwrap_or_default();
        let last_used_day = row.next()?;
        let account = row.next::<Option<AccountId>>()?;
        let role = row.next::<Option<String>>()?.and_then(|word| word.parse().ok()).unwrap_or(Role::User);
        let is_confirmed = row.next::<Option<Time>>()?.is_some();
        let is_approved = row.next::<Option<Time>>()?.is_some();
        let is_disabled = row.next::<Option<Time>>()?.is_some();
        let is_suspended = row.next::<Option<Time>>()?.is_some();
        let is_deleted = row.next::<Option<Time>>()?.is_some();
        let is_memorial = row.next::<Option<bool>>()?.unwrap_or(false);
        let standing = if !is_confirmed {
            Standing::Unconfirmed
        } else if !is_approved {
            Standing::Pending
        } else if is_disabled || is_suspended || is_deleted || is_memorial {
            Standing::Disabled
        } else {
            Standing::Good
        };
        let user = account.map(|account| CallingUser { account, role, standing });
        Ok(Caller { token, app, scopes, last_used_day, user })
    }
}

/// Whose token it is, by its SHA-256. `None`: there is no such token, or no longer.
///
/// # Errors
/// The database failed.
pub fn by_token(q: &Query<'_>, token_hash: &[u8]) -> Result<Option<Caller>, Fault> {
    q.row(&BY_TOKEN, (token_hash,))
}
