//! Quotes across servers: who asks, who allows, and what is taken back.
//! Source: <https://codeberg.org/fediverse/fep/src/branch/main/fep/044f/fep-044f.md>.

use phiomia_model::{
    AccountId, Error, Event, NotificationType, Outgoing, QuotePolicy, QuoteState, StatusId, Visibility,
};
use phiomia_store::{
    Tx,
    db::{
        federation::posts,
        relationships,
        statuses::{self, Counter, QuoteRow},
    },
};

use crate::{Social, notifications::notify, outgoing::tell};

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
