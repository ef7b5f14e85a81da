//! E-mail addresses that staff barred from sign-up.

use phiomia_model::{EmailDomainBlockId, Fault, error::FieldError};
use phiomia_store::{Query, db::moderation::sign_ups};

use super::create::is_taken;

/// What rules say about an address.
#[derive(Debug, Default)]
pub(super) struct Barred {
    /// Nobody may have it; `None`: it is fine.
    pub(super) wrong: Option<FieldError>,
    /// Staff looks at whoever signs up with it.
    pub(super) needs_approval: bool,
    /// The rule about its domain.
    pub(super) domain: Option<EmailDomainBlockId>,
}

/// Looks an address up; `servers`: which take its mail, as far as that is known. One that is barred by its hash reads as taken: nobody shall learn whose account was suspended.
pub(super) fn look(q: &Query<'_>, email: &str, servers: &[String]) -> Result<Barred, Fault> {
    let Some((_, domain)) = email.rsplit_once('@') else { return Ok(Barred::default()) };
    let mut domain = sign_ups::email_domain_for(q, domain.trim())?;
    for server in servers {
        // Of a rule about the domain and one about its server, the stricter counts.
        if domain.as_ref().is_none_or(|rule| rule.allows_with_approval) {
            domain = sign_ups::email_domain_for(q, server)?.or(domain);
        }
    }
    let disallowed = || FieldError {
        field: "email",
        code: "ERR_BLOCKED",
        description: "uses a disallowed e-mail provider".to_owned(),
    };
    let is_barred = sign_ups::email_hashed(q, &sign_ups::canonical_hash(email))?.is_some();
    let wrong = match &domain {
        Some(rule) if !rule.allows_with_approval => Some(disallowed()),
        _ => is_barred.then(|| is_taken("email")),
    };
    Ok(Barred { wrong, needs_approval: domain.is_some(), domain: domain.map(|rule| rule.id) })
}
