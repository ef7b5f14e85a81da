//! `phiomia account alias|move|rotate-key`: who somebody is in the network.

use clap::Subcommand;
use phiomia_model::Job;
use phiomia_social::profiles;
use phiomia_store::db::{accounts, federation::aliases};

use super::super::{
    Failure,
    desk::{Desk, confirm},
    federation::{handle, somebody},
    print,
};

/// Other names of an account: accounts elsewhere that may move here.
#[derive(Debug, Subcommand)]
pub enum Alias {
    /// Let an account elsewhere move to this one
    Add {
        /// Whose
        name: String,
        /// The account elsewhere: its address or @name@domain
        uri: String,
    },
    /// No longer; also one of a server that is gone
    Remove {
        /// Whose
        name: String,
        /// The account elsewhere: its address or @name@domain
        uri: String,
    },
    /// Print them
    List {
        /// Whose
        name: String,
    },
}

impl Alias {
    pub(super) async fn run(&self, desk: &Desk) -> Result<(), Failure> {
        let (Alias::Add { name, .. } | Alias::Remove { name, .. } | Alias::List { name }) = self;
        let account = desk.account(name).await?;
        match self {
            Alias::Add { uri, .. } => {
                let uri = uri_of(desk, uri).await?;
                let named = uri.clone();
                desk.db.write(move |tx| profiles::add_alias(tx, account, &named)).await?;
                print(&uri)
            }
            Alias::Remove { uri, .. } => {
                let written = uri.trim().to_owned();
                if desk.db.write(move |tx| profiles::remove_alias(tx, account, &written)).await? {
                    return Ok(());
                }
                // It may be known by another of its addresses, or by its handle.
                let uri = uri_of(desk, uri).await?;
                let named = uri.clone();
                match desk.db.write(move |tx| profiles::remove_alias(tx, account, &named)).await? {
                    true => Ok(()),
                    false => Err(Failure(format!("{uri} is no alias of {name}"))),
                }
            }
            Alias::List { .. } => {
                let names = desk.db.read(move |q| Ok(aliases::of(q, account)?)).await?;
                names.iter().try_for_each(|uri| print(uri))
            }
        }
    }
}

/// The id in the network of somebody elsewhere, or here.
async fn uri_of(desk: &Desk, name: &str) -> Result<String, Failure> {
    let federation = handle(desk)?;
    let other = somebody(&federation, name).await?;
    let uri = desk.db.read(move |q| Ok(accounts::view(q, other)?.map(|view| view.uri.clone()))).await?;
    uri.ok_or_else(|| Failure("the account is gone".to_owned()))
}

/// Moves an account: its followers everywhere follow the other one.
pub(super) async fn move_to(desk: &Desk, name: &str, uri: &str, yes: bool) -> Result<(), Failure> {
    let account = desk.account(name).await?;
    if !yes {
        confirm(&format!("The followers of {name} will follow {uri} instead."))?;
    }
    let federation = handle(desk)?;
    let target = somebody(&federation, uri).await?;
    // What it says about its other names may be older than the alias that was just added.
    match Box::pin(federation.run(Job::RefreshAccount { account: target })).await {
        Ok(()) | Err(phiomia_model::Error::Refused(_)) => {}
        Err(error) => return Err(error.into()),
    }
    Ok(desk.db.write(move |tx| profiles::move_to(tx, account, target)).await?)
}

/// Gives an account another key.
pub(super) async fn rotate_key(desk: &Desk, name: &str) -> Result<(), Failure> {
    let account = desk.account(name).await?;
    handle(desk)?.keys.rotate(account).await?;
    Ok(desk.db.write(move |tx| profiles::key_changed(tx, account)).await?)
}
