//! Searching people, posts and hashtags.

mod resolve;
mod statuses;

use phiomia_mastodon::{
    entities,
    form::{Flag, Id, Number, Text, filled, missing},
};
use phiomia_model::{AccountId, Error, Refusal};
use phiomia_store::db::tags;
use serde::Deserialize;

use crate::{
    accounts::{Wanted, found},
    gate::{Answer, Anyone, Ask, json},
    render,
    search::statuses::Searcher,
    tags::told,
};

#[derive(Deserialize)]
struct Search {
    q: Text,
    #[serde(default, deserialize_with = "filled")]
    r#type: Option<Text>,
    #[serde(default)]
    resolve: Flag,
    #[serde(default)]
    following: Flag,
    #[serde(default, deserialize_with = "filled")]
    account_id: Option<Id<AccountId>>,
    limit: Option<Number>,
    offset: Option<Number>,
}

/// `GET /api/v2/search`
pub async fn search(ask: Ask<Anyone>) -> Answer {
    let search: Search = ask.decode()?;
    if search.q.0.trim().is_empty() {
        return Err(missing("q").into());
    }
    let viewer = ask.me.0.as_ref().map(|member| member.account);
    let offset = search.offset.map_or(0, |n| n.0).max(0);
    if viewer.is_none() && offset > 0 {
        return Err(
            Refusal::Unauthenticated("Search queries pagination is not supported without authentication").into()
        );
    }
    if viewer.is_none() && search.resolve.0 {
        let sentence = "Search queries that resolve remote resources are not supported without authentication";
        return Err(Refusal::Unauthenticated(sentence).into());
    }
    let kind = search.r#type.map(|kind| kind.0);
    let wants = |name: &str| kind.as_deref().is_none_or(|kind| kind == name);
    let (wants_accounts, wants_hashtags) = (wants("accounts"), wants("hashtags"));
    // Without a kind there is no telling which is to be passed over.
    // Source: <https://github.com/mastodon/mastodon/blob/main/app/services/search_service.rb>.
    let offset = if kind.is_none() { 0 } else { offset };
    let limit = search.limit.map_or(20, |n| n.0).clamp(1, 40);
    let text = search.q.0.trim().to_owned();
    let wants_statuses = wants("statuses");
    let mut handle = None;
    if let Some(me) = viewer.filter(|_| offset == 0) {
        if text.starts_with("https://") || text.starts_with("http://") {
            if let Some(answer) = resolve::address(&ask, me, &text, search.resolve.0).await? {
                return json(&answer);
            }
        } else if search.resolve.0 && wants_accounts {
            handle = ask.api.look_up_handle(&text).await?;
        }
    }
    let name = handle.unwrap_or_else(|| text.clone());
    let people = Wanted::read(&name, &ask.api.addresses.own_domains());
    let is_tag = text.starts_with('#');
    let key = phiomia_text::tag_key(text.trim_start_matches('#'));
    let question = phiomia_text::search::question(&text);
    let from = search.account_id.map(|Id(id)| id.unwrap_or(AccountId(0)));
    let page = ask.page(20, 40);
    let (following, now, addresses) = (search.following.0, ask.api.now(), ask.api.addresses.clone());
    let (people, tags, posts) = ask
        .api
        .db
        .read(move |q| {
            let people = if wants_accounts && !is_tag {
                found(q, &people, viewer, following && viewer.is_some(), (limit, offset))?
            } else {
                Vec::new()
            };
            let tags = if wants_hashtags && !key.is_empty() && !text.contains('@') {
                tags::search(q, &key, limit, offset)?
            } else {
                Vec::new()
            };
            let posts = match viewer {
                Some(me) if wants_statuses => {
                    let who = Searcher { me, own_domains: &addresses.own_domains(), from };
                    statuses::found(q, &who, &question, page, offset, now)?
                }
                _ => Vec::new(),
            };
            Ok::<_, Error>((people, told(q, tags, viewer, now)?, posts))
        })
        .await?;
    let cx = ask.api.cx().await?;
    json(&entities::Search {
        accounts: people.iter().map(|view| render::account(view, &cx)).collect(),
        statuses: render::statuses(&posts, &cx),
        hashtags: tags.entities(now, &cx),
        collections: Vec::new(),
    })
}
