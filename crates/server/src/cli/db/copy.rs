//! `phiomia db copy`: everything into another database.

use std::time::Instant;

use clap::Args;
use phiomia_store::{
    Clock,
    db::{
        Settings,
        copy::{self, Copied, Progress},
    },
};

use super::{desk::secret, lock, must_exist, print};
use crate::{cli::Failure, config::Config, house::folder};

/// What to copy where.
#[derive(Debug, Args)]
pub struct Copy {
    /// An empty database as postgres://user:password@host/name, a file to be made as sqlite:/path, or - to read that from
    /// standard input
    #[arg(long, value_name = "URL")]
    to: String,
    /// Another database than the one of the configuration
    #[arg(long, value_name = "URL")]
    from: Option<String>,
    /// While a server runs on it: copies what is there, for the copy after its end to be a matter of seconds
    #[arg(long)]
    ahead: bool,
}

impl Copy {
    pub(super) fn run(&self, config: &Config, configured: Settings) -> Result<(), Failure> {
        let at = |url: &str| config.database_at(secret(url)?.expose()).map_err(|why| Failure(named(&why)));
        let from = self.from.as_deref().map_or(Ok(configured), at)?;
        let to = at(&self.to)?;
        must_exist(&from)?;
        folder::make_for_command(config.data()).map_err(Failure)?;
        let _source = match self.ahead {
            true => None,
            false => {
                let taken =
                    "a server is running on this database: stop it, or copy with --ahead first and stop it then";
                if copy::is_served(&from)? {
                    return Err(Failure(taken.to_owned()));
                }
                lock(config, &from, taken)?
            }
        };
        let _target = match to {
            Settings::Sqlite(_) => lock(config, &to, "a server or another copy is at work on the target")?,
            Settings::Postgres(_) => None,
        };
        let started = Instant::now();
        let copied = copy::copy(&from, &to, !self.ahead, Clock::system().now(), &mut |progress| tell(&progress))?;
        if !self.ahead && copy::is_served(&from)? {
            let late = "a server has been started on the old database meanwhile: what it wrote is not in the new one";
            return Err(Failure(late.to_owned()));
        }
        print(&told(&copied, started.elapsed().as_secs_f64(), self.ahead))
    }
}

/// Not everything that is said of `database.url` is said of that.
fn named(why: &str) -> String {
    why.replace("database.url", "the address")
}

/// A line now and then. Whether somebody reads it is not what the copy depends on.
fn tell(progress: &Progress<'_>) {
    if !progress.is_done {
        let _ = print(&format!("{}: {} rows so far", progress.table, progress.n_rows));
    }
}

fn told(copied: &Copied, seconds: f64, is_ahead: bool) -> String {
    let Copied { n_tables, n_rows, n_written, is_continued } = copied;
    let begun = if *is_continued { ", the others were there already" } else { "" };
    let done = format!("copied {n_written} of {n_rows} rows in {n_tables} tables in {seconds:.1} s{begun}");
    match is_ahead {
        true => format!(
            "{done}\nnow stop the server and run the same without --ahead: what has changed meanwhile is copied then"
        ),
        false => format!(
            "{done}; counts and checksums are the same\nnow set database.url to the new address and start the server"
        ),
    }
}
