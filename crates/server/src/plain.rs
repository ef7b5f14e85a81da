//! What is said over plain http beside TLS: the same page over https. An authority finds the answers to its challenges.

use axum::{
    Router,
    extract::{Path, Request, State},
    response::{IntoResponse as _, Response},
    routing::get,
};
use http::{HeaderValue, Method, StatusCode, header};
use phiomia_model::Addresses;

use crate::{acme::Challenges, config::Config, tls::Tls};

/// What answers at `tls.http_listen`.
#[derive(Clone, Debug)]
pub struct Plain {
    /// Domains that are served over https; the first is meant when somebody asks for another one.
    names: Vec<String>,
    /// What an authority may ask for.
    challenges: Option<Challenges>,
    /// Who is led there must be greeted there.
    tls: Option<Tls>,
}

impl Plain {
    /// For a server at these addresses; `more`: other domains that lead here.
    #[must_use]
    pub fn new(addresses: &Addresses, more: &[String]) -> Plain {
        let own = [&addresses.web_domain, &addresses.local_domain];
        let mut names: Vec<String> = Vec::new();
        for name in own.into_iter().chain(more) {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        Plain { names, challenges: None, tls: None }
    }

    /// For the server that the configuration is of.
    #[must_use]
    pub fn of(config: &Config) -> Plain {
        let more: Vec<String> = config.instance.alternate_domains.iter().map(|d| d.as_str().to_owned()).collect();
        Plain::new(&config.addresses(), &more)
    }

    /// With the answers to an authority's challenges; nobody is led to https before there is a certificate.
    #[must_use]
    pub fn waiting_for(self, challenges: Challenges, tls: Tls) -> Plain {
        Plain { challenges: Some(challenges), tls: Some(tls), ..self }
    }

    /// The routes: everything else leads away.
    pub fn router(self) -> Router {
        let challenge = get(answer).fallback(lead);
        Router::new().route("/.well-known/acme-challenge/{token}", challenge).fallback(lead).with_state(self)
    }

    /// The answer to whoever came over plain http: the same over https.
    pub(crate) fn lead(&self, request: &Request) -> Response {
        let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        let path = if path.starts_with('/') { path } else { "/" };
        let Ok(target) = HeaderValue::from_str(&self.target(host, path)) else {
            return StatusCode::BAD_REQUEST.into_response();
        };
        // Older clients know 301 alone, which turns everything into a GET.
        let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
        let status = if is_read { StatusCode::MOVED_PERMANENTLY } else { StatusCode::PERMANENT_REDIRECT };
        (status, [(header::LOCATION, target)]).into_response()
    }

    /// Where to, path and question as they came. The domain is one of ours, whatever was asked for.
    fn target(&self, host: &str, path: &str) -> String {
        let host = host.strip_suffix(":80").unwrap_or(host);
        let known = self.names.iter().find(|name| name.eq_ignore_ascii_case(host));
        let name = known.or(self.names.first()).map(String::as_str).unwrap_or_default();
        format!("https://{name}{path}")
    }
}

/// [RFC 8555, 8.3](https://www.rfc-editor.org/rfc/rfc8555#section-8.3)
async fn answer(State(plain): State<Plain>, Path(token): Path<String>, request: Request) -> Response {
    let found = match &plain.challenges {
        Some(challenges) => challenges.page(&token).await,
        None => None,
    };
    match found {
        Some(text) => ([(header::CONTENT_TYPE, "application/octet-stream")], text).into_response(),
        None => lead(State(plain), request).await,
    }
}

async fn lead(State(plain): State<Plain>, request: Request) -> Response {
    if plain.tls.as_ref().is_some_and(|tls| !tls.is_ready()) {
        let text = "This server waits for its certificate. Please come back in a few minutes.\n";
        return (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "60")], text).into_response();
    }
    plain.lead(&request)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_of_ours_is_kept_and_any_other_becomes_the_first() {
        let domain = |text: &str| text.to_owned();
        let addresses = Addresses::new(domain("https"), domain("example.org"), domain("social.example.org"));
        let plain = Plain::new(&addresses, &[domain("old.example")]);
        let path = "/.well-known/webfinger?resource=acct:a%40b&x=1%2F2";
        for (asked, led) in [
            ("social.example.org", "social.example.org"),
            ("Example.ORG:80", "example.org"),
            ("old.example", "old.example"),
            ("evil.example", "social.example.org"),
            ("", "social.example.org"),
        ] {
            assert_eq!(plain.target(asked, path), format!("https://{led}{path}"));
        }
    }
}
