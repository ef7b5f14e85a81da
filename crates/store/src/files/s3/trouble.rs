//! What a bucket answers when something is wrong, in the words of who has to put it right.

use std::error::Error as StdError;

use object_store::{
    Error,
    client::{HttpError, HttpErrorKind},
};
use phiomia_model::Fault;

use super::BucketSettings;

/// What is said to a bucket, and the right that a key needs for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doing {
    List,
    Read,
    Write,
    Delete,
    Sign,
}

impl Doing {
    fn words(self) -> &'static str {
        match self {
            Doing::List => "listing the files of",
            Doing::Read => "reading a file from",
            Doing::Write => "writing a file to",
            Doing::Delete => "deleting a file from",
            Doing::Sign => "signing an address of",
        }
    }

    fn right(self) -> &'static str {
        match self {
            Doing::List => "s3:ListBucket",
            Doing::Read | Doing::Sign => "s3:GetObject",
            Doing::Write => "s3:PutObject",
            Doing::Delete => "s3:DeleteObject",
        }
    }
}

/// Which bucket it was about.
#[derive(Clone, Debug)]
pub(super) struct Whereabouts {
    bucket: String,
    endpoint: String,
    region: String,
    key_id: String,
}

impl Whereabouts {
    pub(super) fn of(settings: &BucketSettings) -> Whereabouts {
        let amazon = || format!("Amazon in {}", settings.region);
        Whereabouts {
            bucket: settings.bucket.clone(),
            endpoint: settings.endpoint.clone().unwrap_or_else(amazon),
            region: settings.region.clone(),
            key_id: settings.access_key_id.clone(),
        }
    }

    /// `the bucket files at https://minio.example.org`
    pub(super) fn name(&self) -> String {
        format!("the bucket {} at {}", self.bucket, self.endpoint)
    }

    /// The fault of what went wrong. Transient when it may go well another time without anybody's doing.
    pub(super) fn fault(&self, doing: Doing, error: Error) -> Fault {
        let fault = self.explain(doing, error);
        tracing::debug!("{}", fault.chain());
        fault
    }

    fn explain(&self, doing: Doing, error: Error) -> Fault {
        let doing_it = format!("{} {}", doing.words(), self.name());
        let text = error.to_string();
        let said = Said::read(&text);
        let sentence = match said.code {
            Some("NoSuchBucket") => Some("there is no such bucket: make it, or correct s3.bucket".to_owned()),
            Some("InvalidAccessKeyId" | "NotSignedUp") => {
                Some(format!("the key {} is not known there: see s3.access_key_id", self.key_id))
            }
            Some("SignatureDoesNotMatch") => Some(format!(
                "the secret does not belong to the key {}: see s3.secret_access_key, and s3.region ({})",
                self.key_id, self.region
            )),
            Some("RequestTimeTooSkewed" | "RequestExpired") => {
                Some("the clock of this machine is wrong: let it be set by NTP".to_owned())
            }
            Some(
                "AuthorizationHeaderMalformed"
                | "PermanentRedirect"
                | "TemporaryRedirect"
                | "IllegalLocationConstraintException",
            ) => Some(self.wrong_region(said.region)),
            Some("AccessDenied" | "AllAccessDisabled" | "AccountProblem") => Some(self.may_not(doing)),
            Some("NoSuchKey") => Some("the file is not there".to_owned()),
            Some("QuotaExceeded" | "XMinioStorageFull") => Some("there is no room left".to_owned()),
            _ if text.contains("incorrectly configured region") => Some(self.wrong_region(None)),
            None if matches!(said.status, Some(401 | 403)) => Some(self.may_not(doing)),
            _ => None,
        };
        if let Some(sentence) = sentence {
            return Fault::new(format!("{doing_it} failed: {sentence}"));
        }
        let is_passing = said.status.is_some_and(|status| status >= 500 || status == 429 || status == 408)
            || matches!(said.code, Some("SlowDown" | "ServiceUnavailable" | "InternalError" | "RequestTimeout"));
        let way = on_the_way(&error);
        if way == Some(HttpErrorKind::Connect) {
            let why = innermost(&error);
            return Fault::new(format!("{doing_it} failed: nobody answers at {} ({why})", self.endpoint)).transient();
        }
        let fault = Fault::new(format!("{doing_it} failed: {}", innermost(&error)));
        if is_passing || way.is_some() { fault.transient() } else { fault }
    }

    fn may_not(&self, doing: Doing) -> String {
        format!("the key {} may not do that: it needs the right {}", self.key_id, doing.right())
    }

