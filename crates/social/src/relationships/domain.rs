//! Not hearing of a whole domain, without anybody there being told.

use std::collections::BTreeMap;

use phiomia_model::{AccountId, Error, Job, Refusal, severance::SeveranceKind};
use phiomia_store::{
    Tx,
    db::{notifications, relationships, timelines},
};

use super::{Lost, reject_request, relations_changed, remove_from_followers, unfollow};
use crate::notifications::notify_of_severance;

/// People with whom one run of the job ends everything.
const PARTED_AT_ONCE: i64 = 50;

/// `me` does not want to hear of a domain: its people are hidden at once, and what there is between them and `me` ends
/// soon after; how many follows that are is told at once, as nobody there can follow `me` meanwhile. `domain` as people
/// type it; a domain of our own is nothing that can be hidden.
///
/// # Errors
/// Refused when it is no domain (`422`).
pub fn block_domain(tx: &Tx<'_>, me: AccountId, domain: &str) -> Result<(), Error> {
    if domain.trim().is_empty() {
        return Err(Refusal::validation("Domain can't be blank").into());
    }
    let Some(domain) = phiomia_text::domain_name(domain) else {
        return Err(Refusal::validation("Domain is not a valid domain name").into());
    };
    if relationships::insert_domain_block(tx, me, &domain)? {
        let ties = relationships::ties_with_domain(tx, me, &domain)?;
        if ties != relationships::DomainTies::default() {
            let lost = Lost(BTreeMap::from([(me, (ties.followers, ties.following))]));
            notify_of_severance(tx, SeveranceKind::UserDomainBlock, &domain, &lost)?;
        }
        tx.enqueue(&Job::PartWithDomain { account: me, domain })?;
        relations_changed(tx, me);
    }
    Ok(())
}

/// `me` wants to hear of a domain again. What the block took away does not come back.
///
/// # Errors
/// The database failed.
pub fn unblock_domain(tx: &Tx<'_>, me: AccountId, domain: &str) -> Result<(), Error> {
    let Some(domain) = phiomia_text::domain_name(domain) else { return Ok(()) };
    if relationships::delete_domain_block(tx, me, &domain)? {
        relations_changed(tx, me);
    }
    Ok(())
}

/// Ends what `me` has with the people of a domain: follows and requests either way, which they are told, and what came of
/// them into feeds, lists and notifications. Nothing happens when the domain is no longer blocked. The work of
/// [`Job::PartWithDomain`].
///
/// # Errors
/// The database failed.
pub fn part_with_domain(tx: &Tx<'_>, me: AccountId, domain: &str) -> Result<(), Error> {
    if !relationships::is_blocking_domain(tx, me, domain)? {
        return Ok(());
    }
    let batch = relationships::connected_with_domain(tx, me, domain, PARTED_AT_ONCE)?;
    for other in &batch {
        unfollow(tx, me, *other)?;
        remove_from_followers(tx, me, *other)?;
        match reject_request(tx, me, *other) {
            Ok(()) | Err(Error::Refused(Refusal::NotFound(_))) => {}
            Err(broken) => return Err(broken),
        }
    }
    if batch.is_empty() {
        timelines::sweep_domain(tx, me, domain)?;
        timelines::sweep_domain_from_lists(tx, me, domain)?;
        notifications::forget_domain(tx, me, domain)?;
    } else {
        tx.enqueue(&Job::PartWithDomain { account: me, domain: domain.to_owned() })?;
    }
    Ok(())
}
