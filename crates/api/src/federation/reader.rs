//! Addresses that are a page for people and a document for other servers.

use axum::response::Response;
use http::request::Parts;
use phiomia_federation::documents;
use phiomia_model::{Error, Noun, StatusId};

use super::{
    actors,
    fetcher::{self, Fetcher},
};
use crate::{
    gate::{Ask, Guard, Identity, Knock, Wants, Who},
    pages::visitors::{self, Visitor},
    peer::ClientAddr,
};

/// Whoever reads, by the form they want.
#[derive(Clone, Copy, Debug)]
pub enum Reader {
    /// A page.
    Page(Visitor),
    /// A document.
    Document(Fetcher),
}

fn wants_document(parts: &Parts) -> bool {
    // A feed has one form, and its readers ask for many.
    !parts.uri.path().ends_with(".rss") && Wants::of(&parts.headers) == Wants::Document
}

impl Guard for Reader {
    const WHO: Who = Who::Reader;

    async fn admit(knock: &Knock<'_>) -> Result<Reader, Error> {
        if wants_document(knock.parts) {
            Fetcher::admit(knock).await.map(Reader::Document)
        } else {
            Visitor::admit(knock).await.map(Reader::Page)
        }
    }

    fn identity(&self, client: ClientAddr) -> Identity {
        Identity { account: None, token: None, client }
    }

    fn refusal(parts: &Parts) -> fn(&Error) -> Response {
        if wants_document(parts) { fetcher::refusal } else { Visitor::refusal(parts) }
    }
}

/// `GET /@:user`, `GET /users/:user`
///
/// # Errors
/// `NotFound`, `Gone`; a fault.
pub async fn account(ask: Ask<Reader>) -> Result<Response, Error> {
    match ask.me {
        Reader::Page(visitor) if ask.parts.uri.path().starts_with("/users/") => {
            visitors::elsewhere(ask.with(visitor).0).await
        }
        Reader::Page(visitor) => visitors::posts(ask.with(visitor).0).await,
        Reader::Document(fetcher) => {
            let ask = ask.with(fetcher).0;
            let id = documents::person(&ask.api.federation, ask.piece("acct")).await?;
            actors::person(&ask, id).await
        }
    }
}

/// `GET /@:user/:id`
///
/// # Errors
/// `NotFound`, `Gone`, `Unauthenticated`; a fault.
pub async fn status(ask: Ask<Reader>) -> Result<Response, Error> {
    match ask.me {
        Reader::Page(visitor) => visitors::post(ask.with(visitor).0).await,
        Reader::Document(fetcher) => {
            let ask = ask.with(fetcher).0;
            let (id, viewer) = (ask.id::<StatusId>(Noun::Status)?, ask.viewer()?);
            let author = documents::person(&ask.api.federation, ask.piece("acct")).await?;
            Ok(ask.serve(documents::note(&ask.api.federation, author, id, viewer).await?))
        }
    }
}
