//! One route and everything it declares. There is no other way to a handler, and none of the parts has a default.

use std::{future::Future, marker::PhantomData, pin::Pin, sync::Arc};

use axum::{
    extract::Request,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, Method, header};
use phiomia_model::{Error, Refusal, Scope};
use phiomia_store::{db::moderation::sign_ups::IpSeverity, live::Quota};

use super::{
    ask::Ask,
    body::{self, Body},
    guard::{Guard, Knock, Who},
    rate::{self, Identity, Rate},
    site::Answering,
};
use crate::{
    peer::{Arrival, ClientAddr},
    state::Api,
};

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

/// The pieces of a path by their names.
pub(super) type Pieces = Vec<(&'static str, String)>;

/// Answers a request that has come to a route.
pub(super) type Run = dyn Fn(Api, Request, Pieces) -> Answering + Send + Sync;

/// A handler at work, whatever it gives. Here ends what is compiled for each route: the rest is for each guard.
type Handling = Pin<Box<dyn Future<Output = Result<Response, Error>> + Send>>;
type Handler<G> = dyn Fn(Ask<G>) -> Handling + Send + Sync;

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
        let handling = move |ask| -> Handling {
            let handled = handler(ask);
            Box::pin(async move { Ok(handled.await?.into_response()) })
        };
        Route::with(method, path, needs, Arc::new(handling))
    }

    fn with<G: Guard>(method: Method, path: &'static str, needs: Needs<G>, handler: Arc<Handler<G>>) -> Route {
        let Needs { scopes, rates, body, cache, .. } = needs;
        let declared = Declared { scopes, rates, body, cache };
        let run: Arc<Run> =
            Arc::new(move |api, request, pieces| Box::pin(answer(api, request, pieces, declared, handler.clone())));
        Route { method, path, who: G::WHO, scopes, rates, body, cache, run }
    }

    pub(super) fn into_run(self) -> (Method, &'static str, Arc<Run>) {
        (self.method, self.path, self.run)
    }
}

#[derive(Clone, Copy)]
struct Declared {
    scopes: &'static [Scope],
    rates: &'static [Rate],
    body: Body,
    cache: Cache,
}

async fn answer<G: Guard>(
    api: Api,
    request: Request,
    pieces: Pieces,
    declared: Declared,
    handler: Arc<Handler<G>>,
) -> Response {
    let mut quota = None;
    let mut response = match Box::pin(ask::<G>(api, request, pieces, declared, &mut quota)).await {
        Ok(ask) => {
            let refusal = G::refusal(&ask.parts);
            match handler(ask).await {
                Ok(response) => response,
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
    request: Request,
    path: Pieces,
    declared: Declared,
    told: &mut Option<Quota>,
) -> Result<Ask<G>, Response> {
    let (parts, body) = request.into_parts();
    let refusal = G::refusal(&parts);
    let client = Arrival::client(&parts);
    let kept = api.kept().await.map_err(|error| refusal(&error))?;
    // Before anything is read or counted.
    if kept.rule_for(client, api.now()) == Some(IpSeverity::NoAccess) {
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
    if kept.settings.rate_limits {
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
