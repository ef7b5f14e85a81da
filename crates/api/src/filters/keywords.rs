//! The phrases of a filter, one by one.

use phiomia_mastodon::form::{Flag, Text, filled};
use phiomia_model::{FilterKeywordId, Noun, Refusal};
use phiomia_social::filters as verbs;
use phiomia_store::{Tx, db::filters};
use serde::Deserialize;

use super::own;
use crate::{
    gate::{Answer, Ask, Member, empty, json},
    render,
};

#[derive(Deserialize)]
struct Wanted {
    keyword: Option<Text>,
    #[serde(default, deserialize_with = "filled")]
    whole_word: Option<Flag>,
}

/// `GET /api/v2/filters/:filter_id/keywords`
pub async fn index(ask: Ask<Member>) -> Answer {
    let (id, me) = (ask.id(Noun::Record)?, ask.me.account);
    let filter = ask.api.db.read(move |q| own(q, me, id)).await?;
    json(&filter.keywords.iter().map(render::filter_keyword).collect::<Vec<_>>())
}

/// `POST /api/v2/filters/:filter_id/keywords`
pub async fn create(ask: Ask<Member>) -> Answer {
    let (id, me, wanted) = (ask.id(Noun::Record)?, ask.me.account, ask.decode::<Wanted>()?);
    let (keyword, is_whole_word) = (wanted.keyword.unwrap_or_default().0, wanted.whole_word.map(Into::into));
    let new = ask.api.db.write(move |tx| verbs::add_keyword(tx, me, id, &keyword, is_whole_word)).await?;
    json(&render::filter_keyword(&new))
}

/// `GET /api/v2/filters/keywords/:id`
pub async fn show(ask: Ask<Member>) -> Answer {
    let (id, me) = (ask.id::<FilterKeywordId>(Noun::Record)?, ask.me.account);
    let found = ask.api.db.read(move |q| Ok(filters::keyword(q, me, id)?)).await?;
    json(&render::filter_keyword(&found.ok_or(Refusal::NotFound(Noun::Record))?))
}

/// `PUT /api/v2/filters/keywords/:id`
pub async fn update(ask: Ask<Member>) -> Answer {
    let (id, me, wanted) = (ask.id(Noun::Record)?, ask.me.account, ask.decode::<Wanted>()?);
    let (keyword, is_whole_word) = (wanted.keyword.map(|text| text.0), wanted.whole_word.map(Into::into));
    let changing = move |tx: &Tx<'_>| verbs::change_keyword(tx, me, id, keyword.as_deref(), is_whole_word);
    json(&render::filter_keyword(&ask.api.db.write(changing).await?))
}

/// `DELETE /api/v2/filters/keywords/:id`
pub async fn delete(ask: Ask<Member>) -> Answer {
    let (id, me) = (ask.id(Noun::Record)?, ask.me.account);
    ask.api.db.write(move |tx| verbs::remove_keyword(tx, me, id)).await?;
    empty()
}
