//! Posts that wait for their time.

use phiomia_mastodon::form::{Text, filled};
use phiomia_model::{Error, Noun, Refusal, ScheduledStatusId, Time};
use phiomia_social::scheduled as verbs;
use phiomia_store::db::scheduled;
use serde::Deserialize;

use crate::{
    gate::{Answer, Ask, Member, empty, json, paged},
    render,
};

/// A time as apps write it.
///
/// # Errors
/// In Mastodon's words, when it is none.
pub fn time(text: &Text) -> Result<Time, Error> {
    Time::parse_loosely(&text.0).ok_or_else(|| Refusal::Invalid("Invalid date supplied".to_owned()).into())
}

/// `GET /api/v1/scheduled_statuses`
pub async fn list(ask: Ask<Member>) -> Answer {
    let (me, page) = (ask.me.account, ask.page(20, 40));
    let views = ask.api.db.read(move |q| Ok(scheduled::page(q, me, &page)?)).await?;
    let keys: Vec<i64> = views.iter().map(|view| view.id.0).collect();
    let entities: Vec<_> = views.iter().map(|view| render::scheduled_status(view, &ask.api.addresses)).collect();
    paged(&entities, ask.link(&keys, &page))
}

/// `GET /api/v1/scheduled_statuses/:id`
pub async fn show(ask: Ask<Member>) -> Answer {
    let (id, me) = (ask.id::<ScheduledStatusId>(Noun::Record)?, ask.me.account);
    let view = ask.api.db.read(move |q| verbs::own(q, me, id)).await?;
    json(&render::scheduled_status(&view, &ask.api.addresses))
}

#[derive(Deserialize)]
struct Move {
    #[serde(default, deserialize_with = "filled")]
    scheduled_at: Option<Text>,
}

/// `PUT /api/v1/scheduled_statuses/:id`: without a time nothing changes.
pub async fn reschedule(ask: Ask<Member>) -> Answer {
    let (id, me) = (ask.id::<ScheduledStatusId>(Noun::Record)?, ask.me.account);
    let at = ask.decode::<Move>()?.scheduled_at.as_ref().map(time).transpose()?;
    let view = ask
        .api
        .db
        .write(move |tx| {
            if let Some(at) = at {
                verbs::reschedule(tx, me, id, at)?;
            }
            verbs::own(tx, me, id)
        })
        .await?;
    json(&render::scheduled_status(&view, &ask.api.addresses))
}

/// `DELETE /api/v1/scheduled_statuses/:id`
pub async fn cancel(ask: Ask<Member>) -> Answer {
    let (id, me) = (ask.id::<ScheduledStatusId>(Noun::Record)?, ask.me.account);
    ask.api.db.write(move |tx| verbs::cancel(tx, me, id)).await?;
    empty()
}
