//! Whole domains that somebody does not want to hear of.

use phiomia_mastodon::form::Text;
use phiomia_social::relationships as verbs;
use phiomia_store::db::relationships::{self, DomainTies};
use serde::Deserialize;
use serde_json::json as object;

use crate::gate::{Answer, Ask, Member, empty, json, paged};

#[derive(Deserialize)]
struct Wanted {
    #[serde(default)]
    domain: Text,
}

/// `GET /api/v1/domain_blocks`
pub async fn index(ask: Ask<Member>) -> Answer {
    let (me, page) = (ask.me.account, ask.page(100, 200));
    let rows = ask.api.db.read(move |q| Ok(relationships::blocked_domains(q, me, &page)?)).await?;
    let (keys, domains): (Vec<i64>, Vec<String>) = rows.into_iter().unzip();
    paged(&domains, ask.link_since(&keys, &page))
}

/// `GET /api/v1/domain_blocks/preview`: what a block would end.
pub async fn preview(ask: Ask<Member>) -> Answer {
    let (me, wanted) = (ask.me.account, ask.decode::<Wanted>()?.domain.0);
    let ties = match phiomia_text::domain_name(&wanted) {
        Some(domain) => ask.api.db.read(move |q| Ok(relationships::ties_with_domain(q, me, &domain)?)).await?,
        // What is no domain has no people.
        None => DomainTies::default(),
    };
    json(&object!({ "following_count": ties.following, "followers_count": ties.followers }))
}

/// `POST /api/v1/domain_blocks`
pub async fn create(ask: Ask<Member>) -> Answer {
    let (me, wanted) = (ask.me.account, ask.decode::<Wanted>()?.domain.0);
    ask.api.db.write(move |tx| verbs::block_domain(tx, me, &wanted)).await?;
    empty()
}

/// `DELETE /api/v1/domain_blocks`
pub async fn delete(ask: Ask<Member>) -> Answer {
    let (me, wanted) = (ask.me.account, ask.decode::<Wanted>()?.domain.0);
    ask.api.db.write(move |tx| verbs::unblock_domain(tx, me, &wanted)).await?;
    empty()
}
