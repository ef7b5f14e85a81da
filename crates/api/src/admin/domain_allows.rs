//! Servers that were allowed by hand: what limited federation asks for.

use phiomia_model::{DomainAllowId, Error, Noun, Refusal};
use phiomia_social::remote;
use phiomia_store::{
    Query,
    db::federation::domains::{self, DomainAllow},
};

use super::{DEFAULT_LIMIT, MAX_LIMIT};
use crate::{
    gate::{Answer, Ask, ManagesFederation, json, paged},
    render,
};

/// `GET /api/v1/admin/domain_allows`
pub async fn index(ask: Ask<ManagesFederation>) -> Answer {
    let page = ask.page(DEFAULT_LIMIT, MAX_LIMIT);
    let allows = ask.api.db.read(move |q| Ok(domains::allowed_page(q, &page)?));
    let allows = allows.await?;
    let ids: Vec<i64> = allows.iter().map(|allow| allow.id.0).collect();
    paged(&allows.iter().map(render::admin_domain_allow).collect::<Vec<_>>(), ask.link(&ids, &page))
}

/// `GET /api/v1/admin/domain_allows/:id`
pub async fn show(ask: Ask<ManagesFederation>) -> Answer {
    let id = ask.id(Noun::Record)?;
    json(&render::admin_domain_allow(&ask.api.db.read(move |q| found(q, id)).await?))
}

/// `POST /api/v1/admin/domain_allows`: twice is once.
pub async fn create(ask: Ask<ManagesFederation>) -> Answer {
    let domain = super::domain(ask.input.text("domain"), &ask.api.addresses)?;
    let allowed = ask.api.db.write(move |tx| {
        remote::allow_domain(tx, &domain)?;
        Ok(domains::find_allowed(tx, &domain)?.ok_or(Refusal::NotFound(Noun::Record))?)
    });
    json(&render::admin_domain_allow(&allowed.await?))
}

/// `DELETE /api/v1/admin/domain_allows/:id`
pub async fn delete(ask: Ask<ManagesFederation>) -> Answer {
    let id = ask.id(Noun::Record)?;
    let gone = ask.api.db.write(move |tx| {
        let allow = found(tx, id)?;
        domains::disallow(tx, &allow.domain)?;
        Ok(allow)
    });
    json(&render::admin_domain_allow(&gone.await?))
}

fn found(q: &Query<'_>, id: DomainAllowId) -> Result<DomainAllow, Error> {
    Ok(domains::allowed_of(q, id)?.ok_or(Refusal::NotFound(Noun::Record))?)
}
