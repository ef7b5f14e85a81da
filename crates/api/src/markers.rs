//! How far somebody has read.

use phiomia_mastodon::form::{List, Number, Text, filled};
use phiomia_model::Refusal;
use phiomia_social::markers as verbs;
use phiomia_store::db::markers::{self, Marked};
use serde::Deserialize;

use crate::{
    gate::{Answer, Ask, Member, json},
    render,
};

#[derive(Deserialize)]
struct Wanted {
    #[serde(default)]
    timeline: List<Text>,
}

/// `GET /api/v1/markers`
pub async fn show(ask: Ask<Member>) -> Answer {
    let (me, wanted) = (ask.me.account, ask.decode::<Wanted>()?.timeline.strings());
    let mut found = ask.api.db.read(move |q| Ok(markers::list(q, me)?)).await?;
    found.retain(|marker| wanted.iter().any(|word| word == marker.timeline.word()));
    json(&render::markers(&found))
}

#[derive(Deserialize)]
struct Read {
    #[serde(default, deserialize_with = "filled")]
    home: Option<Position>,
    #[serde(default, deserialize_with = "filled")]
    notifications: Option<Position>,
}

#[derive(Deserialize)]
struct Position {
    last_read_id: Option<Number>,
}

/// `POST /api/v1/markers`
pub async fn put(ask: Ask<Member>) -> Answer {
    let (me, input) = (ask.me.account, ask.decode::<Read>()?);
    let mut read: Vec<(Marked, i64)> = Vec::new();
    for (timeline, position) in [(Marked::Home, input.home), (Marked::Notifications, input.notifications)] {
        let Some(id) = position.and_then(|position| position.last_read_id) else { continue };
        if id.0 < 0 {
            return Err(Refusal::validation("Last read must be greater than or equal to 0").into());
        }
        read.push((timeline, id.0));
    }
    let now = ask.api.db.write(move |tx| verbs::put(tx, me, &read)).await?;
    json(&render::markers(&now))
}
