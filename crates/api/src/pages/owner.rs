//! The one-time link that the server prints: on an empty server it makes the owner, later it signs in.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use phiomia_model::{Error, Refusal, error::FieldError};
use phiomia_social::users::{self, NewUser, SignInOutcome};
use phiomia_store::{
    Secret,
    db::links::{self, Purpose},
};

use super::{Browser, Frame, browser, notice, page, sign_in};
use crate::gate::Ask;

#[derive(Template)]
#[template(path = "owner.html")]
struct FirstStart {
    frame: Frame,
    domain: String,
    username: String,
    username_error: Option<String>,
    password_error: Option<String>,
}

#[derive(Template)]
#[template(path = "owner_sign_in.html")]
struct SignInByLink {
    frame: Frame,
    username: String,
}

/// `GET /owner/{token}`. Looking uses nothing up: mail scanners and previews look too.
///
/// # Errors
/// A fault.
pub async fn show(ask: Ask<Browser>) -> Result<Response, Error> {
    match purpose(&ask).await? {
        None => spent(&ask).await,
        Some(Link::FirstOwner) => first_start(&ask, StatusCode::OK, String::new(), &[]).await,
        Some(Link::SignIn(username)) => {
            let frame = Frame::of(&ask).await?;
            page(&ask, StatusCode::OK, &SignInByLink { frame, username })
        }
    }
}

/// `POST /owner/{token}`.
///
/// # Errors
/// A fault.
pub async fn create(ask: Ask<Browser>) -> Result<Response, Error> {
    match purpose(&ask).await? {
        None => spent(&ask).await,
        Some(Link::FirstOwner) => claim(&ask).await,
        Some(Link::SignIn(username)) => {
            let link = Secret::new(ask.piece("token")).hash();
            let from = browser::described(&ask);
            match users::sign_in_by_link(&ask.api.db, &ask.api.entropy, link, from).await {
                Ok(SignInOutcome::Done(signed_in)) => sign_in::enter(&ask, &signed_in, "/").await,
                Ok(other) => sign_in::refused(&ask, username, &other).await,
                Err(Error::Refused(Refusal::NotFound(_))) => spent(&ask).await,
                Err(error) => Err(error),
            }
        }
    }
}

async fn claim(ask: &Ask<Browser>) -> Result<Response, Error> {
    let api = &ask.api;
    let text = |name| ask.input.text(name).unwrap_or_default();
    // The at sign in front belongs to the name in people's minds.
    let username = text("username").trim().trim_start_matches('@').to_owned();
    let new = NewUser {
        username: username.clone(),
        password: Some(Secret::new(text("password"))),
        is_discoverable: true,
        is_indexable: true,
        ..NewUser::default()
    };
    let link = Secret::new(ask.piece("token")).hash();
    let created = users::create_first_owner(&api.db, &api.addresses, &api.passwords, link, new).await;
    let account = match created {
        Ok(account) => account,
        Err(Error::Refused(Refusal::InvalidFields(wrong))) => {
            return first_start(ask, StatusCode::UNPROCESSABLE_ENTITY, username, &wrong).await;
        }
        Err(Error::Refused(Refusal::NotFound(_) | Refusal::Conflict(_))) => return spent(ask).await,
        Err(error) => return Err(error),
    };
    match users::begin_session(&api.db, &api.entropy, account, browser::described(ask)).await? {
        SignInOutcome::Done(signed_in) => sign_in::enter(ask, &signed_in, "/").await,
        other => sign_in::refused(ask, username, &other).await,
    }
}

async fn first_start(
    ask: &Ask<Browser>,
    status: StatusCode,
    username: String,
    wrong: &[FieldError],
) -> Result<Response, Error> {
    let about = |field: &str| wrong.iter().find(|w| w.field == field).map(|w| w.description.clone());
    let first_start = FirstStart {
        frame: Frame::of(ask).await?,
        domain: ask.api.addresses.local_domain.clone(),
        username,
        username_error: about("username").map(|end| format!("This name {end}.")),
        password_error: about("password").map(|end| format!("This password {end}.")),
    };
    page(ask, status, &first_start)
}

enum Link {
    FirstOwner,
    SignIn(String),
}

async fn purpose(ask: &Ask<Browser>) -> Result<Option<Link>, Error> {
    let (link, now) = (Secret::new(ask.piece("token")).hash(), ask.api.now());
    ask.api
        .db
        .read(move |q| {
            if links::find(q, link, Purpose::FirstOwner, now)?.is_some() {
                return Ok(Some(Link::FirstOwner));
            }
            let account = links::find(q, link, Purpose::SignIn, now)?.and_then(|l| l.account_id);
            let user = account.map(|account| phiomia_store::db::users::find(q, account)).transpose()?.flatten();
            Ok(user.map(|user| Link::SignIn(user.username)))
        })
        .await
}

async fn spent(ask: &Ask<Browser>) -> Result<Response, Error> {
    let text = "It was used already, or it is too old. The command “phiomia account owner-link” makes a new one.";
    notice(ask, StatusCode::NOT_FOUND, "This link is no longer good", text).await
}
