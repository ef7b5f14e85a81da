//! Timelines: home, lists, public, and by hashtag.

use phiomia_mastodon::form::{Flag, List, Text};
use phiomia_model::{Error, ListId, Noun, StatusId, TagId, Time, Viewer};
use phiomia_social::timelines::{self as verbs, Look};
use phiomia_store::{
    Query,
    db::{
        conversations, statuses as posts, tags,
        timelines::{self, Origin, TagFilter},
    },
};
use serde::Deserialize;

use crate::{
    gate::{Answer, Anyone, Ask, Member, paged},
    lists::own,
    render,
};

/// Since 2019-10-04, when Mastodon 3.0.0 came, conversations are meant.
const DIRECT_OLD_SINCE: i64 = 1_570_147_200;
/// Tags that may be combined with the one of the path, of each kind.
const MOST_TAGS: usize = 4;

/// `GET /api/v1/timelines/home`
pub async fn home(ask: Ask<Member>) -> Answer {
    let (me, page, now) = (ask.me.account, ask.page(20, 40), ask.api.now());
    let read = move |q: &Query<'_>| {
        let ids = timelines::home(q, me, &page)?;
        let keys: Vec<i64> = ids.iter().map(|id| id.0).collect();
        let views = posts::views(q, &ids, Viewer::Account(me), now)?;
        Ok((keys, undisturbed(views), verbs::look(q, me, now)?))
    };
    let (mut keys, mut views, look) = ask.api.db.read(read).await?;
    if look != Look::Fresh && note_look(&ask).await? && look == Look::Rebuild {
        (keys, views, _) = ask.api.db.read(read).await?;
    }
    paged(&render::statuses(&views, &ask.api.cx().await?), ask.link(&keys, &page))
}

