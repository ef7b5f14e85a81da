//! What staff decides about whole domains, and what follows for the people there.

use phiomia_model::{AccountId, Error, Event};
use phiomia_store::{
    Tx,
    db::federation::domains::{self, DomainBlock, Severity},
};

use crate::relationships as verbs;

/// Decides about a domain, in place of what was decided before. Who is suspended by it is seen nowhere, and what was
/// followed is no longer; who is silenced is seen by their followers alone. Gives how many accounts that concerns.
///
/// # Errors
/// The database failed.
pub fn decide(tx: &Tx<'_>, domain: &str, severity: Severity, comment: Option<&str>) -> Result<usize, Error> {
    take_back(tx, domain)?;
    let block = DomainBlock {
        domain: domain.to_owned(),
        severity,
        rejects_media: severity == Severity::Suspend,
        rejects_reports: severity == Severity::Suspend,
        private_comment: comment.map(str::to_owned),
        public_comment: None,
        created_at: tx.now(),
    };
    domains::block(tx, &block)?;
    let changed = domains::apply(tx, &block)?;
    // Renderers know of whom no pictures are shown.
    tx.announce(Event::SettingsChanged);
    if severity == Severity::Suspend {
        for (follower, target) in domains::follows_of(tx, &changed)? {
            verbs::disconnect(tx, follower, target)?;
        }
    }
    tell(tx, &changed);
    Ok(changed.len())
}

/// Shows no pictures, films and sounds of a domain from now on, or shows them again. What else was decided stays.
///
/// # Errors
/// The database failed.
pub fn reject_media(tx: &Tx<'_>, domain: &str, rejects: bool) -> Result<(), Error> {
    let undecided = || DomainBlock {
        domain: domain.to_owned(),
        severity: Severity::Noop,
        rejects_media: rejects,
        rejects_reports: false,
        private_comment: None,
        public_comment: None,
        created_at: tx.now(),
    };
    let block = domains::find(tx, domain)?.unwrap_or_else(undecided);
    domains::block(tx, &DomainBlock { rejects_media: rejects, ..block })?;
    tx.announce(Event::SettingsChanged);
    Ok(())
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
