//! Signing up, and confirming the address by the link in the mail.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use phiomia_model::{Error, Refusal, error::FieldError};
use phiomia_social::users::{self, Age, NewUser, Origin, SignUp};
use phiomia_store::{
    Secret,
    db::{moderation::sign_ups::IpSeverity, users::Standing},
};

use super::{
    Browser, Frame, notice, page, redirect,
    settings::{Fields, is_language_tag},
};
use crate::{accounts, gate::Ask, settings::Registrations};

#[derive(Template)]
#[template(path = "sign_up.html")]
struct SignUpPage {
    frame: Frame,
    domain: String,
    needs_approval: bool,
    /// In years; `None`: nobody is asked for their age.
    least_age: Option<u8>,
    form: Form,
    errors: Errors,
}

/// What was typed; the password is typed anew.
#[derive(Default)]
struct Form {
    username: String,
    email: String,
    reason: String,
    born: String,
}

/// What is wrong, beside its field.
#[derive(Default)]
struct Errors {
    username: Option<String>,
    email: Option<String>,
    password: Option<String>,
    agreement: Option<String>,
    reason: Option<String>,
    born: Option<String>,
}

#[derive(Template)]
#[template(path = "confirmation.html")]
struct ConfirmationPage {
    frame: Frame,
    token: String,
}

/// `GET /auth/sign_up`.
///
/// # Errors
/// A fault.
pub async fn new(ask: Ask<Browser>) -> Result<Response, Error> {
    if ask.me.user.is_some() {
        return redirect(&ask, "/");
    }
    form(&ask, StatusCode::OK, Form::default(), &[]).await
}

/// `POST /auth/sign_up`.
///
/// # Errors
/// `TooMany` mails to one address; a fault.
pub async fn create(ask: Ask<Browser>) -> Result<Response, Error> {
    let (api, settings) = (&ask.api, ask.api.settings().await?);
    let rule = api.rule_for(ask.client).await?;
    if settings.registrations == Registrations::Closed || rule == Some(IpSeverity::SignUpBlock) {
        return closed(&ask).await;
    }
    let user = Fields::of(&ask, "user");
    // The at sign in front belongs to the name in people's minds.
    let username = user.within("account_attributes").text("username").trim().trim_start_matches('@').to_owned();
    let reason = user.within("invite_request_attributes").text("text");
    let born = user.text("date_of_birth");
    let age = Age::judge(settings.least_age(), Some(&born), &api.now().to_iso_day());
    let sent = Form { username: username.clone(), email: user.text("email"), reason: reason.clone(), born };
    let new = NewUser {
        username,
        email: Some(user.text("email")),
        password: Some(Secret::new(user.text("password"))),
        is_discoverable: true,
        is_indexable: true,
        locale: ask.header("accept-language").and_then(first_language),
        reason: Some(reason).filter(|reason| !reason.trim().is_empty()),
        ..NewUser::default()
    };
    let needs_approval = settings.registrations == Registrations::Approval || rule.is_some();
    let origin = Origin { address: Some(ask.client.0), app: None };
    let mail_servers = accounts::mail_servers(api, new.email.as_deref().unwrap_or_default()).await?;
    let sign_up = SignUp { new, agrees: user.is_ticked("agreement"), age, needs_approval, origin, mail_servers };
    match users::sign_up(&api.db, &api.addresses, &api.passwords, sign_up).await {
        Ok(_) if api.sends_mail => {
            let text = "We have sent you a mail. Open the link in it within two days to confirm your address.";
            notice(&ask, StatusCode::OK, "One more step", text).await
        }
        Ok(_) => {
            let text = "This server sends no mail, so whoever runs it has to confirm your address by hand.";
            notice(&ask, StatusCode::OK, "Please be patient", text).await
        }
        Err(Error::Refused(Refusal::InvalidFields(wrong))) => {
            form(&ask, StatusCode::UNPROCESSABLE_ENTITY, sent, &wrong).await
        }
        Err(error) => Err(error),
    }
}

/// `GET /auth/confirmation`, where the mail leads. Looking uses nothing up: mail scanners look too.
///
/// # Errors
/// A fault.
pub async fn confirmation(ask: Ask<Browser>) -> Result<Response, Error> {
    let token = ask.input.text("confirmation_token").unwrap_or_default();
    if !users::is_confirmation_link(&ask.api.db, Secret::new(token.as_str()).hash()).await? {
        return spent(&ask).await;
    }
    page(&ask, StatusCode::OK, &ConfirmationPage { frame: Frame::of(&ask).await?, token })
}

/// `POST /auth/confirmation`.
///
/// # Errors
/// A fault.
pub async fn confirm(ask: Ask<Browser>) -> Result<Response, Error> {
    let token = ask.input.text("confirmation_token").unwrap_or_default();
    let user = match users::confirm_email(&ask.api.db, Secret::new(token).hash()).await {
        Ok(user) => user,
        Err(Error::Refused(Refusal::NotFound(_))) => return spent(&ask).await,
        Err(error) => return Err(error),
    };
    let text = match user.standing() {
        Standing::Pending => "Your address is confirmed. Now the people who run this server look at your sign-up.",
        _ => "Your address is confirmed. You can sign in, here or with an app.",
    };
    notice(&ask, StatusCode::OK, "Thank you", text).await
}

async fn form(ask: &Ask<Browser>, status: StatusCode, form: Form, wrong: &[FieldError]) -> Result<Response, Error> {
    let settings = ask.api.settings().await?;
    if settings.registrations == Registrations::Closed {
        return closed(ask).await;
    }
    let about = |field: &str, words: &str| {
        wrong.iter().find(|w| w.field == field).map(|w| format!("{words} {}.", w.description))
    };
    let shown = SignUpPage {
        frame: Frame::of(ask).await?,
        domain: ask.api.addresses.local_domain.clone(),
        needs_approval: settings.registrations == Registrations::Approval,
        least_age: settings.least_age(),
        form,
        errors: Errors {
            username: about("username", "This name"),
            email: about("email", "This address"),
            password: about("password", "This password"),
            agreement: about("agreement", "The rules"),
            reason: about("reason", "This text"),
            born: about("date_of_birth", "This day"),
        },
    };
    page(ask, status, &shown)
}

async fn closed(ask: &Ask<Browser>) -> Result<Response, Error> {
    let settings = ask.api.settings().await?;
    let text = settings.closed_registrations_message.clone();
    let text = text.unwrap_or_else(|| "Nobody can sign up here at present.".to_owned());
    notice(ask, StatusCode::FORBIDDEN, "Sign-ups are closed", text).await
}

async fn spent(ask: &Ask<Browser>) -> Result<Response, Error> {
    let text = "It was used already, or it is too old. If you can sign in, all is well.";
    notice(ask, StatusCode::NOT_FOUND, "This link is no longer good", text).await
}

/// The language a browser asks for first.
fn first_language(header: &str) -> Option<String> {
    let first = header.split([',', ';']).next()?.trim();
    is_language_tag(first).then(|| first.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_language_of_a_browser_is_taken_if_it_is_one() {
        assert_eq!(first_language("de-AT,de;q=0.9,en;q=0.8").as_deref(), Some("de-AT"));
        assert_eq!((first_language("*"), first_language("")), (None, None));
    }
}
