//! Signing in and out.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use phiomia_model::Error;
use phiomia_social::users::{self, CodeOutcome, SignInOutcome, SignedIn, WaysOn};
use phiomia_store::{Secret, db::users::Standing};

use super::{Browser, Frame, browser, notice, page, page_with_script, redirect};
use crate::{gate::Ask, settings::Registrations};

/// The only pages one may be sent to after signing in or out: a link must not lead anybody elsewhere by way of us.
const RETURNS: [&str; 6] = [
    "/oauth/authorize?",
    "/oauth/authorized_applications",
    "/settings/",
    "/filters",
    "/auth/edit",
    "/authorize_interaction?",
];

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignIn {
    frame: Frame,
    return_to: String,
    login: String,
    error: Option<&'static str>,
    can_sign_up: bool,
}

#[derive(Template)]
#[template(path = "sign_in_code.html")]
struct SignInCode {
    frame: Frame,
    return_to: String,
    attempt: String,
    error: Option<&'static str>,
    has_app: bool,
    has_passkey: bool,
}

/// `GET /auth/sign_in`.
///
/// # Errors
/// A fault.
pub async fn new(ask: Ask<Browser>) -> Result<Response, Error> {
    let return_to = return_to(&ask);
    // With somewhere to return to, somebody signed in was asked to sign in anew.
    if ask.me.user.is_some() && return_to.is_empty() {
        return redirect(&ask, "/");
    }
    form(&ask, StatusCode::OK, String::new(), None).await
}

/// `POST /auth/sign_in`.
///
/// # Errors
/// `TooMany`; a fault.
pub async fn create(ask: Ask<Browser>) -> Result<Response, Error> {
    if let Some(attempt) = ask.input.text("attempt") {
        return second_step(&ask, attempt).await;
    }
    let (login, password) = (field(&ask, "email"), Secret::new(field(&ask, "password")));
    let api = &ask.api;
    let from = browser::described(&ask);
    match users::sign_in(&api.db, &api.passwords, &api.entropy, &login, &password, from).await? {
        SignInOutcome::Done(signed_in) => {
            let return_to = return_to(&ask);
            enter(&ask, &signed_in, if return_to.is_empty() { "/" } else { &return_to }).await
        }
        other => refused(&ask, login, &other).await,
    }
}

/// The code after the password.
async fn second_step(ask: &Ask<Browser>, attempt: String) -> Result<Response, Error> {
    let (api, code) = (&ask.api, field(ask, "otp_attempt"));
    let (hash, from) = (Secret::new(attempt.as_str()).hash(), browser::described(ask));
    match users::sign_in_by_code(&api.db, &api.sealer, &api.entropy, hash, &code, from).await? {
        CodeOutcome::Right(SignInOutcome::Done(signed_in)) => {
            let return_to = return_to(ask);
            enter(ask, &signed_in, if return_to.is_empty() { "/" } else { &return_to }).await
        }
        CodeOutcome::Right(other) => refused(ask, String::new(), &other).await,
        CodeOutcome::Wrong => {
            let sentence = "This code is not right, or it was used already.";
            code_form(ask, StatusCode::UNPROCESSABLE_ENTITY, attempt, Some(sentence)).await
        }
        CodeOutcome::Stale => redirect(ask, "/auth/sign_in"),
    }
}

async fn code_form(
    ask: &Ask<Browser>,
    status: StatusCode,
    attempt: String,
    error: Option<&'static str>,
) -> Result<Response, Error> {
    let hash = Secret::new(attempt.as_str()).hash();
    let Some(WaysOn { has_app, has_passkey }) = users::ways_on(&ask.api.db, hash).await? else {
        return redirect(ask, "/auth/sign_in");
    };
    let frame = Frame::of(ask).await?;
    let shown = SignInCode { frame, return_to: return_to(ask), attempt, error, has_app, has_passkey };
    if has_passkey { page_with_script(ask, status, &shown) } else { page(ask, status, &shown) }
}

/// `GET /auth/sign_out`.
///
/// # Errors
/// A fault.
pub async fn leave(ask: Ask<Browser>) -> Result<Response, Error> {
    if ask.me.user.is_none() {
        return redirect(&ask, "/");
    }
    let frame = Frame::of(&ask).await?;
    page(&ask, StatusCode::OK, &SignOut { frame })
}

