//! Registering an application, and showing one to itself.

use phiomia_mastodon::{
    entities::{Application, CredentialApplication},
    form::{List, Text},
};
use phiomia_model::{Error, Refusal};
use phiomia_social::apps::{self, NewApp};
use phiomia_store::db::apps::{self as rows, AppView};
use serde::Deserialize;

use crate::gate::{Answer, Anyone, Ask, Client, json};

/// What may be sent. Missing parts are refused by the verb, in Mastodon's words.
#[derive(Deserialize)]
struct Input {
    #[serde(default)]
    client_name: Option<Text>,
    /// An array, or one text with an address per line.
    #[serde(default)]
    redirect_uris: List<Text>,
    #[serde(default)]
    scopes: Option<List<Text>>,
    #[serde(default)]
    website: Option<Text>,
}

/// `POST /api/v1/apps`.
///
/// # Errors
/// `Invalid` for a name, address or scope that does not hold.
pub async fn create(ask: Ask<Anyone>) -> Answer {
    let input: Input = ask.decode()?;
    let new = NewApp {
        name: input.client_name.unwrap_or_default().0,
        website: input.website.map(|w| w.0),
        redirect_uris: lines(input.redirect_uris.strings()),
        scopes: input.scopes.map(|s| s.strings().join(" ")),
        is_public: false,
    };
    let (app, secret) = apps::register(&ask.api.db, &ask.api.entropy, new).await?;
    json(&CredentialApplication {
        client_id: app.client_id.clone(),
        application: render(app),
        client_secret: secret.expose().to_owned(),
        client_secret_expires_at: 0,
    })
}

/// `GET /api/v1/apps/verify_credentials`.
///
/// # Errors
/// A fault of the database.
pub async fn verify_credentials(ask: Ask<Client>) -> Answer {
    let id = ask.me.app;
    let app = ask.api.db.read(move |q| Ok(rows::find(q, id)?)).await?;
    let app = app.ok_or(Error::Refused(Refusal::Unauthenticated("The access token is invalid")))?;
    json(&render(app))
}

fn lines(texts: Vec<String>) -> Vec<String> {
    texts.iter().flat_map(|text| text.split_whitespace()).map(str::to_owned).collect()
}

fn render(app: AppView) -> Application {
    Application {
        id: app.id,
        name: app.name,
        website: app.website,
        scopes: app.scopes.names().map(str::to_owned).collect(),
        redirect_uri: app.redirect_uris.join("\n"),
        redirect_uris: app.redirect_uris,
        // No key before there is Web Push.
        vapid_key: String::new(),
    }
}
