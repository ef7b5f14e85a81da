//! Quoting: who may, what becomes of it, and taking the permission back.

use std::sync::Arc;

use phiomia_model::{
    AccountId, Error, Event, NotificationType, Noun, Outgoing, QuotePolicy, QuoteState, Refusal, StatusId, Visibility,
};
use phiomia_store::{
    Tx,
    db::{
        relationships,
        statuses::{self, Counter, QuoteRow, StatusBody},
    },
};

use super::Meant;
use crate::{notifications::notify, outgoing::tell};

/// Most people told that a post they quoted has changed.
const MOST_TOLD: i64 = 500;

/// What `me` wants to quote, if they may: a boost stands for its original.
///
/// # Errors
/// `NoQuoted` when it is not there for them, or its author does not want to be quoted by them.
pub(super) fn may_quote(tx: &Tx<'_>, me: AccountId, id: StatusId) -> Result<Arc<StatusBody>, Error> {
    let body = match super::seen(tx, me, id, tx.now()) {
        Ok(body) => body,
        Err(Error::Refused(Refusal::NotFound(_))) => return Err(Refusal::NoQuoted.into()),
        Err(other) => return Err(other),
    };
    let may = match (body.account == me, body.visibility) {
        _ if body.is_unapproved() => false,
        (_, Visibility::Direct) => false,
        (true, _) => true,
        (false, Visibility::Private) => false,
        (false, _) if relationships::is_blocking(tx, me, body.account)? => false,
        (false, _) => match body.quote_policy {
            QuotePolicy::Public => true,
            QuotePolicy::Followers => relationships::is_following(tx, me, body.account)?,
            QuotePolicy::Nobody => false,
        },
    };
    if may { Ok(body) } else { Err(Refusal::NoQuoted.into()) }
}

/// A quote of a followers-only post is for followers at most, as in Mastodon.
pub(super) fn narrowed(visibility: Visibility, quoted: Option<&StatusBody>) -> Visibility {
    match quoted {
        Some(quoted) if quoted.visibility == Visibility::Private && visibility.is_open() => Visibility::Private,
        _ => visibility,
    }
}

/// Refuses (`422`) a direct post that quotes somebody it is not for.
pub(super) fn check_direct(
    me: AccountId,
    quoted: &StatusBody,
    visibility: Visibility,
    meant: &Meant,
) -> Result<(), Refusal> {
    let is_for_them = || quoted.account == me || meant.mentions.iter().any(|(_, account)| *account == quoted.account);
    if visibility == Visibility::Direct && !is_for_them() {
        return Err(Refusal::validation("Cannot quote a non-mentioned user in a Private Mention post."));
    }
    Ok(())
}

/// Writes the quote down and tells the quoted author.
pub(super) fn attach(tx: &Tx<'_>, me: AccountId, status: StatusId, quoted: &StatusBody) -> Result<(), Error> {
    // Whoever lives elsewhere says themselves whether they allow it.
    let is_asked = !quoted.is_local && quoted.account != me;
    let state = if is_asked { QuoteState::Pending } else { QuoteState::Accepted };
    let quoted_author = Some(quoted.account);
    statuses::insert_quote(tx, status, &QuoteRow { state, quoted: Some(quoted.id), quoted_author, author: me })?;
    // Whoever is quoted may read it, whoever else it is for.
    if quoted.account != me {
        statuses::add_silent_mention(tx, status, quoted.account)?;
    }
    if is_asked {
        statuses::set_quote_names(tx, status, Some(&quoted.uri), None)?;
        tell(tx, Outgoing::QuoteAsked { status })?;
        return Ok(());
    }
    statuses::count(tx, quoted.id, Counter::Quotes, 1)?;
    tx.announce(Event::StatusTouched { status: quoted.id });
    notify(tx, quoted.account, me, NotificationType::Quote, Some(status))?;
    Ok(())
}

/// Takes back the permission that a quote of `me`'s post had; what it was is then shown no more.
///
/// # Errors
/// `NotFound` when `quoting` does not quote `status` or `me` cannot see one of them, `Forbidden` when `status` is not
/// `me`'s.
pub fn revoke_quote(tx: &Tx<'_>, me: AccountId, status: StatusId, quoting: StatusId) -> Result<(), Error> {
    let quoted = super::seen(tx, me, status, tx.now())?;
    let quote = statuses::quote_of(tx, quoting)?.filter(|quote| quote.quoted == Some(quoted.id));
    let quote = quote.ok_or(Refusal::NotFound(Noun::Record))?;
    if quoted.account != me {
        return Err(Refusal::Forbidden("This action is not allowed").into());
    }
    if quote.state == QuoteState::Accepted {
        statuses::set_quote_state(tx, quoting, QuoteState::Revoked)?;
        statuses::count(tx, quoted.id, Counter::Quotes, -1)?;
        tx.announce(Event::StatusTouched { status: quoted.id });
        tx.announce(Event::StatusEdited { status: quoting, author: quote.author });
        if let (_, Some(stamp)) = statuses::quote_names(tx, quoting)? {
            tell(tx, Outgoing::QuoteRevoked { status: quoting, account: me, stamp })?;
        }
    }
    Ok(())
}

/// Counts back the quote of a post that goes.
pub(crate) fn withdraw(tx: &Tx<'_>, status: StatusId) -> Result<(), Error> {
    let Some(quote) = statuses::quote_of(tx, status)? else { return Ok(()) };
    if let Some(quoted) = quote.quoted.filter(|_| quote.state == QuoteState::Accepted) {
        statuses::count(tx, quoted, Counter::Quotes, -1)?;
        tx.announce(Event::StatusTouched { status: quoted });
    }
    Ok(())
}

/// Tells those who quoted a post that it has changed.
pub(super) fn tell_quoters(tx: &Tx<'_>, author: AccountId, status: StatusId) -> Result<(), Error> {
    for (quoting, quoter) in statuses::quoting_batch(tx, status, MOST_TOLD)? {
        notify(tx, quoter, author, NotificationType::QuotedUpdate, Some(quoting))?;
    }
    Ok(())
}
