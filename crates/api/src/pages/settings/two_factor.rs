//! The second factor: turned on with an authenticator app, turned off, new recovery codes.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use phiomia_model::{AccountId, Error, Fault, Refusal};
use phiomia_social::users::{self, Setup};
use phiomia_store::{
    Secret,
    db::{passkeys, second_factor},
};
use qrcode::{Color, EcLevel, QrCode};

use super::{
    super::{Browser, Frame, page, redirect, sign_in},
    Fields, is_saved,
};
use crate::gate::Ask;

const HERE: &str = "/settings/two_factor";
/// White squares around the code, without which readers do not find it. Source: ISO/IEC 18004.
const QUIET: usize = 4;

#[derive(Template)]
#[template(path = "settings_two_factor.html")]
struct TwoFactorPage {
    frame: Frame,
    here: &'static str,
    is_saved: bool,
    is_on: bool,
    has_passkey: bool,
    n_codes: i64,
    error: Option<String>,
}

#[derive(Template)]
#[template(path = "settings_two_factor_setup.html")]
struct SetupPage {
    frame: Frame,
    here: &'static str,
    secret: String,
    address: String,
    picture: Picture,
    error: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "settings_recovery_codes.html")]
struct CodesPage {
    frame: Frame,
    here: &'static str,
    done: Option<&'static str>,
    codes: Vec<Secret>,
}

/// A QR code: the side in squares, and the dark squares as the path of an SVG.
struct Picture {
    side: usize,
    path: String,
}

/// `GET /settings/two_factor`.
///
/// # Errors
/// A fault.
pub async fn show(ask: Ask<Browser>) -> Result<Response, Error> {
    let Some(account) = ask.me.account() else { return sign_in::first(&ask, HERE) };
    overview(&ask, account, StatusCode::OK, None).await
}

/// `POST /settings/two_factor/setup`: a new secret, for the right password.
///
/// # Errors
/// `Conflict` when a second factor is on; a fault.
pub async fn begin(ask: Ask<Browser>) -> Result<Response, Error> {
    let Some(account) = ask.me.account() else { return sign_in::first(&ask, HERE) };
    let api = &ask.api;
    let password = password(&ask);
    match users::begin_second_factor(&api.db, &api.passwords, &api.sealer, &api.entropy, account, &password).await {
        Ok(()) => redirect(&ask, "/settings/two_factor/setup"),
        Err(error) => wrong_password(&ask, account, error).await,
    }
}

/// `GET /settings/two_factor/setup`: the secret that waits for its first code.
///
/// # Errors
/// A fault.
pub async fn setup(ask: Ask<Browser>) -> Result<Response, Error> {
    let Some(account) = ask.me.account() else { return sign_in::first(&ask, HERE) };
    match waiting(&ask, account).await? {
        Some(setup) => setup_page(&ask, StatusCode::OK, &setup, None).await,
        None => redirect(&ask, HERE),
    }
}

/// `POST /settings/two_factor/confirm`: the first code.
///
/// # Errors
/// `TooMany`; a fault.
pub async fn confirm(ask: Ask<Browser>) -> Result<Response, Error> {
    let Some(account) = ask.me.account() else { return sign_in::first(&ask, HERE) };
    let Some(setup) = waiting(&ask, account).await? else { return redirect(&ask, HERE) };
    let (api, code) = (&ask.api, Fields::of(&ask, "user").text("otp_attempt"));
    match users::confirm_second_factor(&api.db, &api.sealer, &api.entropy, account, &code).await? {
        Some(codes) => codes_page(&ask, codes, Some("The second factor is on.")).await,
        None => {
            let error = "This code is not right. Is the clock of your device?";
            setup_page(&ask, StatusCode::UNPROCESSABLE_ENTITY, &setup, Some(error)).await
        }
    }
}

/// `POST /settings/two_factor/codes`: new recovery codes, for the right password.
///
/// # Errors
/// `NotFound` without a second factor; a fault.
pub async fn renew_codes(ask: Ask<Browser>) -> Result<Response, Error> {
    let Some(account) = ask.me.account() else { return sign_in::first(&ask, HERE) };
    let (api, password) = (&ask.api, password(&ask));
    match users::renew_recovery_codes(&api.db, &api.passwords, &api.entropy, account, &password).await {
        Ok(codes) => codes_page(&ask, codes, None).await,
        Err(error) => wrong_password(&ask, account, error).await,
    }
}

