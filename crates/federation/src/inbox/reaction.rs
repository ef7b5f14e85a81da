//! Favourites and emoji reactions.

use phiomia_activitypub::{Activity, Reaction, Uri};
use phiomia_model::Error;
use phiomia_social::remote;

use super::Signer;
use crate::Federation;

impl Federation {
    pub(super) async fn like(&self, signer: &Signer, activity: &Activity, object: &Uri) -> Result<(), Error> {
        let Some(status) = self.known_status(object).await? else { return Ok(()) };
        let (who, uri) = (signer.account, self.own_name(signer, activity));
        self.db.write(move |tx| remote::favourite(tx, who, status, uri.as_deref())).await
    }

    pub(super) async fn react(
        &self,
        signer: &Signer,
        activity: &Activity,
        object: &Uri,
        reaction: &Reaction,
    ) -> Result<(), Error> {
        let Some(status) = self.known_status(object).await? else { return Ok(()) };
        let (who, uri) = (signer.account, self.own_name(signer, activity));
        let content = reaction.content.clone();
        self.db.write(move |tx| remote::react(tx, who, status, &content, uri.as_deref())).await
    }

    /// The id of an activity, when it is of its actor's server.
    pub(super) fn own_name(&self, signer: &Signer, activity: &Activity) -> Option<String> {
        activity.id.as_ref().filter(|id| id.is_with(&signer.uri)).map(|id| id.normal().to_owned())
    }
}
