//! How far a post came on its way to other servers. Our own addition; `docs/api.md` describes it.

use phiomia_model::{Error, Noun, Refusal, StatusId};
use phiomia_social::hosts;
use phiomia_store::db::statuses as posts;

use crate::gate::{Answer, Ask, Member, json};

/// `GET /api/v1/statuses/:id/deliveries`: for its author alone.
pub async fn deliveries(ask: Ask<Member>) -> Answer {
    let (id, me) = (ask.id::<StatusId>(Noun::Status)?, ask.me.account);
    let facts = ask.api.db.read(move |q| {
        let row = posts::source(q, id)?.filter(|row| row.author == me);
        let row = row.ok_or(Error::from(Refusal::NotFound(Noun::Status)))?;
        Ok(hosts::of_post(q, id, row.approval)?)
    });
    json(&facts.await?)
}