    fn wrong_region(&self, right: Option<&str>) -> String {
        match right {
            Some(right) => format!("the bucket is in the region {right}, s3.region says {}", self.region),
            None => format!("the bucket is in another region than s3.region says ({})", self.region),
        }
    }
}

/// What the answer says: its status, and of its XML what matters.
struct Said<'a> {
    status: Option<u16>,
    code: Option<&'a str>,
    region: Option<&'a str>,
}

impl<'a> Said<'a> {
    /// From the sentence of the library, which has the body of the answer in it.
    fn read(text: &'a str) -> Said<'a> {
        let status = text.split_once("status code: ").and_then(|(_, rest)| rest.get(..3)?.parse().ok());
        Said { status, code: element(text, "Code"), region: element(text, "Region") }
    }
}

fn element<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(&format!("<{name}>"))?;
    rest.split_once("</").map(|(content, _)| content.trim())
}

/// The library's outer sentences repeat the inner ones: the innermost says what happened.
fn innermost(error: &Error) -> String {
    let mut error: &(dyn StdError + 'static) = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

/// What happened to a request that got no answer.
fn on_the_way(error: &Error) -> Option<HttpErrorKind> {
    let mut source: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(error) = source {
        if let Some(error) = error.downcast_ref::<HttpError>() {
            return Some(error.kind());
        }
        source = error.source();
    }
    None
}

/// Whether the answer was that there is no such file. Without a body (`HEAD`) the bucket may be what is missing.
pub(super) fn is_missing(error: &Error) -> bool {
    matches!(error, Error::NotFound { .. }) && !matches!(Said::read(&error.to_string()).code, Some("NoSuchBucket"))
}

/// Whether the answer was that the file is shorter than what was asked for.
pub(super) fn is_beyond(error: &Error) -> bool {
    Said::read(&error.to_string()).status == Some(416)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Secret,
        files::s3::{HandOut, settings::BucketSettings},
    };

    fn whereabouts() -> Whereabouts {
        Whereabouts::of(&BucketSettings {
            bucket: "files".to_owned(),
            region: "eu-west-1".to_owned(),
            endpoint: Some("https://s3.example".to_owned()),
            is_virtual_hosted: false,
            access_key_id: "AKIA1".to_owned(),
            secret_access_key: Secret::new("hidden"),
            prefix: None,
            storage_class: None,
            hand_out: HandOut::Proxied,
            open_timeout: std::time::Duration::from_secs(1),
            read_timeout: std::time::Duration::from_secs(1),
            max_retries: 0,
            ca_file: None,
        })
    }

    fn said(status: &str, body: &str) -> Fault {
        let source = format!("Error performing GET … - Server returned non-2xx status code: {status}: {body}");
        whereabouts().fault(Doing::Write, Error::Generic { store: "S3", source: source.into() })
    }

    #[test]
    fn each_refusal_names_what_has_to_be_put_right() {
        for (status, body, part) in [
            ("404 Not Found", "<Error><Code>NoSuchBucket</Code></Error>", "correct s3.bucket"),
            ("403 Forbidden", "<Error><Code>InvalidAccessKeyId</Code></Error>", "the key AKIA1 is not known"),
            ("403 Forbidden", "<Error><Code>SignatureDoesNotMatch</Code></Error>", "the secret does not belong"),
            ("403 Forbidden", "<Error><Code>RequestTimeTooSkewed</Code></Error>", "the clock of this machine"),
            ("403 Forbidden", "<Error><Code>AccessDenied</Code></Error>", "it needs the right s3:PutObject"),
            ("403 Forbidden", "", "it needs the right s3:PutObject"),
            (
                "400 Bad Request",
                "<Error><Code>AuthorizationHeaderMalformed</Code><Region>eu-north-1</Region></Error>",
                "the bucket is in the region eu-north-1, s3.region says eu-west-1",
            ),
        ] {
            let fault = said(status, body);
            let text = fault.chain();
            assert!(text.contains(part) && !fault.is_transient(), "{text}");
            assert!(text.starts_with("writing a file to the bucket files at https://s3.example"), "{text}");
        }
    }

    #[test]
    fn what_may_pass_by_itself_is_tried_again() {
        for status in ["503 Service Unavailable", "500 Internal Server Error", "429 Too Many Requests"] {
            assert!(said(status, "").is_transient(), "{status}");
        }
        assert!(!said("400 Bad Request", "<Error><Code>InvalidRequest</Code></Error>").is_transient());
    }
}
