//! `phiomia search`: the words by which posts are found.

use clap::Subcommand;
use phiomia_model::StatusId;
use phiomia_social::search;

use super::{Failure, Global, desk::Desk, print};

/// Posts in one transaction: few, so that a server beside waits for none of them.
const BATCH: i64 = 200;

/// What is to be done with them.
#[derive(Debug, Subcommand)]
pub enum Search {
    /// Write the words of all posts anew and print how far it came; may run beside the server, and again
    Reindex {
        /// Begin after this post, as printed by a run that was stopped
        #[arg(long, default_value = "0")]
        after: StatusId,
    },
}

impl Search {
    /// # Errors
    /// One sentence.
    pub fn run(&self, global: &Global) -> Result<(), Failure> {
        let Search::Reindex { after } = *self;
        Desk::work(global, async |desk| {
            let mut after = after;
            while let Some(last) = desk.db.write(move |tx| search::index_anew(tx, after, BATCH)).await? {
                after = last;
                print(&after.to_string())?;
            }
            Ok(())
        })
    }
}
