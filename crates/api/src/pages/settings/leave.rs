//! The end of an account, by whoever it is of.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use phiomia_model::{Error, Refusal, Role};
use phiomia_social::users;
use phiomia_store::Secret;

use super::{
    super::{Browser, Frame, notice, page, sign_in},
    Fields,
};
use crate::gate::Ask;

const HERE: &str = "/settings/delete";

#[derive(Template)]
#[template(path = "settings_leave.html")]
struct LeavePage {
    frame: Frame,
    here: &'static str,
    handle: String,
    /// Nobody could look after the server without them.
    is_owner: bool,
    /// Who came by link has none.
    has_password: bool,
    password_error: Option<String>,
}

/// `GET /settings/delete`.
///
/// # Errors
/// A fault.
pub async fn show(ask: Ask<Browser>) -> Result<Response, Error> {
    answer(&ask, StatusCode::OK, None).await
}

/// `POST /settings/delete`: the account is gone, and so is the session.
///
/// # Errors
/// `Forbidden` for the owner; a fault.
pub async fn delete(ask: Ask<Browser>) -> Result<Response, Error> {
    let Some(account) = ask.me.account() else { return sign_in::first(&ask, HERE) };
    let current = Secret::new(Fields::of(&ask, "user").text("current_password"));
    match users::leave(&ask.api.db, &ask.api.passwords, (account, ask.me.session_id), &current).await {
        Ok(()) => {
            let text = "Nobody sees it any more. Its posts are erased in thirty days; its name is never given away.";
            let mut response = notice(&ask, StatusCode::OK, "Your account is deleted", text).await?;
            ask.me.end(response.headers_mut());
            Ok(response)
        }
        Err(Error::Refused(Refusal::InvalidFields(wrong))) => {
            let sentence = wrong.first().map(|wrong| format!("This password {}.", wrong.description));
            answer(&ask, StatusCode::UNPROCESSABLE_ENTITY, sentence).await
        }
        Err(error) => Err(error),
    }
}

async fn answer(ask: &Ask<Browser>, status: StatusCode, password_error: Option<String>) -> Result<Response, Error> {
    let Some(user) = &ask.me.user else { return sign_in::first(ask, HERE) };
    let shown = LeavePage {
        frame: Frame::of(ask).await?,
        here: HERE,
        handle: format!("@{}@{}", user.username, ask.api.addresses.local_domain),
        is_owner: user.role == Role::Owner,
        has_password: user.password_hash.is_some(),
        password_error,
    };
    page(ask, status, &shown)
}
