//! Pages rendered here, for people without our web client: first start, sign in, consent, one-time code, errors, and
//! what anybody may read.
//! They work without script and are allowed to do nothing but load our stylesheet and send forms; only those where a
//! passkey can be used may load the one script that browsers want for that, from here.

mod browser;
pub mod consent;
mod cookies;
mod door;
pub mod home;
pub mod interaction;
pub mod owner;
pub mod passkeys;
pub mod password;
pub mod settings;
pub mod sign_in;
pub mod sign_up;
pub mod style;
pub mod visitors;

use askama::Template;
use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use phiomia_model::{Error, Fault, Time};

pub use browser::Browser;
pub(crate) use door::html_refusal;

use crate::gate::Ask;

/// What a page may load and where its forms may go.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'; style-src 'self'; img-src 'self' data:; media-src 'self'",
);
/// The same for a page whose form leads to an application in the end: browsers look at that redirect too, and at those
/// the application may add, so forms may go anywhere from there, as Mastodon has it.
pub(crate) const CONSENT_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; style-src 'self'; img-src 'self' data:",
);

/// The same for a page where a passkey can be used: our script, which asks us what to sign.
const SCRIPT_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'; style-src 'self'; img-src 'self' data:; script-src 'self'; connect-src 'self'",
);

/// What stands around every page.
#[derive(Debug)]
pub(crate) struct Frame {
    /// What the server is called; empty when we could not ask.
    server: String,
    /// Address of the stylesheet.
    style: &'static str,
    /// Address of the script for passkeys.
    passkeys: &'static str,
    /// Goes into every form.
    csrf: String,
    /// Whether who looks at it looks after the server.
    looks_after: bool,
}

impl Frame {
    /// For a page that answers this request.
    async fn of(ask: &Ask<Browser>) -> Result<Frame, Error> {
        let server = ask.api.settings().await?.title.clone();
        let looks_after = ask.me.user.as_ref().is_some_and(|user| settings::doctor::looks_after(user.role));
        Ok(Frame { server, csrf: ask.me.csrf(), looks_after, ..Frame::bare() })
    }
    /// For a page that stands alone.
    fn bare() -> Frame {
        Frame {
            server: String::new(),
            style: style::path(),
            passkeys: style::passkeys(),
            csrf: String::new(),
            looks_after: false,
        }
    }
}

/// A page without anything but words.
#[derive(Template)]
#[template(path = "notice.html")]
pub(crate) struct Notice {
    pub(crate) frame: Frame,
    pub(crate) title: String,
    pub(crate) text: String,
}

/// A page of words in answer to this request.
pub(crate) async fn notice(
    ask: &Ask<Browser>,
    status: StatusCode,
    title: &str,
    text: impl Into<String>,
) -> Result<Response, Error> {
    let frame = Frame::of(ask).await?;
    page(ask, status, &Notice { frame, title: title.to_owned(), text: text.into() })
}

/// A template as the answer to this request.
pub(crate) fn page(ask: &Ask<Browser>, status: StatusCode, template: &impl Template) -> Result<Response, Error> {
    let html = template.render().map_err(|e| Fault::because("rendering a page", e))?;
    let mut response = html_response(status, html);
    ask.me.settle(response.headers_mut());
    Ok(response)
}

/// The same where a passkey can be used.
pub(crate) fn page_with_script(
    ask: &Ask<Browser>,
    status: StatusCode,
    template: &impl Template,
) -> Result<Response, Error> {
    let mut response = page(ask, status, template)?;
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, SCRIPT_POLICY);
    Ok(response)
}

/// `25 Nov 2026`, in UTC, all on one line.
fn shown_day(time: Time) -> String {
    let moment = jiff::Timestamp::from_second(time.as_secs());
    moment.map(|moment| moment.strftime("%-d\u{a0}%b\u{a0}%Y").to_string()).unwrap_or_default()
}

/// What our script asked for.
fn said(status: StatusCode, json: &serde_json::Value) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8")),
        (header::CACHE_CONTROL, HeaderValue::from_static("private, no-store")),
    ];
    (status, headers, json.to_string()).into_response()
}

/// Sends the browser on, with a `GET`. The address is one of ours or an application's that was checked.
pub(crate) fn redirect(ask: &Ask<Browser>, to: &str) -> Result<Response, Error> {
    let to = HeaderValue::from_str(to).map_err(|e| Fault::because("writing a redirect", e))?;
    let mut response = html_response(StatusCode::FOUND, String::new());
    response.headers_mut().insert(header::LOCATION, to);
    ask.me.settle(response.headers_mut());
    Ok(response)
}

/// The listener adds what every answer has (`nosniff`, `X-Frame-Options` and the like).
fn html_response(status: StatusCode, html: String) -> Response {
    let mut response = (status, Body::from(html)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    headers.insert(header::CONTENT_SECURITY_POLICY, POLICY);
    response
}
