//! Taking back.

use phiomia_activitypub::{Activity, Reaction, Thing, Uri, Verb};
use phiomia_model::{AccountId, Error, Refusal};
use phiomia_social::{relationships, remote, statuses};
use phiomia_store::{
    Tx,
    db::{
        federation::{posts, received},
        relationships as rows, statuses as rows_of,
    },
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
        let (who, name) = (signer.account, self.own_name(signer, activity));
        match &activity.verb {
            Verb::Follow(target) => {
                let Some(target) = self.somebody_here(target).await? else { return Ok(()) };
                let undo = move |tx: &Tx<'_>| {
                    hold(tx, name.as_deref())?;
                    if !rows::followed_or_asked(tx, who)?.contains(&target) {
                        return taken_back(tx, name.as_deref());
                    }
                    relationships::unfollow(tx, who, target)
                };
                self.db.write(undo).await
            }
            Verb::Block(target) => {
                let Some(target) = self.somebody_here(target).await? else { return Ok(()) };
                let undo = move |tx: &Tx<'_>| {
                    hold(tx, name.as_deref())?;
                    if !rows::is_blocking(tx, who, target)? {
                        return taken_back(tx, name.as_deref());
                    }
                    relationships::unblock(tx, who, target)
                };
                self.db.write(undo).await
            }
            Verb::Like { object, reaction } => self.undo_reaction(who, object, reaction.as_ref(), name).await,
            Verb::EmojiReact { object, reaction } => self.undo_reaction(who, object, Some(reaction), name).await,
            Verb::Announce(_) => match &activity.id {
                Some(id) => self.undo_by_name(signer, id).await,
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }

    async fn undo_reaction(
        &self,
        who: AccountId,
        object: &Uri,
        reaction: Option<&Reaction>,
        name: Option<String>,
    ) -> Result<(), Error> {
        let status = self.known_status(object).await?;
        let content = reaction.map(|reaction| reaction.content.clone());
        self.db
            .write(move |tx| {
                hold(tx, name.as_deref())?;
                let Some(status) = status else { return taken_back(tx, name.as_deref()) };
                let was_there = match &content {
                    Some(content) => remote::unreact(tx, who, status, content, name.as_deref())?,
                    None if rows_of::is_favourited(tx, who, status)? => {
                        statuses::unfavourite(tx, who, status)?;
                        true
                    }
                    None => false,
                };
                if was_there { Ok(()) } else { taken_back(tx, name.as_deref()) }
            })
            .await
    }

    /// By the name alone: a follow, a favourite, a boost. What came before the thing itself is buried.
    async fn undo_by_name(&self, signer: &Signer, id: &Uri) -> Result<(), Error> {
        let (who, name, text) = (signer.account, id.normal().to_owned(), id.as_str().to_owned());
        self.db
            .write(move |tx| {
                hold(tx, Some(&name))?;
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
                taken_back(tx, Some(&name))
            })
            .await
    }
}

/// What is taken back may come at the same moment: one of the two sees what the other has written.
fn hold(tx: &Tx<'_>, name: Option<&str>) -> Result<(), Error> {
    match name {
        Some(name) => Ok(posts::hold_names(tx, &[name.to_owned()])?),
        None => Ok(()),
    }
}

/// Nothing is here of what is taken back: it may be on its way still.
fn taken_back(tx: &Tx<'_>, name: Option<&str>) -> Result<(), Error> {
    match name {
        Some(name) => Ok(received::take_back(tx, name)?),
        None => Ok(()),
    }
}
