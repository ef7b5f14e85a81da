//! An address of the web in the search field: the person or post behind it, fetched if it is not known.

use phiomia_federation::{
    documents,
    resolve::{Found, Missing},
};
use phiomia_mastodon::entities;
use phiomia_model::{AccountId, Error, Handle, Viewer};
use phiomia_store::db::{
    accounts,
    federation::{actors, posts},
    statuses,
};

use crate::{
    gate::{Anyone, Ask},
    render,
    state::Api,
};

/// What an address leads to; `None`: to nothing, and the text is looked for as any other.
///
/// # Errors
/// The database failed.
pub(super) async fn address(
    ask: &Ask<Anyone>,
    me: AccountId,
    address: &str,
    fetches: bool,
) -> Result<Option<entities::Search>, Error> {
    let found = if let Some(status) = documents::own_status(&ask.api.federation, address) {
        Some(Found::Status(status))
    } else if fetches {
        match Box::pin(ask.api.federation.look_up(address)).await {
            Ok(found) => Some(found),
            Err(Missing::Broken(fault)) => return Err(fault.into()),
            Err(missing) => {
                tracing::debug!("nothing was found behind an address: {missing}");
                None
            }
        }
    } else {
        known(ask, address).await?
    };
    let Some(found) = found else { return Ok(None) };
    let now = ask.api.now();
    let (person, post) = ask
        .api
        .db
        .read(move |q| {
            Ok(match found {
                Found::Account(id) => (accounts::view(q, id)?, None),
                Found::Status(id) => (None, statuses::view(q, id, Viewer::Account(me), now)?),
            })
        })
        .await?;
    let cx = ask.api.cx().await?;
    Ok(Some(entities::Search {
        accounts: person.iter().map(|view| render::account(view, &cx)).collect(),
        statuses: post.iter().map(|view| render::status(view, &cx)).collect(),
        hashtags: Vec::new(),
        collections: Vec::new(),
    }))
}

async fn known(ask: &Ask<Anyone>, address: &str) -> Result<Option<Found>, Error> {
    let address = address.to_owned();
    ask.api
        .db
        .read(move |q| {
            if let Some(account) = actors::by_uri(q, &address)?.or(actors::by_url(q, &address)?) {
                return Ok(Some(Found::Account(account)));
            }
            Ok(posts::by_uri(q, &address)?.or(posts::by_url(q, &address)?).map(Found::Status))
        })
        .await
}

impl Api {
    /// Looks somebody up at their own server, if the text is a handle of elsewhere that is not known. Gives the handle
    /// they really have: another one, if the text names the host of a server whose handles are of another domain. Who
    /// cannot be found is simply not found.
    ///
    /// # Errors
    /// The database failed.
    pub(crate) async fn look_up_handle(&self, text: &str) -> Result<Option<String>, Error> {
        let Ok(handle) = text.trim().parse::<Handle>() else { return Ok(None) };
        if handle.domain.is_none() {
            return Ok(None);
        }
        match Box::pin(self.federation.account_by_handle(&handle)).await {
            Err(Missing::Broken(fault)) => Err(fault.into()),
            Err(missing) => {
                tracing::debug!("{handle} was not found: {missing}");
                Ok(None)
            }
            Ok(id) => {
                let view = self.db.read(move |q| Ok(accounts::view(q, id)?)).await?;
                Ok(view.filter(|view| !view.is_local()).map(|view| view.acct()))
            }
        }
    }

    /// Looks up the people a text names who are not known yet. Whoever does not answer in time stays text.
    ///
    /// # Errors
    /// The database failed.
    pub(crate) async fn look_up_mentions(&self, text: &str) -> Result<(), Error> {
        if text.contains('@') {
            self.federation.look_up_mentions(text).await?;
        }
        Ok(())
    }
}
