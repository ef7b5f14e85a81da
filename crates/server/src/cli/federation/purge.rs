//! `phiomia federation purge`: a domain that is gone is forgotten.

use clap::Args;
use phiomia_social::remote::purge;
use phiomia_store::db::remote_files;
use serde_json::json;

use super::domain_name;
use crate::cli::{
    Failure,
    desk::{Desk, confirm},
    print,
};

/// Forgets a domain.
#[derive(Debug, Args)]
pub struct Purge {
    /// Which: of handles, or the host of ids
    domain: String,
    /// Also what lies below it
    #[arg(long)]
    subdomains: bool,
    /// Remove nothing and say what would go
    #[arg(long)]
    dry_run: bool,
    /// Without asking
    #[arg(long)]
    yes: bool,
    /// As JSON
    #[arg(long)]
    json: bool,
}

/// What there is of it, and the files that lie here of it.
struct Found {
    rows: purge::Purge,
    files: i64,
    bytes: i64,
}

impl Purge {
    pub(super) async fn run(&self, desk: &Desk) -> Result<(), Failure> {
        let domain = domain_name(&self.domain)?;
        if desk.addresses.own_domains().iter().any(|own| *own == domain) {
            return Err(Failure(format!("{domain} is a domain of this server")));
        }
        let found = self.look(desk, &domain).await?;
        if self.dry_run {
            return self.tell(&domain, &found, "would remove");
        }
        if !self.yes {
            confirm(&format!("{}.", sentence(&domain, &found, "This will remove")))?;
        }
        let (name, with_below) = (domain.clone(), self.subdomains);
        let people = desk.db.read(move |q| purge::people(q, &name, with_below)).await?;
        for account in people {
            while !desk.db.write(move |tx| purge::purge_part(tx, account)).await? {}
        }
        let name = domain.clone();
        desk.db.write(move |tx| purge::purge_servers(tx, &name, with_below)).await?;
        desk.gallery().await?.forget_domain(&domain).await?;
        self.tell(&domain, &found, "removed")
    }

    async fn look(&self, desk: &Desk, domain: &str) -> Result<Found, Failure> {
        let (domain, with_below, now) = (domain.to_owned(), self.subdomains, desk.db.clock().now());
        let looking = desk.db.read(move |q| {
            let (files, bytes) = remote_files::n_unused(q, Some(&domain), now)?;
            Ok(Found { rows: purge::preview(q, &domain, with_below)?, files, bytes })
        });
        Ok(looking.await?)
    }

    fn tell(&self, domain: &str, found: &Found, done: &str) -> Result<(), Failure> {
        if !self.json {
            return print(&sentence(domain, found, done));
        }
        let Found { rows, files, bytes } = found;
        let facts = json!({
            "domain": domain,
            "dry_run": self.dry_run,
            "accounts": rows.accounts,
            "posts": rows.amount.posts,
            "follows_to_here": rows.amount.follows_to_here,
            "follows_from_here": rows.amount.follows_from_here,
            "deliveries": rows.deliveries,
            "files": files,
            "bytes": bytes,
        });
        print(&facts.to_string())
    }
}

fn sentence(domain: &str, found: &Found, done: &str) -> String {
    let Found { rows: purge::Purge { accounts, amount, deliveries }, files, bytes } = found;
    format!(
        "{done} of {domain}: {accounts} accounts, {} posts, {} follows to here, {} follows from here, {deliveries} waiting \
         deliveries, {files} files ({bytes} bytes)",
        amount.posts, amount.follows_to_here, amount.follows_from_here
    )
}
