//! Where other servers deliver: the order of what is looked at is `federation::inbox`'s; here is how it is answered, and
//! how much of it is taken.

use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use phiomia_federation::inbox::{Incoming, Turned};
use phiomia_model::{Error, Refusal};
use serde_json::json;

use crate::{
    gate::{Ask, Guard, Identity, Knock, Who, json_refusal},
    peer::ClientAddr,
};

/// Failed signatures of one address.
const FAILED: (u32, Duration) = (60, Duration::from_secs(300));
/// Activities of one server.
const VERIFIED: (u32, Duration) = (15_000, Duration::from_secs(300));

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
    let over = |who: String, bucket: &'static str, (limit, window): (u32, Duration)| async move {
        let now = api.now();
        let quota = api.live.hit(bucket, &who, limit, window, now).await;
        let wait = quota.reset.since(now).max(Duration::from_secs(1));
        if quota.is_over { Err(json_refusal(&Refusal::TooMany { retry_after: wait }.into())) } else { Ok(()) }
    };
    let authentic = match Box::pin(api.federation.authenticate(incoming)).await {
        Ok(Some(authentic)) => authentic,
        Ok(None) => return Ok(()),
        Err(turned) => {
            if is_limited && turned.status == StatusCode::UNAUTHORIZED {
                over(ask.client.bucket().to_string(), "inbox_failed", FAILED).await?;
            }
            return Err(answer(&turned));
        }
    };
    if is_limited {
        over(authentic.host().to_owned(), "inbox_verified", VERIFIED).await?;
    }
    api.federation.keep(authentic, &incoming.body).await.map_err(|turned| answer(&turned))
}

fn answer(turned: &Turned) -> Response {
    let mut response = (turned.status, axum::Json(json!({ "error": turned.why }))).into_response();
    if turned.status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
    }
    response
}
