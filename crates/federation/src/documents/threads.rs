//! What was answered: the answers to one post, and all posts of one thread. Oldest first, so that pages stay what they
//! are while the thread grows.

use phiomia_activitypub::Collection;
use phiomia_model::{AccountId, Error, Fault, Noun, Refusal, StatusId, Viewer, Visibility};
use phiomia_store::{
    Query,
    db::{
        federation::neighbours::{self, RepliesPage},
        statuses::{self, StatusView},
    },
};

use super::{PAGE, Part, Served, named, number, ordered, statuses::open};
use crate::{
    Federation,
    build::{self, uri},
};

/// The answers to a post that everybody may see: first those of its author, then those of others.
///
/// # Errors
/// `NotFound`, `Gone` for its author; a fault.
pub async fn replies(
    federation: &Federation,
    author: AccountId,
    id: StatusId,
    viewer: Viewer,
    part: Part,
) -> Result<Served, Error> {
    let now = federation.db.clock().now();
    let act = move |q: &Query<'_>| {
        let view = open(q, author, id, viewer, now)?;
        let own = format!("{}/replies", view.body.uri);
        let others = "only_other_accounts=true&";
        if !part.is_page {
            return Ok(Served::of(&Collection {
                id: Some(uri(&own)?),
                total: Some(number(view.body.replies_count)),
                first: Some(uri(&format!("{own}?page=true"))?),
                ..Collection::default()
            }));
        }
        let whose = if part.only_other_accounts { others } else { "" };
        let is_own = !part.only_other_accounts;
        let min_id = part.min_id.unwrap_or(0);
        let ids = neighbours::replies(q, &RepliesPage { status: id, author, is_own, min_id, limit: PAGE })?;
        let next = match ids.last() {
            Some(last) if is_full(&ids) => Some(format!("{own}?{whose}min_id={last}&page=true")),
            _ if is_own => Some(format!("{own}?{others}page=true")),
            _ => None,
        };
        let start = part.min_id.map(|id| format!("min_id={id}&")).unwrap_or_default();
        Ok(Served::of(&Collection {
            id: Some(uri(&format!("{own}?{whose}{start}page=true"))?),
            is_page: true,
            part_of: Some(uri(&own)?),
            next: next.as_deref().map(uri).transpose()?,
            items: named(uris(&statuses::views(q, &ids, viewer, now)?)?),
            ..Collection::default()
        }))
    };
    federation.db.read(act).await
}

/// All posts of a thread that the viewer may see; only of threads that began here, others are their origin's to tell.
/// Sources: <https://codeberg.org/fediverse/fep/src/branch/main/fep/7888/fep-7888.md>,
/// <https://codeberg.org/fediverse/fep/src/branch/main/fep/f228/fep-f228.md>.
///
/// # Errors
/// `NotFound`; a fault.
pub async fn context(federation: &Federation, id: i64, viewer: Viewer, part: Part) -> Result<Served, Error> {
    let (own, now) = (build::context_id(&federation.addresses, id), federation.db.clock().now());
    let act = move |q: &Query<'_>| {
        let not_there = || Error::from(Refusal::NotFound(Noun::Record));
        if !neighbours::is_our_thread(q, id)? {
            return Err(not_there());
        }
        let narrowest = if viewer == Viewer::Anonymous { Visibility::Unlisted } else { Visibility::Direct };
        let min_id = part.min_id.filter(|_| part.is_page).unwrap_or(0);
        let ids = neighbours::thread(q, id, narrowest, min_id, PAGE)?;
        let views = statuses::views(q, &ids, viewer, now)?;
        // A thread of which the viewer sees nothing is not there.
        if views.is_empty() && min_id == 0 {
            return Err(not_there());
        }
        if !part.is_page {
            let root = views.first().filter(|view| view.body.is_local && view.body.in_reply_to_id.is_none());
            let author = root.map(|view| uri(&view.author.uri)).transpose()?;
            return Ok(Served::of(&Collection { author, ..ordered(&own, None)? }));
        }
        let start = part.min_id.map(|id| format!("min_id={id}&")).unwrap_or_default();
        let next = ids.last().filter(|_| is_full(&ids)).map(|last| format!("{own}?min_id={last}&page=true"));
        Ok(Served::of(&Collection {
            id: Some(uri(&format!("{own}?{start}page=true"))?),
            is_ordered: true,
            is_page: true,
            part_of: Some(uri(&own)?),
            next: next.as_deref().map(uri).transpose()?,
            items: named(uris(&views)?),
            ..Collection::default()
        }))
    };
    federation.db.read(act).await
}

fn is_full(ids: &[StatusId]) -> bool {
    i64::try_from(ids.len()).is_ok_and(|n| n >= PAGE)
}

fn uris(views: &[StatusView]) -> Result<Vec<phiomia_activitypub::Uri>, Fault> {
    views.iter().map(|view| uri(&view.body.uri)).collect()
}
