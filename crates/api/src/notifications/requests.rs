//! Senders whose mentions and quotes the caller's policy holds back.

use phiomia_mastodon::form::{Id, List};
use phiomia_model::{NotificationRequestId, Noun, Refusal};
use phiomia_social::notifications as verbs;
use phiomia_store::db::notifications::requests;
use serde::Deserialize;

use crate::{
    gate::{Answer, Ask, Member, empty, json, paged},
    render,
};

#[derive(Deserialize)]
struct Many {
    #[serde(default)]
    id: List<Id<NotificationRequestId>>,
}

/// `GET /api/v1/notifications/requests`
pub async fn list(ask: Ask<Member>) -> Answer {
    let (me, page, now) = (ask.me.account, ask.page(40, 80), ask.api.now());
    let (ids, views) = ask.api.db.read(move |q| Ok(requests::page(q, me, &page, now)?)).await?;
    let cx = ask.api.cx().await?;
    let keys: Vec<i64> = ids.iter().map(|id| id.0).collect();
    let views: Vec<_> = views.iter().map(|view| render::notification_request(view, &cx)).collect();
    paged(&views, ask.link(&keys, &page))
}

/// `GET /api/v1/notifications/requests/:id`
pub async fn show(ask: Ask<Member>) -> Answer {
    let (id, me, now) = (ask.id(Noun::Record)?, ask.me.account, ask.api.now());
    let view = ask.api.db.read(move |q| Ok(requests::view(q, me, id, now)?)).await?;
    json(&render::notification_request(&view.ok_or(Refusal::NotFound(Noun::Record))?, &ask.api.cx().await?))
}

/// `POST /api/v1/notifications/requests/:id/accept`
pub async fn accept(ask: Ask<Member>) -> Answer {
    answer_one(ask, true).await
}

/// `POST /api/v1/notifications/requests/:id/dismiss`
pub async fn dismiss(ask: Ask<Member>) -> Answer {
    answer_one(ask, false).await
}

/// `POST /api/v1/notifications/requests/accept`
pub async fn accept_many(ask: Ask<Member>) -> Answer {
    let (me, ids) = (ask.me.account, many(&ask)?);
    ask.api.db.write(move |tx| verbs::accept_requests(tx, me, &ids)).await?;
    empty()
}

/// `POST /api/v1/notifications/requests/dismiss`
pub async fn dismiss_many(ask: Ask<Member>) -> Answer {
    let (me, ids) = (ask.me.account, many(&ask)?);
    ask.api.db.write(move |tx| verbs::dismiss_requests(tx, me, &ids)).await?;
    empty()
}

/// `GET /api/v1/notifications/requests/merged`: always, because an acceptance is answered after all of it was merged.
pub async fn merged(ask: Ask<Member>) -> Answer {
    let _ = ask.me.account;
    json(&serde_json::json!({ "merged": true }))
}

async fn answer_one(ask: Ask<Member>, accepts: bool) -> Answer {
    let (id, me) = (ask.id(Noun::Record)?, ask.me.account);
    ask.api.db.write(move |tx| verbs::answer_request(tx, me, id, accepts)).await?;
    empty()
}

/// The ids of a request about many; what is no id is nobody's.
fn many(ask: &Ask<Member>) -> Result<Vec<NotificationRequestId>, phiomia_model::Error> {
    Ok(ask.decode::<Many>()?.id.0.into_iter().filter_map(|id| id.0).collect())
}
