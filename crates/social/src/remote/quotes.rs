//! Quotes across servers: who asks, who allows, and what is taken back.
//! Source: <https://codeberg.org/fediverse/fep/src/branch/main/fep/044f/fep-044f.md>.

use phiomia_model::{
    AccountId, Error, Event, Job, NotificationType, Outgoing, QuotePolicy, QuoteState, StatusId, Visibility,
    remote::{RemoteDraft, RemoteQuote},
};
use phiomia_store::{
    Tx,
    db::{
        accounts,
        federation::posts,
        relationships,
        statuses::{self, Counter, QuoteRow},
    },
};

use crate::{Social, notifications::notify, outgoing::tell, statuses::withdraw_quote as withdraw};

/// What the author's policy says to somebody elsewhere who wants to quote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuoteAnswer {
    /// They may.
    Allowed,
    /// They may not.
    Denied,
}

/// `quoter` asks to quote `quoted`, a post from here, in the post `quoting`. The answer is told to them.
///
/// # Errors
/// The database failed.
pub fn ask_quote(
    tx: &Tx<'_>,
    social: &Social,
    quoter: AccountId,
    quoted: StatusId,
    quoting: &str,
    request: &str,
) -> Result<QuoteAnswer, Error> {
    let Some(row) = statuses::source(tx, quoted)?.filter(|row| row.is_local && row.reblog_of_id.is_none()) else {
        return Ok(QuoteAnswer::Denied);
    };
    let is_kept_away = relationships::is_blocked_either_way(tx, row.author, quoter)?
        || relationships::is_blocking_domain_of(tx, row.author, quoter)?;
    let may = !is_kept_away
        && row.visibility.is_open()
        && match row.quote_policy {
            QuotePolicy::Public => true,
            QuotePolicy::Followers => relationships::is_following(tx, quoter, row.author)?,
            QuotePolicy::Nobody => false,
        };
    let status = posts::by_uri(tx, quoting)?;
    // A stamp is for a post that we know: whoever asks for it sees which.
    let may = may && status.is_some();
    let stamp = status.filter(|_| may).map(|status| social.addresses.stamp_uri(row.author, status));
    tell(
        tx,
        Outgoing::QuoteAnswered {
            account: row.author,
            quoting: quoting.to_owned(),
            quoter,
            quoted,
            request: request.to_owned(),
            stamp: stamp.clone(),
        },
    )?;
    if let Some((stamp, status)) = stamp.as_ref().zip(status) {
        allow(tx, status, quoted, row.author, stamp)?;
    }
    Ok(if may { QuoteAnswer::Allowed } else { QuoteAnswer::Denied })
}

/// What a post from elsewhere that is new here quotes; the quoted author is told if it is news.
pub(super) fn attach(tx: &Tx<'_>, id: StatusId, draft: &RemoteDraft, is_news: bool) -> Result<(), Error> {
    let Some(quote) = &draft.quote else { return Ok(()) };
    let quoted = posts::by_uri(tx, &quote.uri)?;
    let author = quoted.map(|q| statuses::author_and_policy(tx, q)).transpose()?.flatten().map(|(author, _)| author);
    let state =
        if quote.is_allowed || author == Some(draft.author) { QuoteState::Accepted } else { QuoteState::Pending };
    statuses::insert_quote(tx, id, &QuoteRow { state, quoted, quoted_author: author, author: draft.author })?;
    statuses::set_quote_names(tx, id, Some(&quote.uri), quote.stamp.as_deref())?;
    ask_again(tx, id, quote)?;
    if let (Some(quoted), QuoteState::Accepted) = (quoted, state) {
        statuses::count(tx, quoted, Counter::Quotes, 1)?;
        tx.announce(Event::StatusTouched { status: quoted });
        if let Some(author) = author.filter(|_| is_news) {
            notify(tx, author, draft.author, NotificationType::Quote, Some(id))?;
        }
    }
    Ok(())
}

fn ask_again(tx: &Tx<'_>, id: StatusId, quote: &RemoteQuote) -> Result<(), Error> {
    match quote.ask_again {
        Some(wait) => Ok(tx.enqueue_at(&Job::CheckQuote { status: id }, tx.now().plus(wait))?),
        None => Ok(()),
    }
}

