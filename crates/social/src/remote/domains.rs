//! What staff decides about whole domains, and what follows for the people there.

use phiomia_model::{AccountId, DomainBlockId, Error, Event, severance::SeveranceKind};
use phiomia_store::{
    Tx,
    db::federation::domains::{self, DomainBlock, Severity},
};

use crate::{notifications::notify_of_severance, relationships as verbs};

/// What staff decides about a domain.
#[derive(Clone, Debug)]
pub struct Decision {
    /// How strictly it is kept away.
    pub severity: Severity,
    /// Its pictures are not shown.
    pub rejects_media: bool,
    /// Its reports are not heard.
    pub rejects_reports: bool,
    /// For staff.
    pub private_comment: Option<String>,
    /// For everybody.
    pub public_comment: Option<String>,
    /// Where it is published, part of the name is hidden.
    pub obfuscates: bool,
}

impl Decision {
    /// A decision of which only this was said.
    #[must_use]
    pub fn of(severity: Severity, private_comment: Option<String>) -> Decision {
        let is_strictest = severity == Severity::Suspend;
        Decision {
            severity,
            rejects_media: is_strictest,
            rejects_reports: is_strictest,
            private_comment,
            public_comment: None,
            obfuscates: false,
        }
    }
}

/// Decides about a domain, in place of what was decided before. Who is suspended by it is seen nowhere, and what was
/// followed is no longer; who is silenced is seen by their followers alone. Gives how many accounts that concerns.
///
/// # Errors
/// The database failed.
pub fn decide(tx: &Tx<'_>, domain: &str, decision: &Decision) -> Result<usize, Error> {
    let before = domains::find(tx, domain)?;
    let (id, created_at) = match &before {
        Some(before) => (before.id, before.created_at),
        None => (DomainBlockId(tx.new_id()), tx.now()),
    };
    let block = DomainBlock {
        id,
        domain: domain.to_owned(),
        severity: decision.severity,
        rejects_media: decision.rejects_media,
        rejects_reports: decision.rejects_reports,
        private_comment: decision.private_comment.clone(),
        public_comment: decision.public_comment.clone(),
        obfuscates: decision.obfuscates,
        created_at,
    };
    domains::block(tx, &block)?;
    // Renderers know of whom no pictures are shown.
    tx.announce(Event::SettingsChanged);
    if let Some(before) = before.filter(|before| before.severity != block.severity) {
        tell(tx, &domains::release(tx, &before)?);
    }
    let changed = domains::apply(tx, &block)?;
    if block.severity == Severity::Suspend {
        let lost = verbs::cut_off(tx, &changed)?;
        notify_of_severance(tx, SeveranceKind::DomainBlock, domain, &lost)?;
    }
    tell(tx, &changed);
    Ok(changed.len())
}

/// Shows no pictures, films and sounds of a domain from now on, or shows them again. What else was decided stays.
///
/// # Errors
/// The database failed.
pub fn reject_media(tx: &Tx<'_>, domain: &str, rejects: bool) -> Result<(), Error> {
    let decision = match domains::find(tx, domain)? {
        None => Decision::of(Severity::Noop, None),
        Some(before) => Decision {
            severity: before.severity,
            rejects_media: rejects,
            rejects_reports: before.rejects_reports,
            private_comment: before.private_comment,
            public_comment: before.public_comment,
            obfuscates: before.obfuscates,
        },
    };
    decide(tx, domain, &Decision { rejects_media: rejects, ..decision }).map(drop)
}

/// Takes back what was decided about a domain, and allows it by hand.
///
/// # Errors
/// The database failed.
pub fn allow(tx: &Tx<'_>, domain: &str) -> Result<(), Error> {
    take_back(tx, domain)?;
    Ok(domains::allow(tx, domain)?)
}

/// Takes back what was decided about a domain; whether anything was. Follows that were ended do not come back.
///
/// # Errors
/// The database failed.
pub fn take_back(tx: &Tx<'_>, domain: &str) -> Result<bool, Error> {
    let Some(block) = domains::find(tx, domain)? else { return Ok(false) };
    tell(tx, &domains::release(tx, &block)?);
    tx.announce(Event::SettingsChanged);
    Ok(domains::unblock(tx, domain)?)
}

/// Views of these people change.
fn tell(tx: &Tx<'_>, accounts: &[AccountId]) {
    for account in accounts {
        tx.announce(Event::AccountTouched { account: *account });
    }
}
