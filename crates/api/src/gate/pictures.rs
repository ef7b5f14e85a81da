//! Where pages may load pictures, films and sounds from, when files are handed out by somebody else than this server.

use http::{HeaderMap, HeaderValue, header};

/// What a page's policy says of pictures, and of films and sounds: our own.
const OURS: [&str; 2] = ["img-src 'self'", "media-src 'self'"];

/// Adds an origin to the policy of a page.
pub(super) fn allow(headers: &mut HeaderMap, origin: &str) {
    if let Some(policy) = headers.get_mut(header::CONTENT_SECURITY_POLICY)
        && let Ok(text) = policy.to_str()
        && let Ok(widened) = HeaderValue::try_from(widened(text, origin))
    {
        *policy = widened;
    }
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
