//! Reading posts by id.

use phiomia_mastodon::{
    entities::StatusSource,
    form::{Id, List},
};
use phiomia_model::{Noun, Refusal, StatusId, Viewer, limits::LIMITS, status::Revision};
use phiomia_store::db::statuses::{self as posts, StatusView};
use serde::Deserialize;

use super::seen;
use crate::{
    gate::{Answer, Anyone, Ask, Client, json},
    refresh, render,
};

/// `GET /api/v1/statuses/:id`
pub async fn show(ask: Ask<Anyone>) -> Answer {
    let (id, viewer, now) = (ask.id::<StatusId>(Noun::Status)?, ask.me.viewer(), ask.api.now());
    let view = ask.api.db.read_in_place(move |q| seen(q, id, viewer, now)).await?;
    json(&render::status(&view, &ask.api.cx().await?))
}

#[derive(Deserialize)]
struct Ids {
    #[serde(default)]
    id: List<Id<StatusId>>,
}

/// `GET /api/v1/statuses`
pub async fn many(ask: Ask<Anyone>) -> Answer {
    let ids = ask.decode::<Ids>()?.id.ids();
    if ids.len() > LIMITS.ids_per_request {
        return Err(Refusal::validation(&format!("At most {} ids may be given", LIMITS.ids_per_request)).into());
    }
    let (viewer, now) = (ask.me.viewer(), ask.api.now());
    let views = ask.api.db.read(move |q| Ok(posts::views(q, &ids, viewer, now)?)).await?;
    json(&render::statuses(&views, &ask.api.cx().await?))
}

/// `GET /api/v1/statuses/:id/context`
pub async fn context(ask: Ask<Anyone>) -> Answer {
    let (id, viewer, now) = (ask.id::<StatusId>(Noun::Status)?, ask.me.viewer(), ask.api.now());
    let (thread, views) = ask
        .api
        .db
        .read(move |q| {
            seen(q, id, viewer, now)?;
            let thread = posts::thread(q, id, viewer == Viewer::Anonymous)?;
            let ids: Vec<StatusId> = thread.ancestors.iter().chain(&thread.descendants).copied().collect();
            let views: Vec<StatusView> = posts::views(q, &ids, viewer, now)?.into_iter().filter(is_heard).collect();
            Ok((thread, views))
        })
        .await?;
    let is_fetching = ask.me.0.is_some() && ask.api.federation.look_at_thread(id).await?;
    let reply = json(&render::context(&thread, &views, &ask.api.cx().await?))?;
    Ok(if is_fetching { reply.refreshing(&refresh::of_thread(id)) } else { reply })
}

/// Whether a post stands in a conversation: not those of people whom the viewer blocks or mutes, nor of silenced people
/// whom the viewer does not follow; as in Mastodon. One's own always do.
fn is_heard(view: &StatusView) -> bool {
    let Some(mine) = &view.mine else { return !view.author.is_silenced };
    mine.is_own || (mine.stance.is_undisturbed() && (mine.stance.follows || !view.author.is_silenced))
}

/// `GET /api/v1/statuses/:id/history`
pub async fn history(ask: Ask<Anyone>) -> Answer {
    let (id, viewer, now) = (ask.id::<StatusId>(Noun::Status)?, ask.me.viewer(), ask.api.now());
    let (view, mut revisions) = ask
        .api
        .db
        .read(move |q| {
            let view = seen(q, id, viewer, now)?;
            Ok((view, posts::edits(q, id)?))
        })
        .await?;
    if revisions.is_empty() {
        let body = &view.body;
        revisions.push(Revision {
            text: body.text.clone(),
            spoiler_text: body.spoiler_text.clone(),
            is_sensitive: body.is_sensitive,
            created_at: body.created_at,
            poll_options: body.poll.as_ref().map(|poll| poll.options.iter().map(|o| o.title.clone()).collect()),
            media: body.media.clone(),
        });
    }
    json(&render::revisions(&view, &revisions, &ask.api.cx().await?))
}

/// `GET /api/v1/statuses/:id/source`
pub async fn source(ask: Ask<Client>) -> Answer {
    let (id, now) = (ask.id::<StatusId>(Noun::Status)?, ask.api.now());
    let viewer = Viewer::from(ask.me.account);
    let view = ask.api.db.read(move |q| seen(q, id, viewer, now)).await?;
    let body = &view.body;
    json(&StatusSource { id: body.id, text: body.text.clone(), spoiler_text: body.spoiler_text.clone() })
}
