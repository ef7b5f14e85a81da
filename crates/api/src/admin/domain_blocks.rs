//! Servers that are kept away.

use http::StatusCode;
use phiomia_mastodon::{
    entities::ExistingDomainBlockError,
    form::{Flag, Text},
};
use phiomia_model::{DomainBlockId, Error, Noun, Refusal};
use phiomia_social::remote::{self, DomainDecision};
use phiomia_store::{
    Query,
    db::federation::domains::{self, DomainBlock, Severity},
};
use serde::Deserialize;

use super::{DEFAULT_LIMIT, MAX_LIMIT};
use crate::{
    gate::{Answer, Ask, ManagesFederation, json, paged},
    render,
};

#[derive(Clone, Deserialize)]
struct Input {
    domain: Option<Text>,
    severity: Option<Text>,
    reject_media: Option<Flag>,
    reject_reports: Option<Flag>,
    private_comment: Option<Text>,
    public_comment: Option<Text>,
    obfuscate: Option<Flag>,
}

impl Input {
    /// What is given in place of what was decided before.
    fn over(self, before: DomainDecision) -> Result<DomainDecision, Refusal> {
        let severity = match self.severity.filter(|word| !word.0.is_empty()) {
            None => before.severity,
            Some(word) => {
                Severity::of(&word.0).ok_or_else(|| Refusal::validation("Severity is not included in the list"))?
            }
        };
        let comment = |given: Option<Text>, before| match given {
            None => before,
            Some(text) => Some(text.0).filter(|text| !text.trim().is_empty()),
        };
        Ok(DomainDecision {
            severity,
            rejects_media: self.reject_media.map_or(before.rejects_media, bool::from),
            rejects_reports: self.reject_reports.map_or(before.rejects_reports, bool::from),
            private_comment: comment(self.private_comment, before.private_comment),
            public_comment: comment(self.public_comment, before.public_comment),
            obfuscates: self.obfuscate.map_or(before.obfuscates, bool::from),
        })
    }
}

/// `GET /api/v1/admin/domain_blocks`
pub async fn index(ask: Ask<ManagesFederation>) -> Answer {
    let page = ask.page(DEFAULT_LIMIT, MAX_LIMIT);
    let blocks = ask.api.db.read(move |q| Ok(domains::page(q, &page)?));
    let blocks = blocks.await?;
    let ids: Vec<i64> = blocks.iter().map(|block| block.id.0).collect();
    paged(&blocks.iter().map(render::admin_domain_block).collect::<Vec<_>>(), ask.link(&ids, &page))
}

/// `GET /api/v1/admin/domain_blocks/:id`
pub async fn show(ask: Ask<ManagesFederation>) -> Answer {
    let id = ask.id(Noun::Record)?;
    json(&render::admin_domain_block(&ask.api.db.read(move |q| found(q, id)).await?))
}

/// `POST /api/v1/admin/domain_blocks`: what is decided about the domain, or is stricter and about one above it, stays.
pub async fn create(ask: Ask<ManagesFederation>) -> Answer {
    let input: Input = ask.decode()?;
    let domain = super::domain(input.domain.as_ref().map(|text| text.0.clone()), &ask.api.addresses)?;
    let wanted =
        input.over(DomainDecision { severity: Severity::Silence, ..DomainDecision::of(Severity::Noop, None) })?;
    let written = ask.api.db.write(move |tx| {
        let nearest = domains::nearest(tx, &domain)?;
        if let Some(there) = nearest.filter(|there| there.domain == domain || !is_stricter(&wanted, there)) {
            return Ok(Err(there));
        }
        remote::decide_domain(tx, &domain, &wanted)?;
        Ok(Ok(domains::find(tx, &domain)?.ok_or(Refusal::NotFound(Noun::Record))?))
    });
    match written.await? {
        Ok(block) => json(&render::admin_domain_block(&block)),
        Err(there) => Ok(json(&ExistingDomainBlockError {
            error: format!("You have already imposed stricter limits on {}.", there.domain),
            existing_domain_block: render::admin_domain_block(&there),
        })?
        .status(StatusCode::UNPROCESSABLE_ENTITY)),
    }
}

/// `PUT /api/v1/admin/domain_blocks/:id`: what is not given stays.
pub async fn update(ask: Ask<ManagesFederation>) -> Answer {
    let (id, input) = (ask.id(Noun::Record)?, ask.decode::<Input>()?);
    let written = ask.api.db.write(move |tx| {
        let before = found(tx, id)?;
        let decision = DomainDecision {
            severity: before.severity,
            rejects_media: before.rejects_media,
            rejects_reports: before.rejects_reports,
            private_comment: before.private_comment,
            public_comment: before.public_comment,
            obfuscates: before.obfuscates,
        };
        remote::decide_domain(tx, &before.domain, &input.clone().over(decision)?)?;
        found(tx, id)
    });
    json(&render::admin_domain_block(&written.await?))
}

/// `DELETE /api/v1/admin/domain_blocks/:id`
pub async fn delete(ask: Ask<ManagesFederation>) -> Answer {
    let id = ask.id(Noun::Record)?;
    let lifted = ask.api.db.write(move |tx| {
        let block = found(tx, id)?;
        remote::take_back_domain(tx, &block.domain)?;
        Ok(block)
    });
    json(&render::admin_domain_block(&lifted.await?))
}

fn found(q: &Query<'_>, id: DomainBlockId) -> Result<DomainBlock, Error> {
    Ok(domains::block_of(q, id)?.ok_or(Refusal::NotFound(Noun::Record))?)
}

/// Whether a decision is stricter than one that holds already. Who is suspended needs no more said about it.
fn is_stricter(wanted: &DomainDecision, there: &DomainBlock) -> bool {
    match (wanted.severity, there.severity) {
        (Severity::Suspend, _) => true,
        (_, Severity::Suspend) | (Severity::Noop, Severity::Silence) => false,
        _ => (wanted.rejects_media || !there.rejects_media) && (wanted.rejects_reports || !there.rejects_reports),
    }
}
