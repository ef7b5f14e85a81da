//! Filters: what somebody does not want to see, with their phrases and the posts they name; and the older form of one
//! phrase each.

pub mod keywords;
pub mod statuses;
pub mod v1;

use phiomia_mastodon::form::{Flag, Id, List, Number, Text, filled};
use phiomia_model::{AccountId, Error, FilterAction, FilterId, FilterKeywordId, Noun, Refusal};
use phiomia_social::filters::{self as verbs, FilterEdit, KeywordEdit};
use phiomia_store::{
    Query,
    db::filters::{self, FilterView},
};
use serde::{Deserialize, Deserializer, de};
use serde_json::Value;

use crate::{
    gate::{Answer, Ask, Member, empty, json},
    render,
};

/// One of `me`'s filters.
///
/// # Errors
/// Refused when there is none, or it is somebody else's (`404`).
pub(crate) fn own(q: &Query<'_>, me: AccountId, id: FilterId) -> Result<FilterView, Error> {
    Ok(filters::find(q, me, id)?.ok_or(Refusal::NotFound(Noun::Record))?)
}

#[derive(Deserialize)]
pub(crate) struct Wanted {
    title: Option<Text>,
    context: Option<List<Text>>,
    #[serde(default, deserialize_with = "filled")]
    filter_action: Option<Text>,
    #[serde(default, deserialize_with = "span")]
    expires_in: Option<Option<i64>>,
    #[serde(default)]
    keywords_attributes: List<Keyword>,
}

#[derive(Default, Deserialize)]
struct Keyword {
    #[serde(default, deserialize_with = "filled")]
    id: Option<Id<FilterKeywordId>>,
    keyword: Option<Text>,
    #[serde(default, deserialize_with = "filled")]
    whole_word: Option<Flag>,
    #[serde(default, rename = "_destroy")]
    destroy: Flag,
}

impl Keyword {
    fn into_edit(self) -> Result<KeywordEdit, Refusal> {
        Ok(KeywordEdit {
            id: self.id.map(|id| id.found(Noun::Record)).transpose()?,
            keyword: self.keyword.map(Into::into),
            is_whole_word: self.whole_word.map(Into::into),
            is_removed: self.destroy.0,
        })
    }
}

impl Wanted {
    /// What is to be different.
    ///
    /// # Errors
    /// Refused for an action that is none (`422`) and for a phrase that can be nobody's (`404`).
    pub(crate) fn into_edit(self) -> Result<FilterEdit, Refusal> {
        let action = |word: Text| -> Result<FilterAction, Refusal> {
            word.0.parse().map_err(|_| Refusal::Invalid(format!("'{}' is not a valid filter_action", word.0)))
        };
        Ok(FilterEdit {
            title: self.title.map(Into::into),
            contexts: self.context.map(List::strings),
            action: self.filter_action.map(action).transpose()?,
            expires_in: self.expires_in,
            keywords: self.keywords_attributes.0.into_iter().map(Keyword::into_edit).collect::<Result<_, _>>()?,
        })
    }
}

/// Seconds; nothing, or an empty text, where the field is named means for ever.
fn span<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Option<i64>>, D::Error> {
    match Value::deserialize(d)? {
        Value::Null => Ok(Some(None)),
        Value::String(text) if text.trim().is_empty() => Ok(Some(None)),
        value => serde_json::from_value(value).map(|Number(n)| Some(Some(n))).map_err(de::Error::custom),
    }
}

/// `GET /api/v2/filters`
pub async fn index(ask: Ask<Member>) -> Answer {
    let me = ask.me.account;
    let views = ask.api.db.read(move |q| Ok(filters::of_account(q, me)?)).await?;
    json(&views.iter().map(render::filter).collect::<Vec<_>>())
}

/// `GET /api/v2/filters/:id`
pub async fn show(ask: Ask<Member>) -> Answer {
    let (id, me) = (ask.id(Noun::Record)?, ask.me.account);
    json(&render::filter(&ask.api.db.read(move |q| own(q, me, id)).await?))
}

/// `POST /api/v2/filters`
pub async fn create(ask: Ask<Member>) -> Answer {
    let (me, how) = (ask.me.account, ask.decode::<Wanted>()?.into_edit()?);
    json(&render::filter(&ask.api.db.write(move |tx| verbs::create(tx, me, &how)).await?))
}

/// `PUT /api/v2/filters/:id`
pub async fn update(ask: Ask<Member>) -> Answer {
    let (id, me, how) = (ask.id(Noun::Record)?, ask.me.account, ask.decode::<Wanted>()?.into_edit()?);
    json(&render::filter(&ask.api.db.write(move |tx| verbs::update(tx, me, id, &how)).await?))
}

/// `DELETE /api/v2/filters/:id`
pub async fn delete(ask: Ask<Member>) -> Answer {
    let (id, me) = (ask.id(Noun::Record)?, ask.me.account);
    ask.api.db.write(move |tx| verbs::delete(tx, me, id)).await?;
    empty()
}
