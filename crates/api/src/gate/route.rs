//! One route and everything it declares. There is no other way to a handler, and none of the parts has a default.

use std::{future::Future, marker::PhantomData, net::IpAddr, pin::Pin, sync::Arc};

use axum::RequestExt as _;
use axum::{
    Router,
    extract::{RawPathParams, Request},
    response::{IntoResponse, Response},
    routing::{MethodFilter, on},
};
use http::{HeaderValue, Method, header};
use phiomia_model::{Error, Refusal, Scope};
use phiomia_store::{db::moderation::sign_ups::IpSeverity, live::Quota};

use super::{
    ask::Ask,
    body::{self, Body},
    guard::{Guard, Knock, Who},
    rate::{self, Identity, Rate},
};
use crate::{peer::ClientAddr, state::Api};

/// To whoever comes from a network address that staff barred.
const NO_ACCESS: &str = "Forbidden";

/// Who may keep an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cache {
    /// It depends on the caller: nobody.
    Personal,
    /// It is the same for everybody: for so many seconds.
    Shared(u32),
    /// It never changes under its name: for a year.
    Forever,
}

/// What a route declares; `G` says who may come.
#[derive(Debug)]
pub struct Needs<G> {
    /// Who may come.
    pub who: PhantomData<G>,
    /// Any one of them suffices. Empty: any token will do.
    pub scopes: &'static [Scope],
    /// What it counts in.
    pub rates: &'static [Rate],
    /// What body it takes.
    pub body: Body,
    /// Who may keep the answer.
    pub cache: Cache,
}

type Run = dyn Fn(Api, Request) -> Pin<Box<dyn Future<Output = Response> + Send>> + Send + Sync;

/// A route of the table.
#[derive(Clone)]
pub struct Route {
    /// Its method. A `GET` route answers `HEAD` too.
    pub method: Method,
    /// Its path, with pieces as `{id}`.
    pub path: &'static str,
    /// Who may come.
    pub who: Who,
    /// Any one of them suffices. Empty: any token will do.
    pub scopes: &'static [Scope],
    /// What it counts in.
    pub rates: &'static [Rate],
    /// What body it takes.
    pub body: Body,
    /// Who may keep the answer.
    pub cache: Cache,
    run: Arc<Run>,
}

