//! Where pages may load pictures from, when files are handed out by somebody else than this server.

use axum::{
    Router,
    extract::Request,
    middleware::{Next, from_fn},
};
use http::{HeaderValue, header};

/// What a page's policy says of pictures: our own.
const OURS: &str = "img-src 'self'";

/// Adds an origin to the policies of all pages.
pub fn with_pictures_from(router: Router, origin: Option<&str>) -> Router {
    let Some(origin) = origin else { return router };
    let wider = format!("{OURS} {origin}");
    router.layer(from_fn(move |request: Request, next: Next| {
        let wider = wider.clone();
        async move {
            let mut response = next.run(request).await;
            if let Some(policy) = response.headers_mut().get_mut(header::CONTENT_SECURITY_POLICY)
                && let Ok(text) = policy.to_str()
                && let Ok(widened) = HeaderValue::try_from(text.replace(OURS, &wider))
            {
                *policy = widened;
            }
            response
        }
    }))
}
