//! An activity that was kept is worked through: who did it is known, whether they may is decided here and in the verbs.

use std::time::Duration;

use phiomia_activitypub::{Activity, Document, Uri, Verb, proof::Proof};
use phiomia_model::{AccountId, Error, StatusId};
use phiomia_store::db::{
    federation::{posts, received},
    statuses,
};

use super::Signer;
use crate::{Federation, resolve::Missing};

/// A proof is believed for so long.
const PROOF_AGE: Duration = Duration::from_secs(65 * 60);

impl Federation {
    /// The work of `Job::Receive`. Running it twice is harmless: what it writes is named by the ids it came with.
    pub(crate) async fn work_through(&self, signer: AccountId, body: &str) -> Result<(), Error> {
        let Ok(document) = Document::parse(body.as_bytes(), self.web) else { return Ok(()) };
        let activity = match Activity::read(&document) {
            Ok(activity) => activity,
            Err(unreadable) => {
                tracing::debug!("an activity of {signer} means nothing to us: {unreadable}");
                return Ok(());
            }
        };
        let Some(known) = self.sender(signer).await? else { return Ok(()) };
        let Ok(uri) = Uri::parse(&known.uri, self.web) else { return Ok(()) };
        let signer = Signer { account: signer, uri, known: Some(known) };
        let done = if activity.actor == signer.uri {
            self.act(&signer, &activity, Some(body)).await
        } else {
            match self.proven(&document, &activity).await? {
                Some(author) => self.act_once(&author, &activity).await,
                None => self.forwarded(&signer, &activity).await,
            }
        };
        match done {
            Err(Error::Refused(refusal)) => {
                tracing::debug!("{} of {} was refused: {refusal}", activity.kind(), signer.uri);
                Ok(())
            }
            other => other,
        }
    }

    /// `body`: the activity as it came, where it can be worked through once more later.
    async fn act(&self, signer: &Signer, activity: &Activity, body: Option<&str>) -> Result<(), Error> {
        match &activity.verb {
            Verb::Follow(target) => self.follow(signer, activity, target).await,
            Verb::Accept { asked, result } => self.accepted(signer, activity, asked, result.as_ref()).await,
            Verb::Reject(asked) => self.rejected(signer, asked).await,
            Verb::Undo(thing) => self.undo(signer, thing).await,
            Verb::Create(thing) => self.create(signer, activity, thing).await,
            Verb::Update(thing) => self.update(signer, thing).await,
            Verb::Delete(object) => self.delete(signer, object).await,
            Verb::Announce(thing) => self.announce(signer, activity, thing, body).await,
            Verb::Like { object, reaction } => self.like(signer, activity, object, reaction.as_ref(), body).await,
            Verb::EmojiReact { object, reaction } => self.like(signer, activity, object, Some(reaction), body).await,
            Verb::Add { object, target } => self.add(signer, object, target).await,
            Verb::Remove { object, target } => self.remove(signer, object, target).await,
            Verb::Block(target) => self.block(signer, activity, target).await,
            Verb::Move { object, target } => self.moves(signer, object, target).await,
            Verb::QuoteRequest { object, instrument } => self.asks_to_quote(signer, activity, object, instrument).await,
            Verb::InteractionRequest { what, object, instrument } => {
                self.asks_to_interact(signer, activity, *what, object, instrument).await
            }
            Verb::Flag { objects, content } => self.flag(signer, activity, objects, content.as_deref()).await,
            Verb::Unknown(_) => Ok(()),
        }
    }

    /// Who did it, when the activity carries a proof of its own that one of their keys made not long ago (FEP-8b32).
    async fn proven(&self, document: &Document, activity: &Activity) -> Result<Option<Signer>, Error> {
        let Ok(Some(proof)) = Proof::read(document) else { return Ok(None) };
        let now = self.db.clock().now();
        let is_fresh = proof.created.is_some_and(|at| at > now.minus(PROOF_AGE) && at < now.plus(PROOF_AGE));
        if !is_fresh || activity.id.as_ref().is_none_or(|id| !id.is_with(&activity.actor)) {
            return Ok(None);
        }
        match self.key_owner(&proof.key_id).await {
            Ok((owner, key)) if owner.uri == activity.actor && proof.verify(&key).is_ok() => Ok(Some(owner)),
            Err(missing) if missing.is_ours() => Err(missing.for_job()),
            _ => Ok(None),
        }
    }

    /// What anybody may pass on is done once, however often it is passed on.
    async fn act_once(&self, author: &Signer, activity: &Activity) -> Result<(), Error> {
        let Some(name) = activity.id.as_ref().map(|id| id.normal().to_owned()) else { return Ok(()) };
        let known = name.clone();
        if self.db.read(move |q| Ok(received::is_known(q, &known)?)).await? {
            return Ok(());
        }
        self.check_host(author.uri.host()).await.map_err(Missing::for_job)?;
        self.act(author, activity, None).await?;
        self.db.write(move |tx| Ok(received::note(tx, &name).map(|_| ())?)).await
    }

    /// Passed on by somebody else than who did it: of what is told only the name is believed, and its own server asked.
    async fn forwarded(&self, signer: &Signer, activity: &Activity) -> Result<(), Error> {
        match &activity.verb {
            Verb::Create(thing) if self.is_relay(signer).await? => self.relayed(thing.id()).await,
            Verb::Create(thing) | Verb::Update(thing) => {
                let Some(id) = thing.id().filter(|id| id.is_with(&activity.actor)) else { return Ok(()) };
                let Some(note) = thing.note() else { return Ok(()) };
                // Only what belongs to something that is here: nobody fills the house with strangers' talk.
                let is_edit = matches!(activity.verb, Verb::Update(_)) && self.known_status(id).await?.is_some();
                let is_wanted = match &note.in_reply_to {
                    _ if is_edit => true,
                    Some(parent) => self.known_status(parent).await?.is_some(),
                    None => false,
                };
                if is_wanted { done(self.fetch_status(id).await.map(|_| ())) } else { Ok(()) }
            }
            Verb::Delete(object) => {
                let Some(status) = self.known_status(object).await? else { return Ok(()) };
                // To us, who did not write it and may not see it, its server says of a hidden post that it is not there.
                let row = self.db.read(move |q| Ok(statuses::source(q, status)?)).await?;
                let is_open = row.is_some_and(|row| row.visibility.is_open());
                match self.fetch_document(object).await {
                    Err(Missing::Gone(_)) => self.forget_status(status).await,
                    Err(Missing::NotThere(_)) if is_open => self.forget_status(status).await,
                    other => done(other.map(|_| ())),
                }
            }
            _ => Ok(()),
        }
    }

    /// The post with this id, if it is known.
    pub(crate) async fn known_status(&self, uri: &Uri) -> Result<Option<StatusId>, Error> {
        let name = uri.normal().to_owned();
        self.db.read(move |q| Ok(posts::by_uri(q, &name)?)).await
    }
}

/// What was fetched on the way: what passes by itself is tried again, what is not there is done with.
pub(super) fn done(outcome: Result<(), Missing>) -> Result<(), Error> {
    outcome.map_err(Missing::for_job)
}
