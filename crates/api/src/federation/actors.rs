//! Actors and what belongs to them.

use axum::response::Response;
use phiomia_federation::documents::{self, Detail};
use phiomia_model::{AccountId, Error, Noun};

use super::fetcher::{Fetcher, to_page};
use crate::gate::Ask;

/// `GET /ap/users/:id`
///
/// # Errors
/// `NotFound`, `Gone`; a fault.
pub async fn show(ask: Ask<Fetcher>) -> Result<Response, Error> {
    let id = ask.id::<AccountId>(Noun::Account)?;
    if ask.me.wants_page {
        return to_page(&documents::page_of_account(&ask.api.federation, id).await?);
    }
    person(&ask, id).await
}

/// Somebody here; where signatures are asked for, only the least without one.
pub(super) async fn person(ask: &Ask<Fetcher>, id: AccountId) -> Result<Response, Error> {
    let detail = if ask.viewer().is_ok() { Detail::Whole } else { Detail::Least };
    Ok(ask.serve(documents::actor(&ask.api.federation, id, detail).await?))
}

/// `GET /actor`
///
/// # Errors
/// A fault.
pub async fn server(ask: Ask<Fetcher>) -> Result<Response, Error> {
    if ask.me.wants_page {
        return to_page("/about");
    }
    Ok(ask.serve(documents::server_actor(&ask.api.federation).await?))
}

/// `GET /actor/outbox`
///
/// # Errors
/// A fault.
pub async fn server_outbox(ask: Ask<Fetcher>) -> Result<Response, Error> {
    Ok(ask.serve(documents::server_outbox(&ask.api.federation)?))
}

/// `GET /ap/users/:id/outbox`
///
/// # Errors
/// `NotFound`, `Gone`, `Unauthenticated`; a fault.
pub async fn outbox(ask: Ask<Fetcher>) -> Result<Response, Error> {
    let (id, viewer) = (ask.id::<AccountId>(Noun::Account)?, ask.viewer()?);
    Ok(ask.serve(documents::outbox(&ask.api.federation, id, viewer, ask.part()).await?))
}

/// `GET /ap/users/:id/followers`
///
/// # Errors
/// `NotFound`, `Gone`, `Unauthenticated`; a fault.
pub async fn followers(ask: Ask<Fetcher>) -> Result<Response, Error> {
    let (id, _) = (ask.id::<AccountId>(Noun::Account)?, ask.viewer()?);
    Ok(ask.serve(documents::followers(&ask.api.federation, id, ask.part()).await?))
}

/// `GET /ap/users/:id/following`
///
/// # Errors
/// `NotFound`, `Gone`, `Unauthenticated`; a fault.
pub async fn following(ask: Ask<Fetcher>) -> Result<Response, Error> {
    let (id, _) = (ask.id::<AccountId>(Noun::Account)?, ask.viewer()?);
    Ok(ask.serve(documents::following(&ask.api.federation, id, ask.part()).await?))
}

/// `GET /ap/users/:id/followers_synchronization`
///
/// # Errors
/// `NotFound`, `Gone`, `Unauthenticated`; a fault.
pub async fn followers_synchronization(ask: Ask<Fetcher>) -> Result<Response, Error> {
    let (id, signer) = (ask.id::<AccountId>(Noun::Account)?, ask.signer()?);
    Ok(ask.serve(documents::synchronization(&ask.api.federation, id, signer).await?))
}

/// `GET /ap/users/:id/collections/featured`
///
/// # Errors
/// `NotFound`, `Gone`, `Unauthenticated`; a fault.
pub async fn featured(ask: Ask<Fetcher>) -> Result<Response, Error> {
    let (id, viewer) = (ask.id::<AccountId>(Noun::Account)?, ask.viewer()?);
    Ok(ask.serve(documents::featured(&ask.api.federation, id, viewer).await?))
}

/// `GET /ap/users/:id/collections/tags`
///
/// # Errors
/// `NotFound`, `Gone`, `Unauthenticated`; a fault.
pub async fn featured_tags(ask: Ask<Fetcher>) -> Result<Response, Error> {
    let (id, _) = (ask.id::<AccountId>(Noun::Account)?, ask.viewer()?);
    Ok(ask.serve(documents::featured_tags(&ask.api.federation, id).await?))
}
