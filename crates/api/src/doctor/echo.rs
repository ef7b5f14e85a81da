//! What arrived of a request of our own doctor, told back: so a front that loses something on the way is seen.

use axum::{
    extract::{
        FromRequestParts as _,
        ws::{Message, WebSocketUpgrade},
    },
    response::{IntoResponse, Response},
};
use http::{StatusCode, request::Parts};
use phiomia_model::{Error, Noun, Refusal};
use serde_json::{Value, json};

use super::token;
use crate::{
    gate::{Ask, Guard, Identity, Knock, Reply, Who, json as reply},
    peer::{Arrival, ClientAddr},
};

/// Our own doctor, who shows a token of ours at the end of the path.
#[derive(Clone, Debug)]
pub struct OwnDoctor {
    token: String,
}

impl Guard for OwnDoctor {
    const WHO: Who = Who::Doctor;

    async fn admit(knock: &Knock<'_>) -> Result<OwnDoctor, Error> {
        let token = knock.parts.uri.path().rsplit('/').next().unwrap_or_default();
        let is_good = token::is_good(&knock.api.sealer, token, knock.api.now());
        let admitted = is_good.then(|| OwnDoctor { token: token.to_owned() });
        std::future::ready(admitted.ok_or_else(|| Refusal::NotFound(Noun::Record).into())).await
    }

    fn identity(&self, client: ClientAddr) -> Identity {
        Identity { account: None, token: None, client }
    }
}

/// `GET /api/doctor/{token}`, `POST /api/doctor/{token}`.
///
/// # Errors
/// `NotFound` for everybody else.
pub async fn show(ask: Ask<OwnDoctor>) -> Result<Reply, Error> {
    std::future::ready(reply(&arrived(&ask))).await
}

/// `GET /api/v1/streaming/doctor/{token}`: one message over WebSocket; without the wish for one, what arrived.
///
/// # Errors
/// As [`show`].
pub async fn stream(mut ask: Ask<OwnDoctor>) -> Result<Response, Error> {
    let proof = token::proof(&ask.api.sealer, &ask.me.token);
    match WebSocketUpgrade::from_request_parts(&mut ask.parts, &()).await {
        Ok(upgrade) => Ok(upgrade.on_upgrade(async move |mut socket| {
            // Who has gone meanwhile has seen that it works.
            let _ = socket.send(Message::Text(proof.into())).await;
        })),
        Err(_) => Ok(reply(&arrived(&ask))?.status(StatusCode::UPGRADE_REQUIRED).into_response()),
    }
}

fn arrived(ask: &Ask<OwnDoctor>) -> Value {
    let Parts { method, uri, headers, extensions, .. } = &ask.parts;
    let host = uri.authority().map(|host| ("host", host.as_str()));
    let lines = headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    let lines: Vec<_> = host.into_iter().chain(lines).collect();
    json!({
        "proof": token::proof(&ask.api.sealer, &ask.me.token),
        "method": method.as_str(),
        "target": uri.path_and_query().map(|target| target.as_str()),
        "headers": lines,
        "body_bytes": ask.n_bytes,
        "client": ask.client.0.to_string(),
        "near": extensions.get::<Arrival>().map(|arrival| arrival.near.0.to_string()),
        "base": ask.api.addresses.base(),
        "domain": ask.api.addresses.local_domain,
        "version": env!("CARGO_PKG_VERSION"),
    })
}
