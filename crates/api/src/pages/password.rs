//! A new password for somebody who lost theirs: the mail, and the page its link leads to.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use phiomia_model::{Error, Refusal, error::FieldError};
use phiomia_social::users;
use phiomia_store::Secret;

use super::{Browser, Frame, notice, page, settings::Fields};
use crate::gate::Ask;

#[derive(Template)]
#[template(path = "password_new.html")]
struct AskPage {
    frame: Frame,
}

#[derive(Template)]
#[template(path = "password_edit.html")]
struct EditPage {
    frame: Frame,
    token: String,
    error: Option<String>,
}

/// `GET /auth/password/new`.
///
/// # Errors
/// A fault.
pub async fn new(ask: Ask<Browser>) -> Result<Response, Error> {
    if !ask.api.sends_mail {
        return no_mail(&ask).await;
    }
    page(&ask, StatusCode::OK, &AskPage { frame: Frame::of(&ask).await? })
}

/// `POST /auth/password/new`: the same answer whether somebody here has the address.
///
/// # Errors
/// `TooMany` mails to one address; a fault.
pub async fn create(ask: Ask<Browser>) -> Result<Response, Error> {
    if !ask.api.sends_mail {
        return no_mail(&ask).await;
    }
    users::ask_for_reset(&ask.api.db, &Fields::of(&ask, "user").text("email")).await?;
    let text = "If somebody here has this address, a mail is on its way. Its link is good for six hours.";
    notice(&ask, StatusCode::OK, "Look into your mail", text).await
}

/// `GET /auth/password/edit`, where the mail leads. Looking uses nothing up.
///
/// # Errors
/// A fault.
pub async fn edit(ask: Ask<Browser>) -> Result<Response, Error> {
    let token = ask.input.text("reset_password_token").unwrap_or_default();
    if !users::is_reset_link(&ask.api.db, Secret::new(token.as_str()).hash()).await? {
        return spent(&ask).await;
    }
    form(&ask, StatusCode::OK, token, &[]).await
}

/// `POST /auth/password/edit`: the new password.
///
/// # Errors
/// A fault.
pub async fn update(ask: Ask<Browser>) -> Result<Response, Error> {
    let user = Fields::of(&ask, "user");
    let (token, password) = (user.text("reset_password_token"), Secret::new(user.text("password")));
    let (api, link) = (&ask.api, Secret::new(token.as_str()).hash());
    match users::reset_password(&api.db, &api.passwords, link, password).await {
        Ok(()) => {
            let text = "Your new password is set. All apps and browsers were signed out; sign in with it now.";
            let mut response = notice(&ask, StatusCode::OK, "Done", text).await?;
            ask.me.end(response.headers_mut());
            Ok(response)
        }
        Err(Error::Refused(Refusal::InvalidFields(wrong))) => {
            form(&ask, StatusCode::UNPROCESSABLE_ENTITY, token, &wrong).await
        }
        Err(Error::Refused(Refusal::NotFound(_))) => spent(&ask).await,
        Err(error) => Err(error),
    }
}

async fn form(ask: &Ask<Browser>, status: StatusCode, token: String, wrong: &[FieldError]) -> Result<Response, Error> {
    let error = wrong.first().map(|wrong| format!("This password {}.", wrong.description));
    page(ask, status, &EditPage { frame: Frame::of(ask).await?, token, error })
}

async fn spent(ask: &Ask<Browser>) -> Result<Response, Error> {
    let text = "It was used already, or it is too old. You can ask for another one at “Forgot your password?”.";
    notice(ask, StatusCode::NOT_FOUND, "This link is no longer good", text).await
}

async fn no_mail(ask: &Ask<Browser>) -> Result<Response, Error> {
    let text = "This server sends no mail. Please ask whoever runs it: they can make a link that signs you in, \
                or set a new password for you.";
    notice(ask, StatusCode::OK, "We cannot send you a mail", text).await
}