/// A post from elsewhere was changed, and with it what it quotes or what allows that: a quote that waited for its author's
/// yes is told again with the stamp.
pub(super) fn change(tx: &Tx<'_>, id: StatusId, draft: &RemoteDraft) -> Result<(), Error> {
    let before = statuses::quote_of(tx, id)?;
    let (name, stamp) = statuses::quote_names(tx, id)?;
    let (Some(before), Some(quote)) = (&before, draft.quote.as_ref().filter(|quote| name.as_ref() == Some(&quote.uri)))
    else {
        // Of another post, of none any more, or of one at last.
        if before.is_some() {
            withdraw(tx, id)?;
            statuses::erase_quotes_by(tx, id)?;
        }
        return attach(tx, id, draft, false);
    };
    ask_again(tx, id, quote)?;
    let Some(new) = quote.stamp.as_ref().filter(|new| stamp.as_ref() != Some(new) || quote.is_allowed) else {
        return Ok(());
    };
    match (before.state, before.quoted.zip(before.quoted_author)) {
        (_, Some((quoted, author))) if quote.is_allowed => allow(tx, id, quoted, author, new),
        (QuoteState::Pending, _) => Ok(statuses::set_quote_names(tx, id, name.as_deref(), Some(new))?),
        // Another stamp that does not hold. What people here allow is known here, whatever is shown.
        (QuoteState::Accepted, Some((_, author))) if author != draft.author => {
            if accounts::view(tx, author)?.is_some_and(|view| !view.is_local()) {
                statuses::set_quote_names(tx, id, name.as_deref(), Some(new))?;
                end(tx, author, id, QuoteState::Pending)?;
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// A quote between others is allowed by a stamp that its server has shown.
///
/// # Errors
/// The database failed.
pub fn quote_stamped(tx: &Tx<'_>, quoting: StatusId, stamp: &str) -> Result<(), Error> {
    let Some(quote) = statuses::quote_of(tx, quoting)? else { return Ok(()) };
    match quote.quoted.zip(quote.quoted_author) {
        Some((quoted, author)) => allow(tx, quoting, quoted, author, stamp),
        None => Ok(()),
    }
}

/// A quote in a post we know is allowed by a stamp.
fn allow(tx: &Tx<'_>, quoting: StatusId, quoted: StatusId, author: AccountId, stamp: &str) -> Result<(), Error> {
    let Some(source) = statuses::source(tx, quoting)? else { return Ok(()) };
    match statuses::quote_of(tx, quoting)? {
        Some(quote) if quote.state == QuoteState::Accepted => return Ok(()),
        Some(_) => {
            statuses::set_quoted(tx, quoting, quoted, author)?;
            statuses::set_quote_state(tx, quoting, QuoteState::Accepted)?;
        }
        None => {
            let row = QuoteRow {
                state: QuoteState::Accepted,
                quoted: Some(quoted),
                quoted_author: Some(author),
                author: source.author,
            };
            statuses::insert_quote(tx, quoting, &row)?;
        }
    }
    let uri = statuses::source(tx, quoted)?.map(|row| row.uri);
    statuses::set_quote_names(tx, quoting, uri.as_deref(), Some(stamp))?;
    statuses::count(tx, quoted, Counter::Quotes, 1)?;
    if source.visibility != Visibility::Direct {
        notify(tx, author, source.author, NotificationType::Quote, Some(quoting))?;
    }
    tx.announce(Event::StatusTouched { status: quoted });
    tx.announce(Event::StatusEdited { status: quoting, author: source.author });
    Ok(())
}

/// The author of a post elsewhere allows a quote of it in a post from here.
///
/// # Errors
/// The database failed.
pub fn quote_allowed(tx: &Tx<'_>, by: AccountId, quoting: StatusId, stamp: &str) -> Result<(), Error> {
    let Some(quote) = statuses::quote_of(tx, quoting)? else { return Ok(()) };
    let Some((quoted, author)) = quote.quoted.zip(quote.quoted_author).filter(|(_, author)| *author == by) else {
        return Ok(());
    };
    allow(tx, quoting, quoted, author, stamp)?;
    if statuses::source(tx, quoting)?.is_some_and(|row| row.is_local) {
        // Whoever has the post learns that it may show the quote now.
        tell(tx, Outgoing::Edited { status: quoting })?;
    }
    Ok(())
}

/// They do not allow it.
///
/// # Errors
/// The database failed.
pub fn quote_denied(tx: &Tx<'_>, by: AccountId, quoting: StatusId) -> Result<(), Error> {
    end(tx, by, quoting, QuoteState::Rejected)
}

/// They take the permission back that this stamp gave.
///
/// # Errors
/// The database failed.
pub fn quote_revoked(tx: &Tx<'_>, by: AccountId, stamp: &str) -> Result<bool, Error> {
    let Some(quoting) = statuses::quote_by_stamp(tx, stamp)? else { return Ok(false) };
    end(tx, by, quoting, QuoteState::Revoked)?;
    Ok(true)
}

fn end(tx: &Tx<'_>, by: AccountId, quoting: StatusId, state: QuoteState) -> Result<(), Error> {
    let Some(quote) = statuses::quote_of(tx, quoting)?.filter(|quote| quote.quoted_author == Some(by)) else {
        return Ok(());
    };
    if quote.state == state {
        return Ok(());
    }
    if let Some(quoted) = quote.quoted.filter(|_| quote.state == QuoteState::Accepted) {
        statuses::count(tx, quoted, Counter::Quotes, -1)?;
        tx.announce(Event::StatusTouched { status: quoted });
    }
    statuses::set_quote_state(tx, quoting, state)?;
    tx.announce(Event::StatusEdited { status: quoting, author: quote.author });
    Ok(())
}
