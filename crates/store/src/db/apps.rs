//! Registered client applications.

use phiomia_model::{AppId, Fault, Scopes, Time};

use super::{
    query::{Query, Tx},
    sql::{Sql, queries},
    value::{FromRow, Row},
};
use crate::secret::SecretHash;

queries! {
    INSERT = Sql::Same("insert into apps
            (id, client_id, client_secret_hash, name, website, redirect_uris, scopes, is_confidential, created_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)");
    FIND = Sql::Same("select id, client_id, client_secret_hash, name, website, redirect_uris, scopes, is_confidential, created_at
        from apps where id = $1");
    BY_CLIENT_ID = Sql::Same("select id, client_id, client_secret_hash, name, website, redirect_uris, scopes, is_confidential,
        created_at from apps where client_id = $1");
    MARK_USED = Sql::Same("update apps set is_used = true where id = $1 and not is_used");
    DELETE_UNUSED = Sql::Same("delete from apps where created_at < $1 and not is_used
        and not exists (select 1 from authorization_codes c where c.app_id = apps.id)");
}

/// A registered application.
#[derive(Clone, Debug)]
pub struct AppView {
    /// Its row.
    pub id: AppId,
    /// Its public name in OAuth.
    pub client_id: String,
    /// What its secret is compared with.
    pub client_secret_hash: SecretHash,
    /// Shown name.
    pub name: String,
    /// Home page.
    pub website: Option<String>,
    /// Where codes may be sent, as registered.
    pub redirect_uris: Vec<String>,
    /// The most it may ask for.
    pub scopes: Scopes,
    /// Whether it can keep a secret.
    pub is_confidential: bool,
    /// When it was registered.
    pub created_at: Time,
}

impl FromRow for AppView {
    fn from_row(row: &mut Row<'_>) -> Result<AppView, Fault> {
        Ok(AppView {
            id: row.next()?,
            client_id: row.next()?,
            client_secret_hash: row.next()?,
            name: row.next()?,
            website: row.next()?,
            redirect_uris: serde_json::from_str(&row.next::<String>()?)
                .map_err(|e| Fault::because("reading an app's redirect addresses", e))?,
            scopes: scopes(&row.next::<String>()?)?,
            is_confidential: row.next()?,
            created_at: row.next()?,
        })
    }
}

pub(super) fn scopes(text: &str) -> Result<Scopes, Fault> {
    Scopes::parse(text).map_err(|word| Fault::new(format!("reading scopes: there is no `{word}`")))
}

/// Writes an application whose id the caller has made.
///
/// # Errors
/// The database failed.
pub fn insert(tx: &Tx<'_>, app: &AppView) -> Result<(), Fault> {
    let uris = serde_json::to_string(&app.redirect_uris)
        .map_err(|e| Fault::because("writing an app's redirect addresses", e))?;
    let row = (
        app.id,
        app.client_id.as_str(),
        app.client_secret_hash,
        app.name.as_str(),
        app.website.as_deref(),
        uris,
        app.scopes.to_string(),
        app.is_confidential,
        app.created_at,
    );
    tx.execute(&INSERT, row).map(|_| ())
}

/// One application.
///
/// # Errors
/// The database failed.
pub fn find(q: &Query<'_>, app: AppId) -> Result<Option<AppView>, Fault> {
    q.row(&FIND, (app,))
}

/// The application of that client id.
///
/// # Errors
/// The database failed.
pub fn by_client_id(q: &Query<'_>, client_id: &str) -> Result<Option<AppView>, Fault> {
    q.row(&BY_CLIENT_ID, (client_id,))
}

/// Notes that it got a token: statuses may name it from now on, so it stays.
///
/// # Errors
/// The database failed.
pub fn mark_used(tx: &Tx<'_>, app: AppId) -> Result<(), Fault> {
    tx.execute(&MARK_USED, (app,)).map(|_| ())
}

/// Throws away what was registered before `before` and never got a token; how many.
///
/// # Errors
/// The database failed.
pub fn delete_unused(tx: &Tx<'_>, before: Time) -> Result<u64, Fault> {
    tx.execute(&DELETE_UNUSED, (before,))
}
