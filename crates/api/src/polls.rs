//! Polls: looking at one, and voting.

use phiomia_mastodon::form::{List, Text};
use phiomia_model::{Noun, PollId, Refusal, StatusId, Time, Viewer};
use phiomia_social::polls as verbs;
use phiomia_store::{
    Query,
    db::statuses::{self as posts, StatusView},
};
use serde::Deserialize;

use crate::{
    gate::{Answer, Anyone, Ask, Member, json},
    render,
};

/// The post of a poll, if the viewer may see it: a poll is seen by whoever sees its post.
fn seen(q: &Query<'_>, status: StatusId, viewer: Viewer, now: Time) -> Result<StatusView, phiomia_model::Error> {
    Ok(posts::view(q, status, viewer, now)?.ok_or(Refusal::NotFound(Noun::Record))?)
}

async fn answer<G>(ask: &Ask<G>, view: &StatusView) -> Answer {
    let poll = render::poll(view, &ask.api.cx().await?).ok_or(Refusal::NotFound(Noun::Record))?;
    json(&poll)
}

/// `GET /api/v1/polls/:id`
pub async fn show(ask: Ask<Anyone>) -> Answer {
    let (id, viewer, now) = (ask.id::<PollId>(Noun::Record)?, ask.me.viewer(), ask.api.now());
    let view = ask
        .api
        .db
        .read(move |q| {
            let poll = posts::poll(q, id)?.ok_or(Refusal::NotFound(Noun::Record))?;
            seen(q, poll.status, viewer, now)
        })
        .await?;
    answer(&ask, &view).await
}

#[derive(Deserialize)]
struct Votes {
    #[serde(default)]
    choices: List<Text>,
}

/// `POST /api/v1/polls/:id/votes`
pub async fn vote(ask: Ask<Member>) -> Answer {
    let (id, me) = (ask.id::<PollId>(Noun::Record)?, ask.me.account);
    // What is no number can be no choice; the verb says so for each that does not exist.
    let choices: Vec<i64> =
        ask.decode::<Votes>()?.choices.strings().iter().map(|choice| choice.parse().unwrap_or(-1)).collect();
    let view = ask
        .api
        .db
        .write(move |tx| {
            let status = verbs::vote(tx, me, id, &choices)?;
            seen(tx, status, Viewer::Account(me), tx.now())
        })
        .await?;
    answer(&ask, &view).await
}
