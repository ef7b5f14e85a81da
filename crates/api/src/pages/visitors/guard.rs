//! Who looks at a public page: nobody in particular, and in a form that the page has.

use axum::response::Response;
use http::{HeaderMap, HeaderValue, header, request::Parts};
use phiomia_model::{Error, Refusal};

use crate::{
    gate::{Guard, Identity, Knock, Wants, Who, json_refusal},
    pages::door,
    peer::ClientAddr,
};

/// Somebody without an account, as far as the page knows.
#[derive(Clone, Copy, Debug)]
pub struct Visitor;

impl Guard for Visitor {
    const WHO: Who = Who::Visitor;

    async fn admit(knock: &Knock<'_>) -> Result<Visitor, Error> {
        // A feed has one form, and its readers ask for many.
        let is_feed = knock.parts.uri.path().ends_with(".rss");
        if is_feed || Wants::of(&knock.parts.headers) != Wants::Document {
            return Ok(Visitor);
        }
        Err(Refusal::NotAcceptable.into())
    }

    fn identity(&self, client: ClientAddr) -> Identity {
        Identity { account: None, token: None, client }
    }

    fn refusal(parts: &Parts) -> fn(&Error) -> Response {
        if accept(&parts.headers).contains("text/html") { html_refusal } else { data_refusal }
    }
}

fn html_refusal(error: &Error) -> Response {
    varied(door::html_refusal(error))
}

fn data_refusal(error: &Error) -> Response {
    varied(json_refusal(error))
}

/// The same address answers other clients differently.
fn varied(mut response: Response) -> Response {
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("Accept"));
    response
}

fn accept(headers: &HeaderMap) -> &str {
    headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default()
}
