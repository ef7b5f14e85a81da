//! What staff sees.

use phiomia_mastodon::entities::{self, DomainBlockSeverity, Id};
use phiomia_store::{
    db::federation::domains::{DomainAllow, DomainBlock, Severity},
    secret::digest_of,
};

/// What is decided about a domain, for staff.
#[must_use]
pub fn admin_domain_block(block: &DomainBlock) -> entities::AdminDomainBlock {
    entities::AdminDomainBlock {
        id: Id(block.id.0),
        domain: block.domain.clone(),
        digest: digest_of(&block.domain),
        created_at: block.created_at.into(),
        severity: severity(block.severity),
        reject_media: block.rejects_media,
        reject_reports: block.rejects_reports,
        private_comment: block.private_comment.clone(),
        public_comment: block.public_comment.clone(),
        obfuscate: block.obfuscates,
    }
}

/// The same for everybody.
#[must_use]
pub fn domain_block(block: &DomainBlock) -> entities::DomainBlock {
    entities::DomainBlock {
        domain: if block.obfuscates { starred(&block.domain) } else { block.domain.clone() },
        digest: digest_of(&block.domain),
        severity: severity(block.severity),
        comment: block.public_comment.clone(),
    }
}

/// A domain that was allowed by hand.
#[must_use]
pub fn admin_domain_allow(allow: &DomainAllow) -> entities::AdminDomainAllow {
    entities::AdminDomainAllow { id: Id(allow.id.0), domain: allow.domain.clone(), created_at: allow.created_at.into() }
}

fn severity(severity: Severity) -> DomainBlockSeverity {
    match severity {
        Severity::Noop => DomainBlockSeverity::Noop,
        Severity::Silence => DomainBlockSeverity::Silence,
        Severity::Suspend => DomainBlockSeverity::Suspend,
    }
}

/// A domain of which the middle half is hidden, as Mastodon does it.
/// Source: <https://docs.joinmastodon.org/entities/DomainBlock/#domain>.
fn starred(domain: &str) -> String {
    let length = domain.chars().count();
    let shown = length / 4;
    let star = |(at, c): (usize, char)| if at > shown && at < length - shown && c != '.' { '*' } else { c };
    domain.chars().enumerate().map(star).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_a_hidden_domain_is_stars_and_dots() {
        assert_eq!(starred("example.com"), "exa****.*om");
        assert_eq!(starred("a.b"), "a.*");
    }
}
