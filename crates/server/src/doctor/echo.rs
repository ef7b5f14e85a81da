//! Asking this server through its public address, and knowing its answer from anybody else's.

use http::{HeaderValue, Method};
use phiomia_api::doctor::token;
use phiomia_federation::outbound::{Answer, Failure, Prober};
use phiomia_store::seal::Sealer;
use serde::Deserialize;
use url::Url;

use super::{Practice, trip::explained};

/// What arrived of a request.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Arrived {
    proof: String,
    pub(super) target: Option<String>,
    headers: Vec<(String, String)>,
    pub(super) body_bytes: usize,
    /// Who it was that came to the server.
    pub(super) near: Option<String>,
    /// Where the server that runs says that it is.
    pub(super) base: String,
    pub(super) version: String,
}

impl Arrived {
    /// The lines of a header, joined.
    pub(super) fn header(&self, name: &str) -> Option<String> {
        let lines: Vec<&str> = self.headers.iter().filter(|(n, _)| n == name).map(|(_, v)| v.as_str()).collect();
        if lines.is_empty() { None } else { Some(lines.join(", ")) }
    }
}

/// Who answered.
#[derive(Clone, Debug)]
pub(super) enum Heard {
    /// This server.
    Us(Box<Arrived>),
    /// Somebody on the way sends elsewhere.
    Led(Url),
    /// Somebody else, or a server that does not know our token.
    Other { status: u16, server: String },
    /// Nobody.
    Nobody(String),
}

impl Practice {
    /// A token by which this server knows its doctor.
    pub(super) fn token(&self) -> String {
        token::make(&self.sealer, self.clock.now())
    }

    /// Where this server tells what arrived.
    pub(super) fn echo_url(&self, token: &str) -> Option<Url> {
        self.url(&self.addresses.web_domain, &format!("/api/doctor/{token}"))
    }

    /// Asks what arrives, by this way.
    pub(super) async fn knock(&self, prober: &Prober) -> Heard {
        let token = self.token();
        let Some(url) = self.echo_url(&token) else { return Heard::Nobody("its address is none".to_owned()) };
        heard(&self.sealer, &token, &url, prober.ask(Method::GET, &url, &[]).await)
    }
}

/// Who gave this answer to a question with this token.
pub(super) fn heard(sealer: &Sealer, token: &str, asked: &Url, answer: Result<Answer, Failure>) -> Heard {
    let answer = match answer {
        Ok(answer) => answer,
        Err(failure) => return Heard::Nobody(explained(&failure)),
    };
    let said = serde_json::from_slice::<Arrived>(&answer.body).ok();
    if let Some(arrived) = said.filter(|arrived| arrived.proof == token::proof(sealer, token)) {
        return Heard::Us(Box::new(arrived));
    }
    let header = |name| answer.headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let to = header(http::header::LOCATION).filter(|_| answer.status.is_redirection());
    match to.and_then(|to| asked.join(to).ok()) {
        Some(to) => Heard::Led(to),
        None => Heard::Other {
            status: answer.status.as_u16(),
            server: header(http::header::SERVER).unwrap_or("an unnamed program").to_owned(),
        },
    }
}
