//! The front page: what this server is, how to sign in, how to connect an app.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use phiomia_model::Error;
use phiomia_store::db::users;

use super::{Browser, Frame, page};
use crate::gate::Ask;

#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    frame: Frame,
    description: String,
    domain: String,
    username: Option<String>,
    is_empty: bool,
}

/// `GET /`.
///
/// # Errors
/// A fault.
pub async fn show(ask: Ask<Browser>) -> Result<Response, Error> {
    let settings = ask.api.settings().await?;
    let n_people = ask.api.db.read(|q| Ok(users::count(q)?)).await?;
    let home = Home {
        frame: Frame::of(&ask).await?,
        description: settings.short_description.clone(),
        domain: ask.api.addresses.web_domain.clone(),
        username: ask.me.user.as_ref().map(|user| user.username.clone()),
        is_empty: n_people == 0,
    };
    page(&ask, StatusCode::OK, &home)
}
