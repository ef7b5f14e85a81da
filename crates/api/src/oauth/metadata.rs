//! What this authorization server offers, for clients that ask before they begin.
//!
//! Source: RFC 8414, <https://docs.joinmastodon.org/methods/oauth/#authorization-server-metadata>.

use phiomia_model::scope;
use serde::Serialize;

use crate::gate::{Answer, Anyone, Ask, json};

/// Names that old applications register and that nothing asks for.
const OLD_SCOPES: [&str; 4] = ["read:reports", "read:follow", "write:follow", "read:media"];

#[derive(Serialize)]
struct Metadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    revocation_endpoint: String,
    userinfo_endpoint: String,
    app_registration_endpoint: String,
    service_documentation: &'static str,
    scopes_supported: Vec<&'static str>,
    response_types_supported: [&'static str; 1],
    response_modes_supported: [&'static str; 1],
    grant_types_supported: [&'static str; 2],
    token_endpoint_auth_methods_supported: [&'static str; 2],
    code_challenge_methods_supported: [&'static str; 1],
}

/// `GET /.well-known/oauth-authorization-server`.
///
/// # Errors
/// Never.
pub async fn show(ask: Ask<Anyone>) -> Answer {
    let at = |path: &str| ask.api.addresses.at(path);
    json(&Metadata {
        issuer: at("/"),
        authorization_endpoint: at("/oauth/authorize"),
        token_endpoint: at("/oauth/token"),
        revocation_endpoint: at("/oauth/revoke"),
        userinfo_endpoint: at("/oauth/userinfo"),
        app_registration_endpoint: at("/api/v1/apps"),
        service_documentation: "https://docs.joinmastodon.org/",
        scopes_supported: scope::ALL.into_iter().filter(|s| !OLD_SCOPES.contains(s)).collect(),
        response_types_supported: ["code"],
        response_modes_supported: ["query"],
        grant_types_supported: ["authorization_code", "client_credentials"],
        token_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post"],
        code_challenge_methods_supported: ["S256"],
    })
}
