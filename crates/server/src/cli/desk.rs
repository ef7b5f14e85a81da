//! What a command works with: the data of this server, opened beside the running server or without one.

use std::{
    io::{self, BufRead as _, IsTerminal as _, Write as _},
    time::Duration,
};

use phiomia_federation::media::Gallery;
use phiomia_model::{AccountId, Addresses};
use phiomia_store::{
    Clock, Db, Entropy, Secret,
    db::{Opener, users},
    files::Files,
};
use phiomia_workshop::Workshop;
use tokio::runtime::Runtime;

use super::{Failure, Global, federation::handle};
use crate::{
    config::Config,
    house::{self, folder, shelf},
};

/// Characters of a generated password that are hard to take for one another; 32, so that a byte's low bits choose one.
const PASSWORD_CHARACTERS: &[u8; 32] = b"abcdefghijkmnopqrstuvwxyz2345678";
/// 20 of 32: 100 bits.
const PASSWORD_LENGTH: usize = 20;

/// How long a command waits for a server that may run to hear what access it took away.
const REVOCATION_PATIENCE: Duration = Duration::from_secs(1);

/// The opened data.
pub struct Desk {
    /// The database; what commands announce reaches the running server within half a second.
    pub db: Db,
    /// Where things of this server are found.
    pub addresses: Addresses,
    /// Where secrets come from.
    pub entropy: Entropy,
    /// What the operator said.
    pub config: Config,
}

impl Desk {
    /// Opens the data, made if it is not there, does the work, and closes it.
    ///
    /// # Errors
    /// When it does not open, or what the work gives.
    pub fn work<T>(global: &Global, work: impl AsyncFnOnce(&Desk) -> Result<T, Failure>) -> Result<T, Failure> {
        let config = global.load(&[])?.config;
        let settings = config.database_settings().map_err(Failure)?;
        folder::make_for_command(config.data()).map_err(Failure)?;
        let entropy = Entropy::system();
        folder::make_key(config.data(), &entropy).map_err(Failure)?;
        let opened = Db::open(settings, Clock::system(), Opener::Command)?;
        let desk = Desk { db: opened.db, addresses: config.addresses(), entropy, config };
        let runtime = small_runtime()?;
        let done = runtime.block_on(async {
            let done = work(&desk).await;
            desk.db.until_revocations_are_heard(REVOCATION_PATIENCE).await?;
            done
        });
        runtime.shutdown_timeout(Duration::from_secs(1));
        desk.db.close();
        done
    }

    /// The files shelf.
    ///
    /// # Errors
    /// When its folder cannot be made, or the bucket it is in is not known.
    pub async fn files(&self) -> Result<Files, Failure> {
        shelf::open(&self.config, &self.db).await.map_err(Failure)
    }

    /// Where files of strangers are decoded. Films are not converted by commands.
    ///
    /// # Errors
    /// When the system does not say where this program lies.
    pub fn workshop(&self) -> Result<Workshop, Failure> {
        house::ceilings(&self.config).map(Workshop::new).map_err(Failure)
    }

    /// What is kept of other servers' pictures.
    ///
    /// # Errors
    /// A sentence.
    pub async fn gallery(&self) -> Result<Gallery, Failure> {
        let sealer = folder::read_key(self.config.data()).map_err(Failure)?;
        let (files, workshop) = (self.files().await?, self.workshop()?);
        let settings = house::gallery_settings(&self.config);
        Ok(Gallery::new(handle(self)?, files, workshop, self.entropy.clone(), sealer, settings))
    }

    /// The local account of that name, with or without `@` and our domain.
    ///
    /// # Errors
    /// A sentence, when nobody here has the name.
    pub async fn account(&self, name: &str) -> Result<AccountId, Failure> {
        let plain = name.strip_prefix('@').unwrap_or(name);
        let plain = match plain.split_once('@') {
            Some((user, domain)) if domain.eq_ignore_ascii_case(&self.addresses.local_domain) => user,
            _ => plain,
        };
        let plain = plain.to_owned();
        let found = self
            .db
            .read(move |q| {
                let id = users::by_name(q, &plain)?;
                let user = id.map(|id| users::find(q, id)).transpose()?.flatten();
                Ok(user.filter(|user| user.deleted_at.is_none()).map(|user| user.account_id))
            })
            .await?;
        found.ok_or_else(|| Failure(format!("there is no account {name} here")))
    }

    /// A password nobody chose.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn new_password(&self) -> Result<Secret, Failure> {
        let mut bytes = [0_u8; PASSWORD_LENGTH];
        self.entropy.fill(&mut bytes).map_err(|fault| Failure(fault.chain()))?;
        let characters = bytes.iter().filter_map(|byte| PASSWORD_CHARACTERS.get(usize::from(byte % 32)));
        Ok(Secret::new(characters.map(|c| char::from(*c)).collect::<String>()))
    }
}

/// A secret from the command line, where everybody on the machine can read it, or for `-` from standard input.
///
/// # Errors
/// When standard input cannot be read.
pub fn secret(argument: &str) -> Result<Secret, Failure> {
    if argument != "-" {
        return Ok(Secret::new(argument));
    }
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).map_err(|e| Failure::because("reading standard input", e))?;
    Ok(Secret::new(line.trim_end_matches(['\n', '\r'])))
}

/// Asks a person at the terminal; somebody who is not there has not said yes.
///
/// # Errors
/// A sentence, when nobody can be asked or the answer is no.
pub fn confirm(question: &str) -> Result<(), Failure> {
    if !io::stdin().is_terminal() {
        return Err(Failure(format!("{question} Say so with --yes")));
    }
    let mut answer = String::new();
    write!(io::stderr(), "{question} [y/N] ")
        .and_then(|()| io::stdin().lock().read_line(&mut answer))
        .map_err(|e| Failure::because("asking", e))?;
    match answer.trim().to_ascii_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(Failure("nothing was changed".to_owned())),
    }
}

/// One thread is enough for a command; hashing a password takes another.
fn small_runtime() -> Result<Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(4)
        .build()
        .map_err(|e| Failure::because("starting the runtime", e))
}
