//! What is said over plain http beside TLS: the same page over https.

use axum::{
    Router,
    extract::{Request, State},
    response::{IntoResponse as _, Response},
};
use http::{HeaderValue, Method, StatusCode, header};
use phiomia_model::Addresses;

/// What answers at `tls.http_listen`.
#[derive(Clone, Debug)]
pub struct Plain {
    /// Domains that are served over https; the first is meant when somebody asks for another one.
    names: Vec<String>,
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
        Plain { names }
    }

    /// The routes: everything leads away.
    pub fn router(self) -> Router {
        Router::new().fallback(lead).with_state(self)
    }

    /// Where to, path and question as they came. The domain is one of ours, whatever was asked for.
    fn target(&self, host: &str, path: &str) -> String {
        let host = host.strip_suffix(":80").unwrap_or(host);
        let known = self.names.iter().find(|name| name.eq_ignore_ascii_case(host));
        let name = known.or(self.names.first()).map(String::as_str).unwrap_or_default();
        format!("https://{name}{path}")
    }
}

async fn lead(State(plain): State<Plain>, request: Request) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let path = if path.starts_with('/') { path } else { "/" };
    let Ok(target) = HeaderValue::from_str(&plain.target(host, path)) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    // Older clients know 301 alone, which turns everything into a GET.
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    let status = if is_read { StatusCode::MOVED_PERMANENTLY } else { StatusCode::PERMANENT_REDIRECT };
    (status, [(header::LOCATION, target)]).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_of_ours_is_kept_and_any_other_becomes_the_first() {
        let domain = |text: &str| text.to_owned();
        let addresses = Addresses {
            scheme: domain("https"),
            local_domain: domain("example.org"),
            web_domain: domain("social.example.org"),
        };
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