#[derive(Template)]
#[template(path = "sign_out.html")]
struct SignOut {
    frame: Frame,
}

/// `POST` and `DELETE /auth/sign_out`.
///
/// # Errors
/// A fault.
pub async fn delete(ask: Ask<Browser>) -> Result<Response, Error> {
    if let Some(session) = &ask.me.session {
        users::sign_out(&ask.api.db, session.hash()).await?;
    }
    let return_to = return_to(&ask);
    let mut response = redirect(&ask, if return_to.is_empty() { "/" } else { &return_to })?;
    ask.me.end(response.headers_mut());
    Ok(response)
}

/// Hands out the session and sends the browser on. A session it had before is over.
pub(super) async fn enter(ask: &Ask<Browser>, signed_in: &SignedIn, to: &str) -> Result<Response, Error> {
    if let Some(old) = &ask.me.session {
        users::sign_out(&ask.api.db, old.hash()).await?;
    }
    let mut response = redirect(ask, to)?;
    let headers = response.headers_mut();
    headers.remove(http::header::SET_COOKIE);
    ask.me.begin(headers, &signed_in.cookie);
    Ok(response)
}

/// What somebody is told who did not get in.
pub(super) async fn refused(ask: &Ask<Browser>, login: String, outcome: &SignInOutcome) -> Result<Response, Error> {
    let (title, text) = match outcome {
        SignInOutcome::Wrong | SignInOutcome::Done(_) => {
            // Mastodon answers so too, with the form again.
            let sentence = "This e-mail address or name and this password do not belong together.";
            return form(ask, StatusCode::UNPROCESSABLE_ENTITY, login, Some(sentence)).await;
        }
        SignInOutcome::Barred(Standing::Unconfirmed) => {
            ("One more step", "Your e-mail address is not confirmed yet. Please open the link in the mail we sent you.")
        }
        SignInOutcome::Barred(Standing::Pending) => {
            ("Please be patient", "Your sign-up is still being looked at by the people who run this server.")
        }
        SignInOutcome::Barred(Standing::Suspended) => ("You cannot sign in", "Your account is suspended."),
        SignInOutcome::Barred(_) => ("You cannot sign in", "Your login is disabled."),
        SignInOutcome::NeedsSecondFactor(attempt) => {
            return code_form(ask, StatusCode::OK, attempt.expose().to_owned(), None).await;
        }
    };
    notice(ask, StatusCode::FORBIDDEN, title, text).await
}

/// The page again, after a passkey that did not do.
pub(super) async fn wrong_passkey(ask: &Ask<Browser>, attempt: Option<String>) -> Result<Response, Error> {
    let sentence = Some("This passkey did not sign you in. Is it one of this server that you have not removed?");
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    match attempt {
        Some(attempt) => code_form(ask, status, attempt, sentence).await,
        None => form(ask, status, String::new(), sentence).await,
    }
}

async fn form(
    ask: &Ask<Browser>,
    status: StatusCode,
    login: String,
    error: Option<&'static str>,
) -> Result<Response, Error> {
    let frame = Frame::of(ask).await?;
    let can_sign_up = ask.api.settings().await?.registrations != Registrations::Closed;
    page_with_script(ask, status, &SignIn { frame, return_to: return_to(ask), login, error, can_sign_up })
}

/// `user[email]` and `user[password]`, as Mastodon's form names them.
fn field(ask: &Ask<Browser>, name: &str) -> String {
    let user = ask.input.get("user");
    user.and_then(|u| u.get(name)).and_then(|v| v.as_str()).unwrap_or_default().to_owned()
}

pub(super) fn return_to(ask: &Ask<Browser>) -> String {
    let is_ours = |path: &String| RETURNS.iter().any(|start| path.starts_with(start));
    ask.input
        .text("return_to")
        .filter(|path| is_ours(path) && path.bytes().all(|b| b.is_ascii_graphic()))
        .unwrap_or_default()
}

/// Sends somebody who is not signed in to sign in, and back to `path` afterwards.
pub(super) fn first(ask: &Ask<Browser>, path: &str) -> Result<Response, Error> {
    let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("return_to", path).finish();
    redirect(ask, &format!("/auth/sign_in?{query}"))
}
