//! Conversations of direct posts: who has which in their list. Threads that somebody does not want to hear of.

use phiomia_model::{AccountId, ConversationId, Error, Event, Noun, Refusal, StatusId, Viewer};
use phiomia_store::{
    Tx,
    db::{conversations, statuses},
};

/// Puts a new direct post into the list of its author, who has read it, and of those who were `told` of it. `people` are
/// all whom it mentions.
pub(crate) fn deliver(
    tx: &Tx<'_>,
    status: StatusId,
    thread: i64,
    author: AccountId,
    people: &[AccountId],
    told: &[AccountId],
) -> Result<(), Error> {
    add(tx, status, thread, author, people, author)?;
    for person in told {
        add(tx, status, thread, author, people, *person)?;
    }
    Ok(())
}

/// Puts a direct post into one list.
pub(crate) fn add(
    tx: &Tx<'_>,
    status: StatusId,
    thread: i64,
    author: AccountId,
    people: &[AccountId],
    account: AccountId,
) -> Result<(), Error> {
    let everybody: Vec<AccountId> = people.iter().copied().chain([author]).collect();
    let conversation = conversations::add_status(tx, account, thread, &everybody, status, account != author)?;
    tx.announce(Event::ConversationChanged { account, conversation });
    Ok(())
}

/// Takes a deleted direct post out of all lists.
pub(crate) fn withdraw(tx: &Tx<'_>, status: StatusId) -> Result<(), Error> {
    for (conversation, account) in conversations::remove_status(tx, status)? {
        tx.announce(Event::ConversationChanged { account, conversation });
    }
    Ok(())
}

/// Marks a conversation read or unread.
///
/// # Errors
/// Refused when it is not in `me`'s list (`404`).
pub fn set_unread(tx: &Tx<'_>, me: AccountId, id: ConversationId, is_unread: bool) -> Result<(), Error> {
    found(conversations::set_unread(tx, me, id, is_unread)?)
}

/// Takes a conversation out of `me`'s list. It comes back with its next post.
///
/// # Errors
/// Refused when it is not in `me`'s list (`404`).
pub fn hide(tx: &Tx<'_>, me: AccountId, id: ConversationId) -> Result<(), Error> {
    found(conversations::delete(tx, me, id)?)
}

fn found(is_there: bool) -> Result<(), Error> {
    if is_there { Ok(()) } else { Err(Refusal::NotFound(Noun::Record).into()) }
}

/// No more notifications from the thread of a post. Gives the post's id.
///
/// # Errors
/// Refused when `me` may not see the post (`404`), or it is in no thread (`422`).
pub fn mute(tx: &Tx<'_>, me: AccountId, id: StatusId) -> Result<StatusId, Error> {
    conversations::mute(tx, me, thread(tx, me, id)?)?;
    Ok(id)
}

/// Notifications from the thread of a post again. Gives the post's id.
///
/// # Errors
/// As [`mute`].
pub fn unmute(tx: &Tx<'_>, me: AccountId, id: StatusId) -> Result<StatusId, Error> {
    conversations::unmute(tx, me, thread(tx, me, id)?)?;
    Ok(id)
}

/// The thread of a post; of a boost, the thread of what it boosts.
fn thread(tx: &Tx<'_>, me: AccountId, id: StatusId) -> Result<i64, Error> {
    let view = statuses::view(tx, id, Viewer::Account(me), tx.now())?.ok_or(Refusal::NotFound(Noun::Status))?;
    let body = view.reblog.map_or(view.body, |original| original.body);
    body.conversation_id.ok_or_else(|| Refusal::validation("The post belongs to no conversation").into())
}
