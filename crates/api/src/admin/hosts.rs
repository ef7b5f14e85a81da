//! How it stands with other servers, as `phiomia host` tells it. Our own addition; `docs/api.md` describes it.

use phiomia_model::{Error, Noun, Refusal, StatusId};
use phiomia_social::hosts::{self, HostFacts};
use phiomia_store::{Query, db::statuses};

use super::{DEFAULT_LIMIT, MAX_LIMIT};
use crate::gate::{Answer, Ask, ManagesFederation, json};

/// `GET /api/v1/admin/hosts`: by name, those after `after`; with `failing` only those that do not take what they get.
pub async fn index(ask: Ask<ManagesFederation>) -> Answer {
    let (only_failing, now) = (ask.input.flag("failing"), ask.api.now());
    let after = ask.input.text("after").unwrap_or_default();
    let limit = usize::try_from(ask.page(DEFAULT_LIMIT, MAX_LIMIT).limit).unwrap_or(1);
    let lines = ask.api.db.read(move |q| Ok(hosts::list(q, &after, limit, only_failing, now)?)).await?;
    let next = lines.last().filter(|_| lines.len() == limit).map(|last| {
        let more = if only_failing { "&failing=true" } else { "" };
        let path = format!("/api/v1/admin/hosts?after={}&limit={limit}{more}", last.host);
        format!("<{}>; rel=\"next\"", ask.api.addresses.at(&path))
    });
    Ok(json(&lines)?.linked(next))
}

/// `GET /api/v1/admin/hosts/:host`
pub async fn show(ask: Ask<ManagesFederation>) -> Answer {
    let (host, now) = (ask.piece("host").to_owned(), ask.api.now());
    json(&ask.api.db.read(move |q| facts(q, &host, now)).await?)
}

/// `POST /api/v1/admin/hosts/:host/retry`: it is tried at once with everything that waits for it.
pub async fn retry(ask: Ask<ManagesFederation>) -> Answer {
    let (host, now) = (ask.piece("host").to_owned(), ask.api.now());
    let tried = ask.api.db.write(move |tx| {
        hosts::retry(tx, &host)?;
        facts(tx, &host, now)
    });
    json(&tried.await?)
}

/// `POST /api/v1/admin/hosts/:host/reset`: what went wrong with it is forgotten, and it is tried at once.
pub async fn reset(ask: Ask<ManagesFederation>) -> Answer {
    let (host, now) = (ask.piece("host").to_owned(), ask.api.now());
    let forgiven = ask.api.db.write(move |tx| {
        hosts::reset(tx, &host)?;
        facts(tx, &host, now)
    });
    json(&forgiven.await?)
}

/// `GET /api/v1/admin/statuses/:id/deliveries`: how far a post from here came. What it says is not told.
pub async fn post(ask: Ask<ManagesFederation>) -> Answer {
    let id = ask.id::<StatusId>(Noun::Status)?;
    let facts = ask.api.db.read(move |q| {
        let row = statuses::source(q, id)?.filter(|row| row.is_local);
        let row = row.ok_or(Error::from(Refusal::NotFound(Noun::Status)))?;
        Ok(hosts::of_post(q, id, row.approval)?)
    });
    json(&facts.await?)
}

fn facts(q: &Query<'_>, host: &str, now: phiomia_model::Time) -> Result<HostFacts, Error> {
    Ok(hosts::facts(q, host, now)?.ok_or(Refusal::NotFound(Noun::Record))?)
}
