//! Announcements to everybody here: what an app shows of them, and what people do with them.

use std::collections::HashMap;

use phiomia_federation::documents;
use phiomia_mastodon::form::Flag;
use phiomia_model::{AccountId, AnnouncementId, Error, Fault, Noun, Time, Viewer, Visibility};
use phiomia_social::announcements;
use phiomia_store::{
    Query,
    db::{
        accounts,
        announcements::{self as rows, AnnouncementView, ReactionView},
        federation::posts,
        statuses::{self, StatusView},
    },
};
use serde::Deserialize;

use crate::{
    gate::{Answer, Ask, Member, empty, json},
    render::{self, Announced},
    state::Api,
};

#[derive(Deserialize)]
struct Wanted {
    #[serde(default)]
    with_dismissed: Flag,
}

/// `GET /api/v1/announcements`
pub async fn index(ask: Ask<Member>) -> Answer {
    let with_dismissed = ask.decode::<Wanted>()?.with_dismissed.0;
    let (me, now, api) = (ask.me.account, ask.api.now(), ask.api.clone());
    let read = move |q: &Query<'_>| {
        let dismissed = rows::dismissed(q, me)?;
        let mut views = rows::shown(q, now)?;
        views.retain(|view| with_dismissed || !dismissed.contains(&view.id));
        let mut reactions = rows::reactions(q, &views.iter().map(|view| view.id).collect::<Vec<_>>(), Some(me))?;
        let whole = |view: AnnouncementView| {
            let (given, is_read) = (reactions.remove(&view.id), dismissed.contains(&view.id));
            whole(q, &api, view, given, Some(is_read), now)
        };
        views.into_iter().map(whole).collect::<Result<Vec<_>, Fault>>()
    };
    let announced = ask.api.db.read(move |q| Ok(read(q)?)).await?;
    let cx = ask.api.cx().await?;
    json(&announced.iter().map(|one| render::announcement(one, &cx)).collect::<Vec<_>>())
}

/// `POST /api/v1/announcements/:id/dismiss`
pub async fn dismiss(ask: Ask<Member>) -> Answer {
    let (id, me) = (ask.id::<AnnouncementId>(Noun::Record)?, ask.me.account);
    ask.api.db.write(move |tx| announcements::dismiss(tx, me, id)).await?;
    empty()
}

/// `PUT /api/v1/announcements/:id/reactions/:name`
pub async fn react(ask: Ask<Member>) -> Answer {
    let (id, me, name) = reaction(&ask)?;
    ask.api.db.write(move |tx| announcements::react(tx, me, id, &name)).await?;
    empty()
}

/// `DELETE /api/v1/announcements/:id/reactions/:name`
pub async fn unreact(ask: Ask<Member>) -> Answer {
    let (id, me, name) = reaction(&ask)?;
    ask.api.db.write(move |tx| announcements::unreact(tx, me, id, &name)).await?;
    empty()
}

fn reaction(ask: &Ask<Member>) -> Result<(AnnouncementId, AccountId, String), Error> {
    Ok((ask.id(Noun::Record)?, ask.me.account, ask.piece("name").to_owned()))
}

/// What streams tell of an announcement: as somebody sees it who has not read it; `None` when it is not shown.
///
/// # Errors
/// The database failed.
pub(crate) fn news(q: &Query<'_>, api: &Api, id: AnnouncementId, now: Time) -> Result<Option<Announced>, Fault> {
    let Some(view) = rows::find(q, id)?.filter(|view| view.is_published) else { return Ok(None) };
    let given = rows::reactions(q, &[id], None)?.remove(&id);
    whole(q, api, view, given, None, now).map(Some)
}

/// An announcement with all that it refers to.
fn whole(
    q: &Query<'_>,
    api: &Api,
    view: AnnouncementView,
    reactions: Option<Vec<ReactionView>>,
    is_read: Option<bool>,
    now: Time,
) -> Result<Announced, Fault> {
    let references = phiomia_text::references(&view.text, &api.addresses.own_domains());
    let known = accounts::by_handles(q, &references.mentions)?;
    let people = accounts::map(q, &known.iter().map(|(_, id)| *id).collect::<Vec<_>>())?;
    let mentions = known.into_iter().filter_map(|(handle, id)| Some((handle, people.get(&id)?.clone()))).collect();
    let mut posts: HashMap<i64, StatusView> = HashMap::new();
    for link in &references.links {
        if let Some(post) = post(q, api, link, now)? {
            posts.insert(post.body.id.0, post);
        }
    }
    let mut statuses: Vec<StatusView> = posts.into_values().collect();
    statuses.sort_by_key(|post| post.body.id.0);
    Ok(Announced { view, is_read, tags: references.tags, mentions, statuses, reactions: reactions.unwrap_or_default() })
}

/// The post behind a link, if everybody may see it.
fn post(q: &Query<'_>, api: &Api, link: &str, now: Time) -> Result<Option<StatusView>, Fault> {
    let id = match documents::own_status(&api.federation, link) {
        Some(own) => Some(own),
        None => posts::by_uri(q, link)?.or(posts::by_url(q, link)?),
    };
    let Some(id) = id else { return Ok(None) };
    let is_public = |post: &StatusView| matches!(post.body.visibility, Visibility::Public | Visibility::Unlisted);
    Ok(statuses::view(q, id, Viewer::Anonymous, now)?.filter(is_public))
}
