//! The posts that a filter names, one by one.

use phiomia_mastodon::form::Id;
use phiomia_model::{FilterStatusId, Noun, Refusal, StatusId};
use phiomia_social::filters as verbs;
use phiomia_store::db::filters;
use serde::Deserialize;

use super::own;
use crate::{
    gate::{Answer, Ask, Member, json},
    render,
};

#[derive(Deserialize)]
struct Wanted {
    #[serde(default)]
    status_id: Id<StatusId>,
}

/// `GET /api/v2/filters/:filter_id/statuses`
pub async fn index(ask: Ask<Member>) -> Answer {
    let (id, me) = (ask.id(Noun::Record)?, ask.me.account);
    let filter = ask.api.db.read(move |q| own(q, me, id)).await?;
    json(&filter.statuses.iter().map(render::filter_status).collect::<Vec<_>>())
}

/// `POST /api/v2/filters/:filter_id/statuses`
pub async fn create(ask: Ask<Member>) -> Answer {
    let (id, me) = (ask.id(Noun::Record)?, ask.me.account);
    let status = ask.decode::<Wanted>()?.status_id.found(Noun::Status)?;
    json(&render::filter_status(&ask.api.db.write(move |tx| verbs::add_status(tx, me, id, status)).await?))
}

/// `GET /api/v2/filters/statuses/:id`
pub async fn show(ask: Ask<Member>) -> Answer {
    let (id, me) = (ask.id::<FilterStatusId>(Noun::Record)?, ask.me.account);
    let found = ask.api.db.read(move |q| Ok(filters::status(q, me, id)?)).await?;
    json(&render::filter_status(&found.ok_or(Refusal::NotFound(Noun::Record))?))
}

/// `DELETE /api/v2/filters/statuses/:id`, which answers what was removed, as it is documented.
pub async fn delete(ask: Ask<Member>) -> Answer {
    let (id, me) = (ask.id(Noun::Record)?, ask.me.account);
    json(&render::filter_status(&ask.api.db.write(move |tx| verbs::remove_status(tx, me, id)).await?))
}
