//! Asking whether somebody here may answer, favourite or boost a post elsewhere, and answering such requests.
//! Source: <https://docs.gotosocial.org/en/latest/federation/interaction_controls/>.

use phiomia_activitypub::{Activity, Audience, Object, Thing, Verb};
use phiomia_model::{AccountId, Error, StatusId, Viewer, remote::Interaction};
use phiomia_store::{
    Tx,
    db::{
        accounts::{self, AccountView},
        federation::{actors, deliveries::Priority},
        statuses,
    },
};

use super::{Sending, activity, send};
use crate::{Federation, build};

/// What somebody elsewhere asked.
pub(super) struct Asked<'a> {
    pub(super) what: Interaction,
    /// The post from here.
    pub(super) status: StatusId,
    /// Who asks.
    pub(super) asker: AccountId,
    /// The answer, the `Like` or the `Announce`.
    pub(super) interacting: &'a str,
    /// The request.
    pub(super) request: &'a str,
}

impl Federation {
    pub(super) fn approval_asked(
        &self,
        tx: &Tx<'_>,
        account: AccountId,
        what: Interaction,
        status: StatusId,
    ) -> Result<(), Error> {
        let Some((target, instrument, number)) = self.wanted(tx, account, what, status)? else { return Ok(()) };
        let Some(row) = statuses::source(tx, target)? else { return Ok(()) };
        let Some(author) = accounts::view(tx, row.author)?.filter(|view| !view.is_local()) else { return Ok(()) };
        let me = self.actor(account)?;
        let id = format!("{me}/{}_requests/{number}", what.word());
        let verb = Verb::InteractionRequest { what, object: build::uri(&row.uri)?, instrument };
        let request = activity(&id, me, verb, vec![build::uri(&author.uri)?])?;
        let inboxes = actors::own_inboxes(tx, &[author.id])?;
        let sending = Sending::new(account, Priority::Direct, &id);
        let sending = if what == Interaction::Like { sending } else { sending.about(status) };
        send(tx, &sending, &request, &inboxes)
    }

    /// The post it is about, what is to be done, and its number. `None`: it was taken back, or has its answer.
    fn wanted(
        &self,
        tx: &Tx<'_>,
        account: AccountId,
        what: Interaction,
        status: StatusId,
    ) -> Result<Option<(StatusId, Thing, i64)>, Error> {
        if what == Interaction::Like {
            let Some(row) = statuses::favourite_row(tx, account, status)?.filter(|row| row.is_pending) else {
                return Ok(None);
            };
            let Some((like, _)) = self.like_activity(tx, account, status, row.number, None)? else { return Ok(None) };
            return Ok(Some((status, Thing::Sent(Box::new(Object::Activity(like))), row.number)));
        }
        let Some(view) = statuses::view(tx, status, Viewer::Account(account), tx.now())? else { return Ok(None) };
        let target = view.body.reblog_of_id.or(view.body.in_reply_to_id);
        let Some(target) = target.filter(|_| view.body.is_unapproved()) else { return Ok(None) };
        let facts = build::facts(tx, &[&view])?;
        let object = match what {
            Interaction::Reply => Object::Note(build::note(&view, &facts, &self.addresses)?),
            _ => Object::Activity(build::activity(&view, &facts, &self.addresses)?),
        };
        Ok(Some((target, Thing::Sent(Box::new(object)), status.0)))
    }

    pub(super) fn approval_answered(
        &self,
        tx: &Tx<'_>,
        account: AccountId,
        asked: &Asked<'_>,
        stamp: Option<&str>,
    ) -> Result<(), Error> {
        let Some(asker) = accounts::view(tx, asked.asker)? else { return Ok(()) };
        let Some(row) = statuses::source(tx, asked.status)? else { return Ok(()) };
        let instrument = Thing::Named(build::uri(asked.interacting)?);
        let verb = Verb::InteractionRequest { what: asked.what, object: build::uri(&row.uri)?, instrument };
        self.answer(tx, account, &asker, (asked.request, verb), asked.what.word(), stamp)
    }

    /// Says yes, with a stamp, or no to what `asker` asked by the request of that name. `word`: what it is about, in the
    /// names of answers.
    pub(super) fn answer(
        &self,
        tx: &Tx<'_>,
        account: AccountId,
        asker: &AccountView,
        (name, verb): (&str, Verb),
        word: &str,
        stamp: Option<&str>,
    ) -> Result<(), Error> {
        let (me, them) = (self.actor(account)?, build::uri(&asker.uri)?);
        let id = Some(build::uri(name)?);
        let actor = them.clone();
        let request = Activity { id, actor, verb, audience: Audience::default(), published: None, authorization: None };
        let request = Thing::Sent(Box::new(Object::Activity(request)));
        let number = tx.new_id();
        let (id, verb) = match stamp {
            Some(stamp) => {
                let result = Some(build::uri(stamp)?);
                (format!("{me}#accepts/{word}_requests/{number}"), Verb::Accept { asked: request, result })
            }
            None => (format!("{me}#rejects/{word}_requests/{number}"), Verb::Reject(request)),
        };
        let answer = activity(&id, me, verb, vec![them])?;
        let inboxes = actors::own_inboxes(tx, &[asker.id])?;
        send(tx, &Sending::new(account, Priority::Direct, name), &answer, &inboxes)
    }
}
