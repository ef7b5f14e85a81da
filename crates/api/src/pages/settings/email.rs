//! The e-mail address: which it is, and another one.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use phiomia_model::{Error, Refusal, error::FieldError};
use phiomia_social::users;
use phiomia_store::{Secret, db::users as rows};

use super::{
    super::{Browser, Frame, page, redirect, sign_in},
    Fields, is_saved,
};
use crate::{accounts, gate::Ask};

const HERE: &str = "/settings/email";

#[derive(Template)]
#[template(path = "settings_email.html")]
struct EmailPage {
    frame: Frame,
    here: &'static str,
    is_saved: bool,
    sends_mail: bool,
    has_password: bool,
    current: String,
    /// Waits for its link to be opened.
    pending: Option<String>,
    typed: String,
    email_error: Option<String>,
    password_error: Option<String>,
}

/// `GET /settings/email`.
///
/// # Errors
/// A fault.
pub async fn show(ask: Ask<Browser>) -> Result<Response, Error> {
    answer(&ask, StatusCode::OK, String::new(), &[]).await
}

/// `POST /settings/email`: another address, which is theirs once its link is opened.
///
/// # Errors
/// `TooMany` mails; a fault.
pub async fn update(ask: Ask<Browser>) -> Result<Response, Error> {
    let Some(account) = ask.me.account() else { return sign_in::first(&ask, HERE) };
    if !ask.api.sends_mail {
        return show(ask).await;
    }
    let user = Fields::of(&ask, "user");
    let (email, password) = (user.text("email"), Secret::new(user.text("current_password")));
    let (api, who) = (&ask.api, (account, ask.me.session_id));
    let mail_servers = accounts::mail_servers(api, &email).await?;
    match users::ask_for_address(&api.db, &api.passwords, who, &password, (&email, mail_servers)).await {
        Ok(()) => redirect(&ask, "/settings/email?saved=1"),
        Err(Error::Refused(Refusal::InvalidFields(wrong))) => {
            answer(&ask, StatusCode::UNPROCESSABLE_ENTITY, email, &wrong).await
        }
        Err(error) => Err(error),
    }
}

/// `POST /settings/email/keep`: the address stays as it is.
///
/// # Errors
/// A fault.
pub async fn keep(ask: Ask<Browser>) -> Result<Response, Error> {
    let Some(account) = ask.me.account() else { return sign_in::first(&ask, HERE) };
    users::keep_address(&ask.api.db, account).await?;
    redirect(&ask, HERE)
}

async fn answer(
    ask: &Ask<Browser>,
    status: StatusCode,
    typed: String,
    wrong: &[FieldError],
) -> Result<Response, Error> {
    let Some(user) = &ask.me.user else { return sign_in::first(ask, HERE) };
    let account = user.account_id;
    let pending = ask.api.db.read(move |q| Ok(rows::pending_email(q, account)?)).await?;
    let about = |field: &str| wrong.iter().find(|w| w.field == field).map(|w| w.description.clone());
    let shown = EmailPage {
        frame: Frame::of(ask).await?,
        here: HERE,
        is_saved: wrong.is_empty() && is_saved(ask) && pending.is_some(),
        sends_mail: ask.api.sends_mail,
        has_password: user.password_hash.is_some(),
        current: user.email.clone(),
        pending,
        typed,
        email_error: about("email").map(|end| format!("This address {end}.")),
        password_error: about("current_password").map(|end| format!("This password {end}.")),
    };
    page(ask, status, &shown)
}
