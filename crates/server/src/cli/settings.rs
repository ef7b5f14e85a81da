//! `phiomia settings`: what is changed while the server runs.

use clap::Subcommand;
use phiomia_api::settings::{KNOWN, Known, ServerSettings, Shape};
use phiomia_social::server;
use phiomia_store::db::settings;
use serde_json::{Map, Value};

use super::{Failure, Global, desk::Desk, print};
use crate::config::nearest;

/// What to do with settings.
#[derive(Debug, Subcommand)]
pub enum Settings {
    /// List all settings and what is in force
    List {
        /// As a JSON object
        #[arg(long)]
        json: bool,
    },
    /// Print what is in force
    Get {
        /// Which
        key: String,
    },
    /// Change one; the running server follows at once. An empty value goes back to the default
    Set {
        /// Which
        key: String,
        /// The new value
        value: String,
    },
}

impl Settings {
    /// # Errors
    /// One sentence.
    pub fn run(&self, global: &Global) -> Result<(), Failure> {
        match self {
            Settings::List { json } => {
                let settings = Desk::work(global, in_force)?;
                let all = KNOWN.iter().map(|known| (known, settings.value(known.key)));
                if *json {
                    let all = all.map(|(known, value)| (known.key.to_owned(), Value::from(value)));
                    return print(&Value::Object(all.collect::<Map<_, _>>()).to_string());
                }
                print(
                    &all.map(|(known, value)| format!("{} = {value}  # {}\n", known.key, known.about))
                        .collect::<String>(),
                )
            }
            Settings::Get { key } => {
                let known = find(key)?;
                print(Desk::work(global, in_force)?.value(known.key))
            }
            Settings::Set { key, value } => {
                let known = find(key)?;
                known.check(value).map_err(|why| Failure(format!("{key} {why}")))?;
                Desk::work(global, async |desk| set(desk, known, value).await)
            }
        }
    }
}

async fn in_force(desk: &Desk) -> Result<ServerSettings, Failure> {
    let rows = desk.db.read(|q| Ok(settings::all(q)?)).await?;
    Ok(ServerSettings::from_rows(rows, &desk.addresses))
}

async fn set(desk: &Desk, known: &'static Known, value: &str) -> Result<(), Failure> {
    if known.shape == Shape::Username && !value.is_empty() {
        desk.account(value).await?;
    }
    let value = value.to_owned();
    Ok(desk.db.write(move |tx| Ok(server::set(tx, known.key, &value)?)).await?)
}

fn find(key: &str) -> Result<&'static Known, Failure> {
    Known::named(key).ok_or_else(|| {
        let meant = nearest(key, KNOWN.iter().map(|known| known.key));
        let hint =
            meant.map_or_else(|| "; see phiomia settings list".to_owned(), |key| format!("; did you mean {key}?"));
        Failure(format!("there is no setting {key}{hint}"))
    })
}
