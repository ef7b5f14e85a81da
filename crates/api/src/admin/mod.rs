//! What staff does: looking after people and reports, deciding about servers and sign-ups.

pub mod accounts;
pub mod canonical_email_blocks;
pub mod domain_allows;
pub mod domain_blocks;
pub mod email_domain_blocks;
pub mod hosts;
pub mod ip_blocks;
pub mod media;
pub mod reports;

use phiomia_model::{Addresses, Refusal, handle};

/// Entries of a page, and the most there may be.
const DEFAULT_LIMIT: i64 = 100;
const MAX_LIMIT: i64 = 200;

/// The domain in a parameter, as it is kept; nothing is decided about our own.
///
/// # Errors
/// `Invalid` in Mastodon's words.
fn domain(text: Option<String>, addresses: &Addresses) -> Result<String, Refusal> {
    let text = text.unwrap_or_default();
    if text.trim().is_empty() {
        return Err(Refusal::validation("Domain can't be blank"));
    }
    handle::domain_name(&text)
        .filter(|domain| !addresses.own_domains().contains(&domain.as_str()))
        .ok_or_else(|| Refusal::validation("Domain is not a valid domain name"))
}
