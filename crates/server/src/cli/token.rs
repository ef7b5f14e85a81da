//! `phiomia token`: access tokens.

use clap::Subcommand;
use phiomia_model::{Scopes, limits::LIMITS};
use phiomia_social::{
    apps,
    users::{What, revoke},
};
use phiomia_store::db::{apps as app_rows, tokens};

use super::{
    Failure, Global,
    desk::{Desk, secret},
    print,
};

/// What to do with tokens.
#[derive(Debug, Subcommand)]
pub enum Token {
    /// Make a token for somebody's application and print it
    Create {
        /// Whose
        #[arg(long)]
        account: String,
        /// The application, by its client id
        #[arg(long, value_name = "CLIENT_ID", allow_hyphen_values = true)]
        app: String,
        /// What it may do; without it: all the application may ask for
        #[arg(long)]
        scopes: Option<String>,
        /// Print the token alone, as is the default
        #[arg(long, conflicts_with = "json")]
        print: bool,
        /// Print token, scopes and time as JSON
        #[arg(long)]
        json: bool,
    },
    /// End a token: it is worth nothing at once, and streams opened with it close
    Revoke {
        /// The token; - reads it from standard input
        token: String,
    },
}

impl Token {
    /// # Errors
    /// One sentence.
    pub fn run(&self, global: &Global) -> Result<(), Failure> {
        Desk::work(global, async |desk| match self {
            Token::Create { account, app, scopes, print: _, json } => {
                create(desk, account, app, scopes.as_deref(), *json).await
            }
            Token::Revoke { token } => end(desk, token).await,
        })
    }
}

async fn create(desk: &Desk, name: &str, app: &str, scopes: Option<&str>, json: bool) -> Result<(), Failure> {
    let account = desk.account(name).await?;
    let client_id = app.to_owned();
    let found = desk.db.read(move |q| Ok(app_rows::by_client_id(q, &client_id)?)).await?;
    let app = found.ok_or_else(|| Failure(format!("there is no application with the client id {app}")))?;
    let scopes = match scopes {
        None => app.scopes.clone(),
        Some(text) => Scopes::parse(text).map_err(|word| Failure(format!("there is no scope {word}")))?,
    };
    if !app.scopes.cover(&scopes) {
        return Err(Failure(format!("the application {} may ask for {} alone", app.name, app.scopes)));
    }
    let given = apps::give_token(&desk.db, &desk.entropy, app.id, Some(account), scopes).await?;
    if json {
        let token = serde_json::json!({
            "access_token": given.secret.expose(),
            "token_type": "Bearer",
            "scope": given.scopes.to_string(),
            "created_at": given.created_at.as_millis() / 1000,
        });
        return print(&token.to_string());
    }
    print(given.secret.expose())
}

async fn end(desk: &Desk, token: &str) -> Result<(), Failure> {
    let token = secret(token)?;
    if token.expose().len() > LIMITS.url_characters {
        return Err(Failure("there is no such token".to_owned()));
    }
    let hash = token.hash();
    let found = desk
        .db
        .write(move |tx| match tokens::find(tx, &hash)? {
            Some(token) => revoke(tx, What::Token(token.id)).map(|()| true).map_err(Into::into),
            None => Ok(false),
        })
        .await?;
    if found { Ok(()) } else { Err(Failure("there is no such token".to_owned())) }
}
