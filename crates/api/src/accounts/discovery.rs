//! Finding people: the directory, suggestions, whom of those one follows others know too, whom one shows.

use std::collections::HashMap;

use phiomia_mastodon::{
    entities::{self, SuggestionReason, SuggestionSource, Written},
    form::{Flag, Id, List, Number, Text, filled},
};
use phiomia_model::{AccountId, Refusal, limits::LIMITS};
use phiomia_store::db::{
    accounts,
    discovery::{self, Order, Why},
};
use serde::Deserialize;

use crate::{
    gate::{Answer, Anyone, Ask, Member, empty, json},
    render,
};

#[derive(Deserialize)]
struct Directory {
    #[serde(default, deserialize_with = "filled")]
    order: Option<Text>,
    #[serde(default)]
    local: Flag,
    offset: Option<Number>,
    limit: Option<Number>,
}

/// `GET /api/v1/directory`
pub async fn directory(ask: Ask<Anyone>) -> Answer {
    let wanted: Directory = ask.decode()?;
    let order = match wanted.order.as_ref().map(|order| order.0.as_str()) {
        Some("new") => Order::New,
        _ => Order::Active,
    };
    let limit = wanted.limit.map_or(40, |n| n.0).clamp(1, 80);
    let offset = wanted.offset.map_or(0, |n| n.0).max(0);
    let (viewer, is_local) = (ask.me.viewer(), wanted.local.0);
    let people = ask
        .api
        .db
        .read(move |q| {
            let ids = discovery::directory(q, viewer, order, is_local, limit, offset)?;
            Ok(accounts::views(q, &ids)?)
        })
        .await?;
    let cx = ask.api.cx().await?;
    json(&people.iter().map(|view| render::account(view, &cx)).collect::<Vec<_>>())
}

#[derive(Deserialize)]
struct Wanted {
    limit: Option<Number>,
}

async fn suggested(ask: &Ask<Member>) -> Result<Vec<entities::Suggestion>, phiomia_model::Error> {
    let limit = ask.decode::<Wanted>()?.limit.map_or(40, |n| n.0).clamp(1, 80);
    let me = ask.me.account;
    let (found, people) = ask
        .api
        .db
        .read(move |q| {
            let found = discovery::suggestions(q, me, limit)?;
            let ids: Vec<AccountId> = found.iter().map(|(account, _)| *account).collect();
            Ok((found, accounts::map(q, &ids)?))
        })
        .await?;
    let cx = ask.api.cx().await?;
    let suggestion = |(account, whys): &(AccountId, Vec<Why>)| {
        Some(entities::Suggestion {
            source: whys.first().map(|why| old_reason(*why))?,
            sources: whys.iter().map(|why| reason(*why)).collect(),
            account: render::account(people.get(account)?, &cx),
        })
    };
    Ok(found.iter().filter_map(suggestion).collect())
}

const fn reason(why: Why) -> SuggestionReason {
    match why {
        Why::Staff => SuggestionReason::Featured,
        Why::FriendsOfFriends => SuggestionReason::FriendsOfFriends,
        Why::MostFollowed => SuggestionReason::MostFollowed,
    }
}

/// The same as clients before 4.3 know it.
const fn old_reason(why: Why) -> SuggestionSource {
    match why {
        Why::Staff => SuggestionSource::Staff,
        Why::FriendsOfFriends => SuggestionSource::PastInteractions,
        Why::MostFollowed => SuggestionSource::Global,
    }
}

/// `GET /api/v2/suggestions`
pub async fn suggestions(ask: Ask<Member>) -> Answer {
    json(&suggested(&ask).await?)
}

/// Since 2021-05-16 version 2 is meant.
const V1_OLD_SINCE: i64 = 1_621_123_200;

/// `GET /api/v1/suggestions`
pub async fn suggestions_v1(ask: Ask<Member>) -> Answer {
    let people: Vec<_> = suggested(&ask).await?.into_iter().map(|suggestion| suggestion.account).collect();
    Ok(json(&people)?.deprecated_since(V1_OLD_SINCE))
}

/// `DELETE /api/v1/suggestions/:account_id`
pub async fn dismiss_suggestion(ask: Ask<Member>) -> Answer {
    let me = ask.me.account;
    if let Ok(target) = ask.piece("account_id").parse::<AccountId>() {
        ask.api.db.write(move |tx| Ok(discovery::dismiss(tx, me, target)?)).await?;
    }
    empty()
}

#[derive(Deserialize)]
struct Ids {
    #[serde(default)]
    id: List<Id<AccountId>>,
}

/// `GET /api/v1/accounts/familiar_followers`
pub async fn familiar_followers(ask: Ask<Member>) -> Answer {
    let (me, ids) = (ask.me.account, ask.decode::<Ids>()?.id.ids());
    if ids.len() > LIMITS.ids_per_request {
        return Err(Refusal::validation(&format!("At most {} ids may be given", LIMITS.ids_per_request)).into());
    }
    let (targets, pairs, people) = ask
        .api
        .db
        .read(move |q| {
            let targets: Vec<AccountId> = accounts::views(q, &ids)?.iter().map(|view| view.id).collect();
            let pairs = discovery::familiar_followers(q, me, &targets)?;
            let friends: Vec<AccountId> = pairs.iter().map(|(_, friend)| *friend).collect();
            Ok((targets, pairs, accounts::map(q, &friends)?))
        })
        .await?;
    let cx = ask.api.cx().await?;
    let mut by_target: HashMap<AccountId, Vec<Written<entities::Account>>> = HashMap::new();
    for (target, friend) in &pairs {
        if let Some(view) = people.get(friend) {
            by_target.entry(*target).or_default().push(render::account(view, &cx));
        }
    }
    let familiar =
        |id: &AccountId| entities::FamiliarFollowers { id: *id, accounts: by_target.remove(id).unwrap_or_default() };
    json(&targets.iter().map(familiar).collect::<Vec<_>>())
}
