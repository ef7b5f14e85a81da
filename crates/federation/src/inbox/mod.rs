//! What other servers send. The order is fixed: envelope, domain, signature, seen before, commit, `202`; the work comes
//! later, in a job.

mod activity;
mod approval;
mod create;
mod flag;
mod follow;
mod people;
mod quote;
mod reaction;
mod signature;
mod together;
mod undo;

use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{HeaderMap, Method, StatusCode};
use phiomia_activitypub::{Envelope, Uri, signature::Head, synchronization::CollectionSynchronization};
use phiomia_model::{AccountId, Error};
use phiomia_store::db::federation::senders::Sender;
use url::Url;

use crate::{Federation, resolve::Missing};
pub use signature::KnownKeys;
pub(crate) use together::Waiting;
use together::{Kept, Knock};

/// A request to an inbox, read to its end.
#[derive(Clone, Debug)]
pub struct Incoming {
    /// Path and query as they were asked for.
    pub target: String,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

/// Why a request is turned away, for whoever runs the other server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turned {
    /// The status of the answer.
    pub status: StatusCode,
    /// One sentence.
    pub why: String,
    /// When it may be tried again, where that is known.
    pub retry_after: Option<Duration>,
}

/// Asked before a key is fetched that a request names: each costs a request to a server of the caller's choice. An error is
/// how long the caller has to wait.
pub type MayFetch<'a> = &'a (dyn Fn() -> BoxFuture<'a, Result<(), Duration>> + Send + Sync);

impl Turned {
    pub(crate) fn new(status: StatusCode, why: impl Into<String>) -> Turned {
        Turned { status, why: why.into(), retry_after: None }
    }
}

impl From<Error> for Turned {
    fn from(error: Error) -> Turned {
        match error {
            Error::Refused(refusal) => Turned::new(StatusCode::SERVICE_UNAVAILABLE, refusal.to_string()),
            Error::Broken(fault) => {
                tracing::error!("an activity could not be kept: {}", fault.chain());
                // The other server tries again.
                Turned::new(StatusCode::SERVICE_UNAVAILABLE, "Service temporarily unavailable")
            }
        }
    }
}

/// Whose key a request was signed with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Signer {
    pub(crate) account: AccountId,
    pub(crate) uri: Uri,
    /// What else is known of them, where that was looked up already.
    pub(crate) known: Option<Sender>,
}

impl Signer {
    /// Whether anybody here follows them, as far as that was looked up.
    pub(crate) fn is_followed(&self) -> bool {
        self.known.as_ref().is_some_and(|known| known.is_followed)
    }
}

/// A request that is believed: its signature holds.
#[derive(Clone, Debug)]
pub struct Authentic {
    envelope: Envelope,
    signer: Signer,
    /// Whom of us the signer counts among their followers, where that is told along.
    followers: Option<CollectionSynchronization>,
}

impl Authentic {
    /// The host that signed, with its port.
    #[must_use]
    pub fn host(&self) -> &str {
        self.signer.uri.host()
    }
}

impl Federation {
    /// Whether a request to an inbox is to be believed. `None`: it is of no interest to anybody here, whoever sent it.
    ///
    /// # Errors
    /// [`Turned`], as the door answers it.
    pub async fn authenticate(
        &self,
        incoming: &Incoming,
        may_fetch: MayFetch<'_>,
    ) -> Result<Option<Authentic>, Turned> {
        let envelope = Envelope::parse(&incoming.body, self.web)
            .map_err(|e| Turned::new(StatusCode::BAD_REQUEST, format!("The activity cannot be read: {e}")))?;
        let actor = &envelope.actor;
        let is_of_interest = self.look_at_sender(&envelope).await?;
        if self.is_own(actor) {
            return Err(Turned::new(StatusCode::FORBIDDEN, "Nobody else sends in the name of people here"));
        }
        if !is_of_interest {
            return Ok(None);
        }
        let url = self.own_url(&incoming.target)?;
        let head = Head { method: &Method::POST, url: &url, headers: &incoming.headers };
        let signer = self.verify(&head, Some(&incoming.body), Some(actor.host()), may_fetch).await?;
        if signer.uri != *actor && signer.uri.host() != actor.host() {
            self.check_host(signer.uri.host()).await.map_err(turned_by_domain)?;
        }
        let followers = self.followers_told(&incoming.headers);
        Ok(Some(Authentic { envelope, signer, followers }))
    }

    /// Whether this server speaks with the sender's, and whether what is sent can mean anything here: that somebody we
    /// never heard of is gone, or has a new picture, is nothing to do, and nothing to fetch for. One look at the database
    /// for both.
    async fn look_at_sender(&self, envelope: &Envelope) -> Result<bool, Turned> {
        let is_about_actor = envelope.is_about_its_actor() && matches!(envelope.kind.as_str(), "Delete" | "Update");
        let about = is_about_actor.then(|| envelope.actor.normal().to_owned());
        let knock = Knock { host: envelope.actor.host().to_owned(), about };
        let (standing, is_of_interest) = self.look(knock).await?;
        self.admit(&standing, envelope.actor.host()).map_err(turned_by_domain)?;
        Ok(is_of_interest)
    }

    /// Who signed a request that asks for something; `None` for one without a signature.
    ///
    /// # Errors
    /// [`Turned`], when it is signed and does not hold.
    pub async fn verify_get(
        &self,
        target: &str,
        headers: &HeaderMap,
        may_fetch: MayFetch<'_>,
    ) -> Result<Option<AccountId>, Turned> {
        if !headers.contains_key("signature") {
            return Ok(None);
        }
        let url = self.own_url(target)?;
        let head = Head { method: &Method::GET, url: &url, headers };
        let signer = self.verify(&head, None, None, may_fetch).await?;
        self.check_host(signer.uri.host()).await.map_err(turned_by_domain)?;
        Ok(Some(signer.account))
    }

    /// Our address, as the sender meant it, whatever stands between.
    fn own_url(&self, target: &str) -> Result<Url, Turned> {
        let url = Url::parse(&self.addresses.at(target));
        url.map_err(|_| Turned::new(StatusCode::BAD_REQUEST, "The address cannot be read"))
    }

    /// Puts an activity on stable storage, to be worked through by a job; one that came before is there already.
    ///
    /// # Errors
    /// [`Turned`], when it could not be kept: its sender tries again.
    pub async fn keep(&self, authentic: Authentic, body: &Bytes) -> Result<(), Turned> {
        let Authentic { envelope, signer, followers } = authentic;
        let comparing = match followers {
            Some(told) => self.compare_followers(&signer, &told).await?,
            None => None,
        };
        // Only the name its own server gave it: nobody makes us pass over what somebody else will send.
        let name = envelope.id.as_ref().filter(|id| id.is_with(&signer.uri)).map(|id| id.normal().to_owned());
        let body = String::from_utf8(body.to_vec());
        let body = body.map_err(|_| Turned::new(StatusCode::BAD_REQUEST, "The activity is not UTF-8"))?;
        let (account, host) = (signer.account, signer.uri.host().to_owned());
        self.put_down(Kept { account, host, name, body, is_follow: envelope.kind == "Follow", comparing }).await?;
        metrics::counter!("phiomia_activities_received_total").increment(1);
        Ok(())
    }
}

fn turned_by_domain(missing: Missing) -> Turned {
    match missing {
        Missing::Broken(fault) => Turned::from(Error::from(fault)),
        _ => Turned::new(StatusCode::FORBIDDEN, "This server does not speak with yours"),
    }
}
