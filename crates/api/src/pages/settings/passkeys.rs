//! Passkeys: which there are, one more, another name for one, one less.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use phiomia_model::{AccountId, Error, Noun, PasskeyId, Refusal};
use phiomia_social::users::{self, ALGORITHMS, NICKNAME_CHARACTERS, RelyingParty};
use phiomia_store::{
    Secret,
    db::passkeys::{self, PasskeyView},
};
use serde_json::json;

use super::{
    super::{Browser, Frame, page_with_script, redirect, said, shown_day, sign_in},
    Fields, complaint, two_factor,
};
use crate::gate::Ask;

const HERE: &str = "/settings/passkeys";

#[derive(Template)]
#[template(path = "settings_passkeys.html")]
struct PasskeysPage {
    frame: Frame,
    here: &'static str,
    done: Option<&'static str>,
    error: Option<String>,
    /// The password must be shown, as one signed in a while ago.
    asks_password: bool,
    nickname_characters: usize,
    passkeys: Vec<Shown>,
}

/// A passkey as it is shown.
struct Shown {
    id: PasskeyId,
    nickname: String,
    since: String,
    last_used: Option<String>,
}

/// `GET /settings/passkeys`.
///
/// # Errors
/// A fault.
pub async fn show(ask: Ask<Browser>) -> Result<Response, Error> {
    let Some(account) = ask.me.account() else { return sign_in::first(&ask, HERE) };
    overview(&ask, account, StatusCode::OK, None).await
}

/// `POST /settings/passkeys/options`: what to make a passkey with, for the script.
///
/// # Errors
/// A fault.
pub async fn options(ask: Ask<Browser>) -> Result<Response, Error> {
    let Some(user) = &ask.me.user else { return sign_in::first(&ask, HERE) };
    let (api, who) = (&ask.api, (user.account_id, ask.me.session_id));
    let begun = users::begin_passkey(&api.db, &api.passwords, &api.entropy, who, &password(&ask), &ask.me.csrf()).await;
    let asked = match begun {
        Ok(asked) => asked,
        Err(error) => {
            let error = complaint(error)?;
            return Ok(said(StatusCode::UNPROCESSABLE_ENTITY, &json!({ "error": format!("{error}.") })));
        }
    };
    let name = format!("{}@{}", user.username, api.addresses.local_domain);
    let options = json!({
        "challenge": asked.challenge.expose(),
        "rp": { "id": RelyingParty::of(&api.addresses).id, "name": api.settings().await?.title },
        "user": { "id": asked.handle, "name": name, "displayName": user.username },
        "exclude": asked.existing,
        "algorithms": ALGORITHMS,
    });
    Ok(said(StatusCode::OK, &options))
}

/// `POST /settings/passkeys`: what the authenticator has made.
///
/// # Errors
/// A fault.
pub async fn create(ask: Ask<Browser>) -> Result<Response, Error> {
    let Some(account) = ask.me.account() else { return sign_in::first(&ask, HERE) };
    let (api, party) = (&ask.api, RelyingParty::of(&ask.api.addresses));
    let (bound, answer) = (ask.me.csrf(), ask.input.text("credential").unwrap_or_default());
    let nickname = Fields::of(&ask, "passkey").text("nickname");
    match users::add_passkey(&api.db, &api.entropy, &party, account, (&bound, &answer), &nickname).await {
        Ok(codes) if codes.is_empty() => redirect(&ask, "/settings/passkeys?saved=added"),
        Ok(codes) => two_factor::codes_page(&ask, codes, Some("The passkey was added.")).await,
        Err(error) => overview(&ask, account, StatusCode::UNPROCESSABLE_ENTITY, Some(complaint(error)?)).await,
    }
}

/// `POST /settings/passkeys/{id}`: another name.
///
/// # Errors
/// `NotFound` for a passkey of nobody or somebody else; a fault.
pub async fn update(ask: Ask<Browser>) -> Result<Response, Error> {
    let Some(account) = ask.me.account() else { return sign_in::first(&ask, HERE) };
    let (id, nickname) = (ask.id(Noun::Record)?, Fields::of(&ask, "passkey").text("nickname"));
    match users::rename_passkey(&ask.api.db, account, id, &nickname).await {
        Ok(()) => redirect(&ask, "/settings/passkeys?saved=renamed"),
        Err(error) => overview(&ask, account, StatusCode::UNPROCESSABLE_ENTITY, Some(complaint(error)?)).await,
    }
}

/// `POST /settings/passkeys/{id}/remove`.
///
/// # Errors
/// `NotFound` for a passkey of nobody or somebody else; a fault.
pub async fn delete(ask: Ask<Browser>) -> Result<Response, Error> {
    let Some(account) = ask.me.account() else { return sign_in::first(&ask, HERE) };
    let (api, who, id) = (&ask.api, (account, ask.me.session_id), ask.id(Noun::Record)?);
    match users::remove_passkey(&api.db, &api.passwords, who, id, &password(&ask)).await {
        Ok(()) => redirect(&ask, "/settings/passkeys?saved=removed"),
        Err(error @ Error::Refused(Refusal::NotFound(_))) => Err(error),
        Err(error) => overview(&ask, account, StatusCode::UNPROCESSABLE_ENTITY, Some(complaint(error)?)).await,
    }
}

fn password(ask: &Ask<Browser>) -> Secret {
    Secret::new(Fields::of(ask, "user").text("current_password"))
}

async fn overview(
    ask: &Ask<Browser>,
    account: AccountId,
    status: StatusCode,
    error: Option<String>,
) -> Result<Response, Error> {
    let found = ask.api.db.read(move |q| Ok(passkeys::list(q, account)?)).await?;
    let is_fresh = users::is_fresh(&ask.api.db, account, ask.me.session_id).await?;
    let has_password = ask.me.user.as_ref().is_some_and(|user| user.password_hash.is_some());
    let done = match ask.input.text("saved").as_deref() {
        _ if error.is_some() => None,
        Some("added") => Some("The passkey was added."),
        Some("renamed") => Some("The passkey has its new name."),
        Some("removed") => Some("The passkey was removed. You may want to delete it on your device, too."),
        _ => None,
    };
    let shown = PasskeysPage {
        frame: Frame::of(ask).await?,
        here: HERE,
        done,
        error,
        asks_password: has_password && !is_fresh,
        nickname_characters: NICKNAME_CHARACTERS,
        passkeys: found.into_iter().map(Shown::of).collect(),
    };
    page_with_script(ask, status, &shown)
}

impl Shown {
    fn of(passkey: PasskeyView) -> Shown {
        Shown {
            id: passkey.id,
            nickname: passkey.nickname,
            since: shown_day(passkey.created_at),
            last_used: passkey.last_used_at.map(shown_day),
        }
    }
}
