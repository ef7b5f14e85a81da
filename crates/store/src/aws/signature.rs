//! Signature Version 4. <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>

use std::time::Duration;

use aws_lc_rs::{digest, hmac};
use phiomia_model::Time;

use super::Key;
use crate::db::copy::hex;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// What a signature is for.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// `eu-central-1`.
    pub region: &'a str,
    /// `route53`.
    pub service: &'a str,
    /// It holds for a quarter of an hour from then.
    pub now: Time,
}

/// A request that is to be signed.
#[derive(Clone, Copy, Debug)]
pub struct Unsigned<'a> {
    /// `GET`.
    pub method: &'a str,
    /// Host and, unless it is the usual one, port, as the request names them.
    pub host: &'a str,
    /// Of letters, digits, `-._~` and slashes.
    pub path: &'a str,
    /// Names and values, not encoded.
    pub query: &'a [(&'a str, &'a str)],
    /// More headers that count, with their names in lower case.
    pub headers: &'a [(&'a str, &'a str)],
    /// What is sent.
    pub body: &'a [u8],
}

/// What was signed, as it is sent.
#[derive(Clone, Debug)]
pub struct Signed {
    /// Path and query.
    pub target: String,
    /// Headers to send along, with their names in lower case. `host` is not among them.
    pub headers: Vec<(&'static str, String)>,
}

impl Scope<'_> {
    /// `20150830T123600Z`.
    fn moment(&self) -> String {
        let digits = self.now.to_iso_millis();
        format!("{}Z", digits.chars().filter(char::is_ascii_alphanumeric).take(15).collect::<String>())
    }

    fn credential(&self) -> String {
        let day: String = self.moment().chars().take(8).collect();
        format!("{day}/{}/{}/aws4_request", self.region, self.service)
    }
}

impl Key {
    /// Signs in headers.
    #[must_use]
    pub fn sign(&self, scope: &Scope<'_>, request: &Unsigned<'_>) -> Signed {
        let moment = scope.moment();
        let mut counted = vec![("host", request.host), ("x-amz-date", &moment)];
        counted.extend(self.session.iter().map(|session| ("x-amz-security-token", session.expose())));
        counted.extend_from_slice(request.headers);
        counted.sort_unstable();
        let names: Vec<&str> = counted.iter().map(|(name, _)| *name).collect();
        let names = names.join(";");
        let headers: String = counted.iter().map(|(name, value)| format!("{name}:{}\n", value.trim())).collect();
        let query = query(request.query);
        let sum = hex(digest::digest(&digest::SHA256, request.body).as_ref());
        let canonical = format!("{}\n{}\n{query}\n{headers}\n{names}\n{sum}", request.method, request.path);
        let signature = self.signature(scope, &canonical);
        let (id, credential) = (&self.id, scope.credential());
        let authorization =
            format!("{ALGORITHM} Credential={id}/{credential}, SignedHeaders={names}, Signature={signature}");
        let mut headers = vec![("x-amz-date", moment), ("authorization", authorization)];
        headers.extend(self.session.iter().map(|session| ("x-amz-security-token", session.expose().to_owned())));
        let mark = if query.is_empty() { "" } else { "?" };
        Signed { target: format!("{}{mark}{query}", request.path), headers }
    }

    /// Signs a `GET` of `/` in its query, which is given back.
    pub(crate) fn sign_query(&self, scope: &Scope<'_>, host: &str, said: &[(&str, &str)], lasts: Duration) -> String {
        let (moment, lasts) = (scope.moment(), lasts.as_secs().to_string());
        let credential = format!("{}/{}", self.id, scope.credential());
        let mut all = said.to_vec();
        all.extend([
            ("X-Amz-Algorithm", ALGORITHM),
            ("X-Amz-Credential", &credential),
            ("X-Amz-Date", &moment),
            ("X-Amz-Expires", &lasts),
            ("X-Amz-SignedHeaders", "host"),
        ]);
        all.extend(self.session.iter().map(|session| ("X-Amz-Security-Token", session.expose())));
        let query = query(&all);
        let nothing = hex(digest::digest(&digest::SHA256, b"").as_ref());
        let signature = self.signature(scope, &format!("GET\n/\n{query}\nhost:{host}\n\nhost\n{nothing}"));
        format!("{query}&X-Amz-Signature={signature}")
    }

