//! HTTP signatures: draft-cavage-12, which everybody speaks, and RFC 9421, its successor.
//!
//! Verifying has two steps, so that nothing is fetched for a request that could not be accepted anyway:
//! [`Signed::examine`] checks form, coverage, digest and time; [`Signed::verify`] needs the key. Signing is [`sign`].
//!
//! What must be signed: method and target, host, a moment (`date` or `created`), and with a body its digest.
//! Sources: <https://datatracker.ietf.org/doc/html/draft-cavage-http-signatures-12>,
//! <https://www.rfc-editor.org/rfc/rfc9421>, <https://docs.joinmastodon.org/spec/security/>.

pub(crate) mod base58;
mod cavage;
mod digest;
mod fields;
mod keys;
mod message;
mod window;

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use phiomia_model::time::Time;
use url::Url;

pub(crate) use digest::sha256;
pub use digest::{content_digest_header, digest_header};
pub use keys::{BadKey, KeyKind, PrivateKey, PublicKey};

use crate::{
    bounds,
    uri::{Uri, Web},
};

/// What of a request is signed, the body aside.
#[derive(Clone, Copy, Debug)]
pub struct Head<'a> {
    /// `GET`, `POST`.
    pub method: &'a Method,
    /// Where it goes, as the sender meant it: our own scheme and host, whatever stands between.
    pub url: &'a Url,
    /// Its headers.
    pub headers: &'a HeaderMap,
}

impl Head<'_> {
    /// One header as text. Twice is refused: two readers might not mean the same one.
    fn header(&self, name: &str) -> Result<Option<&str>, Refused> {
        let mut values = self.headers.get_all(name).iter();
        let Some(value) = values.next() else { return Ok(None) };
        if values.next().is_some() {
            return Err(Refused::Repeated(name.to_owned()));
        }
        value.to_str().map(|text| Some(text.trim())).map_err(|_| Refused::NotText(name.to_owned()))
    }

    fn required(&self, name: &str) -> Result<&str, Refused> {
        self.header(name)?.ok_or_else(|| Refused::HeaderMissing(name.to_owned()))
    }

    /// A header that belongs to the signature itself.
    fn bounded(&self, name: &str) -> Result<Option<&str>, Refused> {
        let value = self.header(name)?;
        if value.is_some_and(|value| value.len() > bounds::SIGNATURE_HEADER_BYTES) {
            return Err(Refused::TooLong(name.to_owned()));
        }
        Ok(value)
    }

    /// Host and port, the latter unless it is the scheme's own.
    fn authority(&self) -> String {
        let host = self.url.host_str().unwrap_or("");
        self.url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }
}

