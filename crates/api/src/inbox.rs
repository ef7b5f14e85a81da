//! Where other servers deliver: the order of what is looked at is `federation::inbox`'s; here is how it is answered, and
//! how much of it is taken.

use std::time::Duration;

use axum::response::{IntoResponse, Response};
use futures_util::future::BoxFuture;
use http::{HeaderValue, StatusCode, header};
use phiomia_federation::inbox::{Incoming, Turned};
use phiomia_model::{Error, Refusal};
use serde_json::json;

use crate::{
    gate::{Ask, Guard, Identity, Knock, Who, json_refusal},
    peer::ClientAddr,
    state::Api,
};

const MINUTE: Duration = Duration::from_secs(60);
/// Failed signatures of one address.
const FAILED: Limit = Limit { bucket: "inbox_failed", n: 60, window: MINUTE.saturating_mul(5) };
/// Keys that are fetched because one address names them.
const KEYS: Limit = Limit { bucket: "inbox_keys", n: 300, window: MINUTE.saturating_mul(5) };
/// Activities of one server.
const VERIFIED: Limit = Limit { bucket: "inbox_verified", n: 15_000, window: MINUTE.saturating_mul(5) };

/// How much is taken of one in a span of time.
struct Limit {
    bucket: &'static str,
    n: u32,
    window: Duration,
}

impl Limit {
    /// Counts one more. An error is how long they have to wait.
    async fn hit(&self, api: &Api, who: &str) -> Result<(), Duration> {
        let now = api.now();
        let quota = api.live.hit(self.bucket, who, self.n, self.window, now).await;
        if quota.is_over { Err(quota.reset.since(now).max(Duration::from_secs(1))) } else { Ok(()) }
    }
}

/// Counts a key that has to be fetched because this address names it, where limits are on.
///
/// # Errors
/// How long the address has to wait: it named too many.
pub(crate) async fn may_fetch_key(api: &Api, client: ClientAddr) -> Result<(), Duration> {
    match api.settings().await {
        Ok(settings) if settings.rate_limits => KEYS.hit(api, &client.bucket().to_string()).await,
        _ => Ok(()),
    }
}

/// Another server. Whoever knocks at an inbox is let in; whether it is believed is decided with its body.
#[derive(Clone, Copy, Debug)]
pub struct Server;

impl Guard for Server {
    const WHO: Who = Who::Server;
    async fn admit(_: &Knock<'_>) -> Result<Server, Error> {
        Ok(Server)
    }
    fn identity(&self, client: ClientAddr) -> Identity {
        Identity { account: None, token: None, client }
    }
}

/// `POST /inbox`, `POST /ap/users/{id}/inbox`: `202` when the activity is on stable storage.
///
/// # Errors
/// Never: each answer has a body of its own.
pub async fn create(ask: Ask<Server>) -> Result<Response, Error> {
    let target = ask.parts.uri.path_and_query().map_or("/inbox", |target| target.as_str()).to_owned();
    let incoming = Incoming { target, headers: ask.parts.headers.clone(), body: ask.raw.clone() };
    Ok(match take(&ask, &incoming).await {
        Ok(()) => StatusCode::ACCEPTED.into_response(),
        Err(refused) => refused,
    })
}

async fn take(ask: &Ask<Server>, incoming: &Incoming) -> Result<(), Response> {
    let api = &ask.api;
    let is_limited = api.settings().await.map_err(|error| json_refusal(&error))?.rate_limits;
    let may_fetch = || Box::pin(may_fetch_key(api, ask.client)) as BoxFuture<'_, _>;
    let authentic = match Box::pin(api.federation.authenticate(incoming, &may_fetch)).await {
        Ok(Some(authentic)) => authentic,
        Ok(None) => return Ok(()),
        Err(turned) => {
            if is_limited && turned.status == StatusCode::UNAUTHORIZED {
                FAILED.hit(api, &ask.client.bucket().to_string()).await.map_err(too_many)?;
            }
            return Err(answer(&turned));
        }
    };
    if is_limited {
        VERIFIED.hit(api, authentic.host()).await.map_err(too_many)?;
    }
    api.federation.keep(authentic, &incoming.body).await.map_err(|turned| answer(&turned))
}

fn too_many(retry_after: Duration) -> Response {
    json_refusal(&Refusal::TooMany { retry_after }.into())
}

fn answer(turned: &Turned) -> Response {
    if let Some(wait) = turned.retry_after {
        return too_many(wait);
    }
    let mut response = (turned.status, axum::Json(json!({ "error": turned.why }))).into_response();
    if turned.status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
    }
    response
}
