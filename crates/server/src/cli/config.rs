//! `phiomia config`: check, print and document the configuration.

use clap::Subcommand;

use super::{Failure, Global, print};
use crate::config::{Note, document, print_json, print_toml};

/// What to do with the configuration.
#[derive(Debug, Subcommand)]
pub enum Config {
    /// Say what is wrong or doubtful about it; code 0 when it holds
    Check,
    /// Show what is in force and who said it; secrets stay hidden
    Print {
        /// As a JSON list of key, value and source
        #[arg(long)]
        json: bool,
    },
    /// Print docs/config.md
    Docs,
}

impl Config {
    /// # Errors
    /// When the configuration does not hold.
    pub fn run(&self, global: &Global) -> Result<(), Failure> {
        match self {
            Config::Check => {
                let loaded = global.load(&[])?;
                let lines = loaded.notes.iter().map(|note| match note {
                    Note::Info(text) => format!("note: {text}\n"),
                    Note::Warning(text) => format!("warning: {text}\n"),
                });
                print(&format!("{}the configuration holds", lines.collect::<String>()))
            }
            Config::Print { json: true } => print(&print_json(&global.load(&[])?).to_string()),
            Config::Print { json: false } => print(&print_toml(&global.load(&[])?)),
            Config::Docs => print(&document()),
        }
    }
}
