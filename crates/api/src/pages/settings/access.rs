//! How somebody gets in: their password, and the browsers they are signed in with.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use phiomia_model::{Error, Noun, Refusal, SessionId, error::FieldError};
use phiomia_social::users::{self, SESSION_LIFE};
use phiomia_store::{Secret, db::sessions};

use super::{
    super::{Browser, Frame, page, redirect, shown_day, sign_in},
    Fields, is_saved,
};
use crate::gate::Ask;

const HERE: &str = "/auth/edit";

#[derive(Template)]
#[template(path = "settings_access.html")]
struct AccessPage {
    frame: Frame,
    here: &'static str,
    is_saved: bool,
    username: String,
    /// Who came by link has none yet.
    has_password: bool,
    current_error: Option<String>,
    password_error: Option<String>,
    sessions: Vec<Shown>,
}

/// A session as it is shown.
struct Shown {
    id: SessionId,
    is_this: bool,
    browser: String,
    address: String,
    since: String,
    last_seen: String,
}

/// `GET /auth/edit`.
///
/// # Errors
/// A fault.
pub async fn show(ask: Ask<Browser>) -> Result<Response, Error> {
    answer(&ask, StatusCode::OK, &[]).await
}

/// `POST /auth/edit`: another password.
///
/// # Errors
/// A fault.
pub async fn update(ask: Ask<Browser>) -> Result<Response, Error> {
    let Some(account) = ask.me.account() else { return sign_in::first(&ask, HERE) };
    let user = Fields::of(&ask, "user");
    let (current, new) = (Secret::new(user.text("current_password")), Secret::new(user.text("password")));
    let (api, who) = (&ask.api, (account, ask.me.session_id));
    match users::change_own_password(&api.db, &api.passwords, who, &current, new).await {
        Ok(()) => redirect(&ask, "/auth/edit?saved=1"),
        Err(Error::Refused(Refusal::InvalidFields(wrong))) => {
            answer(&ask, StatusCode::UNPROCESSABLE_ENTITY, &wrong).await
        }
        Err(error) => Err(error),
    }
}

/// `POST /settings/sessions/{id}`: signs that browser out.
///
/// # Errors
/// `NotFound` for a session of nobody or somebody else.
pub async fn end_session(ask: Ask<Browser>) -> Result<Response, Error> {
    let Some(account) = ask.me.account() else { return sign_in::first(&ask, HERE) };
    let session: SessionId = ask.id(Noun::Record)?;
    ask.api.db.write(move |tx| users::end_session(tx, account, session)).await?;
    redirect(&ask, HERE)
}

async fn answer(ask: &Ask<Browser>, status: StatusCode, wrong: &[FieldError]) -> Result<Response, Error> {
    let Some(user) = &ask.me.user else { return sign_in::first(ask, HERE) };
    let (account, seen_after) = (user.account_id, ask.api.now().minus(SESSION_LIFE));
    let mut found = ask.api.db.read(move |q| Ok(sessions::list(q, account)?)).await?;
    found.retain(|session| session.last_seen_at > seen_after);
    let about = |field: &str| wrong.iter().find(|w| w.field == field).map(|w| w.description.clone());
    let shown = AccessPage {
        frame: Frame::of(ask).await?,
        here: HERE,
        is_saved: wrong.is_empty() && is_saved(ask),
        username: user.username.clone(),
        has_password: user.password_hash.is_some(),
        current_error: about("current_password").map(|end| format!("This password {end}.")),
        password_error: about("password").map(|end| format!("This password {end}.")),
        sessions: found
            .into_iter()
            .map(|session| Shown {
                id: session.id,
                is_this: Some(session.id) == ask.me.session_id,
                browser: browser_name(&session.user_agent),
                address: session.address,
                since: shown_day(session.created_at),
                last_seen: shown_day(session.last_seen_at),
            })
            .collect(),
    };
    page(ask, status, &shown)
}

/// `Firefox on Linux`; what a browser calls itself, cut, when we know neither of the two.
fn browser_name(user_agent: &str) -> String {
    let first = |words: &[(&str, &'static str)]| {
        words.iter().find(|(mark, _)| user_agent.contains(mark)).map(|(_, name)| *name)
    };
    // The order matters: most browsers name others before themselves.
    let browser = first(&[
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("FxiOS/", "Firefox"),
        ("Chrom", "Chrome"),
        ("CriOS/", "Chrome"),
        ("Safari/", "Safari"),
    ]);
    let system = first(&[
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("CrOS", "ChromeOS"),
        ("Linux", "Linux"),
    ]);
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(name), None) | (None, Some(name)) => name.to_owned(),
        (None, None) if user_agent.trim().is_empty() => "Unnamed browser".to_owned(),
        (None, None) => user_agent.chars().take(60).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_called_by_the_name_people_know() {
        let edge = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0";
        let safari = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1";
        assert_eq!(browser_name(edge), "Edge on Windows");
        assert_eq!(browser_name(safari), "Safari on iPhone");
        assert_eq!((browser_name(" ").as_str(), browser_name("curl/8").as_str()), ("Unnamed browser", "curl/8"));
    }
}
