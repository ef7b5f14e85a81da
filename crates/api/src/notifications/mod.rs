//! What somebody is told of: one by one here, folded in `groups`.

pub mod groups;
pub mod policy;
pub mod requests;

use phiomia_mastodon::form::{Flag, Id, List, Number, Text, filled};
use phiomia_model::{AccountId, Error, NotificationId, NotificationType, Noun, Refusal};
use phiomia_store::db::notifications::{self, NotificationFilter};
use serde::Deserialize;

use crate::{
    gate::{Answer, Ask, Member, empty, json, paged},
    render,
};

#[derive(Deserialize)]
struct Wanted {
    types: Option<List<Text>>,
    #[serde(default)]
    exclude_types: List<Text>,
    #[serde(default, deserialize_with = "filled")]
    account_id: Option<Id<AccountId>>,
    #[serde(default)]
    include_filtered: Option<Flag>,
}

impl Wanted {
    /// `None`: from somebody who cannot exist, so there is nothing.
    fn into_filter(self) -> Option<NotificationFilter> {
        let read = |list: List<Text>| -> Vec<NotificationType> {
            list.0.iter().filter_map(|word| word.0.parse().ok()).collect()
        };
        let excluded = read(self.exclude_types);
        // An empty list asks for everything; a list of unknown words for nothing.
        let wanted = self.types.filter(|list| !list.0.is_empty()).map(read);
        let types = wanted.unwrap_or_else(|| NotificationType::ALL.to_vec());
        let from = match self.account_id {
            None => None,
            Some(Id(None)) => return None,
            Some(Id(id)) => id,
        };
        let types = types.into_iter().filter(|kind| !excluded.contains(kind)).collect();
        let with_filtered = self.include_filtered.is_some_and(|flag| flag.0);
        Some(NotificationFilter { types, from, with_filtered })
    }
}

/// `GET /api/v1/notifications`
pub async fn list(ask: Ask<Member>) -> Answer {
    let (me, page, now) = (ask.me.account, ask.page(40, 80), ask.api.now());
    let Some(filter) = ask.decode::<Wanted>()?.into_filter() else { return json::<[()]>(&[]) };
    let (ids, views) = ask.api.db.read(move |q| Ok(notifications::page(q, me, &filter, &page, now)?)).await?;
    let cx = ask.api.cx().await?;
    let keys: Vec<i64> = ids.iter().map(|id| id.0).collect();
    paged(&views.iter().map(|view| render::notification(view, &cx)).collect::<Vec<_>>(), ask.link(&keys, &page))
}

/// `GET /api/v1/notifications/:id`
pub async fn show(ask: Ask<Member>) -> Answer {
    let (id, me, now) = (ask.id::<NotificationId>(Noun::Record)?, ask.me.account, ask.api.now());
    let view = ask.api.db.read(move |q| Ok(notifications::view(q, me, id, now)?)).await?;
    json(&render::notification(&view.ok_or(Refusal::NotFound(Noun::Record))?, &ask.api.cx().await?))
}

/// `POST /api/v1/notifications/clear`
pub async fn clear(ask: Ask<Member>) -> Answer {
    let me = ask.me.account;
    ask.api.db.write(move |tx| Ok(notifications::clear(tx, me)?)).await?;
    empty()
}

/// `POST /api/v1/notifications/:id/dismiss`, and `DELETE /api/v1/notifications/:id`, which older apps send
pub async fn dismiss(ask: Ask<Member>) -> Answer {
    let (id, me) = (ask.id::<NotificationId>(Noun::Record)?, ask.me.account);
    ask.api
        .db
        .write(move |tx| {
            let was_there = notifications::dismiss(tx, me, id)?;
            if was_there { Ok(()) } else { Err(Error::from(Refusal::NotFound(Noun::Record))) }
        })
        .await?;
    empty()
}

/// Several notifications.
#[derive(Deserialize)]
struct Several {
    #[serde(default)]
    ids: List<Id<NotificationId>>,
}

/// `DELETE /api/v1/notifications/destroy_multiple`: dismisses those of them that are there.
pub async fn dismiss_many(ask: Ask<Member>) -> Answer {
    let ids: Vec<NotificationId> = ask.decode::<Several>()?.ids.0.into_iter().filter_map(|id| id.0).collect();
    let me = ask.me.account;
    ask.api.db.write(move |tx| Ok(notifications::dismiss_many(tx, me, &ids)?)).await?;
    empty()
}

/// How many at most.
#[derive(Deserialize)]
struct Counting {
    limit: Option<Number>,
}

/// `GET /api/v1/notifications/unread_count`: those above the marker of the notifications.
pub async fn unread_count(ask: Ask<Member>) -> Answer {
    let most = ask.decode::<Counting>()?.limit.map_or(100, |n| n.0).clamp(1, 1_000);
    let (me, now) = (ask.me.account, ask.api.now());
    let count = match ask.decode::<Wanted>()?.into_filter() {
        None => 0,
        Some(filter) => ask.api.db.read(move |q| Ok(notifications::n_unread(q, me, &filter, most, now)?)).await?,
    };
    json(&serde_json::json!({ "count": count }))
}
