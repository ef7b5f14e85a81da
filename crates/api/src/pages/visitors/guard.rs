//! Who looks at a public page: nobody in particular, and in a form that the page has.

use axum::response::Response;
use http::{HeaderMap, HeaderValue, header, request::Parts};
use phiomia_model::{Error, Refusal};

use crate::{
    gate::{Guard, Identity, Knock, Who, json_refusal},
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
        if is_feed || !prefers_data(&knock.parts.headers) {
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

/// Whether a client would rather have the thing itself than a page about it, as other servers do: what has the
/// highest quality counts, and of several the first.
fn prefers_data(headers: &HeaderMap) -> bool {
    let mut best: Option<(f32, bool)> = None;
    for range in accept(headers).split(',') {
        let mut parts = range.split(';').map(str::trim);
        let is_data = match parts.next().unwrap_or_default() {
            "application/activity+json" | "application/ld+json" | "application/json" => true,
            "text/html" | "application/xhtml+xml" | "text/*" | "*/*" => false,
            _ => continue,
        };
        let quality = parts.find_map(|part| part.strip_prefix("q=")).and_then(|q| q.parse().ok()).unwrap_or(1.0_f32);
        if quality > 0.0 && best.is_none_or(|(most, _)| quality > most) {
            best = Some((quality, is_data));
        }
    }
    best.is_some_and(|(_, is_data)| is_data)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test shall fail loudly")]

    use super::*;

    #[test]
    fn pages_are_for_browsers_and_for_who_takes_anything() {
        for (accept, is_data) in [
            ("", false),
            ("*/*", false),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", false),
            ("image/png", false),
            ("application/activity+json", true),
            ("application/ld+json; profile=\"https://www.w3.org/ns/activitystreams\"", true),
            ("application/activity+json, text/html;q=0.1", true),
            ("application/json;q=0.5, text/html", false),
            ("text/html, application/activity+json", false),
            ("application/activity+json, */*", true),
            ("application/activity+json;q=0, */*", false),
        ] {
            let headers = HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_str(accept).unwrap())]);
            assert_eq!(prefers_data(&headers), is_data, "{accept}");
        }
    }
}
