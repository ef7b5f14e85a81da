//! E-mail addresses nobody signs up with, kept as hashes.

use phiomia_mastodon::form::Text;
use phiomia_model::{CanonicalEmailBlockId, Error, Noun, Refusal};
use phiomia_store::{
    Query,
    db::moderation::sign_ups::{self, CanonicalEmail},
};
use serde::Deserialize;

use super::{DEFAULT_LIMIT, MAX_LIMIT};
use crate::{
    gate::{Answer, Ask, ManagesBlocks, json, paged},
    render,
};

/// Characters of a SHA-256 in hexadecimal.
const HASH_CHARACTERS: usize = 64;

/// `GET /api/v1/admin/canonical_email_blocks`
pub async fn index(ask: Ask<ManagesBlocks>) -> Answer {
    let page = ask.page(DEFAULT_LIMIT, MAX_LIMIT);
    let blocks = ask.api.db.read(move |q| Ok(sign_ups::emails(q, &page)?)).await?;
    let ids: Vec<i64> = blocks.iter().map(|block| block.id.0).collect();
    paged(&blocks.iter().map(render::admin_canonical_email_block).collect::<Vec<_>>(), ask.link(&ids, &page))
}

/// `GET /api/v1/admin/canonical_email_blocks/:id`
pub async fn show(ask: Ask<ManagesBlocks>) -> Answer {
    let id = ask.id(Noun::Record)?;
    json(&render::admin_canonical_email_block(&ask.api.db.read(move |q| found(q, id)).await?))
}

#[derive(Deserialize)]
struct Tested {
    email: Text,
}

/// `POST /api/v1/admin/canonical_email_blocks/test`: the blocks that an address runs into.
pub async fn test(ask: Ask<ManagesBlocks>) -> Answer {
    let hash = sign_ups::canonical_hash(&ask.decode::<Tested>()?.email.0);
    let block = ask.api.db.read(move |q| Ok(sign_ups::email_hashed(q, &hash)?)).await?;
    json(&block.iter().map(render::admin_canonical_email_block).collect::<Vec<_>>())
}

#[derive(Deserialize)]
struct Input {
    email: Option<Text>,
    canonical_email_hash: Option<Text>,
}

/// `POST /api/v1/admin/canonical_email_blocks`: an address, or the hash of one.
pub async fn create(ask: Ask<ManagesBlocks>) -> Answer {
    let input: Input = ask.decode()?;
    let given = |text: Option<Text>| text.map(|text| text.0.trim().to_owned()).filter(|text| !text.is_empty());
    let hash = match (given(input.email), given(input.canonical_email_hash)) {
        (Some(email), _) => sign_ups::canonical_hash(&email),
        (None, Some(hash)) => hash.to_lowercase(),
        (None, None) => return Err(Refusal::validation("Canonical email hash can't be blank").into()),
    };
    if hash.len() != HASH_CHARACTERS || !hash.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(Refusal::validation("Canonical email hash is invalid").into());
    }
    let made = ask.api.db.write(move |tx| {
        if sign_ups::email_hashed(tx, &hash)?.is_some() {
            return Err(Refusal::validation("Canonical email hash has already been taken").into());
        }
        sign_ups::bar_email(tx, &hash, None)?;
        Ok(sign_ups::email_hashed(tx, &hash)?.ok_or(Refusal::NotFound(Noun::Record))?)
    });
    json(&render::admin_canonical_email_block(&made.await?))
}

/// `DELETE /api/v1/admin/canonical_email_blocks/:id`
pub async fn delete(ask: Ask<ManagesBlocks>) -> Answer {
    let id = ask.id(Noun::Record)?;
    let lifted = ask.api.db.write(move |tx| {
        let block = found(tx, id)?;
        sign_ups::lift_email(tx, id)?;
        Ok(block)
    });
    json(&render::admin_canonical_email_block(&lifted.await?))
}

fn found(q: &Query<'_>, id: CanonicalEmailBlockId) -> Result<CanonicalEmail, Error> {
    Ok(sign_ups::email(q, id)?.ok_or(Refusal::NotFound(Noun::Record))?)
}
