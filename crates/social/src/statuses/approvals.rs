//! What waits for the author of a post elsewhere, who wants to be asked: an answer, a boost, a favourite. Its author sees
//! it at once, everybody else when the answer is yes.
//! Source: <https://docs.gotosocial.org/en/latest/federation/interaction_controls/>.

use phiomia_model::{AccountId, Error, Event, Outgoing, StatusId, remote::Interaction, status::Approval};
use phiomia_store::{
    Tx,
    db::{
        statuses::{self, Counter, Edited},
        tags,
    },
};

use super::{acts, delete, post::Fresh, reblog};
use crate::outgoing::tell;

/// Asks for what was just written down; `status` is the answer or the boost, of a favourite the post.
pub(super) fn ask(tx: &Tx<'_>, account: AccountId, what: Interaction, status: StatusId) -> Result<(), Error> {
    match what {
        Interaction::Like => statuses::set_favourite_pending(tx, account, status, true, None)?,
        Interaction::Reply | Interaction::Announce => statuses::set_approval(tx, status, Approval::Pending, None)?,
    }
    tell(tx, Outgoing::ApprovalAsked { account, what, status })?;
    Ok(())
}

/// `by` allows an answer or a boost of somebody here; `stamp`: where everybody can read that.
///
/// # Errors
/// The database failed.
pub(crate) fn allowed(tx: &Tx<'_>, by: AccountId, status: StatusId, stamp: Option<&str>) -> Result<(), Error> {
    let Some(row) = answerable(tx, by, status)? else { return Ok(()) };
    if !row.is_unapproved() {
        // Nobody had to be asked, and they said yes all the same.
        return Ok(stamp.map(|stamp| statuses::set_stamp(tx, status, stamp)).transpose().map(|_| ())?);
    }
    statuses::set_approval(tx, status, Approval::Accepted, stamp)?;
    // What is kept of it in memory goes before it is shown to others.
    tx.announce(Event::StatusEdited { status, author: row.author });
    match row.reblog_of_id {
        Some(original) => reblog::go_out(tx, row.author, status, row.visibility, (original, by)),
        None => Fresh {
            id: status,
            author: row.author,
            visibility: row.visibility,
            conversation: row.conversation.unwrap_or_default(),
            parent: row.in_reply_to_id.map(|parent| (parent, by)),
            people: statuses::mentioned(tx, status)?.into_iter().map(|(person, _)| person).collect(),
            tags: tags::of_status(tx, status)?,
        }
        .go_out(tx),
    }
}

/// `by` does not allow it. A boost is no more; an answer stays with its author, who wrote it.
///
/// # Errors
/// The database failed.
pub(crate) fn denied(tx: &Tx<'_>, by: AccountId, status: StatusId) -> Result<(), Error> {
    let Some(row) = answerable(tx, by, status)?.filter(|row| row.approval == Some(Approval::Pending)) else {
        return Ok(());
    };
    if row.reblog_of_id.is_some() {
        return delete::remove(tx, status, &row, delete::Tells::Nothing);
    }
    statuses::set_approval(tx, status, Approval::Rejected, None)?;
    tx.announce(Event::StatusEdited { status, author: row.author });
    Ok(())
}

/// An answer to, or a boost of, something that `by` wrote.
fn answerable(tx: &Tx<'_>, by: AccountId, status: StatusId) -> Result<Option<Edited>, Error> {
    let Some(row) = statuses::source(tx, status)?.filter(|row| row.is_local) else { return Ok(None) };
    let asked = match row.reblog_of_id {
        Some(original) => statuses::author_and_policy(tx, original)?.map(|(author, _)| author),
        None => row.in_reply_to_account_id,
    };
    Ok((asked == Some(by)).then_some(row))
}

/// `by` allows a favourite of somebody here, or does not.
///
/// # Errors
/// The database failed.
pub(crate) fn favourite_answered(
    tx: &Tx<'_>,
    by: AccountId,
    number: i64,
    accepts: bool,
    stamp: Option<&str>,
) -> Result<(), Error> {
    let Some(row) = statuses::favourite_by_number(tx, number)? else { return Ok(()) };
    let is_theirs = statuses::author_and_policy(tx, row.status)?.is_some_and(|(author, _)| author == by);
    if !is_theirs || !row.is_pending {
        return Ok(());
    }
    if accepts {
        statuses::set_favourite_pending(tx, row.account, row.status, false, stamp)?;
        statuses::count(tx, row.status, Counter::Favourites, 1)?;
        acts::tell_favourite(tx, row.account, row.status, false)?;
    } else {
        statuses::unfavourite(tx, row.account, row.status)?;
    }
    tx.announce(Event::StatusTouched { status: row.status });
    Ok(())
}
