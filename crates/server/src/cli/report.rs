//! `phiomia report`: what people and other servers told moderators.

use clap::Subcommand;
use phiomia_model::{AccountId, ReportId};
use phiomia_store::{
    Query,
    db::{accounts, reports},
};
use serde_json::{Value, json};

use super::{Failure, Global, desk::Desk, print};

/// Reports shown at a time.
const MOST: i64 = 200;

/// What to do with reports.
#[derive(Debug, Subcommand)]
pub enum Report {
    /// List those that nobody has dealt with, oldest first
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Mark one as dealt with
    Resolve {
        /// Which
        id: ReportId,
    },
}

impl Report {
    /// # Errors
    /// One sentence.
    pub fn run(&self, global: &Global) -> Result<(), Failure> {
        Desk::work(global, async |desk| match self {
            Report::List { json: as_json } => {
                let all = desk.db.read(|q| reports::open(q, MOST)?.iter().map(|row| shown(q, row)).collect());
                let all: Vec<Value> = all.await?;
                if *as_json {
                    return print(&Value::from(all).to_string());
                }
                let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).unwrap_or("").to_owned();
                let line = |row: &Value| {
                    let [id, by, about, category, comment] =
                        ["id", "by", "about", "category", "comment"].map(|name| text(row, name));
                    format!("{id} {by} about {about} ({category}): {}", comment.replace('\n', " "))
                };
                print(&all.iter().map(line).collect::<Vec<_>>().join("\n"))
            }
            Report::Resolve { id } => {
                let id = *id;
                match desk.db.write(move |tx| Ok(reports::resolve(tx, id, None)?)).await? {
                    true => Ok(()),
                    false => Err(Failure(format!("there is no open report {id}"))),
                }
            }
        })
    }
}

fn shown(q: &Query<'_>, row: &reports::ReportRow) -> Result<Value, phiomia_model::Error> {
    let acct = |id: AccountId| -> Result<String, phiomia_model::Error> {
        Ok(accounts::view(q, id)?.map_or_else(|| id.to_string(), |view| view.acct()))
    };
    Ok(json!({
        "id": row.id.to_string(),
        "by": acct(row.account)?,
        "about": acct(row.target)?,
        "category": row.category,
        "comment": row.comment,
        "status_ids": row.statuses.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "forwarded": row.is_forwarded,
        "created_at": row.created_at.to_iso_millis(),
    }))
}
