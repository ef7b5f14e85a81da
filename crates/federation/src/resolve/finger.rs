//! WebFinger: whose handle this is, asked at the handle's own domain.

use phiomia_activitypub::{
    Uri,
    uri::Web,
    webfinger::{Jrd, host_meta, query_url},
};
use phiomia_model::Handle;
use url::Url;

use super::Missing;
use crate::Federation;

const JRD: &str = "application/jrd+json, application/json";
const XRD: &str = "application/xrd+xml, application/xml, text/xml, application/json";

/// What a domain says about a handle.
pub(super) struct Fingered {
    /// The actor.
    pub actor: Uri,
    /// The handle as the domain itself writes it: of a server whose handles are of another domain, that other one.
    pub subject: Option<Handle>,
}

impl Federation {
    /// Asks a domain whose handle this is. Redirects are followed; where WebFinger lies elsewhere, host-meta says so.
    pub(super) async fn finger(&self, handle: &Handle) -> Result<Fingered, Missing> {
        let domain = handle.domain.clone().unwrap_or_default();
        let scheme = self.scheme_of(&domain);
        let asked = Uri::parse(&format!("{scheme}://{domain}/"), self.web);
        let asked = asked.map_err(|_| Missing::KeptAway(domain.clone()))?;
        self.check_host(asked.host()).await?;
        let resource = format!("acct:{handle}");
        let url = query_url(scheme, &domain, &resource).ok_or_else(|| Missing::KeptAway(domain.clone()))?;
        let jrd = match self.ask_finger(&url, &asked).await {
            Ok(jrd) => jrd,
            Err(missing @ (Missing::Broken(_) | Missing::NoNames(_) | Missing::Resting(..) | Missing::TooMuch)) => {
                return Err(missing);
            }
            Err(first) => match self.by_host_meta(scheme, &domain, &resource, &asked).await? {
                Some(jrd) => jrd,
                None => return Err(first),
            },
        };
        let actor = jrd.actor(self.web);
        let actor = actor.ok_or_else(|| Missing::NotGenuine(asked.clone(), "WebFinger names no actor"))?;
        Ok(Fingered { actor, subject: jrd.handle() })
    }

    async fn ask_finger(&self, url: &Url, asked: &Uri) -> Result<Jrd, Missing> {
        self.may_ask(&host_of(url)).await?;
        let answer = self.outbound.get(url, JRD, None).await;
        let answer = answer.map_err(|failure| Missing::because(asked, &failure))?;
        self.hear_rest(&answer);
        if matches!(answer.status.as_u16(), 404 | 410) {
            return Err(Missing::NotThere(asked.clone()));
        }
        if !answer.status.is_success() {
            return Err(Missing::Unreachable(asked.clone(), format!("WebFinger answered {}", answer.status)));
        }
        Jrd::parse(&answer.body).map_err(|e| Missing::Unreadable(asked.clone(), e))
    }

    async fn by_host_meta(
        &self,
        scheme: &str,
        domain: &str,
        resource: &str,
        asked: &Uri,
    ) -> Result<Option<Jrd>, Missing> {
        let Ok(url) = Url::parse(&format!("{scheme}://{domain}/.well-known/host-meta")) else { return Ok(None) };
        self.may_ask(&host_of(&url)).await?;
        let Ok(answer) = self.outbound.get(&url, XRD, None).await else { return Ok(None) };
        let Some(template) = host_meta::lrdd_template(&answer.body).filter(|_| answer.status.is_success()) else {
            return Ok(None);
        };
        let encoded: String = url::form_urlencoded::byte_serialize(resource.as_bytes()).collect();
        let Ok(target) = Uri::parse(&template.replace("{uri}", &encoded), self.web) else { return Ok(None) };
        self.check_host(target.host()).await?;
        let Some(target) = target.to_url() else { return Ok(None) };
        // The same place once more has nothing new to say.
        if target.host_str() == url.host_str() && target.path() == "/.well-known/webfinger" {
            return Ok(None);
        }
        self.ask_finger(&target, asked).await.map(Some)
    }

    /// `http` only where that is allowed at all, and for names that no public server has.
    pub(crate) fn scheme_of(&self, domain: &str) -> &'static str {
        let host = domain.rsplit_once(':').map_or(domain, |(host, _)| host);
        let is_local = domain.contains(':') || host == "localhost" || host.parse::<std::net::IpAddr>().is_ok();
        if self.web == Web::HttpToo && is_local { "http" } else { "https" }
    }
}

/// Host and, unless it is the scheme's own, port.
fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}
