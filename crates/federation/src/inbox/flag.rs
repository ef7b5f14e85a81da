//! Another server reports somebody here.

use phiomia_activitypub::{Activity, Uri};
use phiomia_model::{Error, StatusId};
use phiomia_social::reports;
use phiomia_store::db::{
    federation::{domains, posts},
    statuses,
};

use super::Signer;
use crate::Federation;

impl Federation {
    /// Kept for the moderators: about the person named, else about the author of the first post named.
    pub(super) async fn flag(
        &self,
        signer: &Signer,
        activity: &Activity,
        objects: &[Uri],
        comment: Option<&str>,
    ) -> Result<(), Error> {
        let Some(uri) = self.own_name(signer, activity) else { return Ok(()) };
        let mut target = None;
        for object in objects {
            target = target.or(self.somebody_here(object).await?);
        }
        let ours: Vec<String> =
            objects.iter().filter(|uri| self.is_own(uri)).map(|uri| uri.normal().to_owned()).collect();
        let (from, host, comment) =
            (signer.account, signer.uri.host().to_owned(), comment.unwrap_or_default().to_owned());
        self.db
            .write(move |tx| {
                if domains::standing(tx, &host)?.rejects_reports {
                    return Ok(());
                }
                let mut named: Vec<StatusId> = Vec::new();
                for uri in &ours {
                    named.extend(posts::by_uri(tx, uri)?);
                }
                let author = match named.first() {
                    Some(first) => statuses::author_and_policy(tx, *first)?.map(|(author, _)| author),
                    None => None,
                };
                let Some(target) = target.or(author) else { return Ok(()) };
                reports::receive(tx, from, target, &named, &comment, &uri)
            })
            .await
    }
}
