//! Somebody goes somewhere else.

use phiomia_activitypub::Uri;
use phiomia_model::Error;
use phiomia_social::remote;
use phiomia_store::db::federation::{actors, aliases};

use super::{Signer, activity::done};
use crate::Federation;

impl Federation {
    /// Believed when the new account, read at its own server, names the old one.
    pub(super) async fn moves(&self, signer: &Signer, object: &Uri, target: &Uri) -> Result<(), Error> {
        if *object != signer.uri || *target == signer.uri {
            return Ok(());
        }
        let (account, old) = (signer.account, signer.uri.normal().to_owned());
        let new = if self.is_own(target) {
            match self.somebody_here(target).await? {
                Some(id) => id,
                None => return Ok(()),
            }
        } else {
            match self.fetch_account(target).await {
                Ok(id) => id,
                Err(missing) => return done(Err(missing)),
            }
        };
        self.db
            .write(move |tx| {
                let names = match actors::find(tx, new)? {
                    Some(row) => row.also_known_as,
                    None => aliases::of(tx, new)?,
                };
                if names.contains(&old) { remote::moved(tx, account, new) } else { Ok(()) }
            })
            .await
    }
}
