//! What people here did, as activities on their way out: each is written once, with one delivery for each inbox, in the
//! transaction that ends its job.

pub(crate) mod activities;
mod approvals;
mod people;
mod posts;
mod quotes;
mod reach;

use std::time::Duration;

use phiomia_activitypub::{Activity, Audience, Uri, Verb, Write as _};
use phiomia_model::{AccountId, Error, Fault, Job, Outgoing, StatusId, Visibility};
use phiomia_store::{
    Tx,
    db::{
        federation::{
            actors::Inbox,
            deliveries::{self, NewOutgoing, Priority},
        },
        jobs,
    },
};

use crate::{Federation, build};

impl Federation {
    /// The work of `Job::Federate`. Run twice it would be told twice, so the job ends with the transaction that tells it.
    pub(crate) async fn federate(&self, what: Outgoing) -> Result<(), Error> {
        match what {
            // What changes again and again is told once in a while, as it is then.
            Outgoing::ProfileChanged { account } => {
                self.tell_later(Outgoing::ProfileSettled { account }, self.settings.delays.profile_update).await
            }
            Outgoing::PollCounted { status } => {
                self.tell_later(Outgoing::Edited { status }, self.settings.delays.poll_update).await
            }
            Outgoing::ProfileSettled { account } => self.profile_changed(account).await,
            what => {
                let federation = self.clone();
                self.db.write(move |tx| federation.tell(tx, &what)).await
            }
        }
    }

    fn tell(&self, tx: &Tx<'_>, what: &Outgoing) -> Result<(), Error> {
        match what {
            Outgoing::Posted { status } => self.posted(tx, *status),
            Outgoing::Edited { status } => self.edited(tx, *status),
            Outgoing::Deleted { status } => self.deleted(tx, *status),
            Outgoing::Followed { account, target, number } => self.followed(tx, *account, *target, *number),
            Outgoing::Unfollowed { account, target, number } => self.unfollowed(tx, *account, *target, *number),
            Outgoing::Answered { account, follower, uri, accepts } => {
                self.answered(tx, *account, *follower, uri.as_deref(), *accepts)
            }
            Outgoing::Blocked { account, target, number, is_undone } => {
                self.blocked(tx, *account, *target, *number, *is_undone)
            }
            Outgoing::Favourited { account, status, number, is_undone } => {
                self.favourited(tx, *account, *status, *number, *is_undone)
            }
            Outgoing::Voted { account, poll, choices } => self.voted(tx, *account, *poll, choices),
            Outgoing::Pinned { account, status, is_undone } => self.pinned(tx, *account, *status, *is_undone),
            Outgoing::FeaturedTag { account, name, is_undone } => self.featured_tag(tx, *account, name, *is_undone),
            Outgoing::AccountDeleted { account } => self.account_deleted(tx, *account),
            Outgoing::Moved { account, target } => self.moved_away(tx, *account, *target),
            Outgoing::Reported { report } => self.reported(tx, *report),
            Outgoing::QuoteAsked { status } => self.quote_asked(tx, *status),
            Outgoing::QuoteAnswered { account, quoting, quoter, quoted, request, stamp } => {
                let asked = quotes::Asked { quoting, quoter: *quoter, quoted: *quoted, request };
                self.quote_answered(tx, *account, &asked, stamp.as_deref())
            }
            Outgoing::QuoteRevoked { status, account, stamp } => self.quote_revoked(tx, *status, *account, stamp),
            Outgoing::ApprovalAsked { account, what, status } => self.approval_asked(tx, *account, *what, *status),
            Outgoing::ApprovalAnswered { account, what, status, asker, interacting, request, stamp } => {
                let asked = approvals::Asked { what: *what, status: *status, asker: *asker, interacting, request };
                self.approval_answered(tx, *account, &asked, stamp.as_deref())
            }
            Outgoing::ProfileChanged { .. } | Outgoing::ProfileSettled { .. } | Outgoing::PollCounted { .. } => {
                Err(Fault::new("this is told in a way of its own").into())
            }
        }
    }

    /// Leaves something for later, unless it waits already. A job that somebody has in hand may have read what was before.
    async fn tell_later(&self, what: Outgoing, wait: Duration) -> Result<(), Error> {
        let job = Job::Federate { what };
        let leaving = self.db.write(move |tx| match jobs::is_ahead(tx, &job)? {
            true => Ok(()),
            false => Ok(tx.enqueue_at(&job, tx.now().plus(wait))?),
        });
        leaving.await
    }

    /// The id of somebody here.
    pub(super) fn actor(&self, account: AccountId) -> Result<Uri, Fault> {
        build::uri(&self.addresses.account_uri(account))
    }
}

/// How an activity is sent.
pub(crate) struct Sending<'a> {
    sender: AccountId,
    priority: Priority,
    /// What it is about.
    object: &'a str,
    /// Whose author is told what could not be delivered.
    status: Option<StatusId>,
    is_last_word: bool,
    tells_followers: bool,
}

impl<'a> Sending<'a> {
    pub(crate) fn new(sender: AccountId, priority: Priority, object: &'a str) -> Sending<'a> {
        Sending { sender, priority, object, status: None, is_last_word: false, tells_followers: false }
    }
    fn about(self, status: StatusId) -> Sending<'a> {
        Sending { status: Some(status), ..self }
    }
    /// Only for followers: each server hears along whom of its people we count among them (FEP-8fcf). As in Mastodon, where
    /// somebody reads too much or too little otherwise, and not with every public post.
    fn to(self, visibility: Visibility) -> Sending<'a> {
        Sending { tells_followers: visibility == Visibility::Private, ..self }
    }
    pub(crate) fn last_word(self) -> Sending<'a> {
        Sending { is_last_word: true, priority: Priority::Deletion, ..self }
    }
}

pub(crate) fn send(tx: &Tx<'_>, sending: &Sending<'_>, activity: &Activity, inboxes: &[Inbox]) -> Result<(), Error> {
    if inboxes.is_empty() {
        return Ok(());
    }
    let payload = String::from_utf8(activity.to_document());
    let payload = payload.map_err(|e| Fault::because("writing an activity", e))?;
    let outgoing = NewOutgoing {
        sender: sending.sender,
        payload: &payload,
        object: sending.object,
        status: sending.status,
        priority: sending.priority,
        is_last_word: sending.is_last_word,
        tells_followers: sending.tells_followers,
    };
    Ok(deliveries::send(tx, &outgoing, inboxes)?)
}

/// An activity to somebody.
pub(crate) fn activity(id: &str, actor: Uri, verb: Verb, to: Vec<Uri>) -> Result<Activity, Fault> {
    let audience = Audience { to, cc: Vec::new() };
    Ok(Activity { id: Some(build::uri(id)?), actor, verb, audience, published: None, authorization: None })
}
