//! The two ways a thing can go wrong: a refusal is for whoever asked, a fault is for the operator.

use std::{error::Error as StdError, fmt, io, time::Duration};

/// Why something did not happen.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Whoever asked may read why.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Something here is broken; strangers learn nothing about it.
    #[error(transparent)]
    Broken(#[from] Fault),
}

impl Error {
    /// Whether the same thing may work in a moment: what is wrong passes by itself.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Error::Refused(refusal) => matches!(refusal, Refusal::Unavailable { .. }),
            Error::Broken(fault) => fault.is_transient(),
        }
    }
}

/// What was looked for and is not there, or not for the one who asks. Both read the same, on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Noun {
    /// An account.
    #[error("Account")]
    Account,
    /// A status.
    #[error("Status")]
    Status,
    /// Anything else.
    #[error("Record")]
    Record,
}

/// A closed set of ways to say no. The doors (API, pages, inbox, command line) give each its form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Not there, or not for you: `404`, one and the same answer.
    #[error("Record not found")]
    NotFound(Noun),
    /// The post to be answered is not there, or not for you: `404` as well, in Mastodon's words for this case.
    #[error("The post you are trying to reply to does not appear to exist.")]
    NoParent,
    /// The post to be quoted is not there, not for you, or its author does not want that: `404`, all three alike.
    #[error("The post you are trying to quote does not appear to exist.")]
    NoQuoted,
    /// There once, gone for good: `410`.
    #[error("Record not found")]
    Gone(Noun),
    /// No token, or one that is not valid: `401`.
    #[error("{0}")]
    Unauthenticated(&'static str),
    /// Known, but not allowed: `403`.
    #[error("{0}")]
    Forbidden(&'static str),
    /// The input does not hold: `422`. One sentence as Mastodon words it.
    #[error("{0}")]
    Invalid(String),
    /// The input does not hold, told field by field: `422` with `details`.
    #[error("Validation failed: {}", summary(.0))]
    InvalidFields(Vec<FieldError>),
    /// Malformed: `400`.
    #[error("{0}")]
    Malformed(String),
    /// Somebody else was first: `409`.
    #[error("{0}")]
    Conflict(String),
    /// Larger than the route takes: `413`.
    #[error("Payload too large")]
    TooLarge,
    /// A form this route does not read: `415`.
    #[error("Unsupported media type")]
    UnsupportedForm,
    /// Asked for in a form this page does not have: `406`.
    #[error("Not Acceptable")]
    NotAcceptable,
    /// Too often: `429`.
    #[error("Too many requests")]
    TooMany {
        /// How long until it may be tried again.
        retry_after: Duration,
    },
    /// We cannot just now: `503` with `Retry-After`.
    #[error("Service temporarily unavailable")]
    Unavailable {
        /// How long until it may be tried again.
        retry_after: Duration,
    },
}

impl Refusal {
    /// `Validation failed: Text can't be blank`, in Mastodon's words.
    #[must_use]
    pub fn validation(sentence: &str) -> Refusal {
        Refusal::Invalid(format!("Validation failed: {sentence}"))
    }
}

/// What is wrong with one field, in Mastodon's codes (`ERR_BLANK`, `ERR_TAKEN` ...).
/// Source: <https://docs.joinmastodon.org/methods/accounts/#422-unprocessable-entity>.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// The parameter's name.
    pub field: &'static str,
    /// `ERR_…`.
    pub code: &'static str,
    /// A sentence's end, as in "Username *has already been taken*".
    pub description: String,
}

fn summary(fields: &[FieldError]) -> String {
    let parts: Vec<String> = fields
        .iter()
        .map(|f| {
            let mut name = f.field.replace('_', " ");
            if let Some(first) = name.get_mut(0..1) {
                first.make_ascii_uppercase();
            }
            format!("{name} {}", f.description)
        })
        .collect();
    parts.join(", ")
}

/// Something of ours does not work. Logged once, at the door where it is answered.
#[derive(Debug)]
pub struct Fault {
    /// What we were doing, for the operator.
    doing: String,
    /// Whether the same thing may work in a moment (database away, disk full).
    transient: bool,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Fault {
    /// A fault without a cause below it.
    #[must_use]
    pub fn new(doing: impl Into<String>) -> Fault {
        Fault { doing: doing.into(), transient: false, source: None }
    }
    /// A fault with the error that caused it. A full disk is one that passes by itself, wherever it is met.
    #[must_use]
    pub fn because(doing: impl Into<String>, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Fault {
        let source = source.into();
        let transient = source.downcast_ref::<io::Error>().is_some_and(is_full);
        Fault { doing: doing.into(), transient, source: Some(source) }
    }
    /// The same fault, marked as one that passes by itself: the answer is `503` with `Retry-After`.
    #[must_use]
    pub fn transient(mut self) -> Fault {
        self.transient = true;
        self
    }
    /// Whether it passes by itself.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        self.transient
    }
    /// The whole chain of causes in one line, for a log.
    #[must_use]
    pub fn chain(&self) -> String {
        let mut text = self.doing.clone();
        let mut cause = self.source();
        while let Some(error) = cause {
            text.push_str(": ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        text
    }
}

/// Whether there is no room for what was to be written: none on the disk, or none left for whom this program runs as.
#[must_use]
pub fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.doing)
    }
}

impl StdError for Fault {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|e| e as &(dyn StdError + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_passes_by_itself_and_a_broken_one_does_not() {
        let of = |kind: io::ErrorKind| Fault::because("writing", io::Error::from(kind)).is_transient();
        assert!(of(io::ErrorKind::StorageFull) && of(io::ErrorKind::QuotaExceeded));
        assert!(!of(io::ErrorKind::PermissionDenied));
    }
}
