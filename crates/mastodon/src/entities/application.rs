//! Client applications and their tokens.

use phiomia_model::AppId;
use serde::Serialize;

/// A registered client application.
/// Source: <https://docs.joinmastodon.org/entities/Application/>.
#[derive(Serialize, Debug, Clone)]
pub struct Application {
    /// Identifier, a string to clients. Since 0.9.9.
    pub id: AppId,
    /// Its name. Since 0.9.9.
    pub name: String,
    /// Home page. `null` without one. Since 0.9.9.
    pub website: Option<String>,
    /// Registered scopes. Since 4.3.0.
    pub scopes: Vec<String>,
    /// Registered redirect addresses. Since 4.3.0.
    pub redirect_uris: Vec<String>,
    /// The same in one string, one per line. Since 0.0.0.
    pub redirect_uri: String,
    /// Web Push server key; use the instance's instead. Since 2.8.0.
    pub vapid_key: String,
}

/// A client application as it is shown once, to whoever registered it.
/// Source: <https://docs.joinmastodon.org/entities/Application/#CredentialApplication>.
#[derive(Serialize, Debug, Clone)]
pub struct CredentialApplication {
    /// What may be seen later too.
    #[serde(flatten)]
    pub application: Application,
    /// Client id. Since 0.9.9.
    pub client_id: String,
    /// Client secret. Since 0.9.9.
    pub client_secret: String,
    /// 0: never. Since 4.4.0.
    pub client_secret_expires_at: i64,
}

/// An access token.
/// Source: <https://docs.joinmastodon.org/entities/Token/>.
#[derive(Serialize, Debug, Clone)]
pub struct Token {
    /// Token. Since 0.1.0.
    pub access_token: String,
    /// Bearer. Since 0.1.0.
    pub token_type: String,
    /// Scopes granted. Since 0.1.0.
    pub scope: String,
    /// When it was made, in seconds since 1970. Since 0.1.0.
    pub created_at: i64,
}
