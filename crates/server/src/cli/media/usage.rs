//! `phiomia media usage`: what takes the room, by kind, and of other servers' pictures by where they are from.

use std::collections::BTreeMap;

use phiomia_store::{
    db::remote_files::{self, HostUsage, PurposeUsage},
    files::{Files, Tally},
};
use serde_json::{Map, Value, json};

use crate::cli::{Failure, desk::Desk, print};

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
    let kinds = files.usage().await?;
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
    let mut lines: String = kinds.iter().map(|(kind, tally)| line(kind, &tally.n_files, &tally.n_bytes)).collect();
    lines += &format!("of other servers\t{} of {budget} bytes\n", remote.n_bytes);
    for (purpose, version, n_files, n_bytes) in &remote.by_purpose {
        lines += &line(&format!("of other servers: {purpose} {version}"), n_files, n_bytes);
    }
    for (host, n_files, n_bytes) in &remote.by_host {
        lines += &line(&format!("from {host}"), n_files, n_bytes);
    }
    print(&lines)
}

fn as_value(files: &Files, kinds: &BTreeMap<&str, Tally>, remote: &Remote, budget: u64) -> Value {
    let kinds = kinds
        .iter()
        .map(|(kind, tally)| ((*kind).to_owned(), json!({ "files": tally.n_files, "bytes": tally.n_bytes })));
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
