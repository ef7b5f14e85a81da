//! The door of the API: how a refusal or a fault is told to a client, and where a fault is logged, once.

use std::{collections::BTreeMap, time::Duration};

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use phiomia_mastodon::entities;
use phiomia_model::{Error, Refusal, error::FieldError};

/// Left in the answer's extensions for whoever wants to know why (metrics, tests).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused;

/// Any error as the API tells it.
#[must_use]
pub fn json_refusal(error: &Error) -> Response {
    match error {
        Error::Refused(refusal) => refused(refusal),
        Error::Broken(fault) => {
            // The request's id is in the span around this.
            tracing::error!(is_transient = fault.is_transient(), "a request failed: {}", fault.chain());
            metrics::counter!("api_faults_total").increment(1);
            if fault.is_transient() {
                refused(&Refusal::Unavailable { retry_after: Duration::from_secs(5) })
            } else {
                answer(StatusCode::INTERNAL_SERVER_ERROR, plain("Something went wrong on our end"))
            }
        }
    }
}

fn refused(refusal: &Refusal) -> Response {
    let status = match refusal {
        Refusal::NotFound(_) | Refusal::NoParent | Refusal::NoQuoted => StatusCode::NOT_FOUND,
        Refusal::Gone(_) => StatusCode::GONE,
        Refusal::Unauthenticated(_) => StatusCode::UNAUTHORIZED,
        Refusal::Forbidden(_) => StatusCode::FORBIDDEN,
        Refusal::Invalid(_) | Refusal::InvalidFields(_) => StatusCode::UNPROCESSABLE_ENTITY,
        Refusal::Malformed(_) => StatusCode::BAD_REQUEST,
        Refusal::Conflict(_) => StatusCode::CONFLICT,
        Refusal::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Refusal::UnsupportedForm => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Refusal::NotAcceptable => StatusCode::NOT_ACCEPTABLE,
        Refusal::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
        Refusal::Unavailable { .. } => StatusCode::SERVICE_UNAVAILABLE,
    };
    let mut body = plain(&refusal.to_string());
    if let Refusal::InvalidFields(fields) = refusal {
        body.details = Some(details(fields));
    }
    let mut response = answer(status, body);
    let headers = response.headers_mut();
    match refusal {
        Refusal::TooMany { retry_after } | Refusal::Unavailable { retry_after } => {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(retry_after.as_secs().max(1)));
        }
        Refusal::Unauthenticated(_) => {
            headers.insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static(r#"Bearer realm="Phiomia", error="invalid_token""#),
            );
        }
        _ => {}
    }
    response
}

fn plain(sentence: &str) -> entities::Error {
    entities::Error { error: sentence.to_owned(), error_description: None, details: None }
}

fn details(fields: &[FieldError]) -> BTreeMap<String, Vec<entities::ErrorDetail>> {
    let mut details: BTreeMap<String, Vec<entities::ErrorDetail>> = BTreeMap::new();
    for field in fields {
        let detail = entities::ErrorDetail { error: field.code.to_owned(), description: field.description.clone() };
        details.entry(field.field.to_owned()).or_default().push(detail);
    }
    details
}

fn answer(status: StatusCode, body: entities::Error) -> Response {
    let mut response = (status, axum::Json(body)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    response.extensions_mut().insert(Refused);
    response
}
