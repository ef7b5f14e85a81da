//! Actors: people here, and the server itself.

use std::sync::Arc;

use phiomia_activitypub::{Actor, Collection};
use phiomia_model::{AccountId, Error, Fault};
use phiomia_store::db::{
    accounts::AccountView,
    federation::key_pairs::{self, SERVER},
};

use super::{Served, known};
use crate::{
    Federation,
    build::{self, ActorFacts, uri},
};

/// How much of an actor is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// Everything.
    Whole,
    /// What is needed to verify a signature and to answer: name, key, inbox. For who did not sign where that is asked
    /// for; two servers of which each waited for the other's signature would never meet.
    Least,
}

/// Somebody here.
///
/// # Errors
/// `NotFound`, `Gone`; a fault.
pub async fn actor(federation: &Federation, id: AccountId, detail: Detail) -> Result<Served, Error> {
    let (view, facts) = gathered(federation, id).await?;
    let whole = build::actor(&view, &facts, &federation.addresses)?;
    Ok(Served::of(&match detail {
        Detail::Whole => whole,
        Detail::Least => least(whole, federation)?,
    }))
}

async fn gathered(federation: &Federation, id: AccountId) -> Result<(Arc<AccountView>, ActorFacts), Error> {
    let (view, facts, has_key) = federation
        .db
        .read(move |q| {
            let view = known(q, id)?;
            let pem = key_pairs::public_pem(q, id)?;
            let has_key = pem.is_some();
            let facts = build::actor_facts(q, &view, pem.unwrap_or_default())?;
            Ok((view, facts, has_key))
        })
        .await?;
    if has_key {
        return Ok((view, facts));
    }
    let mut facts = facts;
    facts.public_pem = federation.keys.public_pem(id).await?;
    Ok((view, facts))
}

fn least(actor: Actor, federation: &Federation) -> Result<Actor, Fault> {
    Ok(Actor {
        id: actor.id,
        kind: actor.kind,
        username: actor.username,
        handle: actor.handle,
        page: actor.page,
        inbox: actor.inbox,
        keys: actor.keys,
        is_locked: actor.is_locked,
        suspended: actor.suspended,
        outbox: None,
        ..build::server(&federation.addresses, String::new())?
    })
}

/// The server itself. For everybody: its key is needed to verify what it signs.
///
/// # Errors
/// A fault.
pub async fn server_actor(federation: &Federation) -> Result<Served, Error> {
    let pem = federation.keys.public_pem(SERVER).await?;
    Ok(Served::of(&build::server(&federation.addresses, pem)?))
}

/// What the server itself posted: nothing, ever.
///
/// # Errors
/// A fault.
pub fn server_outbox(federation: &Federation) -> Result<Served, Error> {
    let id = format!("{}/outbox", federation.addresses.server_uri());
    let outbox = Collection { id: Some(uri(&id)?), is_ordered: true, total: Some(0), ..Collection::default() };
    Ok(Served::of(&outbox))
}
