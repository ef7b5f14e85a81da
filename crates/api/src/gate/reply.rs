//! What a handler gives back.

use std::cell::RefCell;

use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use phiomia_model::{Error, Fault};
use serde::Serialize;

/// JSON with the headers that belong to it.
#[derive(Debug)]
pub struct Reply {
    status: StatusCode,
    body: Vec<u8>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// What most handlers give.
pub type Answer = Result<Reply, Error>;

/// An entity, or a list of them: `200`.
///
/// # Errors
/// A fault when it cannot be written as JSON, which no entity of ours brings about.
pub fn json<T: Serialize + ?Sized>(entity: &T) -> Answer {
    let body = written(entity).map_err(|e| Fault::because("writing an answer as JSON", e))?;
    Ok(Reply { status: StatusCode::OK, body, headers: Vec::new() })
}

/// Headers that an answer has in the end, about: room for them is made once.
const N_HEADERS: usize = 20;

/// Largest memory for writing that a thread keeps.
const MOST_KEPT_BYTES: usize = 512 * 1024;

/// The JSON in memory of its own size. It is written into memory that the thread keeps: one that grows with a page of
/// hundreds of kilobytes copies it several times over.
fn written<T: Serialize + ?Sized>(entity: &T) -> Result<Vec<u8>, serde_json::Error> {
    thread_local! {
        static KEPT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    }
    KEPT.with_borrow_mut(|kept| {
        kept.clear();
        serde_json::to_writer(&mut *kept, entity)?;
        let body = kept.as_slice().to_vec();
        if kept.capacity() > MOST_KEPT_BYTES {
            *kept = Vec::new();
        }
        Ok(body)
    })
}

/// A page of a list with its `Link` header.
///
/// # Errors
/// As [`json`].
pub fn paged<T: Serialize>(items: &[T], link: Option<String>) -> Answer {
    Ok(json(items)?.linked(link))
}

/// `{}`: done, and nothing to tell.
///
/// # Errors
/// Never; for the symmetry of handlers.
pub fn empty() -> Answer {
    json(&serde_json::Map::new())
}

impl Reply {
    /// The same, saying that more is being fetched under this id.
    /// Source: <https://docs.joinmastodon.org/methods/async_refreshes/>.
    #[must_use]
    pub fn refreshing(self, id: &str) -> Reply {
        self.with(HeaderName::from_static("mastodon-async-refresh"), &format!("id=\"{id}\", retry=3"))
    }

    /// The same, saying since when (seconds since 1970) another operation is meant for this (RFC 9745).
    /// Source: <https://github.com/mastodon/mastodon/blob/main/app/controllers/concerns/deprecation_concern.rb>.
    #[must_use]
    pub fn deprecated_since(self, seconds: i64) -> Reply {
        self.with(HeaderName::from_static("deprecation"), &format!("@{seconds}"))
    }

    /// The same with another status.
    #[must_use]
    pub fn status(mut self, status: StatusCode) -> Reply {
        self.status = status;
        self
    }
    /// The same with a `Link` header, if there is where to go.
    #[must_use]
    pub fn linked(self, link: Option<String>) -> Reply {
        match link {
            Some(link) => self.with(header::LINK, &link),
            None => self,
        }
    }

    /// The same with one more header; left out if the value cannot stand in one.
    #[must_use]
    pub fn with(mut self, name: HeaderName, value: &str) -> Reply {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((name, value));
        }
        self
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let mut response = Response::new(self.body.into());
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.reserve(N_HEADERS);
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
        for (name, value) in self.headers {
            headers.append(name, value);
        }
        response
    }
}