/// `POST /settings/two_factor/disable`: no second factor, for the right password.
///
/// # Errors
/// A fault.
pub async fn disable(ask: Ask<Browser>) -> Result<Response, Error> {
    let Some(account) = ask.me.account() else { return sign_in::first(&ask, HERE) };
    let (api, password) = (&ask.api, password(&ask));
    match users::end_second_factor(&api.db, &api.passwords, account, &password).await {
        Ok(()) => redirect(&ask, "/settings/two_factor?saved=1"),
        Err(error) => wrong_password(&ask, account, error).await,
    }
}

fn password(ask: &Ask<Browser>) -> Secret {
    Secret::new(Fields::of(ask, "user").text("current_password"))
}

async fn waiting(ask: &Ask<Browser>, account: AccountId) -> Result<Option<Setup>, Error> {
    let domain = &ask.api.addresses.local_domain;
    users::waiting_second_factor(&ask.api.db, &ask.api.sealer, account, domain).await
}

async fn wrong_password(ask: &Ask<Browser>, account: AccountId, error: Error) -> Result<Response, Error> {
    match error {
        Error::Refused(Refusal::InvalidFields(_)) => {
            let sentence = Some("This password is not right.".to_owned());
            overview(ask, account, StatusCode::UNPROCESSABLE_ENTITY, sentence).await
        }
        error => Err(error),
    }
}

async fn overview(
    ask: &Ask<Browser>,
    account: AccountId,
    status: StatusCode,
    error: Option<String>,
) -> Result<Response, Error> {
    let (otp, n_codes, has_passkey) = ask
        .api
        .db
        .read(move |q| {
            let has_passkey = !passkeys::list(q, account)?.is_empty();
            Ok((second_factor::find(q, account)?, second_factor::n_codes(q, account)?, has_passkey))
        })
        .await?;
    let is_on = otp.is_some_and(|otp| otp.is_confirmed);
    let is_saved = error.is_none() && is_saved(ask) && !is_on;
    let frame = Frame::of(ask).await?;
    page(ask, status, &TwoFactorPage { frame, here: HERE, is_saved, is_on, has_passkey, n_codes, error })
}

async fn setup_page(
    ask: &Ask<Browser>,
    status: StatusCode,
    setup: &Setup,
    error: Option<&'static str>,
) -> Result<Response, Error> {
    let shown = SetupPage {
        frame: Frame::of(ask).await?,
        here: HERE,
        secret: in_fours(setup.secret.expose()),
        address: setup.address.expose().to_owned(),
        picture: Picture::of(setup.address.expose())?,
        error,
    };
    page(ask, status, &shown)
}

/// Recovery codes, shown this once.
pub(super) async fn codes_page(
    ask: &Ask<Browser>,
    codes: Vec<Secret>,
    done: Option<&'static str>,
) -> Result<Response, Error> {
    page(ask, StatusCode::OK, &CodesPage { frame: Frame::of(ask).await?, here: HERE, done, codes })
}

/// Easier to type.
fn in_fours(secret: &str) -> String {
    let mut text = String::new();
    for (at, letter) in secret.chars().enumerate() {
        if at > 0 && at % 4 == 0 {
            text.push(' ');
        }
        text.push(letter);
    }
    text
}

impl Picture {
    fn of(text: &str) -> Result<Picture, Fault> {
        let code = QrCode::with_error_correction_level(text, EcLevel::M)
            .map_err(|e| Fault::because("drawing a QR code", e))?;
        let width = code.width();
        let mut path = String::new();
        for (at, color) in code.to_colors().into_iter().enumerate() {
            if color == Color::Dark {
                let (x, y) = (at % width + QUIET, at / width + QUIET);
                path.push_str(&format!("M{x} {y}h1v1h-1z"));
            }
        }
        Ok(Picture { side: width + 2 * QUIET, path })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_has_its_three_corners_and_room_around() {
        let Ok(picture) = Picture::of("otpauth://totp/x") else { panic!("no picture") };
        let is_dark = |x: usize, y: usize| picture.path.contains(&format!("M{x} {y}h"));
        let far = picture.side - QUIET - 1;
        assert!(is_dark(QUIET, QUIET) && is_dark(far, QUIET) && is_dark(QUIET, far));
        assert!(!is_dark(QUIET - 1, QUIET) && !is_dark(QUIET + 1, QUIET + 1));
        assert_eq!(in_fours("ABCDEFGHI"), "ABCD EFGH I");
    }
}
