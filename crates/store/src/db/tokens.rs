//! Access tokens, found by their hash.

use phiomia_model::{AccountId, AppId, Fault, Role, Scopes, Time, TokenId};

use super::{
    apps,
    query::{Query, Tx},
    sql::{Sql, queries},
    users::{self, Standing},
    value::{FromRow, Row},
};
use crate::secret::SecretHash;

queries! {
    INSERT = Sql::Same("insert into tokens (id, token_hash, app_id, account_id, scopes, created_at)
        values ($1, $2, $3, $4, $5, $6)");
    FIND = Sql::Same("select t.id, t.app_id, t.scopes, t.created_at, t.last_used_day, t.account_id, u.role,
            u.confirmed_at, u.approved_at, u.disabled_at, a.suspended_at, a.deleted_at
        from tokens t left join users u on u.account_id = t.account_id left join accounts a on a.id = t.account_id
        where t.token_hash = $1");
    FIND_ID = Sql::Same("select t.id, t.app_id, t.scopes, t.created_at, t.last_used_day, t.account_id, u.role,
            u.confirmed_at, u.approved_at, u.disabled_at, a.suspended_at, a.deleted_at
        from tokens t left join users u on u.account_id = t.account_id left join accounts a on a.id = t.account_id
        where t.id = $1");
    USES = Sql::Same("select a.id, a.name, a.website, t.scopes, t.created_at, t.last_used_day
        from tokens t join apps a on a.id = t.app_id where t.account_id = $1 order by t.id desc");
    NOTE_USED = Sql::Same("update tokens set last_used_day = $2
        where id = $1 and (last_used_day is null or last_used_day < $2)");
    DELETE_ONE = Sql::Same("delete from tokens where id = $1 returning id");
    DELETE_OF_ACCOUNT = Sql::Same("delete from tokens where account_id = $1 returning id");
    DELETE_OF_APP = Sql::Same("delete from tokens where app_id = $1 returning id");
    DELETE_OF_APP_AND_ACCOUNT = Sql::Same("delete from tokens where app_id = $1 and account_id = $2 returning id");
}

/// Whose token it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Who.
    pub account_id: AccountId,
    /// What they are here.
    pub role: Role,
    /// Whether they may act.
    pub standing: Standing,
}

/// A valid token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenView {
    /// Its row.
    pub id: TokenId,
    /// The application it was given to.
    pub app_id: AppId,
    /// What it may do.
    pub scopes: Scopes,
    /// When it was made.
    pub created_at: Time,
    /// The UTC day of its last noted use.
    pub last_used_day: Option<i64>,
    /// `None`: the application's own token, nobody's.
    pub holder: Option<Holder>,
}

impl TokenView {
    /// Whose it is.
    #[must_use]
    pub fn account_id(&self) -> Option<AccountId> {
        self.holder.map(|h| h.account_id)
    }
}

impl FromRow for TokenView {
    fn from_row(row: &mut Row<'_>) -> Result<TokenView, Fault> {
        let (id, app_id) = (row.next()?, row.next()?);
        let scopes = apps::scopes(&row.next::<String>()?)?;
        let (created_at, last_used_day) = (row.next()?, row.next()?);
        let account_id: Option<AccountId> = row.next()?;
        let role: Option<String> = row.next()?;
        let mut is_set = || Ok::<bool, Fault>(row.next::<Option<Time>>()?.is_some());
        let (is_confirmed, is_approved, is_disabled) = (is_set()?, is_set()?, is_set()?);
        let (is_suspended, is_deleted) = (is_set()?, is_set()?);
        let holder = match account_id {
            None => None,
            Some(account_id) => Some(Holder {
                account_id,
                // A token whose user row is gone may do nothing.
                standing: match role {
                    None => Standing::Suspended,
                    Some(_) => Standing::of(is_confirmed, is_approved, is_disabled, is_suspended || is_deleted),
                },
                role: role.as_deref().map_or(Ok(Role::User), users::role)?,
            }),
        };
        Ok(TokenView { id, app_id, scopes, created_at, last_used_day, holder })
    }
}

/// One token somebody gave to an application.
#[derive(Clone, Debug)]
pub struct AppUse {
    /// The application.
    pub app_id: AppId,
    /// Its shown name.
    pub name: String,
    /// Its home page.
    pub website: Option<String>,
    /// What the token may do.
    pub scopes: Scopes,
    /// When it was given.
    pub created_at: Time,
    /// The UTC day of its last noted use.
    pub last_used_day: Option<i64>,
}

impl FromRow for AppUse {
    fn from_row(row: &mut Row<'_>) -> Result<AppUse, Fault> {
        Ok(AppUse {
            app_id: row.next()?,
            name: row.next()?,
            website: row.next()?,
            scopes: apps::scopes(&row.next::<String>()?)?,
            created_at: row.next()?,
            last_used_day: row.next()?,
        })
    }
}

/// The tokens somebody gave to applications, newest first.
///
/// # Errors
/// The database failed.
pub fn uses(q: &Query<'_>, account: AccountId) -> Result<Vec<AppUse>, Fault> {
    q.rows(&USES, (account,))
}

/// Writes a token and gives its row's id.
///
/// # Errors
/// The database failed.
pub fn insert(
    tx: &Tx<'_>,
    hash: SecretHash,
    app: AppId,
    account: Option<AccountId>,
    scopes: &Scopes,
) -> Result<TokenId, Fault> {
    let id = TokenId(tx.new_id());
    tx.execute(&INSERT, (id, hash, app, account, scopes.to_string(), tx.now()))?;
    Ok(id)
}

/// The token with this hash; `None` when there is none or it was revoked.
///
/// # Errors
/// The database failed.
pub fn find(q: &Query<'_>, hash: &SecretHash) -> Result<Option<TokenView>, Fault> {
    let found = q.row(&FIND, (*hash,))?;
    if let (Some(cached), Some(token)) = (q.cached, &found) {
        cached.keep_token(*hash, token);
    }
    Ok(found)
}

/// The token of this id, to see whether it is still worth anything.
///
/// # Errors
/// The database failed.
pub fn find_id(q: &Query<'_>, token: TokenId) -> Result<Option<TokenView>, Fault> {
    q.row(&FIND_ID, (token,))
}

/// Notes that it was used today. Cheap to skip: look at `last_used_day` first.
///
/// # Errors
/// The database failed.
pub fn note_used(tx: &Tx<'_>, token: TokenId) -> Result<(), Fault> {
    tx.execute(&NOTE_USED, (token, tx.now().as_days())).map(|_| ())
}

/// Deletes one; what was there.
///
/// # Errors
/// The database failed.
pub fn delete(tx: &Tx<'_>, token: TokenId) -> Result<Vec<TokenId>, Fault> {
    tx.column(&DELETE_ONE, (token,))
}

/// Deletes an account's; which ones.
///
/// # Errors
/// The database failed.
pub fn delete_of_account(tx: &Tx<'_>, account: AccountId) -> Result<Vec<TokenId>, Fault> {
    tx.column(&DELETE_OF_ACCOUNT, (account,))
}

/// Deletes an application's; which ones.
///
/// # Errors
/// The database failed.
pub fn delete_of_app(tx: &Tx<'_>, app: AppId) -> Result<Vec<TokenId>, Fault> {
    tx.column(&DELETE_OF_APP, (app,))
}

/// Deletes those an application holds for an account; which ones.
///
/// # Errors
/// The database failed.
pub fn delete_of_app_and_account(tx: &Tx<'_>, app: AppId, account: AccountId) -> Result<Vec<TokenId>, Fault> {
    tx.column(&DELETE_OF_APP_AND_ACCOUNT, (app, account))
}
