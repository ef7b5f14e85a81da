//! Somebody elsewhere asks whether they may answer, favourite or boost a post from here, or lets others know what they
//! allowed.
//! Source: <https://docs.gotosocial.org/en/latest/federation/interaction_controls/>.

use phiomia_activitypub::{Activity, Audience, Thing, Uri, Verb};
use phiomia_model::{Error, StatusId, Visibility, remote::Interaction};
use phiomia_social::remote::{self, Asking};
use phiomia_store::db::federation::actors;

use super::{Signer, activity::done};
use crate::{
    Federation, authority,
    resolve::{Missing, boost_visibility, genuine_note},
};

impl Federation {
    pub(super) async fn asks_to_interact(
        &self,
        signer: &Signer,
        activity: &Activity,
        what: Interaction,
        object: &Uri,
        instrument: &Thing,
    ) -> Result<(), Error> {
        let Some(request) = self.own_name(signer, activity) else { return Ok(()) };
        let Some(interacting) = instrument.id().filter(|id| id.is_with(&signer.uri)) else { return Ok(()) };
        let Some(status) = self.known_status(object).await?.filter(|_| self.is_own(object)) else { return Ok(()) };
        let reply = match what {
            Interaction::Reply => match self.reply_to_allow(signer, instrument, interacting).await {
                Ok(reply) => reply,
                Err(missing) => return done(Err(missing)),
            },
            Interaction::Like | Interaction::Announce => None,
        };
        let visibility = match instrument.activity() {
            Some(Activity { verb: Verb::Announce(_), audience, .. }) => {
                self.visibility_of_boost(signer, audience).await?
            }
            _ => Visibility::Public,
        };
        let asking = Asking {
            what,
            asker: signer.account,
            status,
            interacting: interacting.normal().to_owned(),
            reply,
            visibility,
            request,
        };
        let social = self.social.clone();
        self.db.write(move |tx| remote::ask_approval(tx, &social, &asking)).await
    }

    /// The answer itself is needed: a stamp is for one that we know. `None`: it is not to be had.
    async fn reply_to_allow(
        &self,
        signer: &Signer,
        instrument: &Thing,
        uri: &Uri,
    ) -> Result<Option<StatusId>, Missing> {
        let kept = match instrument.note() {
            Some(note) if authority::speaks_for_note(&signer.uri, note) => {
                self.keep_note(note, remote::Coming::Sent).await
            }
            _ => self.status(uri).await,
        };
        match kept {
            Ok(status) => Ok(Some(status)),
            Err(Missing::Gone(_) | Missing::NotThere(_) | Missing::NotGenuine(..) | Missing::Refused(_)) => Ok(None),
            Err(missing) => Err(missing),
        }
    }

    async fn visibility_of_boost(&self, signer: &Signer, audience: &Audience) -> Result<Visibility, Error> {
        let who = signer.account;
        let followers = self.db.read(move |q| Ok(actors::find(q, who)?.and_then(|row| row.followers))).await?;
        let followers = followers.and_then(|text| Uri::parse(&text, self.web).ok());
        Ok(boost_visibility(audience, followers.as_ref()))
    }

    /// Somebody who is followed here lets an answer of somebody else stand that came without asking. Its own server is
    /// asked for the answer, and the stamp is looked at as any other.
    pub(super) async fn others_allowed(
        &self,
        signer: &Signer,
        asked: &Thing,
        stamp: Option<&Uri>,
    ) -> Result<(), Error> {
        if !signer.is_followed() {
            return Ok(());
        }
        let Some((id, stamp)) = asked.id().filter(|id| !self.is_own(id)).zip(stamp) else { return Ok(()) };
        if self.known_status(id).await?.is_some() {
            return Ok(());
        }
        let fetched = match self.fetch_document(id).await {
            Ok(document) => genuine_note(&document, id),
            Err(missing) => Err(missing),
        };
        let mut note = match fetched {
            Ok(note) => note,
            Err(missing) => return done(Err(missing)),
        };
        let is_theirs = match &note.in_reply_to {
            Some(parent) if parent.is_with(&signer.uri) => self.known_status(parent).await?.is_some(),
            _ => false,
        };
        if !is_theirs {
            return Ok(());
        }
        note.authorization = Some(stamp.clone());
        done(self.keep_note(&note, remote::Coming::Sent).await.map(|_| ()))
    }
}
