//! Pictures of other servers: shown under addresses of ours, or not at all.

use std::collections::HashSet;

use phiomia_federation::media::{Named, Names, Version};
use phiomia_mastodon::entities;
use phiomia_model::remote::RemoteEmoji;

/// What renderers know of other servers' pictures.
#[derive(Clone, Debug)]
pub struct Elsewhere {
    names: Names,
    /// Domains of which none are shown.
    rejected: HashSet<String>,
}

impl Elsewhere {
    /// `rejected`: domains of which, and below which, none are shown.
    #[must_use]
    pub fn new(names: Names, rejected: impl IntoIterator<Item = String>) -> Elsewhere {
        Elsewhere { names, rejected: rejected.into_iter().collect() }
    }

    /// The address of ours for a picture at `url` of somebody at one of `hosts`; `None`: it is not shown.
    #[must_use]
    pub fn address<'a>(
        &self,
        named: &Named,
        url: &'a str,
        version: Version,
        hosts: impl IntoIterator<Item = &'a str>,
    ) -> Option<String> {
        let is_rejected = hosts.into_iter().chain([host(url)]).any(|host| self.rejects(host));
        (!is_rejected).then(|| self.names.address(named, url, version))
    }

    /// Whether nothing of a host is shown.
    #[must_use]
    pub fn rejects(&self, host: &str) -> bool {
        if self.rejected.is_empty() {
            return false;
        }
        let host = host.to_ascii_lowercase();
        if self.rejected.contains(&host) {
            return true;
        }
        let mut rest = host.rsplit_once(':').map_or(&*host, |(name, _)| name);
        loop {
            if self.rejected.contains(rest) {
                return true;
            }
            match rest.split_once('.') {
                Some((_, above)) => rest = above,
                None => return false,
            }
        }
    }

    /// Custom emoji of another server; those that are not shown stay text.
    pub(super) fn emojis(&self, emojis: &[RemoteEmoji], owner: &str) -> Vec<entities::CustomEmoji> {
        let shown = |emoji: &RemoteEmoji| {
            let named = Named::Emoji(emoji.url.clone());
            let url = self.address(&named, &emoji.url, Version::Original, [host(owner)])?;
            Some(entities::CustomEmoji {
                shortcode: emoji.shortcode.clone(),
                static_url: self.names.address(&named, &emoji.url, Version::Static),
                url,
                visible_in_picker: false,
                category: None,
                featured: None,
            })
        };
        emojis.iter().filter_map(shown).collect()
    }
}

/// The host of an address, with its port.
pub(super) fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or("", |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or_default()
}
