//! Lists of people, and somebody's posts.

use std::sync::Arc;

use phiomia_mastodon::form::{Flag, Text, filled};
use phiomia_model::{AccountId, Error, Fault, Noun, Page, StatusId, Viewer, Visibility};
use phiomia_store::{
    Query,
    db::{
        accounts::{self, AccountView},
        by_id::{ById, Ids},
        relationships::{self, Related},
        statuses as posts, tags,
        timelines::{self, AccountFilter},
        visibility::Stances,
    },
};
use serde::Deserialize;

use super::existing;
use crate::{
    gate::{Answer, Anyone, Ask, Member, json, paged},
    render,
    timelines::boosts_undisturbed,
};

type Read = fn(&Query<'_>, AccountId, Viewer, &Page) -> Result<Vec<Related>, Fault>;

/// `GET /api/v1/accounts/:id/followers`
pub async fn followers(ask: Ask<Anyone>) -> Answer {
    related(ask, relationships::followers).await
}

/// `GET /api/v1/accounts/:id/following`
pub async fn following(ask: Ask<Anyone>) -> Answer {
    related(ask, relationships::following).await
}

async fn related(ask: Ask<Anyone>, read: Read) -> Answer {
    let id: AccountId = ask.id(Noun::Account)?;
    let (page, viewer, now) = (ask.page(40, 80), ask.me.viewer(), ask.api.now());
    let (rows, people) = ask
        .api
        .db
        .read(move |q| {
            let owner = existing(q, id)?;
            let is_own = viewer.account() == Some(id);
            let stance = Stances::load(q, viewer, &Ids::from_iter([id]), now)?.to(id);
            let is_hidden = owner.is_suspended || stance.is_blocked_since.is_some();
            if !is_own && (is_hidden || owner.hides_collections) {
                return Ok((Vec::new(), People::default()));
            }
            people(q, read(q, id, viewer, &page)?)
        })
        .await?;
    answer(&ask, &rows, &people, &page).await
}

/// Since 2022-03-30 there are none any more, in Mastodon neither.
const NO_PROOFS_SINCE: i64 = 1_648_598_400;

/// `GET /api/v1/accounts/:id/identity_proofs`
pub async fn identity_proofs(ask: Ask<Member>) -> Answer {
    let id: AccountId = ask.id(Noun::Account)?;
    ask.api.db.read(move |q| existing(q, id).map(drop)).await?;
    Ok(json::<[()]>(&[])?.deprecated_since(NO_PROOFS_SINCE))
}

/// `GET /api/v1/accounts/:id/endorsements`
pub async fn endorsements(ask: Ask<Anyone>) -> Answer {
    let id: AccountId = ask.id(Noun::Account)?;
    let (page, viewer) = (ask.page(40, 80), ask.me.viewer());
    let (rows, people) = ask
        .api
        .db
        .read(move |q| {
            existing(q, id)?;
            people(q, relationships::endorsements(q, id, viewer, &page)?)
        })
        .await?;
    answer(&ask, &rows, &people, &page).await
}

/// `GET /api/v1/endorsements`
pub async fn own_endorsements(ask: Ask<Member>) -> Answer {
    own(ask, relationships::endorsements).await
}

/// `GET /api/v1/follow_requests`
pub async fn follow_requests(ask: Ask<Member>) -> Answer {
    own(ask, |q, me, _, page| relationships::follow_requests(q, me, page)).await
}

/// `GET /api/v1/blocks`
pub async fn blocks(ask: Ask<Member>) -> Answer {
    own(ask, |q, me, _, page| relationships::blocks(q, me, page)).await
}

async fn own(ask: Ask<Member>, read: Read) -> Answer {
    let (me, page) = (ask.me.account, ask.page(40, 80));
    let (rows, people) = ask.api.db.read(move |q| people(q, read(q, me, Viewer::Account(me), &page)?)).await?;
    answer(&ask, &rows, &people, &page).await
}

/// `GET /api/v1/mutes`
pub async fn mutes(ask: Ask<Member>) -> Answer {
    let (me, page) = (ask.me.account, ask.page(40, 80));
    let (rows, people) = ask
        .api
        .db
        .read(move |q| {
            let rows = relationships::mutes(q, me, &page)?;
            let ids: Vec<AccountId> = rows.iter().map(|(related, _)| related.account).collect();
            Ok((rows, accounts::map(q, &ids)?))
        })
        .await?;
    let cx = ask.api.cx().await?;
    let muted: Vec<_> = rows
        .iter()
        .filter_map(|(related, end)| Some(render::muted_account(people.get(&related.account)?, *end, &cx)))
        .collect();
    let keys: Vec<i64> = rows.iter().map(|(related, _)| related.id).collect();
    paged(&muted, ask.link_since(&keys, &page))
}

type People = ById<AccountId, Arc<AccountView>>;

fn people(q: &Query<'_>, rows: Vec<Related>) -> Result<(Vec<Related>, People), Error> {
    let ids: Vec<AccountId> = rows.iter().map(|row| row.account).collect();
    let people = accounts::map(q, &ids)?;
    Ok((rows, people))
}

async fn answer<G>(ask: &Ask<G>, rows: &[Related], people: &People, page: &Page) -> Answer {
    let cx = ask.api.cx().await?;
    let list: Vec<_> =
        rows.iter().filter_map(|row| people.get(&row.account)).map(|view| render::account(view, &cx)).collect();
    let keys: Vec<i64> = rows.iter().map(|row| row.id).collect();
    paged(&list, ask.link_since(&keys, page))
}

#[derive(Deserialize)]
struct Filter {
    #[serde(default)]
    only_media: Flag,
    #[serde(default)]
    exclude_replies: Flag,
    #[serde(default)]
    exclude_reblogs: Flag,
    #[serde(default)]
    exclude_direct: Flag,
    #[serde(default)]
    pinned: Flag,
    #[serde(default, deserialize_with = "filled")]
    tagged: Option<Text>,
}

/// `GET /api/v1/accounts/:id/statuses`
pub async fn statuses(ask: Ask<Anyone>) -> Answer {
    let id: AccountId = ask.id(Noun::Account)?;
    let filter: Filter = ask.decode()?;
    let (page, viewer, now) = (ask.page(20, 40), ask.me.viewer(), ask.api.now());
    if ask.me.0.is_some() {
        ask.api.federation.look_at(id).await?;
    }
    let (keys, views) = ask
        .api
        .db
        .read(move |q| {
            if existing(q, id)?.is_suspended {
                return Ok((Vec::new(), Vec::new()));
            }
            let (keys, ids) = of_account(q, id, viewer, &filter, &page, now)?;
            let mut views = posts::views(q, &ids, viewer, now)?;
            // On their own profile people see all that they boosted.
            views.retain(|view| viewer.account() == Some(id) || boosts_undisturbed(view));
            Ok((keys, views))
        })
        .await?;
    let cx = ask.api.cx().await?;
    paged(&render::statuses(&views, &cx), ask.link(&keys, &page))
}

/// Keys to page by, and the posts.
fn of_account(
    q: &Query<'_>,
    id: AccountId,
    viewer: Viewer,
    filter: &Filter,
    page: &Page,
    now: phiomia_model::Time,
) -> Result<(Vec<i64>, Vec<StatusId>), Error> {
    let widest = if viewer.account() == Some(id) {
        Visibility::Direct
    } else {
        let stance = Stances::load(q, viewer, &Ids::from_iter([id]), now)?.to(id);
        // Who is blocked finds nothing here; what named them before, they may still read where they have its address.
        if stance.is_blocked_since.is_some() {
            return Ok((Vec::new(), Vec::new()));
        }
        if stance.follows { Visibility::Private } else { Visibility::Unlisted }
    };
    if filter.pinned.0 {
        return Ok(timelines::pinned(q, id, page)?.into_iter().unzip());
    }
    let tag = match &filter.tagged {
        None => None,
        Some(name) => match tags::by_name(q, &phiomia_text::tag_key(&name.0))? {
            Some(tag) => Some(tag.id),
            None => return Ok((Vec::new(), Vec::new())),
        },
    };
    let wanted = AccountFilter {
        only_media: filter.only_media.0,
        excludes_replies: filter.exclude_replies.0,
        excludes_reblogs: filter.exclude_reblogs.0,
        excludes_direct: filter.exclude_direct.0,
        tag,
    };
    let ids = timelines::of_account(q, id, widest, &wanted, page)?;
    Ok((ids.iter().map(|id| id.0).collect(), ids))
}
