//! Who may not sign up, and who may not come at all: rules about network addresses and e-mail domains. The admin API and the
//! command line do the same.

use std::net::IpAddr;

use phiomia_model::{Cidr, Error, Event, IpBlockId, Refusal};
use phiomia_store::{
    Tx,
    db::moderation::sign_ups::{self, EmailDomain, IpBlock, IpSeverity},
};

/// Writes a rule about network addresses, in place of the one with its number, and tells the gate of every process.
/// `asker`: where whoever sets it comes from.
///
/// # Errors
/// `Invalid` when there is another rule about the same addresses, and when the rule would lock its maker out.
pub fn set_range(tx: &Tx<'_>, block: &IpBlock, asker: Option<IpAddr>) -> Result<(), Error> {
    if sign_ups::range_named(tx, block.addresses)?.is_some_and(|other| other != block.id) {
        return Err(Refusal::validation("Ip has already been taken").into());
    }
    let locks_out = |address: IpAddr| block.severity == IpSeverity::NoAccess && block.addresses.contains(address);
    if asker.is_some_and(|address| locks_out(address.to_canonical())) {
        return Err(Refusal::validation("Ip contains the address that you come from").into());
    }
    sign_ups::set_range(tx, block)?;
    tx.announce(Event::SettingsChanged);
    Ok(())
}

/// Writes a rule about these addresses, in place of the one there may be; its number.
///
/// # Errors
/// The database failed.
pub fn rule_range(tx: &Tx<'_>, rule: &IpBlock) -> Result<IpBlockId, Error> {
    let id = sign_ups::range_named(tx, rule.addresses)?.unwrap_or(rule.id);
    set_range(tx, &IpBlock { id, ..rule.clone() }, None)?;
    Ok(id)
}

/// Lifts a rule about network addresses.
///
/// # Errors
/// The database failed.
pub fn lift_range(tx: &Tx<'_>, id: IpBlockId) -> Result<(), Error> {
    sign_ups::lift_range(tx, id)?;
    tx.announce(Event::SettingsChanged);
    Ok(())
}

/// Lifts the rule about exactly these addresses; whether there was one.
///
/// # Errors
/// The database failed.
pub fn lift_range_named(tx: &Tx<'_>, addresses: Cidr) -> Result<bool, Error> {
    match sign_ups::range_named(tx, addresses)? {
        Some(id) => lift_range(tx, id).map(|()| true),
        None => Ok(false),
    }
}

/// Bars an e-mail domain from sign-up.
///
/// # Errors
/// `Invalid` when it is barred already.
pub fn bar_email_domain(tx: &Tx<'_>, domain: &str, allows_with_approval: bool) -> Result<EmailDomain, Error> {
    if sign_ups::is_email_domain(tx, domain)? {
        return Err(Refusal::validation("Domain has already been taken").into());
    }
    Ok(sign_ups::bar_email_domain(tx, domain, allows_with_approval)?)
}

/// Bars the servers that take mail for a domain from sign-up, too; those that are barred already stay as they are. The
/// others.
///
/// # Errors
/// The database failed.
pub fn bar_mail_servers(tx: &Tx<'_>, servers: &[String], allows_with_approval: bool) -> Result<Vec<String>, Error> {
    let mut barred = Vec::new();
    for server in servers {
        // The servers of several domains are often the same.
        if !sign_ups::is_email_domain(tx, server)? {
            barred.push(sign_ups::bar_email_domain(tx, server, allows_with_approval)?.domain);
        }
    }
    Ok(barred)
}
