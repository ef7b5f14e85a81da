//! Favourites and emoji reactions.

use phiomia_activitypub::{Activity, Reaction, Uri};
use phiomia_model::{Error, Job};
use phiomia_social::remote;
use phiomia_store::db::federation::{early, posts};

use super::Signer;
use crate::Federation;

impl Federation {
    pub(super) async fn like(
        &self,
        signer: &Signer,
        activity: &Activity,
        object: &Uri,
        reaction: Option<&Reaction>,
        body: Option<&str>,
    ) -> Result<(), Error> {
        let Some(status) = self.known_status(object).await? else {
            return self.comes_early(signer, object, body).await;
        };
        let (who, uri) = (signer.account, self.own_name(signer, activity));
        let content = reaction.map(|reaction| reaction.content.clone());
        self.db
            .write(move |tx| match &content {
                None => remote::favourite(tx, who, status, uri.as_deref()),
                Some(content) => remote::react(tx, who, status, content, uri.as_deref()),
            })
            .await
    }

    /// Something is done with a post that is not here. Where somebody of its server is followed it may be on its way, and
    /// has been overtaken.
    pub(super) async fn comes_early(&self, signer: &Signer, object: &Uri, body: Option<&str>) -> Result<(), Error> {
        let Some(body) = body.filter(|_| !self.is_own(object)) else { return Ok(()) };
        let host = object.host().to_owned();
        if !self.db.read(move |q| Ok(early::is_anybody_followed_at(q, &host)?)).await? {
            return Ok(());
        }
        let (who, name, body) = (signer.account, object.normal().to_owned(), body.to_owned());
        self.db
            .write(move |tx| {
                posts::hold_names(tx, std::slice::from_ref(&name))?;
                // It came in between.
                if posts::by_uri(tx, &name)?.is_some() {
                    return Ok(tx.enqueue(&Job::Receive { signer: who, body: body.clone() })?);
                }
                Ok(early::keep(tx, &name, who, &body)?)
            })
            .await
    }

    /// The id of an activity, when it is of its actor's server.
    pub(super) fn own_name(&self, signer: &Signer, activity: &Activity) -> Option<String> {
        activity.id.as_ref().filter(|id| id.is_with(&signer.uri)).map(|id| id.normal().to_owned())
    }
}
