//! In which form a client wants a thing that has two: a page for people, or a document for other servers.

use http::{HeaderMap, header};

/// What a client would rather have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wants {
    /// A page.
    Page,
    /// The thing itself, as other servers do.
    Document,
    /// It does not say.
    Either,
}

impl Wants {
    /// By `Accept`: what has the highest quality counts, and of several the first.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Wants {
        let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let mut best: Option<(f32, Wants)> = None;
        for range in accept.split(',') {
            let mut parts = range.split(';').map(str::trim);
            let wants = match parts.next().unwrap_or_default() {
                "application/activity+json" | "application/ld+json" | "application/json" => Wants::Document,
                "text/html" | "application/xhtml+xml" | "text/*" => Wants::Page,
                "*/*" => Wants::Either,
                _ => continue,
            };
            let quality =
                parts.find_map(|part| part.strip_prefix("q=")).and_then(|q| q.parse().ok()).unwrap_or(1.0_f32);
            if quality > 0.0 && best.is_none_or(|(most, _)| quality > most) {
                best = Some((quality, wants));
            }
        }
        best.map_or(Wants::Either, |(_, wants)| wants)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test shall fail loudly")]

    use http::HeaderValue;

    use super::*;

    #[test]
    fn the_form_with_the_highest_quality_is_wanted() {
        for (accept, wants) in [
            ("", Wants::Either),
            ("*/*", Wants::Either),
            ("image/png", Wants::Either),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", Wants::Page),
            ("application/activity+json", Wants::Document),
            ("application/ld+json; profile=\"https://www.w3.org/ns/activitystreams\"", Wants::Document),
            ("application/activity+json, text/html;q=0.1", Wants::Document),
            ("application/json;q=0.5, text/html", Wants::Page),
            ("text/html, application/activity+json", Wants::Page),
            ("application/activity+json, */*", Wants::Document),
            ("application/activity+json;q=0, */*", Wants::Either),
        ] {
            let headers = HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_str(accept).unwrap())]);
            assert_eq!(Wants::of(&headers), wants, "{accept}");
        }
    }
}
