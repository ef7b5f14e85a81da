//! Other servers that are only rows: what waits for them, and how they stand.

use std::time::Duration;

use phiomia_model::{AccountId, Fault, StatusId};
use phiomia_store::{
    Tx,
    db::federation::{
        actors::Inbox,
        deliveries::{self, NewOutgoing, Priority},
        hosts::{self, Standing},
    },
};

/// Leaves a post for the inboxes of these hosts.
///
/// # Errors
/// The database failed.
pub fn leave_for(tx: &Tx<'_>, sender: AccountId, status: Option<StatusId>, hosts: &[&str]) -> Result<(), Fault> {
    let inbox = |host: &&str| Inbox { url: format!("https://{host}/inbox"), host: (*host).to_owned() };
    let inboxes: Vec<Inbox> = hosts.iter().map(inbox).collect();
    let post = NewOutgoing {
        sender,
        payload: "{}",
        object: "https://ours.test/1",
        status,
        priority: Priority::Post,
        is_last_word: false,
        tells_followers: false,
    };
    deliveries::send(tx, &post, &inboxes)
}

/// A host that is known failed three times, and is left alone for an hour.
///
/// # Errors
/// The database failed.
pub fn has_failed(tx: &Tx<'_>, host: &str) -> Result<(), Fault> {
    let mut broken = hosts::find(tx, host)?.unwrap();
    broken.standing = Standing::Failing;
    broken.failures = 3;
    broken.last_failed_at = Some(tx.now());
    broken.last_error = Some("502 Bad Gateway".to_owned());
    broken.blocked_until = tx.now().plus(Duration::from_secs(3_600));
    hosts::record(tx, &broken)
}
