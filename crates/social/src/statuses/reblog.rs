//! Boosting and taking a boost back.

use phiomia_model::{
    AccountId, Error, Event, Job, NotificationType, Outgoing, QuotePolicy, Refusal, StatusId, Visibility,
    remote::Interaction,
};
use phiomia_store::{
    Tx,
    db::{
        accounts, notifications,
        statuses::{self, Counter, NewStatus},
        timelines,
    },
};

use super::{
    allowed::{self, Permit},
    approvals, check_not_blocking, delete, seen, undone,
};
use crate::{notifications::notify, outgoing::tell};

/// Boosts a post; doing it twice gives the same boost. Gives the boost's id.
///
/// # Errors
/// Refused when `me` may not see it (`404`), and for posts that must not travel: direct ones, and followers-only ones of
/// others, between people of whom one blocks the other, and where the author does not allow it (`403`).
pub fn reblog(tx: &Tx<'_>, me: AccountId, id: StatusId, visibility: Option<Visibility>) -> Result<StatusId, Error> {
    let original = seen(tx, me, id, tx.now())?;
    check_not_blocking(tx, me, original.account)?;
    // Who was named before they were blocked still sees the post, and does not pass it on.
    check_not_blocking(tx, original.account, me)?;
    if let Some(known) = statuses::reblog_of(tx, me, original.id)? {
        return Ok(known);
    }
    let permit = allowed::check(tx, me, &original, Interaction::Announce)?;
    let visibility = match original.visibility {
        Visibility::Private if original.account == me => Visibility::Private,
        Visibility::Public | Visibility::Unlisted => match visibility {
            None => Visibility::Public,
            Some(Visibility::Direct) => {
                return Err(Refusal::validation("Visibility is not included in the list").into());
            }
            Some(chosen) => chosen,
        },
        Visibility::Private | Visibility::Direct => return Err(Refusal::Forbidden("This action is not allowed").into()),
    };
    let boost = StatusId(tx.new_id());
    statuses::insert(
        tx,
        &NewStatus {
            id: boost,
            author: me,
            uri: None,
            url: None,
            text: "",
            spoiler_text: "",
            visibility,
            is_sensitive: false,
            is_local: true,
            language: None,
            in_reply_to: None,
            reblog_of: Some(original.id),
            conversation: None,
            app: None,
            quote_policy: QuotePolicy::Nobody,
            media: &[],
            has_remote_media: false,
            created_at: tx.now(),
        },
    )?;
    accounts::count_posted(tx, me, 1, tx.now().as_days())?;
    timelines::add_home(tx, me, boost, me, Some(original.id))?;
    tx.announce(Event::AccountTouched { account: me });
    tx.announce(Event::HomeGained { accounts: vec![me], status: boost });
    match permit {
        Permit::AtOnce => go_out(tx, me, boost, visibility, (original.id, original.account))?,
        Permit::WhenApproved => approvals::ask(tx, me, Interaction::Announce, boost)?,
    }
    Ok(boost)
}

/// Tells everybody of a boost: the author of the original, followers, streams, other servers.
pub(super) fn go_out(
    tx: &Tx<'_>,
    me: AccountId,
    boost: StatusId,
    visibility: Visibility,
    (original, author): (StatusId, AccountId),
) -> Result<(), Error> {
    statuses::count(tx, original, Counter::Reblogs, 1)?;
    notify(tx, author, me, NotificationType::Reblog, Some(original))?;
    tx.enqueue(&Job::FanOut { status: boost })?;
    tell(tx, Outgoing::Posted { status: boost })?;
    tx.announce(Event::StatusTouched { status: original });
    tx.announce(Event::StatusPosted {
        status: boost,
        author: me,
        visibility,
        tags: Vec::new(),
        is_reblog: true,
        is_reply: false,
        is_local: true,
    });
    Ok(())
}

/// Takes a boost back; gives the original's id. Nothing happens when there was none.
///
/// # Errors
/// Refused when there was none and `me` may not see the original (`404`).
pub fn unreblog(tx: &Tx<'_>, me: AccountId, id: StatusId) -> Result<StatusId, Error> {
    let (original, author) = undone(tx, me, id, |tx, id| Ok(statuses::reblog_of(tx, me, id)?.is_some()))?;
    if let Some(boost) = statuses::reblog_of(tx, me, original)?
        && let Some(row) = statuses::source(tx, boost)?
    {
        delete::remove(tx, boost, &row, delete::Tells::Each)?;
        notifications::forget(tx, author, me, NotificationType::Reblog, Some(original))?;
    }
    Ok(original)
}
