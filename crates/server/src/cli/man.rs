//! `phiomia man DIR`.

use std::path::PathBuf;

use clap::Args;

use super::{Failure, command};

/// Writes the man pages.
#[derive(Debug, Args)]
pub struct Man {
    /// The folder, made if it is not there
    dir: PathBuf,
}

impl Man {
    /// # Errors
    /// When the folder cannot be written to.
    pub fn run(&self) -> Result<(), Failure> {
        std::fs::create_dir_all(&self.dir)
            .and_then(|()| clap_mangen::generate_to(command(), &self.dir))
            .map_err(|e| Failure::because("writing the man pages", e))
    }
}
