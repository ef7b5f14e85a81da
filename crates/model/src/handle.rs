//! Handles: `alice` here, `alice@example.org` elsewhere.

use std::{fmt, str::FromStr};

/// A name and, for people elsewhere, a domain in lower case. The name keeps its letters' case;
/// compare with [`Handle::key`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Handle {
    /// Without `@`.
    pub username: String,
    /// `None`: on this server.
    pub domain: Option<String>,
}

impl Handle {
    /// A handle of this server.
    #[must_use]
    pub fn local(username: impl Into<String>) -> Handle {
        Handle { username: username.into(), domain: None }
    }
    /// The name as it is compared: lower case.
    #[must_use]
    pub fn key(&self) -> String {
        self.username.to_lowercase()
    }
    /// The same handle, with a domain that is one of ours taken away.
    #[must_use]
    pub fn relative_to(mut self, our_domains: &[&str]) -> Handle {
        if self.domain.as_deref().is_some_and(|d| our_domains.iter().any(|o| o.eq_ignore_ascii_case(d))) {
            self.domain = None;
        }
        self
    }
}

impl fmt::Display for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.domain {
            None => f.write_str(&self.username),
            Some(domain) => write!(f, "{}@{domain}", self.username),
        }
    }
}

/// The text is not `name` or `name@domain`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a handle: expected name or name@domain")]
pub struct NotAHandle;

impl FromStr for Handle {
    type Err = NotAHandle;
    /// Reads `alice`, `@alice`, `alice@example.org`, `@alice@example.org` and `acct:alice@example.org`.
    fn from_str(text: &str) -> Result<Handle, NotAHandle> {
        let text = text.trim();
        let text = text.strip_prefix("acct:").unwrap_or(text);
        let text = text.strip_prefix('@').unwrap_or(text);
        let (username, domain) = match text.split_once('@') {
            None => (text, None),
            Some((name, domain)) => (name, Some(domain)),
        };
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
        if username.is_empty() || username.len() > 2048 || !username.chars().all(fits) {
            return Err(NotAHandle);
        }
        let domain = match domain {
            None => None,
            Some(d) => {
                let is_domain_char = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
                if d.is_empty() || d.len() > 253 || !d.chars().all(is_domain_char) {
                    return Err(NotAHandle);
                }
                Some(d.to_lowercase())
            }
        };
        Ok(Handle { username: username.to_owned(), domain })
    }
}

/// A domain as it is kept: lower case, in the letters of DNS, with a port that is not the usual one. `None`: it is none.
#[must_use]
pub fn domain_name(text: &str) -> Option<String> {
    let text = text.trim();
    if text.contains(['/', '?', '#', '@', '\\']) {
        return None;
    }
    let url = url::Url::parse(&format!("https://{text}/")).ok()?;
    let host = url.host_str()?.trim_end_matches('.');
    if host.is_empty() {
        return None;
    }
    Some(url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
}

/// Whether a new local account may have this name: 1 to 30 letters, digits or underscores.
/// Source: <https://docs.joinmastodon.org/methods/accounts/#create>.
#[must_use]
pub fn is_valid_local_name(name: &str) -> bool {
    (1..=30).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// Names no account may have, because pages and servers use them.
#[must_use]
pub fn is_reserved_name(name: &str) -> bool {
    const RESERVED: [&str; 14] = [
        "abuse",
        "account",
        "accounts",
        "admin",
        "administration",
        "administrator",
        "admins",
        "help",
        "helpdesk",
        "instance",
        "mod",
        "moderator",
        "support",
        "webmaster",
    ];
    RESERVED.contains(&name.to_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_is_kept_in_one_way() {
        let kept = |text: &str| domain_name(text);
        assert_eq!(kept(" Example.ORG. ").as_deref(), Some("example.org"));
        assert_eq!(kept("münchen.example:8443").as_deref(), Some("xn--mnchen-3ya.example:8443"));
        for wrong in ["", "https://example.org", "a b", "me@example.org", "example.org/x", "."] {
            assert_eq!(kept(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn handles_are_read_in_every_form_people_type() {
        let there = Handle { username: "alice".into(), domain: Some("example.org".into()) };
        for text in ["alice@example.org", "@alice@Example.ORG", "acct:alice@example.org", " @alice@example.org "] {
            assert_eq!(text.parse(), Ok(there.clone()), "{text:?}");
        }
        assert_eq!("@alice".parse(), Ok(Handle::local("alice")));
        assert_eq!(
            "alice@localhost:3912".parse::<Handle>().map(|h| h.relative_to(&["localhost:3912"])),
            Ok(Handle::local("alice"))
        );
        for bad in ["", "@", "a b", "alice@", "a@b@c", "alice@exa mple"] {
            assert_eq!(bad.parse::<Handle>(), Err(NotAHandle), "{bad:?}");
        }
    }

    #[test]
    fn local_names_are_ascii_words_of_at_most_thirty() {
        for good in ["a", "alice", "a_1", &"x".repeat(30)] {
            assert!(is_valid_local_name(good), "{good}");
        }
        for bad in ["", "a.b", "a-b", "ä", "a b", &"x".repeat(31)] {
            assert!(!is_valid_local_name(bad), "{bad}");
        }
    }
}
