//! What belongs to somebody here: what they posted, pinned and feature, whom they follow and who follows them.

use std::collections::HashMap;

use phiomia_activitypub::{Collection, Object, Thing};
use phiomia_model::{AccountId, Error, Fault, Noun, Page, Refusal, StatusId, Viewer, Visibility};
use phiomia_store::{
    Query,
    db::{
        featured_tags as shown_tags,
        federation::{actors, neighbours},
        relationships::{self, Related},
        statuses::{self, StatusView},
        timelines::{self, AccountFilter},
    },
};

use super::{Part, Served, local, named, number, ordered, ordered_page};
use crate::{
    Federation,
    build::{self, uri},
};

/// Pinned posts that are told of; nobody here can pin more.
const FEATURED: i64 = 150;

/// What somebody here wrote and boosted for everybody to see.
///
/// # Errors
/// `NotFound`, `Gone`; a fault.
pub async fn outbox(federation: &Federation, id: AccountId, viewer: Viewer, part: Part) -> Result<Served, Error> {
    let (addresses, now) = (federation.addresses.clone(), federation.db.clock().now());
    let act = move |q: &Query<'_>| {
        let account = local(q, id)?;
        let own = format!("{}/outbox", account.uri);
        if !part.is_page {
            let last = Some(uri(&format!("{own}?min_id=0&page=true"))?);
            return Ok(Served::of(&Collection { last, ..ordered(&own, Some(account.statuses_count))? }));
        }
        let filter = AccountFilter { excludes_direct: true, ..AccountFilter::default() };
        let ids = timelines::of_account(q, id, Visibility::Unlisted, &filter, &part.page())?;
        let views = statuses::views(q, &ids, viewer, now)?;
        let facts = build::facts(q, &views.iter().collect::<Vec<_>>())?;
        let activities = views.iter().map(|view| {
            let activity = build::activity(view, &facts, &addresses)?;
            Ok(Thing::Sent(Box::new(Object::Activity(activity))))
        });
        let items = activities.collect::<Result<Vec<Thing>, Fault>>()?;
        let keys: Vec<i64> = ids.iter().map(|id| id.0).collect();
        Ok(Served::of(&ordered_page(&own, &part, &keys, items)?))
    };
    federation.db.read(act).await
}

/// Who follows somebody here. Of who does not show that, only their number is told.
///
/// # Errors
/// `NotFound`, `Gone`; a fault.
pub async fn followers(federation: &Federation, id: AccountId, part: Part) -> Result<Served, Error> {
    federation.db.read(move |q| network(q, id, "followers", &part, relationships::followers)).await
}

/// Whom somebody here follows. Of who does not show that, only their number is told.
///
/// # Errors
/// `NotFound`, `Gone`; a fault.
pub async fn following(federation: &Federation, id: AccountId, part: Part) -> Result<Served, Error> {
    federation.db.read(move |q| network(q, id, "following", &part, relationships::following)).await
}

type List = fn(&Query<'_>, AccountId, Viewer, &Page) -> Result<Vec<Related>, Fault>;

fn network(q: &Query<'_>, id: AccountId, name: &str, part: &Part, list: List) -> Result<Served, Error> {
    let account = local(q, id)?;
    let own = format!("{}/{name}", account.uri);
    let total = if name == "followers" { account.followers_count } else { account.following_count };
    if !part.is_page {
        let collection = ordered(&own, Some(total))?;
        let first = collection.first.clone().filter(|_| !account.hides_collections);
        return Ok(Served::of(&Collection { first, ..collection }));
    }
    if account.hides_collections {
        return Err(Refusal::NotFound(Noun::Record).into());
    }
    let lines = list(q, id, Viewer::Anonymous, &part.page())?;
    let people: Vec<AccountId> = lines.iter().map(|line| line.account).collect();
    let uris: HashMap<AccountId, String> = neighbours::uris(q, &people)?.into_iter().collect();
    let items = people.iter().filter_map(|person| uris.get(person)).map(|text| uri(text));
    let items = named(items.collect::<Result<Vec<_>, Fault>>()?);
    let keys: Vec<i64> = lines.iter().map(|line| line.id).collect();
    Ok(Served::of(&ordered_page(&own, part, &keys, items)?))
}

/// The followers that somebody here has at the signer's server: what the two servers compare.
/// Source: <https://codeberg.org/fediverse/fep/src/branch/main/fep/8fcf/fep-8fcf.md>.
///
/// # Errors
/// `NotFound`, `Gone`; a fault.
pub async fn synchronization(federation: &Federation, id: AccountId, signer: AccountId) -> Result<Served, Error> {
    let act = move |q: &Query<'_>| {
        let account = local(q, id)?;
        let signer = actors::find(q, signer)?.ok_or(Refusal::NotFound(Noun::Record))?;
        let followers = actors::followers_at(q, id, &signer.host)?;
        let items = followers.iter().map(|(_, text)| uri(text)).collect::<Result<Vec<_>, Fault>>()?;
        let own = uri(&format!("{}/followers_synchronization", account.uri))?;
        Ok(Served::of(&Collection { id: Some(own), is_ordered: true, items: named(items), ..Collection::default() }))
    };
    federation.db.read(act).await
}

/// The pinned posts, whole.
/// Source: <https://docs.joinmastodon.org/spec/activitypub/#featured>.
///
/// # Errors
/// `NotFound`, `Gone`; a fault.
pub async fn featured(federation: &Federation, id: AccountId, viewer: Viewer) -> Result<Served, Error> {
    let (addresses, now) = (federation.addresses.clone(), federation.db.clock().now());
    let act = move |q: &Query<'_>| {
        let account = local(q, id)?;
        let pins = timelines::pinned(q, id, &Page::first(FEATURED))?;
        let ids: Vec<StatusId> = pins.into_iter().map(|(_, status)| status).collect();
        let views = statuses::views(q, &ids, viewer, now)?;
        let facts = build::facts(q, &views.iter().collect::<Vec<&StatusView>>())?;
        let note = |view| Ok(Thing::Sent(Box::new(Object::Note(build::note(view, &facts, &addresses)?))));
        let items = views.iter().map(note).collect::<Result<Vec<Thing>, Fault>>()?;
        whole(&format!("{}/collections/featured", account.uri), true, items)
    };
    federation.db.read(act).await
}

/// The hashtags on a profile.
/// Source: <https://docs.joinmastodon.org/spec/activitypub/#featuredTags>.
///
/// # Errors
/// `NotFound`, `Gone`; a fault.
pub async fn featured_tags(federation: &Federation, id: AccountId) -> Result<Served, Error> {
    let act = move |q: &Query<'_>| {
        let account = local(q, id)?;
        let tags = shown_tags::of_account(q, id)?;
        let items = tags.into_iter().map(|tag| Thing::Sent(Box::new(Object::Hashtag(tag.tag.display_name))));
        whole(&format!("{}/collections/tags", account.uri), false, items.collect())
    };
    federation.db.read(act).await
}

/// A collection without pages.
fn whole(id: &str, is_ordered: bool, items: Vec<Thing>) -> Result<Served, Error> {
    let total = Some(number(i64::try_from(items.len()).unwrap_or(i64::MAX)));
    Ok(Served::of(&Collection { id: Some(uri(id)?), is_ordered, total, items, ..Collection::default() }))
}
