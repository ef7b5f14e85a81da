//! One document from its own server, and whether it is what it says it is.

use std::time::Duration;

use http::{Method, StatusCode, header};
use phiomia_activitypub::{
    Document, Unreadable, Uri,
    signature::{self, Dialect},
    webfinger::is_activity_type,
};
use phiomia_model::{Error, Fault, Refusal};
use phiomia_store::db::federation::{
    domains::{self, Severity},
    key_pairs::SERVER,
};
use url::Url;

use crate::{
    Federation,
    outbound::{Answer, Failure},
};

/// What we ask for. Source: <https://www.w3.org/TR/activitypub/#retrieving-objects>.
const ACCEPT: &str =
    "application/activity+json, application/ld+json; profile=\"https://www.w3.org/ns/activitystreams\"";

/// Why there is no document.
#[derive(Debug, thiserror::Error)]
pub enum Missing {
    /// Its server says that it is gone for good (`410`).
    #[error("{0} is gone")]
    Gone(Uri),
    /// Its server says that there is nothing (`404`), or nothing for us.
    #[error("{0} is not there")]
    NotThere(Uri),
    /// Nothing is asked of that domain.
    #[error("{0} is a domain we do not speak with")]
    KeptAway(String),
    /// Its server does not answer, or not now.
    #[error("{0} cannot be fetched: {1}")]
    Unreachable(Uri, String),
    /// The name server of this machine does not answer, so that nobody can be asked.
    #[error("{0} cannot be fetched: {failure}", failure = Failure::NoNames)]
    NoNames(Uri),
    /// Its server wants to be left alone for so long.
    #[error("{0} wants to be left alone for {seconds} s more", seconds = .1.as_secs())]
    Resting(String, Duration),
    /// More would have to be asked than one cause may lead to.
    #[error("too much would have to be asked for this")]
    TooMuch,
    /// What came is not what was asked for.
    #[error("{0} is not what it says it is: {1}")]
    NotGenuine(Uri, &'static str),
    /// What came cannot be read.
    #[error("{0} cannot be read: {1}")]
    Unreadable(Uri, Unreadable),
    /// Ours failed.
    #[error(transparent)]
    Broken(#[from] Fault),
    /// Ours refused.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

impl From<Error> for Missing {
    fn from(error: Error) -> Missing {
        match error {
            Error::Refused(refusal) => Missing::Refused(refusal),
            Error::Broken(fault) => Missing::Broken(fault),
        }
    }
}

impl Missing {
    /// Whether something of ours does not work: what is asked for may well be there.
    pub(crate) fn is_ours(&self) -> bool {
        matches!(self, Missing::Broken(_) | Missing::NoNames(_))
    }

    /// Whether it may be had later: nobody has said that it is not there.
    pub(crate) fn passes(&self) -> bool {
        self.is_ours() || matches!(self, Missing::Unreachable(..) | Missing::Resting(..))
    }

    /// Why a request to the server of this got no answer.
    pub(crate) fn because(uri: &Uri, failure: &Failure) -> Missing {
        match failure {
            Failure::Forbidden(_, why) => Missing::NotGenuine(uri.clone(), why),
            Failure::NoNames => Missing::NoNames(uri.clone()),
            other => Missing::Unreachable(uri.clone(), other.to_string()),
        }
    }

    /// What it means to a job: what passes by itself is tried again, all else is done with.
    #[must_use]
    pub fn for_job(self) -> Error {
        match self {
            Missing::Unreachable(..) | Missing::Resting(..) => {
                Fault::because("fetching from another server", self).into()
            }
            Missing::NoNames(_) => Fault::because("fetching from another server", self).transient().into(),
            Missing::Broken(fault) => fault.into(),
            Missing::Refused(refusal) => refusal.into(),
            other => Refusal::Invalid(other.to_string()).into(),
        }
    }
}

impl Federation {
    /// A document from its own `id`: the final host is the host of the id, the id is the asked address or was asked for
    /// again, and the media type promises ActivityPub.
    pub(crate) async fn fetch_document(&self, uri: &Uri) -> Result<Document, Missing> {
        let (document, id, at) = self.fetch_once(uri).await?;
        if id == *uri && at.host() == id.host() {
            return Ok(document);
        }
        if at.host() != id.host() {
            return Err(Missing::NotGenuine(uri.clone(), "its id is on another host"));
        }
        let (document, again, at) = self.fetch_once(&id).await?;
        if again != id || at.host() != id.host() {
            return Err(Missing::NotGenuine(id, "asked for by its id it names another one"));
        }
        Ok(document)
    }

    async fn fetch_once(&self, uri: &Uri) -> Result<(Document, Uri, Uri), Missing> {
        let answer = self.fetch_signed(uri, ACCEPT).await?;
        if !is_activity_type(answer.content_type()) {
            return Err(Missing::NotGenuine(uri.clone(), "its media type is not one of ActivityPub"));
        }
        let at = Uri::parse(answer.url.as_str(), self.web);
        let at = at.map_err(|_| Missing::NotGenuine(uri.clone(), "it was redirected to an address we do not take"))?;
        let document = Document::parse(&answer.body, self.web);
        let document = document.map_err(|e| Missing::Unreadable(uri.clone(), e))?;
        let id = document.id().ok_or_else(|| Missing::NotGenuine(uri.clone(), "it has no id"))?;
        Ok((document, id, at))
    }

    /// Asks as the server's own actor; in the other dialect when the first is refused.
    pub(crate) async fn fetch_signed(&self, uri: &Uri, accept: &str) -> Result<Answer, Missing> {
        self.check_host(uri.host()).await?;
        let url = uri.to_url().ok_or_else(|| Missing::NotGenuine(uri.clone(), "it is no address"))?;
        let mut answer = self.ask(&url, accept, Dialect::Cavage, uri).await?;
        if matches!(answer.status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
            answer = self.ask(&url, accept, Dialect::Rfc9421, uri).await?;
        }
        match answer.status {
            status if status.is_success() => Ok(answer),
            StatusCode::GONE => Err(Missing::Gone(uri.clone())),
            StatusCode::NOT_FOUND => Err(Missing::NotThere(uri.clone())),
            status if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
                Err(Missing::Unreachable(uri.clone(), format!("it answered {status}")))
            }
            _ => Err(Missing::NotGenuine(uri.clone(), "its server refuses to show it")),
        }
    }

    async fn ask(&self, url: &Url, accept: &str, dialect: Dialect, uri: &Uri) -> Result<Answer, Missing> {
        self.may_ask(uri.host()).await?;
        let key = self.keys.signer(SERVER).await?;
        let clock = self.db.clock().clone();
        let sign = move |url: &Url| signature::sign(dialect, &Method::GET, url, None, key.signer(), clock.now());
        let asked = self.outbound.get(url, accept, Some(&sign)).await;
        let answer = asked.map_err(|failure| Missing::because(uri, &failure))?;
        self.hear_rest(&answer);
        Ok(answer)
    }

    /// Takes note when a server wants to be left alone.
    pub(super) fn hear_rest(&self, answer: &Answer) {
        if !matches!(answer.status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
            return;
        }
        let at = Uri::parse(answer.url.as_str(), self.web);
        if let Some((wait, at)) = answer.retry_after(self.db.clock().now()).zip(at.ok()) {
            self.manners.rest(at.host(), wait);
        }
    }

    /// Whether this server speaks with a host at all.
    pub(crate) async fn check_host(&self, host: &str) -> Result<(), Missing> {
        let name = host.to_owned();
        let standing = self.db.read(move |q| Ok(domains::standing(q, &name)?)).await?;
        self.admit(&standing, host)
    }

    /// What a standing means for a host.
    pub(crate) fn admit(&self, standing: &domains::Standing, host: &str) -> Result<(), Missing> {
        let limited = self.settings.limited;
        if standing.severity == Severity::Suspend || (limited && !standing.is_allowed) {
            return Err(Missing::KeptAway(host.to_owned()));
        }
        Ok(())
    }
}

/// The language of an answer that is a page, for those who gave us the address of one.
pub(crate) fn is_page(answer: &Answer) -> bool {
    answer.headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).is_some_and(|t| t.starts_with("text/html"))
}
