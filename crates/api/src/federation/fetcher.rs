//! Who fetches a document: anybody, or another server that signed for doing so.

use axum::response::{IntoResponse, Response};
use futures_util::future::BoxFuture;
use http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts};
use phiomia_federation::documents::{MEDIA_TYPE, Part, Served};
use phiomia_model::{AccountId, Error, Fault, Refusal, Viewer};
use phiomia_store::db::accounts;

use crate::{
    gate::{Ask, Guard, Identity, Knock, Wants, Who, json_refusal},
    inbox,
    peer::ClientAddr,
    state::Api,
};

/// The document of the server's own actor.
const SERVER_PATH: &str = "/actor";
/// Mastodon's sentence.
const NOT_SIGNED: &str = "Request not signed";
/// Seconds for which a document for everybody is not asked for again. Short: what was deleted is to be gone everywhere.
const MAX_AGE: HeaderValue = HeaderValue::from_static("public, max-age=15, must-revalidate");
/// The same address answers browsers with a page, and signers with what they may see.
const VARY: HeaderValue = HeaderValue::from_static("Accept, Signature");

/// Whoever asks for a document.
#[derive(Clone, Copy, Debug)]
pub struct Fetcher {
    /// The account whose server signed the request, when the signature holds.
    pub signer: Option<AccountId>,
    /// A browser that was led here; it wants the page.
    pub wants_page: bool,
}

impl Guard for Fetcher {
    const WHO: Who = Who::Fetcher;

    async fn admit(knock: &Knock<'_>) -> Result<Fetcher, Error> {
        let wants_page = Wants::of(&knock.parts.headers) == Wants::Page;
        Ok(Fetcher { signer: Box::pin(signer(knock)).await?, wants_page })
    }

    fn identity(&self, client: ClientAddr) -> Identity {
        Identity { account: None, token: None, client }
    }

    fn refusal(_: &Parts) -> fn(&Error) -> Response {
        refusal
    }
}

/// Whose server signed the request; a signature that does not hold is none. The one place where signatures of fetching
/// requests are looked at.
async fn signer(knock: &Knock<'_>) -> Result<Option<AccountId>, Error> {
    let target = knock.parts.uri.path_and_query().map_or("/", |target| target.as_str());
    // Who verifies a signature of ours asks for this one, with a signature that we would have to verify by asking them.
    if knock.parts.uri.path() == SERVER_PATH {
        return Ok(None);
    }
    let may_fetch = || Box::pin(inbox::may_fetch_key(knock.api, knock.client)) as BoxFuture<'_, _>;
    match knock.api.federation.verify_get(target, &knock.parts.headers, &may_fetch).await {
        Ok(Some(signer)) => standing(knock.api, signer).await,
        Ok(None) => Ok(None),
        Err(turned) if turned.status == StatusCode::SERVICE_UNAVAILABLE => {
            Err(Fault::new(turned.why).transient().into())
        }
        Err(turned) => {
            tracing::debug!("a signature does not hold: {}", turned.why);
            Ok(None)
        }
    }
}

/// Who is suspended here reads what a stranger reads.
async fn standing(api: &Api, signer: AccountId) -> Result<Option<AccountId>, Error> {
    let view = api.db.read(move |q| Ok(accounts::view(q, signer)?)).await?;
    Ok(view.filter(|view| !view.is_suspended && !view.is_deleted).map(|view| view.id))
}

/// An error, told to a server.
pub(super) fn refusal(error: &Error) -> Response {
    let mut response = json_refusal(error);
    response.headers_mut().insert(header::VARY, VARY);
    response
}

impl Ask<Fetcher> {
    /// For whom posts are read.
    ///
    /// # Errors
    /// `Unauthenticated` where nothing is shown without a signature, and there is none.
    pub(super) fn viewer(&self) -> Result<Viewer, Error> {
        if self.api.federation.settings.authorized_fetch && self.me.signer.is_none() {
            return Err(Refusal::Unauthenticated(NOT_SIGNED).into());
        }
        Ok(Viewer::from(self.me.signer))
    }

    /// Who signed.
    ///
    /// # Errors
    /// `Unauthenticated` when nobody did.
    pub(super) fn signer(&self) -> Result<AccountId, Error> {
        Ok(self.me.signer.ok_or(Refusal::Unauthenticated(NOT_SIGNED))?)
    }

    /// Which part of a collection is wanted.
    pub(super) fn part(&self) -> Part {
        let id = |name| self.input.text(name).and_then(|text| text.parse().ok()).filter(|id: &i64| *id >= 0);
        let is = |name| self.input.text(name).is_some_and(|text| !matches!(text.as_str(), "" | "false" | "0"));
        Part {
            is_page: is("page"),
            max_id: id("max_id"),
            min_id: id("min_id"),
            only_other_accounts: is("only_other_accounts"),
        }
    }

    /// The answer.
    pub(super) fn serve(&self, served: Served) -> Response {
        let is_for_everybody = self.me.signer.is_none() && !self.api.federation.settings.authorized_fetch;
        let status = if served.is_gone { StatusCode::GONE } else { StatusCode::OK };
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        headers.insert(header::VARY, VARY);
        if is_for_everybody && !served.is_gone {
            headers.insert(header::CACHE_CONTROL, MAX_AGE);
        }
        (status, headers, served.body).into_response()
    }
}

/// Leads a browser to the page.
pub(super) fn to_page(page: &str) -> Result<Response, Error> {
    let to = HeaderValue::from_str(page).map_err(|e| Fault::because("writing a redirect", e))?;
    Ok((StatusCode::FOUND, [(header::LOCATION, to), (header::VARY, VARY)]).into_response())
}
