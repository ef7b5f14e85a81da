//! Network addresses under a rule.

use std::time::Duration;

use phiomia_mastodon::form::{Number, Text, filled};
use phiomia_model::{Cidr, Error, IpBlockId, Noun, Refusal, Time};
use phiomia_social::barring;
use phiomia_store::{
    Query,
    db::moderation::sign_ups::{self, IpBlock, IpSeverity},
};
use serde::Deserialize;

use super::{DEFAULT_LIMIT, MAX_LIMIT};
use crate::{
    gate::{Answer, Ask, ManagesBlocks, json, paged},
    render,
};

/// What Mastodon takes for a rule that names no address.
const NO_ADDRESS: &str = "0.0.0.0";
/// The longest life of a rule that ends: a hundred years.
const LONGEST: u64 = 100 * 366 * 86_400;

#[derive(Clone, Deserialize)]
struct Input {
    ip: Option<Text>,
    severity: Option<Text>,
    comment: Option<Text>,
    #[serde(default, deserialize_with = "filled")]
    expires_in: Option<Number>,
}

impl Input {
    fn addresses(&self) -> Result<Option<Cidr>, Refusal> {
        let invalid = |_| Refusal::validation("Ip is invalid");
        self.ip.as_ref().map(|text| text.0.trim().parse().map_err(invalid)).transpose()
    }

    fn severity(&self) -> Result<Option<IpSeverity>, Refusal> {
        let unknown = || Refusal::validation("Severity is not included in the list");
        let word = self.severity.as_ref().map(|word| word.0.as_str()).filter(|word| !word.is_empty());
        word.map(|word| IpSeverity::of(word).ok_or_else(unknown)).transpose()
    }

    /// When it ends. `None`: nothing is said about that.
    fn expires_at(&self, now: Time) -> Option<Time> {
        let seconds = u64::try_from(self.expires_in?.0).unwrap_or(0).min(LONGEST);
        Some(now.plus(Duration::from_secs(seconds)))
    }
}

/// `GET /api/v1/admin/ip_blocks`
pub async fn index(ask: Ask<ManagesBlocks>) -> Answer {
    let page = ask.page(DEFAULT_LIMIT, MAX_LIMIT);
    let blocks = ask.api.db.read(move |q| Ok(sign_ups::ranges(q, &page)?)).await?;
    let ids: Vec<i64> = blocks.iter().map(|block| block.id.0).collect();
    paged(&blocks.iter().map(render::admin_ip_block).collect::<Vec<_>>(), ask.link(&ids, &page))
}

/// `GET /api/v1/admin/ip_blocks/:id`
pub async fn show(ask: Ask<ManagesBlocks>) -> Answer {
    let id = ask.id(Noun::Record)?;
    json(&render::admin_ip_block(&ask.api.db.read(move |q| found(q, id)).await?))
}

/// `POST /api/v1/admin/ip_blocks`
pub async fn create(ask: Ask<ManagesBlocks>) -> Answer {
    let (input, asker): (Input, _) = (ask.decode()?, ask.client.0);
    let severity = input.severity()?.ok_or_else(|| Refusal::validation("Severity can't be blank"))?;
    let addresses = match input.addresses()? {
        Some(addresses) => addresses,
        None => NO_ADDRESS.parse().map_err(|_| Refusal::validation("Ip is invalid"))?,
    };
    let made = ask.api.db.write(move |tx| {
        let block = IpBlock {
            id: IpBlockId(tx.new_id()),
            addresses,
            severity,
            comment: input.comment.clone().map(|text| text.0).unwrap_or_default(),
            expires_at: input.expires_at(tx.now()),
            created_at: tx.now(),
        };
        barring::set_range(tx, &block, Some(asker))?;
        Ok(block)
    });
    json(&render::admin_ip_block(&made.await?))
}

/// `PUT /api/v1/admin/ip_blocks/:id`: what is not given stays.
pub async fn update(ask: Ask<ManagesBlocks>) -> Answer {
    let (id, input): (_, Input) = (ask.id(Noun::Record)?, ask.decode()?);
    let (addresses, severity, asker) = (input.addresses()?, input.severity()?, ask.client.0);
    let changed = ask.api.db.write(move |tx| {
        let before = found(tx, id)?;
        let block = IpBlock {
            addresses: addresses.unwrap_or(before.addresses),
            severity: severity.unwrap_or(before.severity),
            comment: input.comment.clone().map_or(before.comment, |text| text.0),
            expires_at: input.expires_at(tx.now()).or(before.expires_at),
            ..before
        };
        barring::set_range(tx, &block, Some(asker))?;
        Ok(block)
    });
    json(&render::admin_ip_block(&changed.await?))
}

/// `DELETE /api/v1/admin/ip_blocks/:id`
pub async fn delete(ask: Ask<ManagesBlocks>) -> Answer {
    let id = ask.id(Noun::Record)?;
    let lifted = ask.api.db.write(move |tx| {
        let block = found(tx, id)?;
        barring::lift_range(tx, id)?;
        Ok(block)
    });
    json(&render::admin_ip_block(&lifted.await?))
}

fn found(q: &Query<'_>, id: IpBlockId) -> Result<IpBlock, Error> {
    Ok(sign_ups::range(q, id)?.ok_or(Refusal::NotFound(Noun::Record))?)
}
