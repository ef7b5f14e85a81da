//! `phiomia version`.

use clap::Args;

use super::{Failure, print};

/// Prints the version.
#[derive(Debug, Args)]
pub struct Version {
    /// As JSON
    #[arg(long)]
    json: bool,
}

impl Version {
    /// # Errors
    /// When nobody reads it.
    pub fn run(&self) -> Result<(), Failure> {
        let version = env!("CARGO_PKG_VERSION");
        if self.json { print(&serde_json::json!({ "version": version }).to_string()) } else { print(version) }
    }
}
