//! What takes the room on the files shelf, as `phiomia media usage` tells it. Our own addition; `docs/api.md` describes it.

use std::collections::BTreeMap;

use phiomia_store::{db::remote_files, files::Tally};
use serde::Serialize;

use crate::gate::{Answer, Ask, ManagesFederation, json};

/// Servers that are listed, and the most there may be.
const DEFAULT_SERVERS: i64 = 20;
const MAX_SERVERS: i64 = 200;

#[derive(Serialize)]
struct Usage {
    place: String,
    kinds: BTreeMap<&'static str, Amount>,
    remote: Remote,
}

/// What is kept of other servers.
#[derive(Serialize)]
struct Remote {
    bytes: i64,
    budget: u64,
    by_kind: Vec<OfKind>,
    by_origin: Vec<OfOrigin>,
}

#[derive(Serialize)]
struct Amount {
    files: u64,
    bytes: u64,
}

#[derive(Serialize)]
struct OfKind {
    kind: String,
    version: String,
    files: i64,
    bytes: i64,
}

#[derive(Serialize)]
struct OfOrigin {
    host: String,
    files: i64,
    bytes: i64,
}

/// `GET /api/v1/admin/media/usage`: by kind, and of other servers also by where it is from, the `limit` servers with most
/// bytes first. What lies on the shelf is counted once in ten minutes.
pub async fn usage(ask: Ask<ManagesFederation>) -> Answer {
    let limit = ask.page(DEFAULT_SERVERS, MAX_SERVERS).limit;
    let counted = ask.api.files_usage().await?;
    let reading = ask.api.db.read(move |q| {
        let (bytes, by_kind) = (remote_files::usage(q)?, remote_files::by_purpose(q)?);
        Ok((bytes, by_kind, remote_files::by_host(q, limit)?))
    });
    let (bytes, by_kind, by_origin) = reading.await?;
    let kinds =
        counted.iter().map(|(kind, Tally { n_files, n_bytes })| (*kind, Amount { files: *n_files, bytes: *n_bytes }));
    let by_kind = by_kind.into_iter().map(|(kind, version, files, bytes)| OfKind { kind, version, files, bytes });
    let by_origin = by_origin.into_iter().map(|(host, files, bytes)| OfOrigin { host, files, bytes });
    json(&Usage {
        place: ask.api.files.place().to_string(),
        kinds: kinds.collect(),
        remote: Remote {
            bytes,
            budget: ask.api.gallery.budget(),
            by_kind: by_kind.collect(),
            by_origin: by_origin.collect(),
        },
    })
}
