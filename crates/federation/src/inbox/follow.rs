//! Following, and the answers to it; blocks.

use phiomia_activitypub::{Activity, Thing, Uri, Verb};
use phiomia_model::{AccountId, Error, StatusId, remote::Interaction};
use phiomia_social::{relationships, remote};
use phiomia_store::db::{
    accounts,
    federation::{
        actors, received,
        relays::{Relay, RelayState},
    },
    relationships as rows, statuses,
};

use super::Signer;
use crate::Federation;

/// What somebody answers to.
pub(super) enum Asked {
    /// A follow of somebody here.
    Follow(AccountId),
    /// A quote in a post from here.
    Quote(StatusId),
    /// A relay, to pass posts on.
    Relay(Relay),
    /// What somebody here did with a post of theirs: the number of the favourite, of the answer or of the boost.
    Interaction(Interaction, i64),
}

impl Federation {
    pub(super) async fn follow(&self, signer: &Signer, activity: &Activity, target: &Uri) -> Result<(), Error> {
        if target.as_str() == self.addresses.server_uri() {
            return self.followed_by_relay(signer, activity).await;
        }
        let Some(target) = self.somebody_here(target).await? else { return Ok(()) };
        // Without a name of its own the follow is named by whom it is between.
        let uri = match activity.id.as_ref().filter(|id| id.is_with(&signer.uri)) {
            Some(id) => id.as_str().to_owned(),
            None => format!("{}#follow-{target}", signer.uri.without_fragment()),
        };
        let (follower, name) = (signer.account, self.own_name(signer, activity));
        self.db
            .write(move |tx| match &name {
                Some(name) if received::was_taken_back(tx, name)? => Ok(()),
                _ => remote::follow(tx, follower, target, &uri),
            })
            .await
    }

    pub(super) async fn accepted(
        &self,
        signer: &Signer,
        activity: &Activity,
        asked: &Thing,
        result: Option<&Uri>,
    ) -> Result<(), Error> {
        match self.asked(signer, asked).await? {
            Some(Asked::Follow(follower)) => {
                let target = signer.account;
                self.db.write(move |tx| remote::follow_accepted(tx, target, follower)).await?;
                // Somebody here follows them now: what they wrote before belongs to their profile.
                self.look_at(target).await
            }
            Some(Asked::Quote(quoting)) => self.quote_allowed(signer, quoting, result).await,
            Some(Asked::Relay(relay)) => self.relay_answered(&relay, RelayState::Accepted).await,
            Some(Asked::Interaction(what, number)) => {
                // Before 0.19 the `Accept` itself was the stamp.
                let stamp = result.or(activity.id.as_ref()).filter(|stamp| stamp.is_with(&signer.uri));
                let (by, stamp) = (signer.account, stamp.map(|stamp| stamp.normal().to_owned()));
                self.db.write(move |tx| remote::approval_answered(tx, by, what, number, true, stamp.as_deref())).await
            }
            None => self.others_allowed(signer, asked, result).await,
        }
    }

    pub(super) async fn rejected(&self, signer: &Signer, asked: &Thing) -> Result<(), Error> {
        let by = signer.account;
        match self.asked(signer, asked).await? {
            Some(Asked::Follow(follower)) => self.db.write(move |tx| remote::follow_rejected(tx, by, follower)).await,
            Some(Asked::Quote(quoting)) => self.db.write(move |tx| remote::quote_denied(tx, by, quoting)).await,
            Some(Asked::Relay(relay)) => self.relay_answered(&relay, RelayState::Rejected).await,
            Some(Asked::Interaction(what, number)) => {
                self.db.write(move |tx| remote::approval_answered(tx, by, what, number, false, None)).await
            }
            None => Ok(()),
        }
    }

    /// What is answered: sent along, or named by the id that we gave it.
    async fn asked(&self, signer: &Signer, asked: &Thing) -> Result<Option<Asked>, Error> {
        if let Some(relay) = self.asked_relay(signer, asked).await? {
            return Ok(Some(Asked::Relay(relay)));
        }
        if let Some(activity) = asked.activity() {
            return match &activity.verb {
                Verb::Follow(target) if *target == signer.uri => {
                    Ok(self.somebody_here(&activity.actor).await?.map(Asked::Follow))
                }
                Verb::QuoteRequest { instrument, .. } => {
                    let Some(id) = instrument.id().filter(|id| self.is_own(id)) else { return Ok(None) };
                    Ok(self.known_status(id).await?.map(Asked::Quote))
                }
                Verb::InteractionRequest { instrument, .. } => match self.asked_by_name(asked).await? {
                    Some(asked) => Ok(Some(asked)),
                    None => self.asked_by_name(instrument).await,
                },
                _ => self.asked_by_name(asked).await,
            };
        }
        self.asked_by_name(asked).await
    }

    /// `…/ap/users/{account}/follows/{number}`, `…/quote_requests/{status}`, what asks for an interaction, or what was done
    /// without asking.
    async fn asked_by_name(&self, asked: &Thing) -> Result<Option<Asked>, Error> {
        let Some(id) = asked.id().filter(|id| self.is_own(id)) else { return Ok(None) };
        let mut pieces = id.normal().rsplit('/');
        let (Some(number), Some(kind)) = (pieces.next(), pieces.next()) else { return Ok(None) };
        let number = number.to_owned();
        match kind {
            "follows" => {
                let found = self.db.read(move |q| Ok(rows::by_follow_name(q, &number)?)).await?;
                Ok(found.map(|(follower, _)| Asked::Follow(follower)))
            }
            "quote_requests" => {
                let Ok(status) = number.parse::<StatusId>() else { return Ok(None) };
                let found = self.db.read(move |q| Ok(statuses::source(q, status)?.filter(|row| row.is_local))).await?;
                Ok(found.map(|_| Asked::Quote(status)))
            }
            "like_requests" | "likes" => {
                Ok(number.parse().ok().map(|number| Asked::Interaction(Interaction::Like, number)))
            }
            "reply_requests" | "announce_requests" | "statuses" => {
                // Whether it is an answer or a boost, its row says.
                Ok(number.parse().ok().map(|number| Asked::Interaction(Interaction::Reply, number)))
            }
            _ => Ok(None),
        }
    }

    pub(super) async fn block(&self, signer: &Signer, activity: &Activity, target: &Uri) -> Result<(), Error> {
        let Some(target) = self.somebody_here(target).await? else { return Ok(()) };
        let (by, name) = (signer.account, self.own_name(signer, activity));
        self.db
            .write(move |tx| match &name {
                Some(name) if received::was_taken_back(tx, name)? => Ok(()),
                _ => relationships::block(tx, by, target),
            })
            .await
    }

    /// Somebody of here, by their id.
    pub(super) async fn somebody_here(&self, uri: &Uri) -> Result<Option<AccountId>, Error> {
        if !self.is_own(uri) {
            return Ok(None);
        }
        let name = uri.normal().to_owned();
        self.db
            .read(move |q| {
                let Some(id) = actors::by_uri(q, &name)? else { return Ok(None) };
                Ok(accounts::view(q, id)?.filter(|view| view.is_local()).map(|view| view.id))
            })
            .await
    }
}
