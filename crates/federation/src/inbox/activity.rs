//! An activity that was kept is worked through: who did it is known, whether they may is decided here and in the verbs.

use phiomia_activitypub::{Activity, Document, Uri, Verb};
use phiomia_model::{AccountId, Error, StatusId};
use phiomia_store::db::{accounts, federation::posts, statuses};

use super::Signer;
use crate::{Federation, resolve::Missing};

impl Federation {
    /// The work of `Job::Receive`. Running it twice is harmless: what it writes is named by the ids it came with.
    pub(crate) async fn work_through(&self, signer: AccountId, body: &str) -> Result<(), Error> {
        let Some(view) = self.db.read(move |q| Ok(accounts::view(q, signer)?)).await? else { return Ok(()) };
        let Ok(uri) = Uri::parse(&view.uri, self.web) else { return Ok(()) };
        let signer = Signer { account: signer, uri };
        let Ok(document) = Document::parse(body.as_bytes(), self.web) else { return Ok(()) };
        let activity = match Activity::read(&document) {
            Ok(activity) => activity,
            Err(unreadable) => {
                tracing::debug!("an activity of {} means nothing to us: {unreadable}", signer.uri);
                return Ok(());
            }
        };
        let done = self.act(&signer, &activity).await;
        match done {
            Err(Error::Refused(refusal)) => {
                tracing::debug!("{} of {} was refused: {refusal}", activity.kind(), signer.uri);
                Ok(())
            }
            other => other,
        }
    }

    async fn act(&self, signer: &Signer, activity: &Activity) -> Result<(), Error> {
        if activity.actor != signer.uri {
            return self.forwarded(activity).await;
        }
        match &activity.verb {
            Verb::Follow(target) => self.follow(signer, activity, target).await,
            Verb::Accept { asked, result } => self.accepted(signer, asked, result.as_ref()).await,
            Verb::Reject(asked) => self.rejected(signer, asked).await,
            Verb::Undo(thing) => self.undo(signer, thing).await,
            Verb::Create(thing) => self.create(signer, activity, thing).await,
            Verb::Update(thing) => self.update(signer, thing).await,
            Verb::Delete(object) => self.delete(signer, object).await,
            Verb::Announce(thing) => self.announce(signer, activity, thing).await,
            Verb::Like { object, reaction: None } => self.like(signer, activity, object).await,
            Verb::Like { object, reaction: Some(reaction) } | Verb::EmojiReact { object, reaction } => {
                self.react(signer, activity, object, reaction).await
            }
            Verb::Add { object, target } => self.add(signer, object, target).await,
            Verb::Remove { object, target } => self.remove(signer, object, target).await,
            Verb::Block(target) => self.block(signer, target).await,
            Verb::Move { object, target } => self.moves(signer, object, target).await,
            Verb::QuoteRequest { object, instrument } => self.asks_to_quote(signer, activity, object, instrument).await,
            Verb::Flag { .. } | Verb::Unknown(_) => Ok(()),
        }
    }

    /// Passed on by somebody else than who did it: of what is told only the name is believed, and its own server asked.
    async fn forwarded(&self, activity: &Activity) -> Result<(), Error> {
        match &activity.verb {
            Verb::Create(thing) | Verb::Update(thing) => {
                let Some(id) = thing.id().filter(|id| id.is_with(&activity.actor)) else { return Ok(()) };
                let Some(note) = thing.note() else { return Ok(()) };
                // Only what belongs to something that is here: nobody fills the house with strangers' talk.
                let is_wanted = match &note.in_reply_to {
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