    fn signature(&self, scope: &Scope<'_>, request: &str) -> String {
        let request = hex(digest::digest(&digest::SHA256, request.as_bytes()).as_ref());
        let (moment, credential) = (scope.moment(), scope.credential());
        let first = format!("AWS4{}", self.secret.expose());
        let key = credential.split('/').fold(first.into_bytes(), |key, part| signed(&key, part.as_bytes()));
        hex(&signed(&key, format!("{ALGORITHM}\n{moment}\n{credential}\n{request}").as_bytes()))
    }
}

/// Encoded, in the order of the names.
fn query(pairs: &[(&str, &str)]) -> String {
    let mut parts: Vec<(String, String)> = pairs.iter().map(|(name, value)| (encoded(name), encoded(value))).collect();
    parts.sort_unstable();
    parts.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

fn signed(key: &[u8], text: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text).as_ref().to_vec()
}

/// Everything but letters, digits and `-._~`.
fn encoded(text: &str) -> String {
    let one = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(one).collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;
    use crate::Secret;

    /// The key, the moment and the host of Amazon's own examples (`aws-sig-v4-test-suite`).
    fn signature(request: Unsigned<'_>, session: Option<&str>) -> String {
        let secret = Secret::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
        let key = Key { id: "AKIDEXAMPLE".to_owned(), secret, session: session.map(Secret::new) };
        let now = Time::parse("2015-08-30T12:36:00Z").unwrap();
        let signed = key.sign(&Scope { region: "us-east-1", service: "service", now }, &request);
        let header = signed.headers.iter().find(|(name, _)| *name == "authorization").unwrap();
        let start = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=";
        assert!(header.1.starts_with(start), "{header:?}");
        header.1.rsplit_once("Signature=").unwrap().1.to_owned()
    }

    const GET: Unsigned<'static> =
        Unsigned { method: "GET", host: "example.amazonaws.com", path: "/", query: &[], headers: &[], body: b"" };

    #[test]
    fn signatures_are_those_of_amazons_examples() {
        let post = Unsigned { method: "POST", ..GET };
        let unreserved = "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        let form = [("content-type", "application/x-www-form-urlencoded")];
        for (name, request, session, expected) in [
            ("get-vanilla", GET, None, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
            (
                "get-vanilla-query-order-key-case",
                Unsigned { query: &[("Param2", "value2"), ("Param1", "value1")], ..GET },
                None,
                "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
            ),
            (
                "get-unreserved",
                Unsigned { path: unreserved, ..GET },
                None,
                "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f",
            ),
            ("post-vanilla", post, None, "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
            (
                "post-x-www-form-urlencoded",
                Unsigned { headers: &form, body: b"Param1=value1", ..post },
                None,
                "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
            ),
            (
                "post-sts-header-before",
                post,
                Some(
                    "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==",
                ),
                "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead",
            ),
        ] {
            assert_eq!(signature(request, session), expected, "{name}");
        }
    }

    #[test]
    fn what_is_sent_is_what_was_signed() {
        let key = Key { id: "id".to_owned(), secret: Secret::new("s"), session: Some(Secret::new("lent")) };
        let scope = Scope { region: "us-east-1", service: "route53", now: Time(0) };
        let signed = key.sign(&scope, &Unsigned { query: &[("name", "a b."), ("type", "A")], ..GET });
        assert_eq!(signed.target, "/?name=a%20b.&type=A");
        assert!(signed.headers.contains(&("x-amz-date", "19700101T000000Z".to_owned())));
        assert!(signed.headers.contains(&("x-amz-security-token", "lent".to_owned())));
    }
}
