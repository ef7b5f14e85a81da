//! `phiomia app`: client applications.

use clap::Subcommand;
use phiomia_social::apps::{self, NewApp};

use super::{Failure, Global, desk::Desk, print};

/// What to do with applications.
#[derive(Debug, Subcommand)]
pub enum App {
    /// Register an application and print its client id and secret, a line each
    Create {
        /// Shown name
        #[arg(long)]
        name: String,
        /// Where codes may be sent; may be given several times. urn:ietf:wg:oauth:2.0:oob shows them to be copied
        #[arg(long, required = true)]
        redirect_uri: Vec<String>,
        /// The most it may ask for; without it: read
        #[arg(long)]
        scopes: Option<String>,
        /// Home page
        #[arg(long)]
        website: Option<String>,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
}

impl App {
    /// # Errors
    /// One sentence.
    pub fn run(&self, global: &Global) -> Result<(), Failure> {
        let App::Create { name, redirect_uri, scopes, website, json } = self;
        let new = NewApp {
            name: name.clone(),
            website: website.clone(),
            redirect_uris: redirect_uri.clone(),
            scopes: scopes.clone(),
            is_public: false,
        };
        Desk::work(global, async |desk| {
            let (app, secret) = apps::register(&desk.db, &desk.entropy, new).await?;
            let (id, secret) = (app.client_id.as_str(), secret.expose());
            match json {
                true => print(&serde_json::json!({ "client_id": id, "client_secret": secret }).to_string()),
                false => print(&format!("{id}\n{secret}")),
            }
        })
    }
}
