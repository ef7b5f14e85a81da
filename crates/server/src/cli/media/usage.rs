//! `phiomia media usage`: what takes the room, by kind, and of other servers' pictures by where they are from.

use std::collections::{BTreeMap, HashSet};

use futures_util::TryStreamExt as _;
use phiomia_store::{
    db::remote_files::{self, HostUsage, PurposeUsage},
    files::{FileKind, Files, Stored},
};
use serde_json::{Map, Value, json};

use super::shelves;
use crate::cli::{Failure, desk::Desk, print};

/// Files and bytes.
type Amount = (u64, u64);

/// What is kept of other servers.
struct Remote {
    /// Bytes of all, those among them that are on their way in or out.
    n_bytes: i64,
    by_purpose: Vec<PurposeUsage>,
    by_host: Vec<HostUsage>,
}

/// Prints how many files there are, and their bytes. `servers`: how many are listed.
///
/// # Errors
/// A sentence.
pub(super) async fn print_all(desk: &Desk, files: &Files, servers: i64, as_json: bool) -> Result<(), Failure> {
    let kinds = by_kind(files).await?;
    let remote = desk.db.read(move |q| {
        Ok(Remote {
            n_bytes: remote_files::usage(q)?,
            by_purpose: remote_files::by_purpose(q)?,
            by_host: remote_files::by_host(q, servers.max(0))?,
        })
    });
    let (remote, budget) = (remote.await?, desk.config.media.remote_budget.0);
    if as_json {
        return print(&as_value(files, &kinds, &remote, budget).to_string());
    }
    let line = |what: &str, n_files: &dyn std::fmt::Display, n_bytes: &dyn std::fmt::Display| {
        format!("{what}\t{n_files} files\t{n_bytes} bytes\n")
    };
    let mut lines: String = kinds.iter().map(|(kind, (n_files, n_bytes))| line(kind, n_files, n_bytes)).collect();
    lines += &format!("of other servers\t{} of {budget} bytes\n", remote.n_bytes);
    for (purpose, version, n_files, n_bytes) in &remote.by_purpose {
        lines += &line(&format!("of other servers: {purpose} {version}"), n_files, n_bytes);
    }
    for (host, n_files, n_bytes) in &remote.by_host {
        lines += &line(&format!("from {host}"), n_files, n_bytes);
    }
    print(&lines)
}

fn as_value(files: &Files, kinds: &BTreeMap<&str, Amount>, remote: &Remote, budget: u64) -> Value {
    let kinds = kinds
        .iter()
        .map(|(kind, (n_files, n_bytes))| ((*kind).to_owned(), json!({ "files": n_files, "bytes": n_bytes })));
    let by_kind = remote.by_purpose.iter().map(|(purpose, version, n_files, n_bytes)| {
        json!({ "kind": purpose, "version": version, "files": n_files, "bytes": n_bytes })
    });
    let by_origin = remote
        .by_host
        .iter()
        .map(|(host, n_files, n_bytes)| json!({ "host": host, "files": n_files, "bytes": n_bytes }));
    json!({
        "place": files.place().to_string(),
        "kinds": kinds.collect::<Map<_, _>>(),
        "remote": {
            "bytes": remote.n_bytes,
            "budget": budget,
            "by_kind": by_kind.collect::<Vec<_>>(),
            "by_origin": by_origin.collect::<Vec<_>>(),
        },
    })
}

async fn by_kind(files: &Files) -> Result<BTreeMap<&'static str, Amount>, Failure> {
    let words = ["attachments", "previews", "avatars", "headers", "emoji", "site", "cache"];
    let mut all: BTreeMap<&str, Amount> = words.map(|word| (word, (0, 0))).into();
    let place = files.place();
    for kind in FileKind::ALL {
        let mut seen = HashSet::new();
        for shelf in shelves(place) {
            let mut pages = files.pages(shelf, kind)?;
            while let Some(page) = pages.try_next().await? {
                for file in page {
                    let (n_files, n_bytes) = all.entry(word(&file)).or_default();
                    // While they move some are in both places.
                    if !place.is_moving || seen.insert(file.key) {
                        *n_files = n_files.saturating_add(1);
                        *n_bytes = n_bytes.saturating_add(file.n_bytes);
                    }
                }
            }
        }
    }
    Ok(all)
}

/// What a file is to who asks what takes the room.
fn word(file: &Stored) -> &'static str {
    match file.key.kind() {
        FileKind::Media if file.key.label().starts_with("original") => "attachments",
        FileKind::Media => "previews",
        kind => kind.as_str(),
    }
}
