//! What somebody decides about their account: profile, posting defaults, filters, e-mail address, password and browsers, second
//! factor, passkeys, applications, and its end; and what is wrong with the server, for its owner.

pub mod access;
pub mod apps;
pub mod doctor;
pub mod email;
pub mod filters;
pub mod leave;
pub mod passkeys;
pub mod preferences;
pub mod profile;
pub mod two_factor;

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use phiomia_model::{Error, Refusal};
use serde_json::Value;

use super::Browser;
use crate::gate::{Anyone, Ask};

/// `GET /.well-known/change-password`, by which password managers find the page.
/// Source: <https://www.w3.org/TR/change-password-url/>.
///
/// # Errors
/// None; for the table of routes.
pub async fn change_password(_: Ask<Anyone>) -> Result<Response, Error> {
    let to = (header::LOCATION, HeaderValue::from_static("/auth/edit"));
    std::future::ready(Ok((StatusCode::FOUND, [to]).into_response())).await
}

/// The fields of a form that share one name before the brackets, as `account[note]`.
pub(super) struct Fields<'a>(Option<&'a Value>);

impl<'a> Fields<'a> {
    pub(super) fn of(ask: &'a Ask<Browser>, name: &str) -> Fields<'a> {
        Fields(ask.input.get(name))
    }
    /// What stands under the name; empty when nothing does. Browsers end lines with CR LF, we with LF.
    pub(super) fn text(&self, name: &str) -> String {
        let value = self.0.and_then(|fields| fields.get(name)).and_then(Value::as_str);
        value.unwrap_or_default().replace("\r\n", "\n")
    }
    /// Whether the box is ticked: browsers send nothing for one that is not.
    pub(super) fn is_ticked(&self, name: &str) -> bool {
        matches!(self.text(name).as_str(), "1" | "true" | "on")
    }
    /// Fields within fields.
    pub(super) fn within(&self, name: &str) -> Fields<'a> {
        Fields(self.0.and_then(|fields| fields.get(name)))
    }
}

/// Whether the form was just sent and kept.
fn is_saved(ask: &Ask<Browser>) -> bool {
    ask.input.text("saved").is_some()
}

/// What is wrong with a form, as a sentence to stand above it; other errors go on.
fn complaint(error: Error) -> Result<String, Error> {
    match error {
        Error::Refused(refusal @ (Refusal::Invalid(_) | Refusal::InvalidFields(_))) => {
            let sentence = refusal.to_string();
            Ok(sentence.strip_prefix("Validation failed: ").unwrap_or(&sentence).to_owned())
        }
        error => Err(error),
    }
}

/// Whether it can be a language: `de`, `pt-BR`, `zh-Hant-TW`.
pub(crate) fn is_language_tag(text: &str) -> bool {
    let mut parts = text.split('-');
    let is_language =
        parts.next().is_some_and(|p| (2..=3).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_lowercase()));
    is_language
        && text.len() <= 35
        && parts.all(|p| (2..=8).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_alphanumeric()))
}
