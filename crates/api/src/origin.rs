//! What the server of a post or a person counts, and how old those figures are. Our own addition; `docs/api.md` describes
//! it. What clients are shown elsewhere is the larger of this and of what came here.

use phiomia_model::{AccountId, Noun, Refusal, StatusId, Time, Viewer};
use phiomia_store::db::{
    federation::{actors, posts},
    statuses,
};
use serde::Serialize;

use crate::{
    accounts::existing,
    gate::{Answer, Ask, Member, json},
};

/// Where it is from, and when that was asked last.
#[derive(Serialize)]
struct Origin<T> {
    host: String,
    #[serde(flatten)]
    counts: T,
    counted_at: Option<String>,
    fetched_at: Option<String>,
}

#[derive(Serialize)]
struct PostCounts {
    replies_count: Option<i64>,
    reblogs_count: Option<i64>,
    favourites_count: Option<i64>,
}

#[derive(Serialize)]
struct PersonCounts {
    followers_count: i64,
    following_count: i64,
    statuses_count: i64,
}

/// `GET /api/v1/statuses/:id/origin`
pub async fn of_status(ask: Ask<Member>) -> Answer {
    let (id, me, now) = (ask.id::<StatusId>(Noun::Status)?, ask.me.account, ask.api.now());
    let own_host = ask.api.addresses.web_domain.clone();
    let found = ask.api.db.read(move |q| {
        let body = statuses::visible(q, id, Viewer::Account(me), now)?.ok_or(Refusal::NotFound(Noun::Status))?;
        // A boost stands for what it boosts.
        let meant = body.reblog_of_id.unwrap_or(body.id);
        let body = match body.reblog_of_id {
            Some(original) => statuses::visible(q, original, Viewer::Account(me), now)?,
            None => Some(body),
        };
        let body = body.ok_or(Refusal::NotFound(Noun::Status))?;
        let Some(row) = posts::find(q, meant)? else {
            let counts = PostCounts {
                replies_count: Some(body.replies_count),
                reblogs_count: Some(body.reblogs_count),
                favourites_count: Some(body.favourites_count),
            };
            return Ok(here(own_host.clone(), counts, now));
        };
        let host = actors::find(q, body.account)?.map(|actor| actor.host).unwrap_or_default();
        let counts = PostCounts {
            replies_count: row.n_replies,
            reblogs_count: row.n_reblogs,
            favourites_count: row.n_favourites,
        };
        Ok(elsewhere(host, counts, row.counted_at, row.fetched_at))
    });
    json(&found.await?)
}

/// `GET /api/v1/accounts/:id/origin`
pub async fn of_account(ask: Ask<Member>) -> Answer {
    let (id, now) = (ask.id::<AccountId>(Noun::Account)?, ask.api.now());
    let own_host = ask.api.addresses.web_domain.clone();
    let found = ask.api.db.read(move |q| {
        let view = existing(q, id)?;
        let counts = PersonCounts {
            followers_count: view.followers_count,
            following_count: view.following_count,
            statuses_count: view.statuses_count,
        };
        Ok(match actors::find(q, id)? {
            Some(row) => elsewhere(row.host, counts, row.counted_at, row.fetched_at),
            None => here(own_host.clone(), counts, now),
        })
    });
    json(&found.await?)
}

/// Of here: counted now.
fn here<T>(host: String, counts: T, now: Time) -> Origin<T> {
    elsewhere(host, counts, Some(now), now)
}

fn elsewhere<T>(host: String, counts: T, counted_at: Option<Time>, fetched_at: Time) -> Origin<T> {
    let text = Time::to_iso_millis;
    Origin { host, counts, counted_at: counted_at.map(text), fetched_at: Some(text(fetched_at)) }
}
