//! `phiomia db`: the database itself.

mod copy;

use std::path::{Path, PathBuf};

use clap::Subcommand;
use phiomia_store::{
    Clock,
    db::{self, Settings, inspect},
};

use super::{Failure, Global, desk, desk::confirm, print};
use crate::{
    config::Config,
    house::folder::{self, Lock, lock_path},
};

/// What to do with the database.
#[derive(Debug, Subcommand)]
pub enum Database {
    /// Bring it to the newest schema; the start of the server does that too
    Migrate,
    /// Look for damage; code 0 when all is well
    Check,
    /// Write a consistent copy of a SQLite database into a new file, while the server runs
    Backup {
        /// Where to
        file: PathBuf,
    },
    /// Put a copy in the place of the SQLite database, while no server runs; what was there is kept beside it
    Restore {
        /// The copy
        file: PathBuf,
        /// Without asking
        #[arg(long)]
        yes: bool,
    },
    /// Copy everything into another database, from SQLite to PostgreSQL or back; run again after a cut, it goes on
    Copy(copy::Copy),
}

impl Database {
    /// # Errors
    /// One sentence.
    pub fn run(&self, global: &Global) -> Result<(), Failure> {
        let config = global.load(&[])?.config;
        let settings = config.database_settings().map_err(Failure)?;
        match self {
            Database::Migrate => migrate(&config, &settings),
            Database::Check => check(&settings),
            Database::Backup { file } => {
                must_exist(&settings)?;
                Ok(db::backup(&settings, file)?)
            }
            Database::Restore { file, yes } => restore(&config, &settings, file, *yes),
            Database::Copy(command) => command.run(&config, settings),
        }
    }
}

fn migrate(config: &Config, settings: &Settings) -> Result<(), Failure> {
    folder::make_for_command(config.data()).map_err(Failure)?;
    let done = db::migrate(settings, &Clock::system())?;
    if done.from == done.to {
        return print(&format!("the schema has version {} already", done.to));
    }
    let copy = done.backup.map_or_else(String::new, |path| format!("; a copy from before is {}", path.display()));
    print(&format!("the schema was brought from version {} to {}{copy}", done.from, done.to))
}

fn check(settings: &Settings) -> Result<(), Failure> {
    must_exist(settings)?;
    let damage = inspect::damage(settings)?;
    if damage.is_empty() {
        return print("the database is sound");
    }
    print(&damage.join("\n"))?;
    Err(Failure(format!("the database is damaged in {} places", damage.len())))
}

fn restore(config: &Config, settings: &Settings, file: &Path, yes: bool) -> Result<(), Failure> {
    folder::make_for_command(config.data()).map_err(Failure)?;
    let _lock = lock(config, settings, "a server is running on this database: stop it first")?;
    if !yes {
        confirm(&format!("The database will be what {} is.", file.display()))?;
    }
    let kept = db::restore(settings, file, &Clock::system())?;
    match kept {
        Some(kept) => print(&kept.display().to_string()),
        None => Ok(()),
    }
}

/// What a server of this database would hold; `None` where several may serve.
pub(super) fn lock(config: &Config, settings: &Settings, taken: &str) -> Result<Option<Lock>, Failure> {
    let Some(path) = lock_path(config, settings) else { return Ok(None) };
    if let Some(above) = path.parent().filter(|above| !above.as_os_str().is_empty()) {
        folder::make_any(above).map_err(Failure)?;
    }
    match Lock::take(&path).map_err(Failure)? {
        Some(lock) => Ok(Some(lock)),
        None => Err(Failure(taken.to_owned())),
    }
}

/// A look at nothing would make an empty database and find it sound.
pub(super) fn must_exist(settings: &Settings) -> Result<(), Failure> {
    match settings {
        Settings::Sqlite(sqlite) if !sqlite.path.exists() => {
            Err(Failure(format!("there is no database at {}", sqlite.path.display())))
        }
        _ => Ok(()),
    }
}
