//! Quotes: somebody elsewhere asks to quote a post from here, or allows it to one from here.

use phiomia_activitypub::{Activity, Thing, Uri};
use phiomia_model::{Error, StatusId};
use phiomia_social::remote;
use phiomia_store::db::statuses;

use super::{Signer, activity::done};
use crate::{Federation, authority, resolve::Missing};

impl Federation {
    pub(super) async fn asks_to_quote(
        &self,
        signer: &Signer,
        activity: &Activity,
        quoted: &Uri,
        instrument: &Thing,
    ) -> Result<(), Error> {
        let Some(request) = self.own_name(signer, activity) else { return Ok(()) };
        let Some(quoted) = self.known_status(quoted).await? else { return Ok(()) };
        let Some(quoting) = instrument.id().filter(|id| id.is_with(&signer.uri)) else { return Ok(()) };
        // The post itself is needed: a stamp is for one that we know.
        let kept = match instrument.note() {
            Some(note) if authority::speaks_for_note(&signer.uri, note) => {
                self.keep_note(note, remote::Coming::Fetched).await
            }
            _ => self.status(quoting).await,
        };
        match kept {
            Ok(_) | Err(Missing::Gone(_) | Missing::NotThere(_) | Missing::NotGenuine(..) | Missing::Refused(_)) => {}
            Err(missing) => return done(Err(missing)),
        }
        let (social, quoter, quoting) = (self.social.clone(), signer.account, quoting.normal().to_owned());
        self.db.write(move |tx| remote::ask_quote(tx, &social, quoter, quoted, &quoting, &request).map(|_| ())).await
    }

    /// Believed when the stamp, at its own server, says so.
    pub(super) async fn quote_allowed(
        &self,
        signer: &Signer,
        quoting: StatusId,
        stamp: Option<&Uri>,
    ) -> Result<(), Error> {
        let Some(stamp) = stamp.filter(|stamp| stamp.is_with(&signer.uri)) else { return Ok(()) };
        let names = self.db.read(move |q| {
            let Some(row) = statuses::source(q, quoting)? else { return Ok(None) };
            let (quoted, _) = statuses::quote_names(q, quoting)?;
            Ok(quoted.map(|quoted| (row.uri, quoted)))
        });
        let Some((ours, quoted)) = names.await? else { return Ok(()) };
        let (Ok(ours), Ok(quoted)) = (Uri::parse(&ours, self.web), Uri::parse(&quoted, self.web)) else {
            return Ok(());
        };
        match self.stamp_allows(stamp, &ours, &quoted, &signer.uri).await {
            Ok(true) => {}
            Ok(false) => return Ok(()),
            Err(missing) => return done(Err(missing)),
        }
        let (by, stamp) = (signer.account, stamp.normal().to_owned());
        self.db.write(move |tx| remote::quote_allowed(tx, by, quoting, &stamp)).await
    }
}