impl Route {
    /// A route to a handler that takes exactly whom the route admits.
    pub fn new<G, H, F, R>(method: Method, path: &'static str, needs: Needs<G>, handler: H) -> Route
    where
        G: Guard,
        H: Fn(Ask<G>) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Result<R, Error>> + Send + 'static,
        R: IntoResponse + 'static,
    {
        let Needs { scopes, rates, body, cache, .. } = needs;
        let declared = Declared { scopes, rates, body, cache };
        let run: Arc<Run> = Arc::new(move |api, request| Box::pin(answer(api, request, declared, handler.clone())));
        Route { method, path, who: G::WHO, scopes, rates, body, cache, run }
    }

    /// Puts the route into a router.
    pub fn mount(self, router: Router, api: &Api) -> Router {
        let filter = MethodFilter::try_from(self.method.clone()).unwrap_or(MethodFilter::GET);
        let api = api.clone();
        let run = self.run;
        router.route(self.path, on(filter, move |request: Request| run(api.clone(), request)))
    }
}

#[derive(Clone, Copy)]
struct Declared {
    scopes: &'static [Scope],
    rates: &'static [Rate],
    body: Body,
    cache: Cache,
}

async fn answer<G, H, F, R>(api: Api, request: Request, declared: Declared, handler: H) -> Response
where
    G: Guard,
    H: Fn(Ask<G>) -> F,
    F: Future<Output = Result<R, Error>> + Send + 'static,
    R: IntoResponse,
{
    let mut quota = None;
    let mut response = match Box::pin(ask::<G>(api, request, declared, &mut quota)).await {
        Ok(ask) => {
            let refusal = G::refusal(&ask.parts);
            match Box::pin(handler(ask)).await {
                Ok(answer) => answer.into_response(),
                Err(error) => refusal(&error),
            }
        }
        Err(response) => response,
    };
    let headers = response.headers_mut();
    if let Some(quota) = quota {
        rate::tell(&quota, headers);
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        // What has not changed may be kept as long as what it stands for.
        let is_good = response.status().is_success() || response.status() == http::StatusCode::NOT_MODIFIED;
        let value = match declared.cache {
            Cache::Shared(seconds) if is_good => HeaderValue::from_str(&format!("public, max-age={seconds}")).ok(),
            Cache::Forever if is_good => Some(HeaderValue::from_static("public, max-age=31536000, immutable")),
            Cache::Shared(_) | Cache::Forever | Cache::Personal => Some(HeaderValue::from_static("private, no-store")),
        };
        if let Some(value) = value {
            response.headers_mut().insert(header::CACHE_CONTROL, value);
        }
    }
    response
}

/// Reads, admits and counts a request.
async fn ask<G: Guard>(
    api: Api,
    mut request: Request,
    declared: Declared,
    told: &mut Option<Quota>,
) -> Result<Ask<G>, Response> {
    let path = match request.extract_parts::<RawPathParams>().await {
        // A piece with a NUL names nothing of ours either, and PostgreSQL would not look it up.
        Ok(pieces) => pieces.iter().map(|(name, value)| (name.to_owned(), value.replace('\0', ""))).collect(),
        // A piece that is not UTF-8 names nothing of ours.
        Err(_) => Vec::new(),
    };
    let (parts, body) = request.into_parts();
    let refusal = G::refusal(&parts);
    let client = parts.extensions.get::<ClientAddr>().copied().unwrap_or(ClientAddr(IpAddr::from([0, 0, 0, 0])));
    let settings = api.settings().await.map_err(|error| refusal(&error))?;
    // Before anything is read or counted.
    if api.rule_for(client).await.map_err(|error| refusal(&error))? == Some(IpSeverity::NoAccess) {
        return Err(refusal(&Refusal::Forbidden(NO_ACCESS).into()));
    }
    let input = match early::<G>(&api, &declared, &parts, client).await {
        Ok(()) => body::read(declared.body, &parts, body, &api.workshop).await,
        Err(error) => Err(error),
    };
    let (admitted, input) = match input {
        Ok(input) => {
            let knock = Knock { api: &api, parts: &parts, client, input: &input.tree, scopes: declared.scopes };
            (G::admit(&knock).await, input)
        }
        Err(error) => (Err(error), body::Input::default()),
    };
    if settings.rate_limits {
        let nobody = Identity { account: None, token: None, client };
        let who = admitted.as_ref().map_or(nobody, |me| me.identity(client));
        let is_paging = ["max_id", "min_id", "since_id", "page"].iter().any(|name| input.tree.get(name).is_some());
        let now = api.now();
        let quota = rate::hit(&api.live, declared.rates, &who, is_paging, now).await;
        *told = quota;
        if let Some(quota) = quota.filter(|quota| quota.is_over) {
            return Err(refusal(&rate::too_many(&quota, now).into()));
        }
    }
    let me = admitted.map_err(|error| refusal(&error))?;
    let body::Input { tree, files, raw, n_bytes, place } = input;
    Ok(Ask { api, me, input: tree, parts, client, raw, n_bytes, files, path, place })
}

/// Looks who brings an upload before it is read, where that shows without it: by a token, and not by a form.
async fn early<G: Guard>(
    api: &Api,
    declared: &Declared,
    parts: &http::request::Parts,
    client: ClientAddr,
) -> Result<(), Error> {
    if !matches!(declared.body, Body::Upload | Body::Film | Body::Counted) || parts.headers.contains_key(header::COOKIE)
    {
        return Ok(());
    }
    let query = phiomia_mastodon::Tree::from_urlencoded(parts.uri.query().unwrap_or_default().as_bytes())?;
    let knock = Knock { api, parts, client, input: &query, scopes: declared.scopes };
    G::admit(&knock).await.map(drop)
}
