//! Where people are led who met somebody, or a post, on another server and want to follow or open it from here.
//! Source: <https://docs.joinmastodon.org/spec/webfinger/> (the link `subscribe`).

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use phiomia_federation::{
    documents,
    resolve::{Found, Missing},
};
use phiomia_model::{AccountId, Error, Handle, Noun, Refusal, Viewer};
use phiomia_social::relationships as verbs;
use phiomia_store::{
    Query,
    db::{
        accounts::{self, AccountView},
        relationships,
        statuses::{self, StatusView},
    },
};

use super::{Browser, Frame, notice, page, redirect, sign_in};
use crate::gate::Ask;

/// Characters of a post that are shown.
const EXCERPT: usize = 500;

#[derive(Template)]
#[template(path = "interaction.html")]
struct Interaction {
    frame: Frame,
    account: AccountId,
    name: String,
    handle: String,
    url: String,
    is_own: bool,
    follows: bool,
    has_asked: bool,
    /// The post that was met, as text, and where it is.
    post: Option<(String, String)>,
}

/// What was looked for, as the person who is signed in sees it.
struct Met {
    account: std::sync::Arc<AccountView>,
    follows: bool,
    has_asked: bool,
    post: Option<StatusView>,
}

/// `GET /authorize_interaction?uri=`.
///
/// # Errors
/// A fault.
pub async fn show(ask: Ask<Browser>) -> Result<Response, Error> {
    let wanted = ask.input.text("uri").map(|text| text.trim().to_owned()).unwrap_or_default();
    let Some(me) = ask.me.account() else {
        let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("uri", &wanted).finish();
        return sign_in::first(&ask, &format!("/authorize_interaction?{query}"));
    };
    let found = match look_up(&ask, &wanted).await {
        Ok(found) => found,
        Err(Missing::Broken(fault)) => return Err(fault.into()),
        Err(missing) => return not_found(&ask, &missing).await,
    };
    let now = ask.api.now();
    let met = ask.api.db.read(move |q| met(q, &found, me, now)).await?;
    let Some(met) = met else {
        return not_found(&ask, &Missing::Refused(Refusal::NotFound(Noun::Record))).await;
    };
    let domain = met.account.domain.as_ref().unwrap_or(&ask.api.addresses.local_domain);
    let shown = Interaction {
        frame: Frame::of(&ask).await?,
        account: met.account.id,
        name: Some(met.account.display_name.trim())
            .filter(|name| !name.is_empty())
            .unwrap_or(&met.account.username)
            .to_owned(),
        handle: format!("@{}@{domain}", met.account.username),
        url: met.account.url.clone(),
        is_own: met.account.id == me,
        follows: met.follows,
        has_asked: met.has_asked,
        post: met.post.as_ref().map(excerpt),
    };
    page(&ask, StatusCode::OK, &shown)
}

/// `POST /authorize_interaction`: follows.
///
/// # Errors
/// `NotFound`, `Forbidden`; a fault.
pub async fn create(ask: Ask<Browser>) -> Result<Response, Error> {
    let Some(me) = ask.me.account() else { return redirect(&ask, "/auth/sign_in") };
    let account = ask.input.text("account").and_then(|id| id.parse::<AccountId>().ok());
    let account = account.ok_or(Refusal::NotFound(Noun::Account))?;
    let follow = move |tx: &phiomia_store::Tx<'_>| {
        verbs::follow(tx, me, account, &verbs::FollowOptions::default())?;
        Ok(relationships::view(tx, me, account)?.ok_or(Refusal::NotFound(Noun::Account))?)
    };
    let view = ask.api.db.write(follow).await?;
    match view.following {
        true => notice(&ask, StatusCode::OK, "Done", "You follow them now.").await,
        false => notice(&ask, StatusCode::OK, "Asked", "They are asked whether you may follow them.").await,
    }
}

/// By handle, or by any address of a person or a post.
async fn look_up(ask: &Ask<Browser>, wanted: &str) -> Result<Found, Missing> {
    let federation = &ask.api.federation;
    let is_address = wanted.starts_with("https://") || wanted.starts_with("http://");
    if let Some(status) = documents::own_status(federation, wanted) {
        return Ok(Found::Status(status));
    }
    if is_address {
        return federation.look_up(wanted).await;
    }
    let not_there = || Missing::Refused(Refusal::NotFound(Noun::Account));
    let handle: Handle = wanted.parse().map_err(|_| not_there())?;
    let handle = handle.relative_to(&ask.api.addresses.own_domains());
    if handle.domain.is_some() {
        return federation.account_by_handle(&handle).await.map(Found::Account);
    }
    let found = ask.api.db.read(move |q| Ok(accounts::by_handle(q, &handle)?)).await?;
    found.map(Found::Account).ok_or_else(not_there)
}

fn met(q: &Query<'_>, found: &Found, me: AccountId, now: phiomia_model::Time) -> Result<Option<Met>, Error> {
    let (account, post) = match found {
        Found::Account(id) => (*id, None),
        Found::Status(id) => match statuses::view(q, *id, Viewer::Account(me), now)? {
            Some(view) => (view.author.id, Some(view)),
            None => return Ok(None),
        },
    };
    let Some(view) = accounts::view(q, account)?.filter(|view| !view.is_suspended && !view.is_deleted) else {
        return Ok(None);
    };
    let relation = relationships::view(q, me, account)?;
    Ok(Some(Met {
        account: view,
        follows: relation.as_ref().is_some_and(|view| view.following),
        has_asked: relation.as_ref().is_some_and(|view| view.requested),
        post,
    }))
}

fn excerpt(view: &StatusView) -> (String, String) {
    let body = &view.body;
    let text = match (body.spoiler_text.is_empty(), body.is_local) {
        (false, _) => body.spoiler_text.clone(),
        (true, true) => body.text.clone(),
        (true, false) => phiomia_text::plain(&body.text),
    };
    (text.chars().take(EXCERPT).collect(), body.url.clone().unwrap_or_else(|| body.uri.clone()))
}

async fn not_found(ask: &Ask<Browser>, missing: &Missing) -> Result<Response, Error> {
    let text = match missing {
        Missing::Unreachable(..) | Missing::NoNames(_) => "The other server does not answer. Please try again later.",
        Missing::KeptAway(_) => "This server does not speak with that one.",
        _ => "There is nobody and nothing at this address that this server can read.",
    };
    notice(ask, StatusCode::NOT_FOUND, "Not found", text).await
}
