//! Where pages may load pictures, films and sounds from, when files are handed out by somebody else than this server.

use axum::{
    Router,
    extract::Request,
    middleware::{Next, from_fn},
};
use http::{HeaderValue, header};

/// What a page's policy says of pictures, and of films and sounds: our own.
const OURS: [&str; 2] = ["img-src 'self'", "media-src 'self'"];

/// Adds an origin to the policies of all pages.
pub fn with_files_from(router: Router, origin: Option<&str>) -> Router {
    let Some(origin) = origin else { return router };
    let origin = origin.to_owned();
    router.layer(from_fn(move |request: Request, next: Next| {
        let origin = origin.clone();
        async move {
            let mut response = next.run(request).await;
            if let Some(policy) = response.headers_mut().get_mut(header::CONTENT_SECURITY_POLICY)
                && let Ok(text) = policy.to_str()
                && let Ok(widened) = HeaderValue::try_from(widened(text, &origin))
            {
                *policy = widened;
            }
            response
        }
    }))
}

fn widened(policy: &str, origin: &str) -> String {
    OURS.into_iter().fold(policy.to_owned(), |policy, ours| policy.replace(ours, &format!("{ours} {origin}")))
}

#[cfg(test)]
mod tests {
    use super::widened;

    #[test]
    fn pictures_and_films_may_come_from_there_and_nothing_else() {
        let policy = "default-src 'none'; style-src 'self'; img-src 'self' data:; media-src 'self'";
        assert_eq!(
            widened(policy, "https://files.example"),
            "default-src 'none'; style-src 'self'; img-src 'self' https://files.example data:; \
             media-src 'self' https://files.example"
        );
    }
}