/// Writes down that somebody looked. `false`: nothing can be written just now, and what is there is shown as it is.
async fn note_look(ask: &Ask<Member>) -> Result<bool, Error> {
    let me = ask.me.account;
    match ask.api.db.write(move |tx| verbs::note_look(tx, me)).await {
        Ok(()) => Ok(true),
        Err(error) if error.is_transient() => {
            tracing::warn!("a look at a home feed is not written down: {error}");
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

/// `GET /api/v1/timelines/direct`: what conversations are made of, for apps from before there were any.
pub async fn direct(ask: Ask<Member>) -> Answer {
    let (me, page, now) = (ask.me.account, ask.page(20, 40), ask.api.now());
    let read = move |q: &Query<'_>| with_views(q, &conversations::posts(q, me, &page)?, Viewer::Account(me), now);
    let (keys, views) = ask.api.db.read(read).await?;
    let reply = paged(&render::statuses(&undisturbed(views), &ask.api.cx().await?), ask.link(&keys, &page))?;
    Ok(reply.deprecated_since(DIRECT_OLD_SINCE))
}

/// `GET /api/v1/timelines/list/:id`
pub async fn list(ask: Ask<Member>) -> Answer {
    let (id, me) = (ask.id::<ListId>(Noun::Record)?, ask.me.account);
    let (page, now) = (ask.page(20, 40), ask.api.now());
    let read = move |q: &Query<'_>| {
        own(q, me, id)?;
        let (keys, views) = with_views(q, &timelines::list(q, id, &page)?, Viewer::Account(me), now)?;
        Ok((keys, undisturbed(views), verbs::look(q, me, now)?))
    };
    let (mut keys, mut views, look) = ask.api.db.read(read).await?;
    if look != Look::Fresh && note_look(&ask).await? && look == Look::Rebuild {
        // Of all lists this one is waited for.
        ask.api.db.write(move |tx| verbs::rebuild_list(tx, id)).await?;
        (keys, views, _) = ask.api.db.read(read).await?;
    }
    paged(&render::statuses(&views, &ask.api.cx().await?), ask.link(&keys, &page))
}

/// Without posts of people the viewer has blocked or muted since the feed was written.
pub(crate) fn undisturbed(views: Vec<posts::StatusView>) -> Vec<posts::StatusView> {
    views.into_iter().filter(|view| is_undisturbed(view) && boosts_undisturbed(view)).collect()
}

fn is_undisturbed(view: &posts::StatusView) -> bool {
    view.mine.as_ref().is_none_or(|mine| mine.stance.is_undisturbed())
}

/// Whether a post is no boost of somebody with whom the viewer wants nothing to do, or the other way round.
pub(crate) fn boosts_undisturbed(view: &posts::StatusView) -> bool {
    view.reblog.as_deref().is_none_or(is_undisturbed)
}

#[derive(Deserialize)]
struct Public {
    #[serde(default)]
    local: Flag,
    #[serde(default)]
    remote: Flag,
    #[serde(default)]
    only_media: Flag,
}

fn origin(local: Flag, remote: Flag) -> Origin {
    match (local.0, remote.0) {
        (true, false) => Origin::Local,
        (false, true) => Origin::Remote,
        _ => Origin::Anywhere,
    }
}

/// `GET /api/v1/timelines/public`
pub async fn public(ask: Ask<Anyone>) -> Answer {
    let wanted: Public = ask.decode()?;
    let origin = origin(wanted.local, wanted.remote);
    let (page, viewer, now) = (ask.page(20, 40), ask.me.viewer(), ask.api.now());
    let (keys, views) = ask
        .api
        .db
        .read(move |q| {
            let ids = timelines::public(q, viewer, origin, wanted.only_media.0, &page, now)?;
            with_views(q, &ids, viewer, now)
        })
        .await?;
    paged(&render::statuses(&views, &ask.api.cx().await?), ask.link(&keys, &page))
}

type Found = (Vec<i64>, Vec<posts::StatusView>);

fn with_views(q: &Query<'_>, ids: &[StatusId], viewer: Viewer, now: Time) -> Result<Found, Error> {
    Ok((ids.iter().map(|id| id.0).collect(), posts::views(q, ids, viewer, now)?))
}

#[derive(Deserialize)]
struct Tagged {
    #[serde(default)]
    any: List<Text>,
    #[serde(default)]
    all: List<Text>,
    #[serde(default)]
    none: List<Text>,
    #[serde(default)]
    local: Flag,
    #[serde(default)]
    remote: Flag,
    #[serde(default)]
    only_media: Flag,
}

/// `GET /api/v1/timelines/tag/:hashtag`
pub async fn tag(ask: Ask<Anyone>) -> Answer {
    let wanted: Tagged = ask.decode()?;
    let keys = |list: &List<Text>| -> Vec<String> {
        list.0.iter().take(MOST_TAGS).map(|name| phiomia_text::tag_key(&name.0)).collect()
    };
    let mut any = keys(&wanted.any);
    any.push(phiomia_text::tag_key(ask.piece("hashtag")));
    let (all, none) = (keys(&wanted.all), keys(&wanted.none));
    let origin = origin(wanted.local, wanted.remote);
    let (page, viewer, now) = (ask.page(20, 40), ask.me.viewer(), ask.api.now());
    let (keys, views) = ask
        .api
        .db
        .read(move |q| {
            let (any, known) = (known(q, &any)?, known(q, &all)?);
            // A tag that nobody ever used is on no post.
            if any.is_empty() || known.len() < all.len() {
                return Ok((Vec::new(), Vec::new()));
            }
            let filter =
                TagFilter { any, all: known, none: self::known(q, &none)?, origin, only_media: wanted.only_media.0 };
            with_views(q, &timelines::tag(q, viewer, &filter, &page, now)?, viewer, now)
        })
        .await?;
    paged(&render::statuses(&views, &ask.api.cx().await?), ask.link(&keys, &page))
}

fn known(q: &Query<'_>, names: &[String]) -> Result<Vec<TagId>, Error> {
    let mut ids = Vec::with_capacity(names.len());
    for name in names {
        ids.extend(tags::by_name(q, name)?.map(|tag| tag.id));
    }
    Ok(ids)
}
