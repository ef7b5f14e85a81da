//! Authorization codes: ten minutes, once.

use phiomia_model::{AccountId, AppId, Fault, Scopes, Time, TokenId};

use super::{
    apps,
    query::Tx,
    sql::{Sql, queries},
    value::{FromRow, Row},
};
use crate::secret::SecretHash;

queries! {
    INSERT = Sql::Same("insert into authorization_codes
            (code_hash, app_id, account_id, redirect_uri, scopes, code_challenge, created_at, expires_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8)");
    FIND = Sql::Differs {
        sqlite: "select app_id, account_id, redirect_uri, scopes, code_challenge, expires_at, token_id
            from authorization_codes where code_hash = $1",
        // Two uses at the same time: the second waits and then sees the first one's token.
        postgres: "select app_id, account_id, redirect_uri, scopes, code_challenge, expires_at, token_id
            from authorization_codes where code_hash = $1 for update",
    };
    SPEND = Sql::Same("update authorization_codes set token_id = $2 where code_hash = $1");
    DELETE_OF_ACCOUNT = Sql::Same("delete from authorization_codes where account_id = $1");
    DELETE_OF_APP = Sql::Same("delete from authorization_codes where app_id = $1");
    DELETE_OF_APP_AND_ACCOUNT = Sql::Same("delete from authorization_codes where app_id = $1 and account_id = $2");
    DELETE_EXPIRED = Sql::Same("delete from authorization_codes where expires_at < $1");
}

/// What somebody allowed an application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeView {
    /// Whom it was given to.
    pub app_id: AppId,
    /// Who allowed it.
    pub account_id: AccountId,
    /// Where it was sent; the exchange must name the same.
    pub redirect_uri: String,
    /// What was allowed.
    pub scopes: Scopes,
    /// Base64url of the SHA-256 of the verifier (RFC 7636, S256).
    pub code_challenge: Option<String>,
    /// Worth nothing from then on.
    pub expires_at: Time,
    /// The token it gave.
    pub token_id: Option<TokenId>,
}

impl FromRow for CodeView {
    fn from_row(row: &mut Row<'_>) -> Result<CodeView, Fault> {
        Ok(CodeView {
            app_id: row.next()?,
            account_id: row.next()?,
            redirect_uri: row.next()?,
            scopes: apps::scopes(&row.next::<String>()?)?,
            code_challenge: row.next()?,
            expires_at: row.next()?,
            token_id: row.next()?,
        })
    }
}

/// Writes a code.
///
/// # Errors
/// The database failed.
pub fn insert(tx: &Tx<'_>, hash: SecretHash, code: &CodeView) -> Result<(), Fault> {
    let row = (
        hash,
        code.app_id,
        code.account_id,
        code.redirect_uri.as_str(),
        code.scopes.to_string(),
        code.code_challenge.as_deref(),
        tx.now(),
        code.expires_at,
    );
    tx.execute(&INSERT, row).map(|_| ())
}

/// The code with this hash, spent and expired ones too, held for this transaction.
///
/// # Errors
/// The database failed.
pub fn find(tx: &Tx<'_>, hash: SecretHash) -> Result<Option<CodeView>, Fault> {
    tx.row(&FIND, (hash,))
}

/// Notes the token it gave.
///
/// # Errors
/// The database failed.
pub fn spend(tx: &Tx<'_>, hash: SecretHash, token: TokenId) -> Result<(), Fault> {
    tx.execute(&SPEND, (hash, token)).map(|_| ())
}

/// Deletes an account's.
///
/// # Errors
/// The database failed.
pub fn delete_of_account(tx: &Tx<'_>, account: AccountId) -> Result<(), Fault> {
    tx.execute(&DELETE_OF_ACCOUNT, (account,)).map(|_| ())
}

/// Deletes an application's.
///
/// # Errors
/// The database failed.
pub fn delete_of_app(tx: &Tx<'_>, app: AppId) -> Result<(), Fault> {
    tx.execute(&DELETE_OF_APP, (app,)).map(|_| ())
}

/// Deletes those an application holds for an account.
///
/// # Errors
/// The database failed.
pub fn delete_of_app_and_account(tx: &Tx<'_>, app: AppId, account: AccountId) -> Result<(), Fault> {
    tx.execute(&DELETE_OF_APP_AND_ACCOUNT, (app, account)).map(|_| ())
}

/// Throws away what expired before `before`; how many.
///
/// # Errors
/// The database failed.
pub fn delete_expired(tx: &Tx<'_>, before: Time) -> Result<u64, Fault> {
    tx.execute(&DELETE_EXPIRED, (before,))
}
