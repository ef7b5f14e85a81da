//! Filters, and what they match.

use std::sync::Arc;

use phiomia_mastodon::entities::{self, FilterResult, Id};
use phiomia_model::{FilterAction, StatusId};
use phiomia_store::db::{
    filters::{FilterKeyword, FilterStatus, FilterView, Filtering, Filters},
    statuses::{StatusBody, StatusView},
};
use phiomia_text::filter::{Group, Phrases};

/// A filter, with what it looks for.
#[must_use]
pub fn filter(view: &FilterView) -> entities::Filter {
    entities::Filter {
        keywords: Some(view.keywords.iter().map(filter_keyword).collect()),
        statuses: Some(view.statuses.iter().map(filter_status).collect()),
        ..named(view)
    }
}

/// A filter alone, as it stands in a match.
fn named(view: &FilterView) -> entities::Filter {
    entities::Filter {
        id: Id(view.id.0),
        title: view.title.clone(),
        context: view.contexts.clone(),
        expires_at: view.expires_at.map(Into::into),
        filter_action: view.action,
        keywords: None,
        statuses: None,
    }
}

/// A phrase.
#[must_use]
pub fn filter_keyword(keyword: &FilterKeyword) -> entities::FilterKeyword {
    entities::FilterKeyword {
        id: Id(keyword.id.0),
        keyword: keyword.keyword.clone(),
        whole_word: keyword.is_whole_word,
    }
}

/// A post that a filter names.
#[must_use]
pub fn filter_status(status: &FilterStatus) -> entities::FilterStatus {
    entities::FilterStatus { id: Id(status.id.0), status_id: status.status }
}

/// A phrase as a filter of its own.
#[must_use]
pub fn filter_v1(view: &FilterView, keyword: &FilterKeyword) -> entities::FilterV1 {
    entities::FilterV1 {
        id: Id(keyword.id.0),
        phrase: keyword.keyword.clone(),
        context: view.contexts.clone(),
        expires_at: view.expires_at.map(Into::into),
        irreversible: view.action == FilterAction::Hide,
        whole_word: keyword.is_whole_word,
    }
}

/// What the viewer's filters say of a post; of a boost, what they say of what it boosts. Nothing of one's own.
pub(super) fn filtered(view: &StatusView) -> Option<Vec<FilterResult>> {
    let proper = view.reblog.as_deref().unwrap_or(view);
    let is_own = proper.mine.as_ref()?.is_own;
    Some(view.filtering.as_ref().filter(|_| !is_own).map_or_else(Vec::new, |filtering| matches(view, filtering)))
}

/// Whether filters meet a post, or what is shown within it.
#[must_use]
pub fn is_met(view: &StatusView, filtering: &Filtering) -> bool {
    let is_own = |view: &StatusView| view.mine.as_ref().is_some_and(|mine| mine.is_own);
    let proper = view.reblog.as_deref().unwrap_or(view);
    let quoted = proper.quote.as_ref().and_then(|quote| quote.view.as_deref());
    (!is_own(proper) && !matches(view, filtering).is_empty())
        || quoted.is_some_and(|quoted| !is_own(quoted) && !matches(quoted, filtering).is_empty())
}

/// The filters that match a post, oldest first, wherever they apply: apps look at that. Of the phrases of one filter the
/// one is told that comes first in the text, as the text has it; all as in Mastodon.
#[must_use]
pub fn matches(view: &StatusView, filtering: &Filtering) -> Vec<FilterResult> {
    let body = &view.reblog.as_ref().map_or(view, |original| original).body;
    let text: Arc<String> = body.searched.get_or(|_| true, || searched(body));
    let phrases: Arc<Phrases> = filtering.filters.made.get_or(|_| true, || compiled(&filtering.filters));
    let mut results = Vec::new();
    for (filter, phrase) in filtering.filters.all.iter().zip(phrases.find(&text)) {
        if filter.is_over(filtering.at) {
            continue;
        }
        let is_named = |id: &StatusId| filter.statuses.iter().any(|named| named.status == *id);
        let mut statuses: Vec<StatusId> = [Some(view.body.id), view.body.reblog_of_id].into_iter().flatten().collect();
        statuses.retain(is_named);
        if phrase.is_some() || !statuses.is_empty() {
            results.push(FilterResult {
                filter: named(filter),
                keyword_matches: phrase.map(|phrase| vec![phrase.to_owned()]),
                status_matches: (!statuses.is_empty()).then_some(statuses),
            });
        }
    }
    results
}

fn compiled<'a>(filters: &'a Filters) -> Phrases {
    let phrase = |keyword: &'a FilterKeyword| (keyword.keyword.as_str(), keyword.is_whole_word);
    let groups: Vec<Group<'a>> =
        filters.all.iter().map(|filter| filter.keywords.iter().map(phrase).collect()).collect();
    Phrases::new(&groups)
}

/// What filters look through: the warning, the text without markup, the choices of the poll, what pictures are described
/// as; with empty lines between. Source: Mastodon's `Status#searchable_text`.
fn searched(body: &StatusBody) -> String {
    let text = if body.is_local { body.text.clone() } else { phiomia_text::plain(&body.text) };
    let choices = body.poll.iter().flat_map(|poll| &poll.options).map(|choice| choice.title.clone());
    let here = body.media.iter().filter_map(|media| media.description.clone());
    let elsewhere = body.attachments.iter().filter_map(|media| media.description.clone());
    let parts: Vec<String> =
        [body.spoiler_text.clone(), text].into_iter().chain(choices).chain(here).chain(elsewhere).collect();
    parts.join("\n\n")
}
