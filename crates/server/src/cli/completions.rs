//! `phiomia completions SHELL`.

use clap::Args;
use clap_complete::Shell;

use super::{Failure, command, print};

/// Prints a completion script.
#[derive(Debug, Args)]
pub struct Completions {
    /// bash, elvish, fish, powershell or zsh
    shell: Shell,
}

impl Completions {
    /// # Errors
    /// When nobody reads it.
    pub fn run(&self) -> Result<(), Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut command(), "phiomia", &mut script);
        print(&String::from_utf8_lossy(&script))
    }
}
