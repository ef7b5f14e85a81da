//! `phiomia federation`: what is decided about other domains. `phiomia fetch`: what we make of something elsewhere.

mod purge;

use clap::{Args, Subcommand};
use phiomia_federation::{Federation as Handle, resolve::Found};
use phiomia_model::{AccountId, Handle as Name, Time};
use phiomia_social::remote;
use phiomia_store::db::{
    accounts,
    federation::{
        actors,
        domains::{self, Severity},
        posts,
    },
    statuses,
};
use serde_json::{Value, json};

use super::{Failure, Global, desk::Desk, print};
use crate::house::folder;

/// What is decided about domains; each decision holds for what lies below the domain, too.
#[derive(Debug, Subcommand)]
pub enum Federation {
    /// Take nothing from a domain and send nothing there; its people are seen nowhere, follows end
    Block {
        /// Which
        domain: String,
        /// Why, for staff
        #[arg(long)]
        comment: Option<String>,
    },
    /// Show a domain's people to their followers alone
    Silence {
        /// Which
        domain: String,
        /// Why, for staff
        #[arg(long)]
        comment: Option<String>,
    },
    /// Show no pictures, films and sounds of a domain's people; what else was decided about it stays
    RejectMedia {
        /// Which
        domain: String,
        /// Show them again
        #[arg(long)]
        undo: bool,
    },
    /// Take back what was decided about a domain, and speak with it in limited federation mode
    Allow {
        /// Which
        domain: String,
    },
    /// Take back what was decided about a domain, also that it was allowed
    Forget {
        /// Which
        domain: String,
    },
    /// Forget everything of a domain that is gone: its people, their posts, follows, pictures, what waits for it. Nobody there
    /// is told, and who is looked up again comes again. The server may run meanwhile; what was cut goes on when it is said
    /// again
    Purge(purge::Purge),
    /// List the decisions
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
}

impl Federation {
    /// # Errors
    /// One sentence.
    pub fn run(&self, global: &Global) -> Result<(), Failure> {
        Desk::work(global, async |desk| match self {
            Federation::Block { domain, comment } => decide(desk, domain, Severity::Suspend, comment.clone()).await,
            Federation::Silence { domain, comment } => decide(desk, domain, Severity::Silence, comment.clone()).await,
            Federation::RejectMedia { domain, undo } => {
                let (domain, rejects) = (domain_name(domain)?, !undo);
                Ok(desk.db.write(move |tx| remote::reject_media(tx, &domain, rejects)).await?)
            }
            Federation::Allow { domain } => {
                let domain = domain_name(domain)?;
                Ok(desk.db.write(move |tx| remote::allow_domain(tx, &domain)).await?)
            }
            Federation::Forget { domain } => {
                let name = domain_name(domain)?;
                let forgetting = desk.db.write(move |tx| {
                    let was_decided = remote::take_back_domain(tx, &name)?;
                    Ok(domains::disallow(tx, &name)? || was_decided)
                });
                if forgetting.await? { Ok(()) } else { Err(Failure(format!("nothing was decided about {domain}"))) }
            }
            Federation::Purge(purge) => purge.run(desk).await,
            Federation::List { json } => list(desk, *json).await,
        })
    }
}

async fn decide(desk: &Desk, domain: &str, severity: Severity, comment: Option<String>) -> Result<(), Failure> {
    let name = domain_name(domain)?;
    let decision = remote::DomainDecision::of(severity, comment);
    let n = desk.db.write(move |tx| remote::decide_domain(tx, &name, &decision)).await?;
    print(&format!("{n} accounts"))
}

/// A domain as it is kept: lower case, in the letters of DNS.
///
/// # Errors
/// A sentence.
pub(super) fn domain_name(text: &str) -> Result<String, Failure> {
    phiomia_model::handle::domain_name(text).ok_or_else(|| Failure(format!("{text} is no domain")))
}

async fn list(desk: &Desk, as_json: bool) -> Result<(), Failure> {
    let (blocks, allowed) = desk.db.read(|q| Ok((domains::blocks(q)?, domains::allowed(q)?))).await?;
    if as_json {
        let blocks: Vec<Value> = blocks
            .iter()
            .map(|block| {
                json!({
                    "domain": block.domain,
                    "severity": block.severity.word(),
                    "comment": block.private_comment,
                    "created_at": block.created_at.to_iso_millis(),
                })
            })
            .collect();
        return print(&json!({ "decisions": blocks, "allowed": allowed }).to_string());
    }
    let mut lines: Vec<String> =
        blocks.iter().map(|block| format!("{} {}", block.domain, block.severity.word())).collect();
    lines.extend(allowed.iter().map(|domain| format!("{domain} allowed")));
    print(&lines.join("\n"))
}

