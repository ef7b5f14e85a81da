//! Filters as they were before 4.0: each phrase is one.

use phiomia_mastodon::form::{Flag, List, Text, filled};
use phiomia_model::{FilterKeywordId, Noun, Refusal};
use phiomia_social::filters::{self as verbs, PhraseEdit};
use phiomia_store::db::filters;
use serde::Deserialize;

use super::{own, span};
use crate::{
    gate::{Answer, Ask, Member, empty, json},
    render,
};

#[derive(Deserialize)]
struct Wanted {
    phrase: Option<Text>,
    context: Option<List<Text>>,
    irreversible: Option<Flag>,
    #[serde(default, deserialize_with = "filled")]
    whole_word: Option<Flag>,
    #[serde(default, deserialize_with = "span")]
    expires_in: Option<Option<i64>>,
}

impl Wanted {
    fn into_edit(self) -> PhraseEdit {
        PhraseEdit {
            phrase: self.phrase.map(Into::into),
            contexts: self.context.map(List::strings),
            hides: self.irreversible.map(Into::into),
            is_whole_word: self.whole_word.map(Into::into),
            expires_in: self.expires_in,
        }
    }
}

/// Since 2022-11-14 version 2 is meant.
const OLD_SINCE: i64 = 1_668_384_000;

fn old(answer: Answer) -> Answer {
    answer.map(|reply| reply.deprecated_since(OLD_SINCE))
}

/// `GET /api/v1/filters`
pub async fn index(ask: Ask<Member>) -> Answer {
    let me = ask.me.account;
    let views = ask.api.db.read(move |q| Ok(filters::of_account(q, me)?)).await?;
    let each = views.iter().flat_map(|view| view.keywords.iter().map(|keyword| render::filter_v1(view, keyword)));
    old(json(&each.collect::<Vec<_>>()))
}

/// `GET /api/v1/filters/:id`
pub async fn show(ask: Ask<Member>) -> Answer {
    let (id, me) = (ask.id::<FilterKeywordId>(Noun::Record)?, ask.me.account);
    let (filter, keyword) = ask
        .api
        .db
        .read(move |q| {
            let keyword = filters::keyword(q, me, id)?.ok_or(Refusal::NotFound(Noun::Record))?;
            Ok((own(q, me, keyword.filter)?, keyword))
        })
        .await?;
    old(json(&render::filter_v1(&filter, &keyword)))
}

/// `POST /api/v1/filters`
pub async fn create(ask: Ask<Member>) -> Answer {
    let (me, how) = (ask.me.account, ask.decode::<Wanted>()?.into_edit());
    let (filter, keyword) = ask.api.db.write(move |tx| verbs::create_phrase(tx, me, &how)).await?;
    old(json(&render::filter_v1(&filter, &keyword)))
}

/// `PUT /api/v1/filters/:id`
pub async fn update(ask: Ask<Member>) -> Answer {
    let (id, me, how) = (ask.id(Noun::Record)?, ask.me.account, ask.decode::<Wanted>()?.into_edit());
    let (filter, keyword) = ask.api.db.write(move |tx| verbs::update_phrase(tx, me, id, &how)).await?;
    old(json(&render::filter_v1(&filter, &keyword)))
}

/// `DELETE /api/v1/filters/:id`
pub async fn delete(ask: Ask<Member>) -> Answer {
    let (id, me) = (ask.id(Noun::Record)?, ask.me.account);
    ask.api.db.write(move |tx| verbs::delete_phrase(tx, me, id)).await?;
    old(empty())
}
