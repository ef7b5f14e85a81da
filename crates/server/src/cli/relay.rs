//! `phiomia relay`: servers that pass public posts on.

use clap::Subcommand;
use phiomia_store::db::federation::relays::{self, Relay as Row};
use serde_json::{Value, json};

use super::{Failure, Global, desk::Desk, federation::handle, print};

/// Relays, by the address of their inbox (Mastodon's kind) or of their actor (LitePub's kind).
#[derive(Debug, Subcommand)]
pub enum Relay {
    /// Ask a relay to pass posts on: its public ones come into the federated timeline, those of here go there
    Add {
        /// https://relay.example/inbox, or https://relay.example/actor
        url: String,
    },
    /// List relays: address, how it stands
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Ask a relay again that was disabled or said no
    Enable {
        /// Which
        url: String,
    },
    /// Send nothing to a relay and take nothing from it
    Disable {
        /// Which
        url: String,
    },
    /// Disable a relay and forget it
    Remove {
        /// Which
        url: String,
    },
}

impl Relay {
    /// # Errors
    /// One sentence.
    pub fn run(&self, global: &Global) -> Result<(), Failure> {
        Desk::work(global, async |desk| match self {
            Relay::Add { url } => {
                let added = Box::pin(handle(desk)?.add_relay(url)).await;
                added.map(|_| ()).map_err(|missing| Failure(missing.to_string()))
            }
            Relay::List { json } => list(desk, *json).await,
            Relay::Enable { url } => Ok(handle(desk)?.enable_relay(url).await?),
            Relay::Disable { url } => Ok(handle(desk)?.disable_relay(url).await?),
            Relay::Remove { url } => Ok(handle(desk)?.remove_relay(url).await?),
        })
    }
}

async fn list(desk: &Desk, as_json: bool) -> Result<(), Failure> {
    let all = desk.db.read(|q| Ok(relays::list(q)?)).await?;
    let kind = |relay: &Row| if relay.actor.is_some() { "litepub" } else { "mastodon" };
    if as_json {
        let all: Vec<Value> = all
            .iter()
            .map(|relay| {
                json!({
                    "inbox": relay.inbox,
                    "actor": relay.actor,
                    "kind": kind(relay),
                    "state": relay.state.word(),
                    "created_at": relay.created_at.to_iso_millis(),
                })
            })
            .collect();
        return print(&Value::from(all).to_string());
    }
    let line = |relay: &Row| {
        let address = relay.actor.as_ref().unwrap_or(&relay.inbox);
        format!("{address}\t{}\t{}", kind(relay), relay.state.word())
    };
    print(&all.iter().map(line).collect::<Vec<_>>().join("\n"))
}
