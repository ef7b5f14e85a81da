//! Who may open a stream: the token comes as everywhere, or as the name of the WebSocket's protocol, which is the only
//! header that scripts in browsers can set there.

use http::{HeaderValue, header, request::Parts};
use phiomia_model::{Error, Refusal};
use phiomia_store::db::users::Standing;

use super::topic::Holder;
use crate::{
    gate::{Guard, Identity, Knock, Who},
    peer::ClientAddr,
};

/// Mastodon's sentence, which is not the one of the rest of the API.
const INVALID_TOKEN: &str = "Invalid access token";

/// Somebody who wants to listen.
pub struct Listener {
    /// `None`: came without a token.
    pub(super) holder: Option<Holder>,
}

impl Guard for Listener {
    const WHO: Who = Who::Listener;

    async fn admit(knock: &Knock<'_>) -> Result<Listener, Error> {
        let offered = protocol(knock.parts).and_then(|value| value.to_str().ok().map(str::to_owned));
        let Some(token) = knock.token().or(offered) else { return Ok(Listener { holder: None }) };
        let view = knock.caller(&token).await?.ok_or(Refusal::Unauthenticated(INVALID_TOKEN))?;
        let standing = |holder: &phiomia_store::db::tokens::Holder| holder.standing == Standing::Good;
        let user = view.holder.filter(standing).ok_or(Refusal::Unauthenticated(INVALID_TOKEN))?;
        Ok(Listener { holder: Some(Holder { account: user.account_id, token: view.id, scopes: view.scopes }) })
    }

    fn identity(&self, client: ClientAddr) -> Identity {
        let holder = self.holder.as_ref();
        Identity { account: holder.map(|h| h.account), token: holder.map(|h| h.token), client }
    }
}

/// The first protocol that the client of a WebSocket offers.
pub(super) fn protocol(parts: &Parts) -> Option<HeaderValue> {
    let offered = parts.headers.get(header::SEC_WEBSOCKET_PROTOCOL)?.to_str().ok()?;
    let first = offered.split(',').next().unwrap_or_default().trim();
    if first.is_empty() { None } else { HeaderValue::from_str(first).ok() }
}
