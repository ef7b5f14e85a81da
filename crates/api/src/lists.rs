//! Lists of people: making them, and who is on them.

use phiomia_mastodon::form::{Flag, Id, List, Text};
use phiomia_model::{AccountId, Error, ListId, Noun, Page, Refusal, RepliesPolicy, limits::LIMITS};
use phiomia_social::lists::{self as verbs, ListEdit};
use phiomia_store::{
    Query,
    db::{accounts, lists, lists::ListView},
};
use serde::Deserialize;

use crate::{
    gate::{Answer, Ask, Member, empty, json, paged},
    render,
};

/// One of `me`'s lists.
///
/// # Errors
/// Refused when there is none, or it is somebody else's (`404`).
pub fn own(q: &Query<'_>, me: AccountId, list: ListId) -> Result<ListView, Error> {
    Ok(lists::find(q, me, list)?.ok_or(Refusal::NotFound(Noun::Record))?)
}

/// `GET /api/v1/lists`
pub async fn index(ask: Ask<Member>) -> Answer {
    let me = ask.me.account;
    let views = ask.api.db.read(move |q| Ok(lists::of_owner(q, me)?)).await?;
    json(&views.iter().map(render::list).collect::<Vec<_>>())
}

/// `GET /api/v1/lists/:id`
pub async fn show(ask: Ask<Member>) -> Answer {
    let (id, me) = (ask.id(Noun::Record)?, ask.me.account);
    json(&render::list(&ask.api.db.read(move |q| own(q, me, id)).await?))
}

#[derive(Deserialize)]
struct Wanted {
    title: Option<Text>,
    replies_policy: Option<Text>,
    exclusive: Option<Flag>,
}

impl Wanted {
    fn into_edit(self) -> Result<ListEdit, Refusal> {
        let policy = |word: Text| -> Result<RepliesPolicy, Refusal> {
            word.0.parse().map_err(|_| Refusal::Invalid(format!("'{}' is not a valid replies_policy", word.0)))
        };
        Ok(ListEdit {
            title: self.title.map(Into::into),
            replies_policy: self.replies_policy.map(policy).transpose()?,
            is_exclusive: self.exclusive.map(Into::into),
        })
    }
}

/// `POST /api/v1/lists`
pub async fn create(ask: Ask<Member>) -> Answer {
    let (me, how) = (ask.me.account, ask.decode::<Wanted>()?.into_edit()?);
    json(&render::list(&ask.api.db.write(move |tx| verbs::create(tx, me, &how)).await?))
}

/// `PUT /api/v1/lists/:id`
pub async fn update(ask: Ask<Member>) -> Answer {
    let (id, me, how) = (ask.id(Noun::Record)?, ask.me.account, ask.decode::<Wanted>()?.into_edit()?);
    json(&render::list(&ask.api.db.write(move |tx| verbs::update(tx, me, id, &how)).await?))
}

/// `DELETE /api/v1/lists/:id`
pub async fn delete(ask: Ask<Member>) -> Answer {
    let (id, me) = (ask.id(Noun::Record)?, ask.me.account);
    ask.api.db.write(move |tx| verbs::delete(tx, me, id)).await?;
    empty()
}

/// `GET /api/v1/lists/:id/accounts`. A limit of zero asks for everybody who is on it.
pub async fn members(ask: Ask<Member>) -> Answer {
    let (id, me) = (ask.id(Noun::Record)?, ask.me.account);
    let wants_all = ask.input.text("limit").as_deref() == Some("0");
    // Nobody follows more, and only followed people are on lists.
    let page = if wants_all { Page::first(LIMITS.follows) } else { ask.page(40, 80) };
    let (keys, people) = ask
        .api
        .db
        .read(move |q| {
            own(q, me, id)?;
            let ids = lists::members(q, id, &page)?;
            Ok((ids.iter().map(|id| id.0).collect::<Vec<_>>(), accounts::views(q, &ids)?))
        })
        .await?;
    let cx = ask.api.cx().await?;
    let entities: Vec<_> = people.iter().map(|view| render::account(view, &cx)).collect();
    paged(&entities, if wants_all { None } else { ask.link_since(&keys, &page) })
}

#[derive(Deserialize)]
struct Members {
    #[serde(default)]
    account_ids: List<Id<AccountId>>,
}

/// The accounts named, each once.
fn named(ask: &Ask<Member>) -> Result<Vec<AccountId>, Error> {
    let mut ids = ask.decode::<Members>()?.account_ids.ids();
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}

/// `POST /api/v1/lists/:id/accounts`
pub async fn add_members(ask: Ask<Member>) -> Answer {
    let (id, me, members) = (ask.id(Noun::Record)?, ask.me.account, named(&ask)?);
    ask.api.db.write(move |tx| verbs::add(tx, me, id, &members)).await?;
    empty()
}

/// `DELETE /api/v1/lists/:id/accounts`
pub async fn remove_members(ask: Ask<Member>) -> Answer {
    let (id, me, members) = (ask.id(Noun::Record)?, ask.me.account, named(&ask)?);
    ask.api.db.write(move |tx| verbs::remove(tx, me, id, &members)).await?;
    empty()
}

/// `GET /api/v1/accounts/:id/lists`
pub async fn with_member(ask: Ask<Member>) -> Answer {
    let (id, me) = (ask.id::<AccountId>(Noun::Account)?, ask.me.account);
    let views = ask
        .api
        .db
        .read(move |q| {
            crate::accounts::existing(q, id)?;
            Ok(lists::with_member(q, me, id)?)
        })
        .await?;
    json(&views.iter().map(render::list).collect::<Vec<_>>())
}
