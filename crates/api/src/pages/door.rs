//! The door of the pages: how a refusal or a fault is told to a person, and where a fault is logged, once.

use std::time::Duration;

use askama::Template;
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use phiomia_model::{Error, Refusal};

use super::{Frame, html_response};

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    frame: Frame,
    status: u16,
    title: &'a str,
    text: &'a str,
}

/// Any error as a page.
pub(crate) fn html_refusal(error: &Error) -> Response {
    match error {
        Error::Refused(refusal) => refused(refusal),
        Error::Broken(fault) => {
            // The request's id is in the span around this.
            tracing::error!(is_transient = fault.is_transient(), "a page failed: {}", fault.chain());
            metrics::counter!("api_faults_total").increment(1);
            if fault.is_transient() {
                refused(&Refusal::Unavailable { retry_after: Duration::from_secs(5) })
            } else {
                let text = "Something went wrong on our end. It has been noted; please try again later.";
                error_page(StatusCode::INTERNAL_SERVER_ERROR, "That did not work", text)
            }
        }
    }
}

fn refused(refusal: &Refusal) -> Response {
    let sentence = refusal.to_string();
    let (status, title, text) = match refusal {
        Refusal::NotFound(_) | Refusal::NoParent | Refusal::NoQuoted => {
            (StatusCode::NOT_FOUND, "There is nothing here", "The page you are looking for does not exist.")
        }
        Refusal::Gone(_) => {
            (StatusCode::GONE, "No longer here", "What was here has been deleted, and it is not coming back.")
        }
        Refusal::NotAcceptable => {
            (StatusCode::NOT_ACCEPTABLE, "Not in this form", "This page cannot be had in the form that was asked for.")
        }
        Refusal::Unauthenticated(_) => (StatusCode::UNAUTHORIZED, "Please sign in", sentence.as_str()),
        Refusal::Forbidden(_) => (StatusCode::FORBIDDEN, "This is not allowed", sentence.as_str()),
        Refusal::Conflict(_) => (StatusCode::CONFLICT, "Somebody was first", sentence.as_str()),
        Refusal::Malformed(_) => (StatusCode::BAD_REQUEST, "We could not read that", sentence.as_str()),
        Refusal::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "That is too large", sentence.as_str()),
        Refusal::UnsupportedForm => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "We could not read that", sentence.as_str()),
        Refusal::Invalid(_) | Refusal::InvalidFields(_) => {
            (StatusCode::UNPROCESSABLE_ENTITY, "That did not work", sentence.as_str())
        }
        Refusal::TooMany { .. } => (
            StatusCode::TOO_MANY_REQUESTS,
            "Too many tries",
            "For everybody's safety, please wait a while before you try again.",
        ),
        Refusal::Unavailable { .. } => (
            StatusCode::SERVICE_UNAVAILABLE,
            "We will be right back",
            "The server is busy or being looked after. Please try again in a moment.",
        ),
    };
    let mut response = error_page(status, title, text);
    if let Refusal::TooMany { retry_after } | Refusal::Unavailable { retry_after } = refusal {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(retry_after.as_secs().max(1)));
    }
    response
}

fn error_page(status: StatusCode, title: &str, text: &str) -> Response {
    let page = ErrorPage { frame: Frame::bare(), status: status.as_u16(), title, text };
    // A template that cannot be rendered still leaves the words.
    let html = page.render().unwrap_or_else(|_| title.to_owned());
    html_response(status, html)
}
