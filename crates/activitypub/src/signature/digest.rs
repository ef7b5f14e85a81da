//! The digest of a body in a header, in both forms.

use aws_lc_rs::{constant_time::verify_slices_are_equal, digest};
use base64::{Engine, engine::general_purpose::STANDARD};

use super::{
    Refused,
    fields::{Bare, Member, dictionary},
};

/// The value of `Digest`: `SHA-256=…`. Source: <https://www.rfc-editor.org/rfc/rfc3230#section-4.3.2>.
#[must_use]
pub fn digest_header(body: &[u8]) -> String {
    format!("SHA-256={}", STANDARD.encode(sha256(body)))
}

/// The value of `Content-Digest`: `sha-256=:…:`. Source: <https://www.rfc-editor.org/rfc/rfc9530#section-2>.
#[must_use]
pub fn content_digest_header(body: &[u8]) -> String {
    format!("sha-256=:{}:", STANDARD.encode(sha256(body)))
}

pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    for (to, from) in out.iter_mut().zip(digest::digest(&digest::SHA256, bytes).as_ref()) {
        *to = *from;
    }
    out
}

/// Checks a `Digest`: at least one algorithm we know, and all that we know must hold.
pub(super) fn check_digest(value: &str, body: &[u8]) -> Result<(), Refused> {
    let mut is_known = false;
    for part in value.split(',') {
        let (name, text) = part.trim().split_once('=').ok_or(Refused::Malformed("Digest", "`algorithm=base64`"))?;
        let Some(algorithm) = algorithm(name) else { continue };
        let claimed = STANDARD.decode(text).map_err(|_| Refused::Malformed("Digest", "base64"))?;
        compare(algorithm, &claimed, body, "Digest")?;
        is_known = true;
    }
    if is_known { Ok(()) } else { Err(Refused::UnknownDigest("Digest")) }
}

/// Checks a `Content-Digest`, by the same rule.
pub(super) fn check_content_digest(value: &str, body: &[u8]) -> Result<(), Refused> {
    let mut is_known = false;
    for (name, member) in dictionary(value).map_err(|why| Refused::Malformed("Content-Digest", why))? {
        let Some(algorithm) = algorithm(&name) else { continue };
        let Member::Item(Bare::Bytes(claimed), _) = member else {
            return Err(Refused::Malformed("Content-Digest", "bytes between colons"));
        };
        compare(algorithm, &claimed, body, "Content-Digest")?;
        is_known = true;
    }
    if is_known { Ok(()) } else { Err(Refused::UnknownDigest("Content-Digest")) }
}

fn algorithm(name: &str) -> Option<&'static digest::Algorithm> {
    match name.to_ascii_lowercase().as_str() {
        "sha-256" => Some(&digest::SHA256),
        "sha-512" => Some(&digest::SHA512),
        _ => None,
    }
}

fn compare(
    algorithm: &'static digest::Algorithm,
    claimed: &[u8],
    body: &[u8],
    header: &'static str,
) -> Result<(), Refused> {
    let actual = digest::digest(algorithm, body);
    verify_slices_are_equal(actual.as_ref(), claimed).map_err(|_| Refused::DigestMismatch(header))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 9530, appendix B.1 and D; `{"hello": "world"}` with a line feed.
    const BODY: &[u8] = b"{\"hello\": \"world\"}\n";

    #[test]
    fn content_digests_of_the_standard_hold() {
        assert_eq!(content_digest_header(BODY), "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:");
        assert_eq!(check_content_digest(&content_digest_header(BODY), BODY), Ok(()));
        assert_eq!(digest_header(BODY), "SHA-256=RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=");
        assert_eq!(check_digest(&digest_header(BODY), BODY), Ok(()));
    }

    #[test]
    fn a_digest_that_does_not_hold_or_that_nobody_knows_is_refused() {
        assert_eq!(check_digest(&digest_header(b"x"), BODY), Err(Refused::DigestMismatch("Digest")));
        assert_eq!(check_digest("MD5=AAAA", BODY), Err(Refused::UnknownDigest("Digest")));
        let both = format!("{}, sha-512=AAAA", digest_header(BODY));
        assert_eq!(check_digest(&both, BODY), Err(Refused::DigestMismatch("Digest")));
        assert_eq!(
            check_content_digest("sha-256=7", BODY),
            Err(Refused::Malformed("Content-Digest", "bytes between colons"))
        );
        assert_eq!(check_content_digest("", BODY), Err(Refused::UnknownDigest("Content-Digest")));
    }
}
