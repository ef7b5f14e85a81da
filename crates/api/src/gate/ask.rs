//! A request as its handler sees it: admitted, counted and read.

use std::str::FromStr;

use bytes::Bytes;
use http::request::Parts;
use phiomia_mastodon::{Paged, Tree, page};
use phiomia_model::{Error, Noun, Page, Refusal};
use serde::de::DeserializeOwned;
use tokio::sync::SemaphorePermit;

use super::{
    body::Upload,
    guard::Anyone,
    rate::{self, Identity, Rate},
    route::Pieces,
};
use crate::{peer::ClientAddr, state::Api};

/// What a handler gets; `G` says who asks.
pub struct Ask<G> {
    /// The state of the server.
    pub api: Api,
    /// Who asks, as the route demanded.
    pub me: G,
    /// The parameters of query string and body.
    pub input: Tree,
    /// Head of the request: method, address, headers, extensions.
    pub parts: Parts,
    /// The address of the client.
    pub client: ClientAddr,
    /// The body as it came, where the route takes it so.
    pub raw: Bytes,
    /// How many bytes the body had, where the route only counts them.
    pub n_bytes: usize,
    pub(super) files: Vec<Upload>,
    pub(super) path: Pieces,
    pub(super) place: Option<SemaphorePermit<'static>>,
}

impl<G> Ask<G> {
    /// The same request for a handler that wants to know somebody else asks, and who asked before.
    pub(crate) fn with<N>(self, me: N) -> (Ask<N>, G) {
        let Ask { api, me: before, input, parts, client, raw, n_bytes, files, path, place } = self;
        (Ask { api, me, input, parts, client, raw, n_bytes, files, path, place }, before)
    }

    /// A piece of the path by its name in the route.
    #[must_use]
    pub fn piece(&self, name: &str) -> &str {
        self.path.iter().find(|(n, _)| *n == name).map_or("", |(_, value)| value)
    }

    /// The `{id}` of the path.
    ///
    /// # Errors
    /// `NotFound` when it can be nobody's id.
    pub fn id<T: FromStr>(&self, noun: Noun) -> Result<T, Refusal> {
        self.piece("id").parse().map_err(|_| Refusal::NotFound(noun))
    }

    /// The parameters as a type.
    ///
    /// # Errors
    /// As [`Tree::decode`].
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, Error> {
        Ok(self.input.clone().decode()?)
    }

    /// Which page is asked for.
    #[must_use]
    pub fn page(&self, default_limit: i64, max_limit: i64) -> Page {
        page(&self.input, default_limit, max_limit)
    }

    /// A `Link` header by `min_id` for a page whose items sort by `ids`, newest first.
    #[must_use]
    pub fn link(&self, ids: &[i64], page: &Page) -> Option<String> {
        let (newest, oldest, has_more) = ends(ids, page);
        self.paged(&self.api.addresses.base()).link(newest, oldest, has_more)
    }

    /// The same between two ids, when the number of items says nothing about whether there are more.
    #[must_use]
    pub fn link_between(&self, newest: Option<i64>, oldest: Option<i64>) -> Option<String> {
        self.paged(&self.api.addresses.base()).link(newest, oldest, oldest.is_some())
    }

    /// The same by `since_id`, as Mastodon has it for lists of accounts.
    #[must_use]
    pub fn link_since(&self, ids: &[i64], page: &Page) -> Option<String> {
        let (newest, oldest, has_more) = ends(ids, page);
        self.paged(&self.api.addresses.base()).link_since(newest, oldest, has_more)
    }

    /// A request header as text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.parts.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Whether the parameter came as a file.
    #[must_use]
    pub fn is_file(&self, name: &str) -> bool {
        self.files.iter().any(|file| file.name == name)
    }

    /// The file that came as this parameter; an empty one is none, as browsers send it for a field left alone.
    #[must_use]
    pub fn upload(&self, name: &str) -> Option<&Upload> {
        self.files.iter().find(|file| file.name == name && !file.is_empty())
    }

    fn paged<'a>(&'a self, origin: &'a str) -> Paged<'a> {
        Paged { origin, path: self.parts.uri.path(), query: self.parts.uri.query().unwrap_or_default() }
    }
}

impl Ask<Anyone> {
    /// Counts something that only some requests of a route do.
    ///
    /// # Errors
    /// When it is once too often (`429`).
    pub(crate) async fn count(&self, rate: Rate) -> Result<(), Error> {
        if !self.api.settings().await?.rate_limits {
            return Ok(());
        }
        let who = Identity { account: None, token: None, client: self.client };
        let now = self.api.now();
        match rate::hit(&self.api.live, &[rate], &who, false, now).await.filter(|quota| quota.is_over) {
            Some(quota) => Err(rate::too_many(&quota, now).into()),
            None => Ok(()),
        }
    }
}

fn ends(ids: &[i64], page: &Page) -> (Option<i64>, Option<i64>, bool) {
    let is_full = i64::try_from(ids.len()).is_ok_and(|n| n >= page.limit);
    (ids.first().copied(), ids.last().copied(), is_full)
}
