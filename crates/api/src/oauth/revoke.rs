//! An application gives a token back.

use axum::response::{IntoResponse, Response};
use phiomia_model::Error;
use phiomia_social::apps;
use phiomia_store::SecretHash;

use super::{OauthError, client};
use crate::gate::{Anyone, Ask, empty};

/// `POST /oauth/revoke`. A token that is worth nothing is revoked well enough.
///
/// # Errors
/// A fault; what OAuth refuses is an answer.
pub async fn create(ask: Ask<Anyone>) -> Result<Response, Error> {
    let Some(app) = client::authenticate(&ask).await? else { return Ok(OauthError::NotYourToken.into_response()) };
    let token = ask.input.text("token").unwrap_or_default();
    if apps::revoke_token(&ask.api.db, app.id, SecretHash::of(&token)).await? {
        Ok(empty()?.into_response())
    } else {
        Ok(OauthError::NotYourToken.into_response())
    }
}
