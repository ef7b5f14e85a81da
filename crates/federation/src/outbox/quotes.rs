//! Asking to quote, answering, and taking the answer back.
//! Source: <https://codeberg.org/fediverse/fep/src/branch/main/fep/044f/fep-044f.md>.

use std::collections::BTreeSet;

use phiomia_activitypub::{Object, Thing, Uri, Verb};
use phiomia_model::{AccountId, Error, StatusId, Viewer};
use phiomia_store::{
    Tx,
    db::{
        accounts,
        federation::{actors, deliveries::Priority},
        statuses,
    },
};

use super::{Sending, activity, send};
use crate::{Federation, build};

/// What somebody elsewhere asked.
pub(super) struct Asked<'a> {
    /// The quoting post.
    pub(super) quoting: &'a str,
    /// Whose it is.
    pub(super) quoter: AccountId,
    /// The quoted post.
    pub(super) quoted: StatusId,
    /// The request.
    pub(super) request: &'a str,
}

impl Federation {
    pub(super) fn quote_asked(&self, tx: &Tx<'_>, status: StatusId) -> Result<(), Error> {
        let Some(quote) = statuses::quote_of(tx, status)? else { return Ok(()) };
        let Some(author) = quote.quoted_author.and_then(|id| accounts::view(tx, id).transpose()).transpose()? else {
            return Ok(());
        };
        let (Some(quoted), _) = statuses::quote_names(tx, status)? else { return Ok(()) };
        let Some(view) = statuses::view(tx, status, Viewer::Account(quote.author), tx.now())? else { return Ok(()) };
        let facts = build::facts(tx, &[&view])?;
        let note = build::note(&view, &facts, &self.addresses)?;
        let me = self.actor(quote.author)?;
        let verb =
            Verb::QuoteRequest { object: build::uri(&quoted)?, instrument: Thing::Sent(Box::new(Object::Note(note))) };
        let id = format!("{me}/quote_requests/{status}");
        let request = activity(&id, me, verb, vec![build::uri(&author.uri)?])?;
        let inboxes = actors::own_inboxes(tx, &[author.id])?;
        send(tx, &Sending::new(quote.author, Priority::Direct, &id).about(status), &request, &inboxes)
    }

    pub(super) fn quote_answered(
        &self,
        tx: &Tx<'_>,
        account: AccountId,
        asked: &Asked<'_>,
        stamp: Option<&str>,
    ) -> Result<(), Error> {
        let Some(quoter) = accounts::view(tx, asked.quoter)? else { return Ok(()) };
        let Some(quoted) = statuses::source(tx, asked.quoted)? else { return Ok(()) };
        let instrument = Thing::Named(build::uri(asked.quoting)?);
        let verb = Verb::QuoteRequest { object: build::uri(&quoted.uri)?, instrument };
        self.answer(tx, account, &quoter, (asked.request, verb), "quote", stamp)
    }

    /// Who quotes hears of it, and whoever may have seen the quote.
    pub(super) fn quote_revoked(
        &self,
        tx: &Tx<'_>,
        status: StatusId,
        account: AccountId,
        stamp: &str,
    ) -> Result<(), Error> {
        let me = self.actor(account)?;
        let verb = Verb::Delete(build::uri(stamp)?);
        let delete = activity(&format!("{stamp}#delete"), me, verb, vec![Uri::public()])?;
        let quoter: Vec<AccountId> = statuses::source(tx, status)?.map(|row| row.author).into_iter().collect();
        let mut inboxes: BTreeSet<actors::Inbox> = actors::followers_inboxes(tx, account)?.into_iter().collect();
        inboxes.extend(actors::inboxes_of(tx, &quoter)?);
        let inboxes: Vec<actors::Inbox> = inboxes.into_iter().collect();
        send(tx, &Sending::new(account, Priority::Deletion, stamp).last_word(), &delete, &inboxes)
    }
}
