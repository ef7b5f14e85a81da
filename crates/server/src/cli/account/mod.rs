//! `phiomia account`: people of this server.

mod create;
mod list;
mod modify;
mod network;

pub(super) use create::locale;

use clap::Subcommand;
use phiomia_social::users::{self, Grace, Passwords};

use super::{
    Failure, Global,
    desk::{Desk, confirm, secret},
    print,
};
use crate::house::link_address;

/// What to do with accounts.
#[derive(Debug, Subcommand)]
pub enum Account {
    /// Make an account; without --password (and without --print-id) one is generated and printed
    Create(create::Create),
    /// List the accounts: id, name, role, standing and e-mail address
    List {
        /// As a JSON list
        #[arg(long)]
        json: bool,
    },
    /// Show one account
    Show {
        /// Its name
        name: String,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Change an account
    Modify(modify::Modify),
    /// Delete an account: it disappears at once, its posts after thirty days, its name is never given away
    Delete {
        /// Its name
        name: String,
        /// Without asking
        #[arg(long)]
        yes: bool,
        /// Erase the posts as soon as possible
        #[arg(long)]
        now: bool,
    },
    /// Set a new password and end all access gained with the old one; without --password one is generated and printed
    ResetPassword {
        /// Whose
        name: String,
        /// The new one; - reads it from standard input
        #[arg(long, value_name = "PASSWORD", allow_hyphen_values = true)]
        password: Option<String>,
    },
    /// Take every second factor away (authenticator app, recovery codes, passkeys) and end all access
    #[command(name = "disable-2fa")]
    DisableTwoFactor {
        /// Whose
        name: String,
    },
    /// Other names of an account: accounts elsewhere that may move here
    #[command(subcommand)]
    Alias(network::Alias),
    /// Move an account: its followers everywhere follow the other one, which must name this one as its alias
    Move {
        /// Who goes
        name: String,
        /// Where to: the address of the other account, or @name@domain
        uri: String,
        /// Without asking
        #[arg(long)]
        yes: bool,
    },
    /// Make a new key for an account; other servers learn it
    RotateKey {
        /// Whose
        name: String,
    },
    /// Print a link that signs the owner (or NAME) in once; on an empty server its bearer becomes the owner
    OwnerLink {
        /// Somebody other than the owner
        name: Option<String>,
    },
}

impl Account {
    /// # Errors
    /// One sentence.
    pub fn run(&self, global: &Global) -> Result<(), Failure> {
        Desk::work(global, async |desk| match self {
            Account::Create(create) => create.run(desk).await,
            Account::List { json } => list::list(desk, *json).await,
            Account::Show { name, json } => list::show(desk, name, *json).await,
            Account::Modify(modify) => modify.run(desk).await,
            Account::Delete { name, yes, now } => delete(desk, name, *yes, *now).await,
            Account::ResetPassword { name, password } => reset_password(desk, name, password.as_deref()).await,
            Account::DisableTwoFactor { name } => {
                let account = desk.account(name).await?;
                Ok(desk.db.write(move |tx| users::disable_two_factor(tx, account)).await?)
            }
            Account::Alias(alias) => alias.run(desk).await,
            Account::Move { name, uri, yes } => network::move_to(desk, name, uri, *yes).await,
            Account::RotateKey { name } => network::rotate_key(desk, name).await,
            Account::OwnerLink { name } => owner_link(desk, name.as_deref()).await,
        })
    }
}

async fn delete(desk: &Desk, name: &str, yes: bool, now: bool) -> Result<(), Failure> {
    let account = desk.account(name).await?;
    if !yes {
        confirm(&format!("{name} will be deleted and cannot come back."))?;
    }
    let grace = if now { Grace::None } else { Grace::ThirtyDays };
    Ok(desk.db.write(move |tx| users::delete(tx, account, grace)).await?)
}

async fn reset_password(desk: &Desk, name: &str, password: Option<&str>) -> Result<(), Failure> {
    let account = desk.account(name).await?;
    let new = password.map_or_else(|| desk.new_password(), secret)?;
    let passwords = Passwords::new(desk.entropy.clone());
    users::change_password(&desk.db, &passwords, account, new.clone(), None).await?;
    if password.is_none() { print(new.expose()) } else { Ok(()) }
}

async fn owner_link(desk: &Desk, name: Option<&str>) -> Result<(), Failure> {
    let account = match name {
        Some(name) => Some(desk.account(name).await?),
        None => desk.db.read(|q| Ok(phiomia_store::db::users::owner(q)?)).await?,
    };
    let link = match account {
        Some(account) => users::sign_in_link(&desk.db, &desk.entropy, account).await?,
        None => users::first_owner_link(&desk.db, &desk.entropy).await?,
    };
    print(&link_address(&desk.addresses, &link))
}
