//! E-mail domains nobody signs up with.

use std::collections::HashMap;

use phiomia_mastodon::form::{Flag, Text};
use phiomia_model::{EmailDomainBlockId, Error, Noun, Refusal, Time, handle};
use phiomia_social::barring;
use phiomia_store::{
    Query,
    db::moderation::sign_ups::{self, EmailDomain},
};
use serde::Deserialize;

use super::{DEFAULT_LIMIT, MAX_LIMIT};
use crate::{
    gate::{Answer, Ask, ManagesBlocks, json, paged},
    render::{self, Tries},
};

#[derive(Deserialize)]
struct Input {
    #[serde(default)]
    domain: Text,
    #[serde(default)]
    allow_with_approval: Flag,
    /// Our own addition: also the servers that take its mail.
    #[serde(default)]
    with_dns_records: Flag,
}

/// `GET /api/v1/admin/email_domain_blocks`
pub async fn index(ask: Ask<ManagesBlocks>) -> Answer {
    let (page, now) = (ask.page(DEFAULT_LIMIT, MAX_LIMIT), ask.api.now());
    let read = ask.api.db.read(move |q| {
        let blocks = sign_ups::email_domains(q, &page)?;
        let tries = tries(q, &blocks, now)?;
        Ok((blocks, tries))
    });
    let (blocks, tries) = read.await?;
    let ids: Vec<i64> = blocks.iter().map(|block| block.id.0).collect();
    let shown = |block: &EmailDomain| render::admin_email_domain_block(block, &tries, now);
    paged(&blocks.iter().map(shown).collect::<Vec<_>>(), ask.link(&ids, &page))
}

/// `GET /api/v1/admin/email_domain_blocks/:id`
pub async fn show(ask: Ask<ManagesBlocks>) -> Answer {
    let (id, now) = (ask.id(Noun::Record)?, ask.api.now());
    let (block, tries) = ask.api.db.read(move |q| found(q, id, now)).await?;
    json(&render::admin_email_domain_block(&block, &tries, now))
}

/// `POST /api/v1/admin/email_domain_blocks`
pub async fn create(ask: Ask<ManagesBlocks>) -> Answer {
    let input: Input = ask.decode()?;
    if input.domain.0.trim().is_empty() {
        return Err(Refusal::validation("Domain can't be blank").into());
    }
    let domain = handle::domain_name(&input.domain.0).filter(|domain| !domain.contains(':'));
    let domain = domain.ok_or_else(|| Refusal::validation("Domain is not a valid domain name"))?;
    let mut servers = Vec::new();
    if input.with_dns_records.0 {
        let unknown = |why| Refusal::validation(&format!("Domain cannot be looked up: {why}"));
        servers = ask.api.federation.outbound.mail_servers(&domain).await.map_err(unknown)?;
    }
    let made = ask.api.db.write(move |tx| {
        let block = barring::bar_email_domain(tx, &domain, input.allow_with_approval.0)?;
        barring::bar_mail_servers(tx, &servers, input.allow_with_approval.0)?;
        Ok(block)
    });
    json(&render::admin_email_domain_block(&made.await?, &Tries::new(), ask.api.now()))
}

/// `DELETE /api/v1/admin/email_domain_blocks/:id`
pub async fn delete(ask: Ask<ManagesBlocks>) -> Answer {
    let (id, now) = (ask.id(Noun::Record)?, ask.api.now());
    let lifted = ask.api.db.write(move |tx| {
        let found = found(tx, id, now)?;
        sign_ups::lift_email_domain(tx, id)?;
        Ok(found)
    });
    let (block, tries) = lifted.await?;
    json(&render::admin_email_domain_block(&block, &tries, now))
}

fn tries(q: &Query<'_>, blocks: &[EmailDomain], now: Time) -> Result<Tries, Error> {
    let ids: Vec<EmailDomainBlockId> = blocks.iter().map(|block| block.id).collect();
    let rows = sign_ups::tries(q, &ids, now)?;
    Ok(rows.into_iter().map(|(id, day, addresses, n)| ((id, day), (addresses, n))).collect::<HashMap<_, _>>())
}

fn found(q: &Query<'_>, id: EmailDomainBlockId, now: Time) -> Result<(EmailDomain, Tries), Error> {
    let block = sign_ups::email_domain(q, id)?.ok_or(Refusal::NotFound(Noun::Record))?;
    let tries = tries(q, std::slice::from_ref(&block), now)?;
    Ok((block, tries))
}
