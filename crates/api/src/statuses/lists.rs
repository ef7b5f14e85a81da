//! Who favourited or boosted a post, and what somebody favourited or bookmarked.

use phiomia_model::{AccountId, Fault, Noun, Page, StatusId, Viewer};
use phiomia_store::{
    Query,
    db::{accounts, statuses as posts},
};

use super::seen;
use crate::{
    gate::{Answer, Anyone, Ask, Member, paged},
    render,
    timelines::undisturbed,
};

/// `GET /api/v1/statuses/:id/favourited_by`
pub async fn favourited_by(ask: Ask<Anyone>) -> Answer {
    people(ask, posts::favourited_by).await
}

/// `GET /api/v1/statuses/:id/reblogged_by`
pub async fn reblogged_by(ask: Ask<Anyone>) -> Answer {
    people(ask, posts::reblogged_by).await
}

type ReadPeople = fn(&Query<'_>, StatusId, Option<AccountId>, &Page) -> Result<Vec<(i64, AccountId)>, Fault>;

async fn people(ask: Ask<Anyone>, read: ReadPeople) -> Answer {
    let id: StatusId = ask.id(Noun::Status)?;
    let (page, viewer, now) = (ask.page(40, 80), ask.me.viewer(), ask.api.now());
    let (keys, views) = ask
        .api
        .db
        .read(move |q| {
            let status = seen(q, id, viewer, now)?;
            // What people did with a boost they did with what it boosts.
            let id = status.body.reblog_of_id.unwrap_or(id);
            let (keys, ids): (Vec<i64>, Vec<AccountId>) = read(q, id, viewer.account(), &page)?.into_iter().unzip();
            Ok((keys, accounts::views(q, &ids)?))
        })
        .await?;
    let cx = ask.api.cx().await?;
    let list: Vec<_> = views.iter().map(|view| render::account(view, &cx)).collect();
    paged(&list, ask.link_since(&keys, &page))
}

/// `GET /api/v1/favourites`
pub async fn favourites(ask: Ask<Member>) -> Answer {
    own(ask, posts::favourites_page).await
}

/// `GET /api/v1/bookmarks`
pub async fn bookmarks(ask: Ask<Member>) -> Answer {
    own(ask, posts::bookmarked_page).await
}

/// `GET /api/v1/statuses/:id/quotes`
pub async fn quotes(ask: Ask<Member>) -> Answer {
    let (id, me) = (ask.id::<StatusId>(Noun::Status)?, ask.me.account);
    let (page, now) = (ask.page(20, 40), ask.api.now());
    let read = move |q: &Query<'_>| {
        let status = seen(q, id, Viewer::Account(me), now)?;
        let ids = posts::quotes_page(q, status.body.reblog_of_id.unwrap_or(id), &page)?;
        let keys: Vec<i64> = ids.iter().map(|id| id.0).collect();
        Ok((keys, undisturbed(posts::views(q, &ids, Viewer::Account(me), now)?)))
    };
    let (keys, views) = ask.api.db.read(read).await?;
    paged(&render::statuses(&views, &ask.api.cx().await?), ask.link_since(&keys, &page))
}

type ReadOwn = fn(&Query<'_>, AccountId, &Page) -> Result<Vec<(i64, StatusId)>, Fault>;

async fn own(ask: Ask<Member>, read: ReadOwn) -> Answer {
    let (me, page, now) = (ask.me.account, ask.page(20, 40), ask.api.now());
    let (keys, views) = ask
        .api
        .db
        .read(move |q| {
            let (keys, ids): (Vec<i64>, Vec<StatusId>) = read(q, me, &page)?.into_iter().unzip();
            Ok((keys, posts::views(q, &ids, Viewer::Account(me), now)?))
        })
        .await?;
    paged(&render::statuses(&views, &ask.api.cx().await?), ask.link(&keys, &page))
}
