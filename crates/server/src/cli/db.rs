//! `phiomia db`: the database itself.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use phiomia_store::{
    Clock,
    db::{self, Settings, inspect},
};

use super::{Failure, Global, desk::confirm, print};
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
        }
    }
}

fn migrate(config: &Config, settings: &Settings) -> Result<(), Failure> {
    folder::make(config.data()).map_err(Failure)?;
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
    folder::make(config.data()).map_err(Failure)?;
    let _lock = match lock_path(config, settings) {
        Some(path) => Some(
            Lock::take(&path)
                .map_err(Failure)?
                .ok_or_else(|| Failure("a server is running on this database: stop it first".to_owned()))?,
        ),
        None => None,
    };
    if !yes {
        confirm(&format!("The database will be what {} is.", file.display()))?;
    }
    let kept = db::restore(settings, file, &Clock::system())?;
    match kept {
        Some(kept) => print(&kept.display().to_string()),
        None => Ok(()),
    }
}

/// A look at nothing would make an empty database and find it sound.
fn must_exist(settings: &Settings) -> Result<(), Failure> {
    match settings {
        Settings::Sqlite(sqlite) if !sqlite.path.exists() => {
            Err(Failure(format!("there is no database at {}", sqlite.path.display())))
        }
        _ => Ok(()),
    }
}