/// Why a request is not believed, in words that help whoever runs the other server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// No signature.
    #[error("the request is not signed")]
    Unsigned,
    /// More than one signature of RFC 9421.
    #[error("the request has {0} signatures, expected exactly one")]
    Several(usize),
    /// A header or parameter stands there twice.
    #[error("`{0}` is there more than once")]
    Repeated(String),
    /// Beyond the bounds.
    #[error("`{0}` is too long")]
    TooLong(String),
    /// Not ASCII.
    #[error("`{0}` is not plain text")]
    NotText(String),
    /// Header, and what was expected in it.
    #[error("`{0}` cannot be read: expected {1}")]
    Malformed(&'static str, &'static str),
    /// A parameter of the signature that must be there.
    #[error("the signature has no `{0}`")]
    ParameterMissing(&'static str),
    /// A signed header that the request does not have.
    #[error("the signature covers `{0}`, which the request does not have")]
    HeaderMissing(String),
    /// A component of RFC 9421 that we do not compute.
    #[error("the signature covers `{0}`, which is not supported")]
    Component(String),
    /// What must be signed and is not.
    #[error("the signature does not cover {0}")]
    NotCovered(&'static str),
    /// Neither `rsa-sha256`, `hs2019`, `rsa-v1_5-sha256` nor `ed25519`.
    #[error("the algorithm `{0}` is not supported")]
    Algorithm(String),
    /// Only algorithms that nobody should use.
    #[error("`{0}` has neither sha-256 nor sha-512")]
    UnknownDigest(&'static str),
    /// The body is another one.
    #[error("`{0}` does not match the body")]
    DigestMismatch(&'static str),
    /// Signed too long ago.
    #[error("the signature is {minutes} minutes old, the limit is {limit}: the clocks may differ")]
    TooOld {
        /// How old it is.
        minutes: i64,
        /// How old it may be.
        limit: i64,
    },
    /// Signed in the future.
    #[error("the signature is from {minutes} minutes in the future, the limit is {limit}: the clocks may differ")]
    Ahead {
        /// How far ahead.
        minutes: i64,
        /// How far it may be.
        limit: i64,
    },
    /// Past its own end.
    #[error("the signature expired {minutes} minutes ago: the clocks may differ")]
    Expired {
        /// How long ago.
        minutes: i64,
    },
    /// The key's name is not an address.
    #[error("the key id is not an https address")]
    KeyId,
    /// Another kind of key than the algorithm needs.
    #[error("the algorithm `{algorithm}` does not fit the key, which is {kind:?}")]
    KeyKind {
        /// As the signature says.
        algorithm: String,
        /// What the key is.
        kind: KeyKind,
    },
    /// All is well formed, and the signature is not this key's over this request.
    #[error("the signature does not match the request and the key")]
    Wrong,
}

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// draft-cavage-http-signatures-12.
    Cavage,
    /// RFC 9421.
    Rfc9421,
}

impl Dialect {
    /// The one to try when a server refuses this one.
    #[must_use]
    pub const fn other(self) -> Dialect {
        match self {
            Dialect::Cavage => Dialect::Rfc9421,
            Dialect::Rfc9421 => Dialect::Cavage,
        }
    }
}

/// A signature that would hold if the key says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    dialect: Dialect,
    key_id: String,
    algorithm: Option<String>,
    signature: Vec<u8>,
    /// What was signed: one text, or for draft-cavage a second one without the query, as some softwares sign.
    bases: Vec<String>,
}

impl Signed {
    /// Checks all that can be checked without the key. `body`: `None` for a request without one.
    ///
    /// # Errors
    /// [`Refused`], never `Wrong`, `KeyKind`.
    pub fn examine(head: &Head<'_>, body: Option<&[u8]>, now: Time) -> Result<Signed, Refused> {
        // Our own name is what was signed, whatever the header says; but two of them are two requests in one.
        head.header("host")?;
        if head.headers.contains_key("signature-input") {
            message::examine(head, body, now)
        } else {
            cavage::examine(head, body, now)
        }
    }

    /// How it is signed.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// The key's name, as it is written.
    #[must_use]
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// The key's name as an address.
    ///
    /// # Errors
    /// [`Refused::KeyId`].
    pub fn key_uri(&self, web: Web) -> Result<Uri, Refused> {
        Uri::parse(&self.key_id, web).map_err(|_| Refused::KeyId)
    }

    /// Whether the signature is this key's.
    ///
    /// # Errors
    /// [`Refused::Wrong`], [`Refused::KeyKind`].
    pub fn verify(&self, key: &PublicKey) -> Result<(), Refused> {
        let algorithm = self.algorithm.as_deref().unwrap_or("hs2019");
        let fits = match (algorithm, key.kind()) {
            ("hs2019", _) => true,
            ("ed25519", kind) => kind == KeyKind::Ed25519,
            (_, kind) => kind == KeyKind::Rsa,
        };
        if !fits {
            return Err(Refused::KeyKind { algorithm: algorithm.to_owned(), kind: key.kind() });
        }
        let may_be_sha512 = self.dialect == Dialect::Cavage && algorithm == "hs2019";
        let holds = |base: &String| {
            let base = base.as_bytes();
            key.holds(base, &self.signature) || (may_be_sha512 && key.holds_sha512(base, &self.signature))
        };
        if self.bases.iter().any(holds) { Ok(()) } else { Err(Refused::Wrong) }
    }
}

/// Who signs.
#[derive(Clone, Copy, Debug)]
pub struct Signer<'a> {
    /// The key's name: what others fetch.
    pub key_id: &'a Uri,
    /// The key.
    pub key: &'a PrivateKey,
}

/// The headers to add to a request: `date`, with a body its digest, and the signature. `host` is signed as the URL
/// names it, so the client must send that. One RSA operation: not for a thread that answers others.
///
/// `None` only when the cryptographic library fails.
#[must_use]
pub fn sign(
    dialect: Dialect,
    method: &Method,
    url: &Url,
    body: Option<&[u8]>,
    signer: Signer<'_>,
    now: Time,
) -> Option<Vec<(HeaderName, HeaderValue)>> {
    sign_with(dialect, method, url, body, signer, now, None)
}

/// As [`sign`], with one more header, which is signed too and stands among those that are given.
#[must_use]
pub fn sign_with(
    dialect: Dialect,
    method: &Method,
    url: &Url,
    body: Option<&[u8]>,
    signer: Signer<'_>,
    now: Time,
    more: Option<(&'static str, HeaderValue)>,
) -> Option<Vec<(HeaderName, HeaderValue)>> {
    let mut headers = HeaderMap::new();
    let also = more.as_ref().map(|(name, _)| *name);
    if let Some((name, value)) = more {
        headers.insert(name, value);
    }
    headers.insert(http::header::DATE, window::http_date(now).try_into().ok()?);
    if let Some(body) = body {
        let (name, value) = match dialect {
            Dialect::Cavage => ("digest", digest_header(body)),
            Dialect::Rfc9421 => ("content-digest", content_digest_header(body)),
        };
        headers.insert(name, value.try_into().ok()?);
    }
    let head = Head { method, url, headers: &headers };
    let more = match dialect {
        Dialect::Cavage => cavage::sign(&head, signer, also)?,
        Dialect::Rfc9421 => message::sign(&head, signer, now, also)?,
    };
    for (name, value) in more {
        headers.insert(name, value.try_into().ok()?);
    }
    Some(headers.into_iter().filter_map(|(name, value)| Some((name?, value))).collect())
}

#[cfg(test)]
mod tests;
