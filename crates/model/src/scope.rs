//! OAuth scopes: what an app may do for somebody.
//!
//! Source: <https://docs.joinmastodon.org/api/oauth-scopes/>.

use std::{collections::BTreeSet, fmt, sync::Arc};

/// One scope, by its full name (`read:statuses`). Only the names below exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope(&'static str);

impl Scope {
    /// The scope of that name, if there is one.
    #[must_use]
    pub fn named(name: &str) -> Option<Scope> {
        ALL.iter().find(|s| **s == name).map(|s| Scope(s))
    }
    /// A scope a route asks for. Panics at compile time for a name that does not exist.
    #[must_use]
    #[expect(clippy::indexing_slicing, reason = "bounded by the loop's condition; const code has no iterators")]
    pub const fn of(name: &'static str) -> Scope {
        let mut at = 0;
        while at < ALL.len() {
            if equal(ALL[at].as_bytes(), name.as_bytes()) {
                return Scope(name);
            }
            at += 1;
        }
        panic!("no such scope")
    }
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.0
    }
    /// Whether holding `self` is enough where `wanted` is asked for.
    #[must_use]
    pub fn includes(self, wanted: Scope) -> bool {
        if self == wanted {
            return true;
        }
        if self.0 == "follow" {
            return matches!(
                wanted.0,
                "read:follows" | "write:follows" | "read:blocks" | "write:blocks" | "read:mutes" | "write:mutes"
            );
        }
        wanted.0.strip_prefix(self.0).is_some_and(|rest| rest.starts_with(':'))
    }
}

#[expect(clippy::indexing_slicing, reason = "bounded by the loop's condition; const code has no iterators")]
const fn equal(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let mut at = 0;
    while at < a.len() {
        if a[at] != b[at] {
            return false;
        }
        at += 1;
    }
    true
}

/// Every scope of Mastodon 4.7, in the order its metadata lists them.
pub const ALL: [&str; 51] = [
    "profile",
    "read",
    "read:accounts",
    "read:blocks",
    "read:bookmarks",
    "read:collections",
    "read:favourites",
    "read:filters",
    "read:follows",
    "read:lists",
    "read:mutes",
    "read:notifications",
    "read:search",
    "read:statuses",
    "write",
    "write:accounts",
    "write:blocks",
    "write:bookmarks",
    "write:collections",
    "write:conversations",
    "write:favourites",
    "write:filters",
    "write:follows",
    "write:lists",
    "write:media",
    "write:mutes",
    "write:notifications",
    "write:reports",
    "write:statuses",
    "follow",
    "push",
    "admin:read",
    "admin:read:accounts",
    "admin:read:canonical_email_blocks",
    "admin:read:domain_allows",
    "admin:read:domain_blocks",
    "admin:read:email_domain_blocks",
    "admin:read:ip_blocks",
    "admin:read:reports",
    "admin:write",
    "admin:write:accounts",
    "admin:write:canonical_email_blocks",
    "admin:write:domain_allows",
    "admin:write:domain_blocks",
    "admin:write:email_domain_blocks",
    "admin:write:ip_blocks",
    "admin:write:reports",
    // Old names that apps still register; nothing asks for them any more.
    "read:reports",
    "read:follow",
    "write:follow",
    "read:media",
];

/// A set of scopes, as an app or a token holds it. Copies share it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scopes(Arc<BTreeSet<Scope>>);

impl Scopes {
    /// Reads a list separated by blanks or `+`. `Err` names the first word that is no scope.
    ///
    /// # Errors
    /// The first unknown word.
    pub fn parse(text: &str) -> Result<Scopes, String> {
        let mut set = BTreeSet::new();
        for word in text.split(|c: char| c.is_whitespace() || c == '+' || c == ',').filter(|w| !w.is_empty()) {
            set.insert(Scope::named(word).ok_or_else(|| word.to_owned())?);
        }
        Ok(Scopes(Arc::new(set)))
    }
    /// The scope an app gets that asks for none.
    #[must_use]
    pub fn read() -> Scopes {
        Scopes(Arc::new(BTreeSet::from([Scope::of("read")])))
    }
    /// Whether nothing is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    /// Whether `wanted` is held, by itself or through a parent.
    #[must_use]
    pub fn hold(&self, wanted: Scope) -> bool {
        self.0.iter().any(|s| s.includes(wanted))
    }
    /// Whether every scope of `other` is held.
    #[must_use]
    pub fn cover(&self, other: &Scopes) -> bool {
        other.0.iter().all(|s| self.hold(*s))
    }
    /// The scopes' names, in a fixed order.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().map(|s| s.0)
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, name) in self.names().enumerate() {
            if at > 0 {
                f.write_str(" ")?;
            }
            f.write_str(name)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parent_scope_includes_its_children_and_no_cousins() {
        let read = Scopes::parse("read").unwrap_or_default();
        assert!(read.hold(Scope::of("read:statuses")) && !read.hold(Scope::of("write:statuses")));
        let admin = Scopes::parse("admin:read").unwrap_or_default();
        assert!(admin.hold(Scope::of("admin:read:reports")) && !admin.hold(Scope::of("read")));
        let follow = Scopes::parse("follow").unwrap_or_default();
        assert!(follow.hold(Scope::of("write:mutes")) && !follow.hold(Scope::of("read:statuses")));
        assert!(!Scopes::parse("read:statuses").unwrap_or_default().hold(Scope::of("read")));
    }

    #[test]
    fn an_unknown_scope_is_named() {
        assert_eq!(Scopes::parse("read teleport"), Err("teleport".to_owned()));
        assert_eq!(Scopes::parse("write+read").map(|s| s.to_string()), Ok("read write".to_owned()));
    }
}
