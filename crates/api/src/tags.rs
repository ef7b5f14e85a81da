//! Hashtags: what they are used for, following them, showing them on one's profile.

use std::{collections::HashMap, time::Duration};

use phiomia_mastodon::form::{Number, Text};
use phiomia_model::{AccountId, Error, Fault, Noun, Refusal, StatusId, TagId, Time, id::first_of};
use phiomia_social::tags as verbs;
use phiomia_store::{
    Query, Tx,
    db::{
        accounts, featured_tags, followed_tags, promoted,
        tags::{self, History, TagView},
    },
};
use phiomia_text::{is_valid_tag, tag_key};
use serde::Deserialize;

use crate::{
    gate::{Answer, Anyone, Ask, Member, empty, json, paged},
    render::{self, TagStance},
};

/// How far back the use of a hashtag is told.
const WEEK: Duration = Duration::from_secs(7 * 86_400);
/// Tags suggested for one's profile.
const MOST_SUGGESTIONS: i64 = 10;

/// Tags with what their entities tell besides.
pub struct Told {
    tags: Vec<TagView>,
    histories: HashMap<TagId, History>,
    stances: Option<HashMap<TagId, TagStance>>,
}

/// Reads how tags were used in the week before `now`, and what the viewer does with them: three statements however many
/// there are.
///
/// # Errors
/// The database failed.
pub fn told(q: &Query<'_>, tags: Vec<TagView>, viewer: Option<AccountId>, now: Time) -> Result<Told, Fault> {
    let ids: Vec<TagId> = tags.iter().map(|tag| tag.id).collect();
    let histories = tags::histories(q, &ids, StatusId(first_of(now.minus(WEEK))))?;
    let stances = match viewer {
        None => None,
        Some(me) => {
            let (followed, featured) = (followed_tags::among(q, me, &ids)?, featured_tags::among(q, me, &ids)?);
            let stance =
                |id: &TagId| TagStance { is_followed: followed.contains(id), is_featured: featured.contains(id) };
            Some(ids.iter().map(|id| (*id, stance(id))).collect())
        }
    };
    Ok(Told { tags, histories, stances })
}

impl Told {
    /// The entities, in the order of the tags.
    #[must_use]
    pub fn entities(&self, now: Time, cx: &render::Cx) -> Vec<phiomia_mastodon::entities::Tag> {
        let entity = |tag: &TagView| {
            let stance = self.stances.as_ref().map(|all| all.get(&tag.id).copied().unwrap_or_default());
            render::tag(tag, self.histories.get(&tag.id).map_or(&[][..], Vec::as_slice), now, stance, cx)
        };
        self.tags.iter().map(entity).collect()
    }
}

/// `GET /api/v1/tags/:name`. A tag nobody used yet is shown as one without use, and with 0 for its id.
pub async fn show(ask: Ask<Anyone>) -> Answer {
    let written = ask.piece("name").trim_start_matches('#').to_owned();
    if !is_valid_tag(&written) {
        return Err(Refusal::NotFound(Noun::Record).into());
    }
    let (viewer, now) = (ask.me.0.as_ref().map(|member| member.account), ask.api.now());
    let told = ask
        .api
        .db
        .read(move |q| {
            let key = tag_key(&written);
            let unused = || TagView { id: TagId(0), name: key.clone(), display_name: written.clone() };
            let tag = tags::by_name(q, &key)?.unwrap_or_else(unused);
            Ok(told(q, vec![tag], viewer, now)?)
        })
        .await?;
    one(&ask, &told).await
}

async fn one<G>(ask: &Ask<G>, told: &Told) -> Answer {
    let entities = told.entities(ask.api.now(), &ask.api.cx().await?);
    json(entities.first().ok_or(Refusal::NotFound(Noun::Record))?)
}

