//! What somebody is told of, folded into groups.

use phiomia_mastodon::form::{List, Number, Text, filled};
use phiomia_model::{NotificationType, Noun, Refusal};
use phiomia_store::db::notifications::{self, Grouped};
use serde::Deserialize;

use super::{Counting, Wanted};
use crate::{
    gate::{Answer, Ask, Member, empty, json, paged},
    render::{self, Expand},
};

#[derive(Deserialize)]
struct Folding {
    grouped_types: Option<List<Text>>,
    #[serde(default, deserialize_with = "filled")]
    expand_accounts: Option<Text>,
}

impl Folding {
    fn grouped(&self) -> Grouped {
        match &self.grouped_types {
            Some(list) if !list.0.is_empty() => {
                let asked: Vec<NotificationType> = list.0.iter().filter_map(|word| word.0.parse().ok()).collect();
                Grouped(NotificationType::GROUPED.into_iter().filter(|kind| asked.contains(kind)).collect())
            }
            _ => Grouped::default(),
        }
    }

    fn expand(&self) -> Result<Expand, Refusal> {
        match self.expand_accounts.as_ref().map(|word| word.0.as_str()) {
            None | Some("full" | "accounts") => Ok(Expand::Full),
            Some("partial_avatars" | "partial_accounts") => Ok(Expand::PartialAvatars),
            Some(word) => Err(Refusal::Malformed(format!(
                "Invalid value for 'expand_accounts': '{word}', allowed values are 'full', 'partial_avatars'"
            ))),
        }
    }
}

/// `GET /api/v2/notifications`
pub async fn list(ask: Ask<Member>) -> Answer {
    let (me, page, now) = (ask.me.account, ask.page(40, 80), ask.api.now());
    let folding = ask.decode::<Folding>()?;
    let (grouped, expand) = (folding.grouped(), folding.expand()?);
    let found = match ask.decode::<Wanted>()?.into_filter() {
        None => notifications::GroupPage::default(),
        Some(filter) => {
            ask.api.db.read(move |q| Ok(notifications::groups(q, me, &filter, &grouped, &page, now)?)).await?
        }
    };
    let keys: Vec<i64> = found.ids.iter().map(|id| id.0).collect();
    let link = ask.link_between(keys.first().copied(), keys.last().copied());
    Ok(json(&render::groups(&found, expand, &ask.api.cx().await?))?.linked(link))
}

/// `GET /api/v2/notifications/:group_key`
pub async fn show(ask: Ask<Member>) -> Answer {
    let (me, key, now) = (ask.me.account, ask.piece("group_key").to_owned(), ask.api.now());
    let found = ask.api.db.read(move |q| Ok(notifications::group(q, me, &key, now)?)).await?;
    let found = found.ok_or(Refusal::NotFound(Noun::Record))?;
    json(&render::groups(&found, Expand::Full, &ask.api.cx().await?))
}

/// `GET /api/v2/notifications/:group_key/accounts`
pub async fn accounts(ask: Ask<Member>) -> Answer {
    let (me, key, page, now) = (ask.me.account, ask.piece("group_key").to_owned(), ask.page(40, 80), ask.api.now());
    let read = ask.api.db.read(move |q| Ok(notifications::group_accounts(q, me, &key, &page, now)?));
    let (ids, people) = read.await?;
    let (cx, keys) = (ask.api.cx().await?, ids.iter().map(|id| id.0).collect::<Vec<_>>());
    paged(&people.iter().map(|view| render::account(view, &cx)).collect::<Vec<_>>(), ask.link(&keys, &page))
}

/// `POST /api/v2/notifications/:group_key/dismiss`
pub async fn dismiss(ask: Ask<Member>) -> Answer {
    let (me, key) = (ask.me.account, ask.piece("group_key").to_owned());
    ask.api.db.write(move |tx| Ok(notifications::dismiss_group(tx, me, &key)?)).await?;
    empty()
}

/// `GET /api/v2/notifications/unread_count`: groups above the marker of the notifications.
pub async fn unread_count(ask: Ask<Member>) -> Answer {
    let most = ask.decode::<Counting>()?.limit.map_or(100, |n: Number| n.0).clamp(1, 1_000);
    let (me, now, grouped) = (ask.me.account, ask.api.now(), ask.decode::<Folding>()?.grouped());
    let count = match ask.decode::<Wanted>()?.into_filter() {
        None => 0,
        Some(filter) => {
            let read = move |q: &phiomia_store::Query<'_>| {
                Ok(notifications::n_unread_groups(q, me, &filter, &grouped, most, now)?)
            };
            ask.api.db.read(read).await?
        }
    };
    json(&serde_json::json!({ "count": count }))
}
