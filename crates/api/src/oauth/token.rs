//! Changing a code, or an application's own credentials, for a token.

use axum::response::{IntoResponse, Response};
use phiomia_mastodon::entities::Token;
use phiomia_model::{Error, Scopes};
use phiomia_social::apps::{self, GivenToken, Redemption};
use phiomia_store::{SecretHash, db::apps::AppView};

use super::{OauthError, client};
use crate::gate::{Anyone, Ask, json};

/// `POST /oauth/token`.
///
/// # Errors
/// A fault; what OAuth refuses is an answer.
pub async fn create(ask: Ask<Anyone>) -> Result<Response, Error> {
    let Some(grant_type) = ask.input.text("grant_type").filter(|g| !g.is_empty()) else {
        return Ok(OauthError::MissingParameter("grant_type").into_response());
    };
    if !matches!(grant_type.as_str(), "authorization_code" | "client_credentials") {
        return Ok(OauthError::UnsupportedGrantType.into_response());
    }
    let Some(app) = client::authenticate(&ask).await? else { return Ok(OauthError::InvalidClient.into_response()) };
    let given = match grant_type.as_str() {
        "authorization_code" => by_code(&ask, &app).await?,
        _ => by_credentials(&ask, &app).await?,
    };
    match given {
        Ok(token) => Ok(json(&render(&token))?.into_response()),
        Err(error) => Ok(error.into_response()),
    }
}

async fn by_code(ask: &Ask<Anyone>, app: &AppView) -> Result<Result<GivenToken, OauthError>, Error> {
    let parameter = |name: &'static str| {
        ask.input.text(name).filter(|value| !value.is_empty()).ok_or(OauthError::MissingParameter(name))
    };
    let (code, redirect_uri) = match (parameter("code"), parameter("redirect_uri")) {
        (Ok(code), Ok(uri)) => (code, uri),
        (Err(error), _) | (_, Err(error)) => return Ok(Err(error)),
    };
    let with = Redemption {
        app: app.id,
        code: SecretHash::of(&code),
        redirect_uri,
        code_verifier: ask.input.text("code_verifier"),
    };
    let given = apps::redeem(&ask.api.db, &ask.api.entropy, with).await?;
    Ok(given.ok_or(OauthError::InvalidGrant))
}

async fn by_credentials(ask: &Ask<Anyone>, app: &AppView) -> Result<Result<GivenToken, OauthError>, Error> {
    // Credentials that everybody has prove nothing.
    if !app.is_confidential {
        return Ok(Err(OauthError::InvalidClient));
    }
    let Some(scopes) = wanted(ask.input.text("scope").as_deref(), app) else {
        return Ok(Err(OauthError::InvalidScope));
    };
    Ok(Ok(apps::give_token(&ask.api.db, &ask.api.entropy, app.id, None, scopes).await?))
}

/// The scopes asked for, `read` when none are named; `None` when they go beyond the application's.
pub(crate) fn wanted(text: Option<&str>, app: &AppView) -> Option<Scopes> {
    let scopes = match text.map(str::trim).filter(|t| !t.is_empty()) {
        Some(text) => Scopes::parse(text).ok()?,
        None => Scopes::read(),
    };
    (!scopes.is_empty() && app.scopes.cover(&scopes)).then_some(scopes)
}

fn render(token: &GivenToken) -> Token {
    Token {
        access_token: token.secret.expose().to_owned(),
        token_type: "Bearer".to_owned(),
        scope: token.scopes.to_string(),
        created_at: token.created_at.as_secs(),
    }
}