/// Fetches a person or a post from its own server and prints what this server makes of it.
#[derive(Debug, Args)]
pub struct Fetch {
    /// An address, or @name@domain
    what: String,
}

impl Fetch {
    /// # Errors
    /// One sentence.
    pub fn run(&self, global: &Global) -> Result<(), Failure> {
        Desk::work(global, async |desk| {
            let federation = handle(desk)?;
            let found = match self.what.parse::<Name>() {
                Ok(name) if name.domain.is_some() && !self.what.contains("://") => {
                    federation.account_by_handle(&name).await.map(Found::Account)
                }
                _ => federation.look_up(&self.what).await,
            };
            let found = found.map_err(|missing| Failure(missing.to_string()))?;
            let facts = desk.db.read(move |q| {
                Ok(match found {
                    Found::Account(id) => account(q, id)?,
                    Found::Status(id) => status(q, id)?,
                })
            });
            print(&serde_json::to_string_pretty(&facts.await?).unwrap_or_default())
        })
    }
}

fn account(q: &phiomia_store::Query<'_>, id: AccountId) -> Result<Value, phiomia_model::Error> {
    let Some(view) = accounts::view(q, id)? else { return Ok(Value::Null) };
    let row = actors::find(q, id)?;
    Ok(json!({
        "kind": "account",
        "id": view.id.to_string(),
        "acct": view.acct(),
        "uri": view.uri,
        "url": view.url,
        "display_name": view.display_name,
        "note": view.note,
        "is_locked": view.is_locked,
        "is_bot": view.is_bot,
        "is_group": view.is_group,
        "is_suspended": view.is_suspended,
        "is_silenced": view.is_silenced,
        "inbox": row.as_ref().map(|row| row.inbox.clone()),
        "shared_inbox": row.as_ref().map(|row| row.shared_inbox.clone()),
        "also_known_as": row.as_ref().map(|row| row.also_known_as.clone()),
        "followers_count": view.followers_count,
        "following_count": view.following_count,
        "statuses_count": view.statuses_count,
        "counted_at": row.as_ref().and_then(|row| row.counted_at).map(Time::to_iso_millis),
        "fetched_at": row.as_ref().map(|row| row.fetched_at.to_iso_millis()),
    }))
}

fn status(q: &phiomia_store::Query<'_>, id: phiomia_model::StatusId) -> Result<Value, phiomia_model::Error> {
    let Some(row) = statuses::source(q, id)? else { return Ok(Value::Null) };
    let author = accounts::view(q, row.author)?.map(|view| view.acct());
    let remote = posts::find(q, id)?;
    Ok(json!({
        "kind": "status",
        "id": id.to_string(),
        "uri": row.uri,
        "author": author,
        "visibility": row.visibility.word(),
        "spoiler_text": row.spoiler_text,
        "text": row.text,
        "language": row.language,
        "created_at": row.created_at.to_iso_millis(),
        "in_reply_to": remote.as_ref().and_then(|remote| remote.in_reply_to.clone()),
        "attachments": remote.as_ref().map(|remote| json!(remote.attachments)),
        "replies_count": remote.as_ref().and_then(|remote| remote.n_replies),
        "reblogs_count": remote.as_ref().and_then(|remote| remote.n_reblogs),
        "favourites_count": remote.as_ref().and_then(|remote| remote.n_favourites),
        "reactions_count": remote.as_ref().map(|remote| remote.n_reactions),
        "counted_at": remote.as_ref().and_then(|remote| remote.counted_at).map(Time::to_iso_millis),
        "fetched_at": remote.as_ref().map(|remote| remote.fetched_at.to_iso_millis()),
    }))
}

/// What speaks with other servers, for a command.
///
/// # Errors
/// A sentence.
pub(super) fn handle(desk: &Desk) -> Result<Handle, Failure> {
    let sealer = folder::read_key(desk.config.data()).map_err(Failure)?;
    let (addresses, settings) = (std::sync::Arc::new(desk.addresses.clone()), desk.config.federation_settings());
    let handle = Handle::new(desk.db.clone(), addresses, desk.entropy.clone(), sealer, settings);
    handle.map_err(|fault| Failure(fault.chain()))
}

/// The account elsewhere (or here) that an address or a handle names; `fresh`: its document is read anew.
///
/// # Errors
/// A sentence.
pub(super) async fn somebody(federation: &Handle, what: &str) -> Result<AccountId, Failure> {
    let found = match what.parse::<Name>() {
        Ok(name) if !what.contains("://") => federation.account_by_handle(&name).await,
        _ => match federation.look_up(what).await {
            Ok(Found::Account(account)) => Ok(account),
            Ok(Found::Status(_)) => return Err(Failure(format!("{what} is a post"))),
            Err(missing) => Err(missing),
        },
    };
    found.map_err(|missing| Failure(missing.to_string()))
}
