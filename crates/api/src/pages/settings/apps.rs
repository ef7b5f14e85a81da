//! The applications somebody allowed to use their account.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use phiomia_model::{AppId, Error, Noun, Scopes, Time};
use phiomia_social::users;
use phiomia_store::db::tokens::{self, AppUse};

use super::super::{Browser, Frame, page, redirect, shown_day, sign_in};
use crate::{gate::Ask, oauth::describe::describe};

const HERE: &str = "/oauth/authorized_applications";

#[derive(Template)]
#[template(path = "settings_apps.html")]
struct AppsPage {
    frame: Frame,
    here: &'static str,
    apps: Vec<Shown>,
}

/// An application with all it holds.
struct Shown {
    id: AppId,
    name: String,
    website: Option<String>,
    may: Vec<String>,
    since: String,
    last_used: Option<String>,
}

/// `GET /oauth/authorized_applications`.
///
/// # Errors
/// A fault.
pub async fn show(ask: Ask<Browser>) -> Result<Response, Error> {
    let Some(account) = ask.me.account() else { return sign_in::first(&ask, HERE) };
    let uses = ask.api.db.read(move |q| Ok(tokens::uses(q, account)?)).await?;
    let frame = Frame::of(&ask).await?;
    page(&ask, StatusCode::OK, &AppsPage { frame, here: HERE, apps: gathered(uses) })
}

/// `POST /oauth/authorized_applications/{id}`: takes back what the application was allowed.
///
/// # Errors
/// `NotFound` when it holds nothing of this account.
pub async fn delete(ask: Ask<Browser>) -> Result<Response, Error> {
    let Some(account) = ask.me.account() else { return sign_in::first(&ask, HERE) };
    let app: AppId = ask.id(Noun::Record)?;
    ask.api.db.write(move |tx| users::forget_app(tx, account, app)).await?;
    redirect(&ask, HERE)
}

/// One entry for each application, the one allowed last first; an app that was allowed twice has two tokens.
fn gathered(uses: Vec<AppUse>) -> Vec<Shown> {
    let mut apps: Vec<(AppUse, Vec<String>)> = Vec::new();
    for used in uses {
        let names: Vec<String> = used.scopes.names().map(str::to_owned).collect();
        match apps.iter_mut().find(|(app, _)| app.app_id == used.app_id) {
            Some((app, scopes)) => {
                app.created_at = app.created_at.min(used.created_at);
                app.last_used_day = app.last_used_day.max(used.last_used_day);
                scopes.extend(names);
            }
            None => apps.push((used, names)),
        }
    }
    let shown = |(app, scopes): (AppUse, Vec<String>)| Shown {
        id: app.app_id,
        name: app.name,
        website: app.website.filter(|w| w.starts_with("https://") || w.starts_with("http://")),
        may: describe(&Scopes::parse(&scopes.join(" ")).unwrap_or_default()),
        since: shown_day(app.created_at),
        last_used: app.last_used_day.map(|day| shown_day(Time(day.saturating_mul(86_400_000_000)))),
    };
    apps.into_iter().map(shown).collect()
}
