//! Taking back.

use phiomia_activitypub::{Activity, Thing, Uri, Verb};
use phiomia_model::{Error, Refusal};
use phiomia_social::{relationships, remote, statuses};
use phiomia_store::db::{
    federation::{posts, received},
    relationships as rows,
};

use super::Signer;
use crate::{Federation, authority};

impl Federation {
    pub(super) async fn undo(&self, signer: &Signer, thing: &Thing) -> Result<(), Error> {
        match thing.activity() {
            Some(activity) if authority::speaks_for_activity(&signer.uri, activity) => {
                self.undo_activity(signer, activity).await
            }
            Some(_) => Ok(()),
            None => match thing.id().filter(|id| id.is_with(&signer.uri)) {
                Some(id) => self.undo_by_name(signer, id).await,
                None => Ok(()),
            },
        }
    }

    async fn undo_activity(&self, signer: &Signer, activity: &Activity) -> Result<(), Error> {
        let who = signer.account;
        match &activity.verb {
            Verb::Follow(target) => {
                let Some(target) = self.somebody_here(target).await? else { return Ok(()) };
                self.db.write(move |tx| relationships::unfollow(tx, who, target)).await
            }
            Verb::Block(target) => {
                let Some(target) = self.somebody_here(target).await? else { return Ok(()) };
                self.db.write(move |tx| relationships::unblock(tx, who, target)).await
            }
            Verb::Like { object, reaction: None } => {
                let Some(status) = self.known_status(object).await? else { return Ok(()) };
                self.db.write(move |tx| statuses::unfavourite(tx, who, status).map(|_| ())).await
            }
            Verb::Like { object, reaction: Some(reaction) } | Verb::EmojiReact { object, reaction } => {
                let Some(status) = self.known_status(object).await? else { return Ok(()) };
                let (content, uri) = (reaction.content.clone(), self.own_name(signer, activity));
                self.db.write(move |tx| remote::unreact(tx, who, status, &content, uri.as_deref())).await
            }
            Verb::Announce(_) => match &activity.id {
                Some(id) => self.undo_by_name(signer, id).await,
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }

    /// By the name alone: a follow, a favourite, a boost. What came before the thing itself is buried.
    async fn undo_by_name(&self, signer: &Signer, id: &Uri) -> Result<(), Error> {
        let (who, name, text) = (signer.account, id.normal().to_owned(), id.as_str().to_owned());
        self.db
            .write(move |tx| {
                if let Some((status, owner, _)) = posts::owner(tx, &name)? {
                    return if owner == who { remote::remove(tx, who, status) } else { Ok(()) };
                }
                if let Some((follower, target)) = rows::by_follow_name(tx, &text)?
                    && follower == who
                {
                    return relationships::unfollow(tx, who, target);
                }
                if let Some((account, status)) = posts::favourite_by_uri(tx, &name)?
                    && account == who
                {
                    return match statuses::unfavourite(tx, who, status) {
                        Ok(_) | Err(Error::Refused(Refusal::NotFound(_))) => Ok(()),
                        Err(other) => Err(other),
                    };
                }
                Ok(received::bury(tx, &name)?)
            })
            .await
    }
}
