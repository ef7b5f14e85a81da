//! Ids and addresses of the network, checked once and compared as URLs, not as text.

use std::{
    fmt,
    hash::{Hash, Hasher},
};

use url::Url;

use crate::bounds;

/// The collection that means everybody. Source: <https://www.w3.org/TR/activitypub/#public-addressing>.
pub const PUBLIC: &str = "https://www.w3.org/ns/activitystreams#Public";

/// Which schemes an address may have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Web {
    /// `https` alone: the network as it is.
    #[default]
    Https,
    /// `http` too: for tests and networks of one's own.
    HttpToo,
}

/// An `https` address without user name or password, of at most [`bounds::URL_BYTES`] bytes.
///
/// It keeps the text as it was sent, because other servers compare ids letter by letter, and is itself compared by its
/// normal form (host in lower-case A-labels, default port and `.` segments gone).
#[derive(Clone)]
pub struct Uri {
    text: Box<str>,
    /// `None`: the text is the normal form.
    normal: Option<Box<str>>,
}

/// The text is not an address this server may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAUri {
    /// Longer than [`bounds::URL_BYTES`].
    #[error("the address is too long")]
    TooLong,
    /// Not a URL at all, or one with spaces or control characters in it.
    #[error("not an absolute URL")]
    NotAUrl,
    /// `http:`, `did:`, `ap:` and all others.
    #[error("the address is not https")]
    Scheme,
    /// `https://name:password@host/`.
    #[error("the address carries a user name or password")]
    Credentials,
}

impl Uri {
    /// Checks an address.
    ///
    /// # Errors
    /// See [`NotAUri`].
    pub fn parse(text: &str, web: Web) -> Result<Uri, NotAUri> {
        if text.len() > bounds::URL_BYTES {
            return Err(NotAUri::TooLong);
        }
        // The URL parser would take these away silently, and then two servers disagree about what was meant.
        if text.chars().any(|c| c.is_control() || c.is_whitespace() || c == '\\') {
            return Err(NotAUri::NotAUrl);
        }
        let url = Url::parse(text).map_err(|_| NotAUri::NotAUrl)?;
        match url.scheme() {
            "https" => {}
            "http" if web == Web::HttpToo => {}
            _ => return Err(NotAUri::Scheme),
        }
        if !url.username().is_empty() || url.password().is_some() || text_has_userinfo(text) {
            return Err(NotAUri::Credentials);
        }
        if url.host_str().is_none_or(|host| host.is_empty() || host.len() > bounds::DOMAIN_BYTES) {
            return Err(NotAUri::NotAUrl);
        }
        let normal = (url.as_str() != text).then(|| url.as_str().into());
        Ok(Uri { text: text.into(), normal })
    }

    /// The collection that means everybody.
    #[must_use]
    pub fn public() -> Uri {
        Uri { text: PUBLIC.into(), normal: None }
    }

    /// As it was sent: for writing it into documents.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The normal form: for comparing, and for looking it up.
    #[must_use]
    pub fn normal(&self) -> &str {
        self.normal.as_deref().unwrap_or(&self.text)
    }

    /// As a URL. It was one when it was made, so there is always one.
    #[must_use]
    pub fn to_url(&self) -> Option<Url> {
        Url::parse(self.normal()).ok()
    }

    /// The host in lower-case A-label form, with its port if that is not the scheme's own: `example.org`,
    /// `127.0.0.2:8080`. This is what two things must share to be of one origin.
    #[must_use]
    pub fn host(&self) -> &str {
        let rest = self.normal().split_once("://").map_or("", |(_, rest)| rest);
        rest.split(['/', '?', '#']).next().unwrap_or("")
    }

    /// Whether both are of one host, port and scheme.
    #[must_use]
    pub fn is_with(&self, other: &Uri) -> bool {
        self.host() == other.host() && self.normal().starts_with("https") == other.normal().starts_with("https")
    }

    /// Whether this means everybody.
    #[must_use]
    pub fn is_public(&self) -> bool {
        &*self.text == PUBLIC
    }

    /// The same address without `#…`.
    #[must_use]
    pub fn without_fragment(&self) -> Uri {
        let before = |text: &str| Box::from(text.split('#').next().unwrap_or_default());
        Uri { text: before(&self.text), normal: self.normal.as_deref().map(before) }
    }
}

/// `https://@host/` has credentials, empty ones, which the URL parser forgets.
fn text_has_userinfo(text: &str) -> bool {
    let rest = text.split_once(':').map_or("", |(_, rest)| rest).trim_start_matches('/');
    rest.split(['/', '?', '#']).next().unwrap_or("").contains('@')
}

impl PartialEq for Uri {
    fn eq(&self, other: &Uri) -> bool {
        self.normal() == other.normal()
    }
}
impl Eq for Uri {}
impl Hash for Uri {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.normal().hash(state);
    }
}
impl PartialOrd for Uri {
    fn partial_cmp(&self, other: &Uri) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Uri {
    fn cmp(&self, other: &Uri) -> std::cmp::Ordering {
        self.normal().cmp(other.normal())
    }
}
impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
impl fmt::Debug for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}>", self.text)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    fn uri(text: &str) -> Uri {
        Uri::parse(text, Web::Https).unwrap()
    }

    #[test]
    fn ids_are_compared_as_urls_and_written_as_they_came() {
        let sent = uri("https://EXAMPLE.org:443/users/../users/a");
        assert_eq!(sent, uri("https://example.org/users/a"));
        assert_eq!(sent.as_str(), "https://EXAMPLE.org:443/users/../users/a");
        assert_eq!(uri("https://bücher.example/x").host(), "xn--bcher-kva.example");
        assert_ne!(uri("https://example.org/A"), uri("https://example.org/a"));
    }

    #[test]
    fn only_plain_https_addresses_are_held() {
        for (text, problem) in [
            ("http://example.org/", NotAUri::Scheme),
            ("did:key:z6Mk", NotAUri::Scheme),
            ("javascript:alert(1)", NotAUri::Scheme),
            ("https://me@example.org/", NotAUri::Credentials),
            ("https://me:secret@example.org/", NotAUri::Credentials),
            ("https://@example.org/", NotAUri::Credentials),
            ("https://exam\tple.org/", NotAUri::NotAUrl),
            (" https://example.org/", NotAUri::NotAUrl),
            ("https:\\\\example.org", NotAUri::NotAUrl),
            ("/users/a", NotAUri::NotAUrl),
            ("", NotAUri::NotAUrl),
        ] {
            assert_eq!(Uri::parse(text, Web::Https).unwrap_err(), problem, "{text:?}");
        }
        assert_eq!(Uri::parse(&format!("https://e.org/{}", "a".repeat(2_048)), Web::Https), Err(NotAUri::TooLong));
        assert!(Uri::parse("http://127.0.0.1:8080/x", Web::HttpToo).is_ok());
    }

    #[test]
    fn a_host_is_named_with_its_port() {
        assert_eq!(uri("https://example.org:8443/a?b#c").host(), "example.org:8443");
        assert!(!uri("https://example.org:8443/a").is_with(&uri("https://example.org/a")));
        assert!(uri("https://example.org/a").is_with(&uri("https://Example.org/b#c")));
        assert_eq!(uri("https://example.org/a#main-key").without_fragment(), uri("https://example.org/a"));
    }
}
