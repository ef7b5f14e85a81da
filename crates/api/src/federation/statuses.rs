//! Posts, their activities, answers and threads.

use axum::response::Response;
use phiomia_federation::documents;
use phiomia_model::{AccountId, ConversationId, Error, Noun, Refusal, StatusId, remote::Interaction};

use super::fetcher::{Fetcher, to_page};
use crate::gate::Ask;

/// Author and post of the path.
fn names(ask: &Ask<Fetcher>) -> Result<(AccountId, StatusId), Error> {
    let status = ask.piece("status").parse().map_err(|_| Refusal::NotFound(Noun::Status))?;
    Ok((ask.id(Noun::Status)?, status))
}

/// `GET /ap/users/:id/statuses/:status`
///
/// # Errors
/// `NotFound`, `Gone`, `Unauthenticated`; a fault.
pub async fn note(ask: Ask<Fetcher>) -> Result<Response, Error> {
    let (author, id) = names(&ask)?;
    if ask.me.wants_page {
        let viewer = phiomia_model::Viewer::Anonymous;
        return to_page(&documents::page_of_status(&ask.api.federation, author, id, viewer).await?);
    }
    Ok(ask.serve(documents::note(&ask.api.federation, author, id, ask.viewer()?).await?))
}

/// `GET /ap/users/:id/statuses/:status/activity`
///
/// # Errors
/// `NotFound`, `Gone`, `Unauthenticated`; a fault.
pub async fn activity(ask: Ask<Fetcher>) -> Result<Response, Error> {
    let ((author, id), viewer) = (names(&ask)?, ask.viewer()?);
    Ok(ask.serve(documents::activity(&ask.api.federation, author, id, viewer).await?))
}

/// `GET /ap/users/:id/statuses/:status/replies`
///
/// # Errors
/// `NotFound`, `Gone`, `Unauthenticated`; a fault.
pub async fn replies(ask: Ask<Fetcher>) -> Result<Response, Error> {
    let ((author, id), viewer) = (names(&ask)?, ask.viewer()?);
    Ok(ask.serve(documents::replies(&ask.api.federation, author, id, viewer, ask.part()).await?))
}

/// `GET /ap/users/:id/statuses/:status/likes`
///
/// # Errors
/// `NotFound`, `Gone`, `Unauthenticated`; a fault.
pub async fn likes(ask: Ask<Fetcher>) -> Result<Response, Error> {
    let ((author, id), viewer) = (names(&ask)?, ask.viewer()?);
    Ok(ask.serve(documents::likes(&ask.api.federation, author, id, viewer).await?))
}

/// `GET /ap/users/:id/statuses/:status/shares`
///
/// # Errors
/// `NotFound`, `Gone`, `Unauthenticated`; a fault.
pub async fn shares(ask: Ask<Fetcher>) -> Result<Response, Error> {
    let ((author, id), viewer) = (names(&ask)?, ask.viewer()?);
    Ok(ask.serve(documents::shares(&ask.api.federation, author, id, viewer).await?))
}

/// `GET /ap/users/:id/quote_authorizations/:status`
///
/// # Errors
/// `NotFound`, `Gone`, `Unauthenticated`; a fault.
pub async fn quote_authorization(ask: Ask<Fetcher>) -> Result<Response, Error> {
    let ((author, quoting), viewer) = (names(&ask)?, ask.viewer()?);
    Ok(ask.serve(documents::quote_authorization(&ask.api.federation, author, quoting, viewer).await?))
}

/// `GET /ap/users/:id/like_authorizations/:number`
///
/// # Errors
/// `NotFound`, `Gone`, `Unauthenticated`; a fault.
pub async fn like_authorization(ask: Ask<Fetcher>) -> Result<Response, Error> {
    authorization(&ask, Interaction::Like).await
}

/// `GET /ap/users/:id/reply_authorizations/:status`
///
/// # Errors
/// `NotFound`, `Gone`, `Unauthenticated`; a fault.
pub async fn reply_authorization(ask: Ask<Fetcher>) -> Result<Response, Error> {
    authorization(&ask, Interaction::Reply).await
}

/// `GET /ap/users/:id/announce_authorizations/:status`
///
/// # Errors
/// `NotFound`, `Gone`, `Unauthenticated`; a fault.
pub async fn announce_authorization(ask: Ask<Fetcher>) -> Result<Response, Error> {
    authorization(&ask, Interaction::Announce).await
}

async fn authorization(ask: &Ask<Fetcher>, what: Interaction) -> Result<Response, Error> {
    let ((author, number), viewer) = (names(ask)?, ask.viewer()?);
    Ok(ask.serve(documents::interaction_authorization(&ask.api.federation, author, what, number.0, viewer).await?))
}

/// `GET /ap/contexts/:id`
///
/// # Errors
/// `NotFound`, `Unauthenticated`; a fault.
pub async fn context(ask: Ask<Fetcher>) -> Result<Response, Error> {
    let (id, viewer) = (ask.id::<ConversationId>(Noun::Record)?, ask.viewer()?);
    Ok(ask.serve(documents::context(&ask.api.federation, id.0, viewer, ask.part()).await?))
}