/// Does one thing with a tag and answers how it stands afterwards.
async fn change(ask: Ask<Member>, act: fn(&Tx<'_>, AccountId, &str) -> Result<TagView, Error>) -> Answer {
    let (name, me, now) = (ask.piece("name").to_owned(), ask.me.account, ask.api.now());
    let told = ask
        .api
        .db
        .write(move |tx| {
            let tag = act(tx, me, &name)?;
            Ok(told(tx, vec![tag], Some(me), now)?)
        })
        .await?;
    one(&ask, &told).await
}

/// `POST /api/v1/tags/:name/follow`
pub async fn follow(ask: Ask<Member>) -> Answer {
    change(ask, verbs::follow).await
}

/// `POST /api/v1/tags/:name/unfollow`
pub async fn unfollow(ask: Ask<Member>) -> Answer {
    change(ask, verbs::unfollow).await
}

/// `POST /api/v1/tags/:name/feature`
pub async fn feature(ask: Ask<Member>) -> Answer {
    change(ask, verbs::feature).await
}

/// `POST /api/v1/tags/:name/unfeature`
pub async fn unfeature(ask: Ask<Member>) -> Answer {
    change(ask, verbs::unfeature).await
}

/// `GET /api/v1/followed_tags`
pub async fn followed(ask: Ask<Member>) -> Answer {
    let (me, page, now) = (ask.me.account, ask.page(100, 200), ask.api.now());
    let (keys, told) = ask
        .api
        .db
        .read(move |q| {
            let (keys, tags): (Vec<i64>, Vec<TagView>) = followed_tags::page(q, me, &page)?.into_iter().unzip();
            Ok((keys, told(q, tags, Some(me), now)?))
        })
        .await?;
    paged(&told.entities(now, &ask.api.cx().await?), ask.link_since(&keys, &page))
}

/// `GET /api/v1/featured_tags`
pub async fn featured(ask: Ask<Member>) -> Answer {
    let me = ask.me.account;
    shown(&ask, me).await
}

/// `GET /api/v1/accounts/:id/featured_tags`
pub async fn featured_by(ask: Ask<Anyone>) -> Answer {
    let id = ask.id(Noun::Account)?;
    shown(&ask, id).await
}

async fn shown<G>(ask: &Ask<G>, account: AccountId) -> Answer {
    let (owner, views) = ask
        .api
        .db
        .read(move |q| {
            let owner = crate::accounts::existing(q, account)?;
            let views = if owner.is_suspended { Vec::new() } else { featured_tags::of_account(q, account)? };
            Ok((owner, views))
        })
        .await?;
    let cx = ask.api.cx().await?;
    json(&views.iter().map(|view| render::featured_tag(view, &owner, &cx)).collect::<Vec<_>>())
}

#[derive(Deserialize)]
struct Named {
    #[serde(default)]
    name: Text,
}

/// `POST /api/v1/featured_tags`
pub async fn create_featured(ask: Ask<Member>) -> Answer {
    let (name, me) = (ask.decode::<Named>()?.name.0, ask.me.account);
    let (owner, view) = ask
        .api
        .db
        .write(move |tx| {
            let tag = verbs::feature_new(tx, me, &name)?;
            let mut views = featured_tags::of_account(tx, me)?;
            views.retain(|view| view.tag.id == tag.id);
            let view = views.pop().ok_or(Refusal::NotFound(Noun::Record))?;
            Ok((accounts::view(tx, me)?.ok_or(Refusal::NotFound(Noun::Account))?, view))
        })
        .await?;
    json(&render::featured_tag(&view, &owner, &ask.api.cx().await?))
}

/// `DELETE /api/v1/featured_tags/:id`
pub async fn delete_featured(ask: Ask<Member>) -> Answer {
    let me = ask.me.account;
    let id: i64 = ask.piece("id").parse().map_err(|_| Refusal::NotFound(Noun::Record))?;
    ask.api.db.write(move |tx| verbs::unfeature_by_id(tx, me, id)).await?;
    empty()
}

/// Trends are counted over so long.
const TREND: Duration = Duration::from_secs(2 * 86_400);
/// People who have to use a tag before it trends, as in Mastodon.
const TREND_PEOPLE: i64 = 5;
/// Since 2022-03-30 `/api/v1/trends/tags` is meant by `/api/v1/trends`.
const TRENDS_OLD_SINCE: i64 = 1_648_598_400;
/// Trends that are counted at most.
const MOST_TRENDS: i64 = 100;

#[derive(Deserialize)]
struct Trends {
    limit: Option<Number>,
    offset: Option<Number>,
}

/// `GET /api/v1/trends/tags`: what staff put forward, then what most people use.
pub async fn trends(ask: Ask<Anyone>) -> Answer {
    let wanted: Trends = ask.decode()?;
    let limit = usize::try_from(wanted.limit.map_or(10, |n| n.0).clamp(1, 20)).unwrap_or_default();
    let offset = usize::try_from(wanted.offset.map_or(0, |n| n.0)).unwrap_or_default();
    let (viewer, now) = (ask.me.0.as_ref().map(|member| member.account), ask.api.now());
    let told = ask
        .api
        .db
        .read(move |q| {
            let mut tags = tags::by_names(q, &promoted::tags(q)?)?;
            let after = StatusId(first_of(now.minus(TREND)));
            for tag in tags::trending(q, after, TREND_PEOPLE, MOST_TRENDS)? {
                if !tags.contains(&tag) {
                    tags.push(tag);
                }
            }
            Ok(told(q, tags.into_iter().skip(offset).take(limit).collect(), viewer, now)?)
        })
        .await?;
    let entities = told.entities(now, &ask.api.cx().await?);
    let path = ask.parts.uri.path().trim_end_matches(".json");
    let at =
        |offset: usize, rel| format!("<{}?limit={limit}&offset={offset}>; rel=\"{rel}\"", ask.api.addresses.at(path));
    let next = (entities.len() == limit).then(|| at(offset.saturating_add(limit), "next"));
    let prev = (offset > 0).then(|| at(offset.saturating_sub(limit), "prev"));
    let links: Vec<String> = next.into_iter().chain(prev).collect();
    let reply = json(&entities)?.linked(Some(links.join(", ")).filter(|links| !links.is_empty()));
    // The address of old.
    let is_old = path.ends_with("/trends");
    Ok(if is_old { reply.deprecated_since(TRENDS_OLD_SINCE) } else { reply })
}

/// `GET /api/v1/featured_tags/suggestions`
pub async fn suggestions(ask: Ask<Member>) -> Answer {
    let (me, now) = (ask.me.account, ask.api.now());
    let told = ask
        .api
        .db
        .read(move |q| Ok(told(q, featured_tags::suggestions(q, me, MOST_SUGGESTIONS)?, Some(me), now)?))
        .await?;
    json(&told.entities(now, &ask.api.cx().await?))
}
