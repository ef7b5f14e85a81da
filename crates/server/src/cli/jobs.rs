//! `phiomia jobs`: what is left for later, and what was set aside.

use clap::{Args, Subcommand};
use phiomia_model::JobId;
use phiomia_store::db::jobs::{self, Count, Parked};
use serde_json::{Value, json};

use super::{Failure, Global, desk::Desk, print};

/// Most parked jobs shown at once.
const MOST_SHOWN: i64 = 1_000;

/// Counts of jobs: lane, kind, waiting, in hand, parked.
#[derive(Debug, Args)]
pub struct Jobs {
    /// As JSON
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    act: Option<Act>,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// List what was set aside after failing too often: id, kind, attempts, crashes, since, error
    Parked,
    /// Put a parked job back, or all of them, and print how many
    Retry {
        /// One job
        id: Option<JobId>,
    },
    /// Throw a parked job away
    Discard {
        /// Which
        id: JobId,
    },
}

impl Jobs {
    /// # Errors
    /// One sentence.
    pub fn run(&self, global: &Global) -> Result<(), Failure> {
        Desk::work(global, async |desk| match self.act {
            None => self.show(&desk.db.read(|q| Ok(jobs::counts(q)?)).await?, count_json, count_line),
            Some(Act::Parked) => {
                self.show(&desk.db.read(|q| Ok(jobs::parked(q, MOST_SHOWN)?)).await?, parked_json, parked_line)
            }
            Some(Act::Retry { id }) => {
                let n_back = desk.db.write(move |tx| Ok(jobs::unpark(tx, id)?)).await?;
                match id {
                    Some(id) if n_back == 0 => Err(Failure(format!("there is no parked job {id}"))),
                    _ => print(&n_back.to_string()),
                }
            }
            Some(Act::Discard { id }) => match desk.db.write(move |tx| Ok(jobs::discard(tx, id)?)).await? {
                true => Ok(()),
                false => Err(Failure(format!("there is no parked job {id}"))),
            },
        })
    }

    fn show<T>(&self, all: &[T], as_json: fn(&T) -> Value, as_line: fn(&T) -> String) -> Result<(), Failure> {
        if self.json {
            return print(&Value::Array(all.iter().map(as_json).collect()).to_string());
        }
        if all.is_empty() { Ok(()) } else { print(&all.iter().map(as_line).collect::<String>()) }
    }
}

fn count_json(count: &Count) -> Value {
    json!({
        "lane": count.lane,
        "kind": count.kind,
        "waiting": count.n_all - count.n_leased - count.n_parked,
        "in_hand": count.n_leased,
        "parked": count.n_parked,
        "first_due": count.first_due.to_iso_millis(),
    })
}

fn count_line(count: &Count) -> String {
    let Count { lane, kind, n_all, n_leased, n_parked, .. } = count;
    format!("{lane}\t{kind}\t{} waiting\t{n_leased} in hand\t{n_parked} parked\n", n_all - n_leased - n_parked)
}

fn parked_json(job: &Parked) -> Value {
    json!({
        "id": job.id.to_string(),
        "kind": job.kind,
        "job": serde_json::from_str(&job.payload).unwrap_or_else(|_| json!(job.payload)),
        "attempts": job.attempts,
        "crashes": job.crashes,
        "error": job.last_error,
        "parked_at": job.parked_at.to_iso_millis(),
    })
}

fn parked_line(job: &Parked) -> String {
    let error = job.last_error.as_deref().unwrap_or_default();
    let (id, kind, since) = (job.id, &job.kind, job.parked_at.to_iso_millis());
    format!("{id}\t{kind}\t{} attempts\t{} crashes\t{since}\t{error}\n", job.attempts, job.crashes)
}
