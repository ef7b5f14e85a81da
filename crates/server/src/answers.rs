//! What answers requests, whatever it is made of: one function, so that the listener is compiled once.

use std::sync::Arc;

use axum::{Router, extract::Request};
use phiomia_api::{Answering, Site};
use tower::ServiceExt as _;

/// What answers. A clone is another handle of the same.
#[derive(Clone)]
pub struct Answers(Arc<dyn Fn(Request) -> Answering + Send + Sync>);

impl Answers {
    /// Begins to answer a request.
    pub(crate) fn begin(&self, request: Request) -> Answering {
        (self.0)(request)
    }
}

impl From<Site> for Answers {
    fn from(site: Site) -> Answers {
        Answers(Arc::new(move |request| Box::pin(site.clone().answer(request))))
    }
}

impl From<Router> for Answers {
    fn from(router: Router) -> Answers {
        Answers(Arc::new(move |request| {
            let answering = router.clone().oneshot(request);
            Box::pin(async move { answering.await.unwrap_or_else(|never| match never {}) })
        }))
    }
}
