//! Where things of this server are found: one place that knows the form of our addresses.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use crate::{
    id::{AccountId, StatusId},
    remote::Interaction,
};

/// Our domains and the addresses made from them. Cheap to clone when shared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addresses {
    /// `https`, or `http` for development.
    pub scheme: String,
    /// The domain in handles (Mastodon's `LOCAL_DOMAIN`), maybe with a port.
    pub local_domain: String,
    /// The host that serves pages and the API (Mastodon's `WEB_DOMAIN`), maybe with a port.
    pub web_domain: String,
    /// Where files of people here are fetched, when that is not from this server.
    pub public_files: PublicFiles,
}

/// A place elsewhere from which everybody may fetch files: a bucket, or a cache in front of one. While files are on
/// their way there they are still handed out by this server. A clone is another handle of the same.
#[derive(Clone, Debug, Default)]
pub struct PublicFiles {
    /// Without a slash at the end.
    base: Option<Arc<str>>,
    /// Scheme, host and port.
    origin: Option<Arc<str>>,
    is_complete: Arc<AtomicBool>,
}

impl PublicFiles {
    /// At an address, without a slash at its end. It is not used before [`PublicFiles::set_complete`].
    #[must_use]
    pub fn at(base: &str) -> PublicFiles {
        PublicFiles { base: Some(base.into()), ..PublicFiles::signed(base) }
    }
    /// Files that are there for whoever has a signed address; such a one is asked for here, at `/system/…`.
    #[must_use]
    pub fn signed(address: &str) -> PublicFiles {
        let end = address.find("://").map_or(0, |scheme| scheme.saturating_add(3));
        let host = address.get(end..).unwrap_or_default();
        let end = end.saturating_add(host.find('/').unwrap_or(host.len()));
        PublicFiles { origin: address.get(..end).map(Arc::from), ..PublicFiles::default() }
    }
    /// From where pages may load files beside this server: `https://files.example.org`.
    #[must_use]
    pub fn origin(&self) -> Option<&str> {
        self.origin.as_deref()
    }
    /// Whether all files are there.
    pub fn set_complete(&self, is_complete: bool) {
        self.is_complete.store(is_complete, Ordering::Relaxed);
    }
    /// Where a file is there; `None`: nowhere but here.
    #[must_use]
    pub fn url(&self, key: &str) -> Option<String> {
        let base = self.base.as_ref().filter(|_| self.is_complete.load(Ordering::Relaxed))?;
        Some(format!("{base}/{key}"))
    }
}

impl PartialEq for PublicFiles {
    fn eq(&self, other: &PublicFiles) -> bool {
        self.base == other.base && self.url("") == other.url("")
    }
}

impl Eq for PublicFiles {}

impl Addresses {
    /// Of a server that hands its files out itself.
    #[must_use]
    pub fn new(scheme: impl Into<String>, local_domain: impl Into<String>, web_domain: impl Into<String>) -> Addresses {
        Addresses {
            scheme: scheme.into(),
            local_domain: local_domain.into(),
            web_domain: web_domain.into(),
            public_files: PublicFiles::default(),
        }
    }
    /// `https://mastodon.example.org`, without a slash at the end.
    #[must_use]
    pub fn base(&self) -> String {
        format!("{}://{}", self.scheme, self.web_domain)
    }
    /// `path` must begin with `/`.
    #[must_use]
    pub fn at(&self, path: &str) -> String {
        format!("{}://{}{path}", self.scheme, self.web_domain)
    }
    /// `wss://…` or `ws://…`, without a path.
    #[must_use]
    pub fn streaming(&self) -> String {
        format!("{}://{}", if self.scheme == "https" { "wss" } else { "ws" }, self.web_domain)
    }
    /// The id of a local account in the network. The number, not the name, so that a handle may change one day.
    #[must_use]
    pub fn account_uri(&self, account: AccountId) -> String {
        self.at(&format!("/ap/users/{account}"))
    }
    /// The id of the server itself in the network: it signs what no person does.
    #[must_use]
    pub fn server_uri(&self) -> String {
        self.at("/actor")
    }
    /// The page of a local account.
    #[must_use]
    pub fn account_url(&self, username: &str) -> String {
        self.at(&format!("/@{username}"))
    }
    /// The id of a local status in the network.
    #[must_use]
    pub fn status_uri(&self, author: AccountId, status: StatusId) -> String {
        self.at(&format!("/ap/users/{author}/statuses/{status}"))
    }
    /// The stamp by which a local author allows a post to quote them.
    #[must_use]
    pub fn stamp_uri(&self, author: AccountId, quoting: StatusId) -> String {
        self.at(&format!("/ap/users/{author}/quote_authorizations/{quoting}"))
    }
    /// The stamp by which a local author allows an answer or a boost (its number is that of the status), or a favourite.
    #[must_use]
    pub fn approval_uri(&self, author: AccountId, what: Interaction, number: i64) -> String {
        self.at(&format!("/ap/users/{author}/{}_authorizations/{number}", what.word()))
    }
    /// The page of a local status.
    #[must_use]
    pub fn status_url(&self, author: &str, status: StatusId) -> String {
        self.at(&format!("/@{author}/{status}"))
    }
    /// A file of the files shelf.
    #[must_use]
    pub fn file_url(&self, key: &str) -> String {
        self.public_files.url(key).unwrap_or_else(|| self.at(&format!("/system/{key}")))
    }
    /// Whether something is handed out by this server, or for it by where its files lie.
    #[must_use]
    pub fn is_handed_out_by_us(&self, url: &str) -> bool {
        let is_below = |base: &str| url.strip_prefix(base).is_some_and(|rest| rest.starts_with('/'));
        is_below(&self.base()) || self.public_files.base.as_deref().is_some_and(is_below)
    }
    /// The page of a hashtag.
    #[must_use]
    pub fn tag_url(&self, tag: &str) -> String {
        self.at(&format!("/tags/{tag}"))
    }
    /// The name of the server itself as an actor: the domain of handles, without a port, which no name may have.
    #[must_use]
    pub fn server_name(&self) -> &str {
        self.local_domain.split_once(':').map_or(&self.local_domain, |(name, _)| name)
    }
    /// The domains a handle may name when it means somebody here.
    #[must_use]
    pub fn own_domains(&self) -> [&str; 2] {
        [&self.local_domain, &self.web_domain]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_fetched_elsewhere_when_all_of_them_are_there() {
        let mut addresses = Addresses::new("https", "example.org", "example.org");
        assert_eq!(addresses.file_url("media/a"), "https://example.org/system/media/a");
        addresses.public_files = PublicFiles::at("https://files.example.org:8443/ours");
        assert_eq!(addresses.public_files.origin(), Some("https://files.example.org:8443"));
        assert_eq!(addresses.file_url("media/a"), "https://example.org/system/media/a");
        let other_handle = addresses.clone();
        addresses.public_files.set_complete(true);
        assert_eq!(other_handle.file_url("media/a"), "https://files.example.org:8443/ours/media/a");
    }

    #[test]
    fn signed_addresses_are_asked_for_here() {
        let mut addresses = Addresses::new("https", "example.org", "example.org");
        addresses.public_files = PublicFiles::signed("https://s3.example.org");
        addresses.public_files.set_complete(true);
        assert_eq!(addresses.file_url("media/a"), "https://example.org/system/media/a");
        assert_eq!(addresses.public_files.origin(), Some("https://s3.example.org"));
    }
}
