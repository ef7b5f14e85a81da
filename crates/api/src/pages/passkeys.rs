//! Signing in with a passkey: what the browser is asked for, and its answer, which comes as a form.

use axum::response::Response;
use http::StatusCode;
use phiomia_model::Error;
use phiomia_social::users::{self, PasskeyOutcome, RelyingParty, SignInOutcome};
use phiomia_store::Secret;
use serde_json::json;

use super::{Browser, browser, said, sign_in};
use crate::gate::Ask;

/// `POST /auth/sign_in/passkey/options`: what to sign, for the script.
///
/// # Errors
/// A fault.
pub async fn options(ask: Ask<Browser>) -> Result<Response, Error> {
    let api = &ask.api;
    let attempt = ask.input.text("attempt").map(|attempt| Secret::new(attempt).hash());
    let Some(asked) = users::ask_for_passkey(&api.db, &api.entropy, attempt, &ask.me.csrf()).await? else {
        let error = "Your password was shown too long ago. Please sign in again.";
        return Ok(said(StatusCode::UNPROCESSABLE_ENTITY, &json!({ "error": error })));
    };
    // In the place of the password, the authenticator must recognise its owner.
    let verification = if attempt.is_some() { "discouraged" } else { "required" };
    let options = json!({
        "challenge": asked.challenge.expose(),
        "rpId": RelyingParty::of(&api.addresses).id,
        "allow": asked.allowed,
        "userVerification": verification,
    });
    Ok(said(StatusCode::OK, &options))
}

/// `POST /auth/sign_in/passkey`: what the authenticator has signed.
///
/// # Errors
/// A fault.
pub async fn create(ask: Ask<Browser>) -> Result<Response, Error> {
    let (api, party) = (&ask.api, RelyingParty::of(&ask.api.addresses));
    let (attempt, answer) = (ask.input.text("attempt"), ask.input.text("credential").unwrap_or_default());
    let hash = attempt.as_deref().map(|attempt| Secret::new(attempt).hash());
    let (bound, from) = (ask.me.csrf(), browser::described(&ask));
    match users::sign_in_by_passkey(&api.db, &api.entropy, &party, hash, (&bound, &answer), from).await? {
        PasskeyOutcome::Right(SignInOutcome::Done(signed_in)) => {
            let return_to = sign_in::return_to(&ask);
            sign_in::enter(&ask, &signed_in, if return_to.is_empty() { "/" } else { &return_to }).await
        }
        PasskeyOutcome::Right(other) => sign_in::refused(&ask, String::new(), &other).await,
        PasskeyOutcome::Wrong => sign_in::wrong_passkey(&ask, attempt).await,
    }
}
