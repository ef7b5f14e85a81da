//! Accounts by id.

use phiomia_mastodon::form::{Id, List};
use phiomia_model::{AccountId, Noun, Refusal, limits::LIMITS};
use phiomia_store::db::{
    accounts,
    users::{self, Standing},
};
use serde::Deserialize;

use super::existing;
use crate::{
    gate::{Answer, Anyone, Ask, json},
    render,
};

/// `GET /api/v1/accounts/:id`
pub async fn show(ask: Ask<Anyone>) -> Answer {
    let id: AccountId = ask.id(Noun::Account)?;
    let view = ask
        .api
        .db
        .read(move |q| {
            let view = existing(q, id)?;
            // Who has not come in yet is not there for others.
            let user = if view.is_local() { users::find(q, id)? } else { None };
            match user.map(|user| user.standing()) {
                Some(Standing::Unconfirmed | Standing::Pending) => Err(Refusal::NotFound(Noun::Account).into()),
                _ => Ok(view),
            }
        })
        .await?;
    if ask.me.0.is_some() && !view.is_local() {
        ask.api.federation.look_at(id).await?;
    }
    json(&render::account(&view, &ask.api.cx().await?))
}

#[derive(Deserialize)]
struct Ids {
    #[serde(default)]
    id: List<Id<AccountId>>,
}

/// `GET /api/v1/accounts`
pub async fn many(ask: Ask<Anyone>) -> Answer {
    let ids = ask.decode::<Ids>()?.id.ids();
    if ids.len() > LIMITS.ids_per_request {
        return Err(Refusal::validation(&format!("At most {} ids may be given", LIMITS.ids_per_request)).into());
    }
    let views = ask.api.db.read(move |q| Ok(accounts::views(q, &ids)?)).await?;
    let cx = ask.api.cx().await?;
    let entities: Vec<_> =
        views.iter().filter(|view| !view.is_deleted).map(|view| render::account(view, &cx)).collect();
    json(&entities)
}
