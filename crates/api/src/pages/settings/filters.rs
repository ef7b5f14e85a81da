//! What somebody does not want to see: their filters, each with its phrases, and the posts it names.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use phiomia_model::{
    AccountId, Error, FilterAction, FilterContext, FilterId, FilterStatusId, Noun, Refusal, Viewer, limits::LIMITS,
};
use phiomia_social::filters::{self as verbs, FilterEdit};
use phiomia_store::db::{
    filters::{self, FilterView},
    statuses as posts,
};
use serde_json::Value;

use super::{
    super::{Browser, Frame, page, redirect, shown_day, sign_in},
    complaint, is_saved,
};
use crate::{
    filters::{Wanted, own},
    gate::Ask,
};

const HERE: &str = "/filters";
/// Rows for new phrases in a form: more come with the next look at it.
const NEW_ROWS: usize = 3;
/// Characters of a post that are shown, so that it is known again.
const EXCERPT: usize = 200;
/// How long a filter may go from now on, in seconds.
const SPANS: [(&str, &str); 6] = [
    ("1800", "30 minutes"),
    ("3600", "1 hour"),
    ("21600", "6 hours"),
    ("43200", "12 hours"),
    ("86400", "1 day"),
    ("604800", "1 week"),
];

#[derive(Template)]
#[template(path = "settings_filters.html")]
struct FiltersPage {
    frame: Frame,
    here: &'static str,
    is_saved: bool,
    filters: Vec<Shown>,
}

/// A filter in the list.
struct Shown {
    id: FilterId,
    title: String,
    phrases: String,
    n_statuses: usize,
    does: &'static str,
    contexts: String,
    ends: Option<String>,
}

#[derive(Template)]
#[template(path = "settings_filter.html")]
struct FilterPage {
    frame: Frame,
    here: &'static str,
    error: Option<String>,
    id: Option<FilterId>,
    title: String,
    title_characters: usize,
    keyword_characters: usize,
    contexts: Vec<Choice>,
    actions: Vec<Choice>,
    spans: Vec<Choice>,
    rows: Vec<Row>,
}

/// One choice: its value, its words, whether it is chosen.
type Choice = (&'static str, String, bool);

/// A phrase in the form.
struct Row {
    n: usize,
    id: Option<String>,
    keyword: String,
    is_whole_word: bool,
    is_removed: bool,
}

#[derive(Template)]
#[template(path = "settings_filter_statuses.html")]
struct StatusesPage {
    frame: Frame,
    here: &'static str,
    is_saved: bool,
    id: FilterId,
    title: String,
    statuses: Vec<Named>,
}

/// A post that a filter names; what can no longer be seen is named alone.
struct Named {
    id: FilterStatusId,
    seen: Option<(String, String, Option<String>)>,
}

/// `GET /filters`
///
/// # Errors
/// A fault.
pub async fn index(ask: Ask<Browser>) -> Result<Response, Error> {
    let Some(me) = ask.me.account() else { return sign_in::first(&ask, HERE) };
    let (views, now) = (ask.api.db.read(move |q| Ok(filters::of_account(q, me)?)).await?, ask.api.now());
    let shown = |view: &FilterView| Shown {
        id: view.id,
        title: view.title.clone(),
        phrases: view.keywords.iter().map(|keyword| format!("“{}”", keyword.keyword)).collect::<Vec<_>>().join(", "),
        n_statuses: view.statuses.len(),
        does: short(view.action),
        contexts: view.contexts.iter().map(|context| place(*context)).collect::<Vec<_>>().join(", "),
        ends: view
            .expires_at
            .map(|end| format!("{} {}", if view.is_over(now) { "ended" } else { "until" }, shown_day(end))),
    };
    let (filters, is_saved) = (views.iter().map(shown).collect(), is_saved(&ask));
    page(&ask, StatusCode::OK, &FiltersPage { frame: Frame::of(&ask).await?, here: HERE, is_saved, filters })
}

/// `GET /filters/new`
///
/// # Errors
/// A fault.
pub async fn new(ask: Ask<Browser>) -> Result<Response, Error> {
    if ask.me.account().is_none() {
        return sign_in::first(&ask, "/filters/new");
    }
    form(&ask, StatusCode::OK, None, None).await
}

/// `POST /filters`: the form, with Mastodon's names.
///
/// # Errors
/// A fault.
pub async fn create(ask: Ask<Browser>) -> Result<Response, Error> {
    let Some(me) = ask.me.account() else { return sign_in::first(&ask, HERE) };
    let done = match sent(&ask) {
        Ok(how) => ask.api.db.write(move |tx| verbs::create(tx, me, &how)).await.map(|_| ()),
        Err(refused) => Err(refused),
    };
    match done {
        Ok(()) => redirect(&ask, "/filters?saved=1"),
        Err(error) => form(&ask, StatusCode::UNPROCESSABLE_ENTITY, None, Some(complaint(error)?)).await,
    }
}

/// `GET /filters/{id}/edit`
///
/// # Errors
/// `NotFound` for a filter of nobody or somebody else; a fault.
pub async fn edit(ask: Ask<Browser>) -> Result<Response, Error> {
    let Some(me) = ask.me.account() else { return sign_in::first(&ask, HERE) };
    let filter = found(&ask, me).await?;
    form(&ask, StatusCode::OK, Some(&filter), None).await
}

/// `POST /filters/{id}`: the form, with Mastodon's names.
///
/// # Errors
/// `NotFound` for a filter of nobody or somebody else; a fault.
pub async fn update(ask: Ask<Browser>) -> Result<Response, Error> {
    let Some(me) = ask.me.account() else { return sign_in::first(&ask, HERE) };
    let filter = found(&ask, me).await?;
    let (id, done) = (filter.id, sent(&ask));
    let done = match done {
        Ok(how) => ask.api.db.write(move |tx| verbs::update(tx, me, id, &how)).await.map(|_| ()),
        Err(refused) => Err(refused),
    };
    match done {
        Ok(()) => redirect(&ask, "/filters?saved=1"),
        Err(error) => form(&ask, StatusCode::UNPROCESSABLE_ENTITY, Some(&filter), Some(complaint(error)?)).await,
    }
}

/// `POST /filters/{id}/delete`
///
/// # Errors
/// `NotFound` for a filter of nobody or somebody else; a fault.
pub async fn delete(ask: Ask<Browser>) -> Result<Response, Error> {
    let Some(me) = ask.me.account() else { return sign_in::first(&ask, HERE) };
    let id = ask.id(Noun::Record)?;
    ask.api.db.write(move |tx| verbs::delete(tx, me, id)).await?;
    redirect(&ask, "/filters?saved=1")
}

/// `GET /filters/{id}/statuses`
///
/// # Errors
/// `NotFound` for a filter of nobody or somebody else; a fault.
pub async fn statuses(ask: Ask<Browser>) -> Result<Response, Error> {
    let Some(me) = ask.me.account() else { return sign_in::first(&ask, HERE) };
    let (filter, now) = (found(&ask, me).await?, ask.api.now());
    let ids: Vec<_> = filter.statuses.iter().map(|named| named.status).collect();
    let views = ask.api.db.read(move |q| Ok(posts::views(q, &ids, Viewer::Account(me), now)?)).await?;
    let seen = |view: &posts::StatusView| {
        let body = &view.body;
        let text = if body.is_local { body.text.clone() } else { phiomia_text::plain(&body.text) };
        let whole = if body.spoiler_text.is_empty() { text } else { body.spoiler_text.clone() };
        let excerpt: String = whole.chars().take(EXCERPT).collect();
        let address = body.url.clone().filter(|url| url.starts_with("https://") || url.starts_with("http://"));
        (format!("@{}", view.author.acct()), excerpt, address)
    };
    let named = |entry: &filters::FilterStatus| Named {
        id: entry.id,
        seen: views.iter().find(|view| view.body.id == entry.status).map(seen),
    };
    let shown = StatusesPage {
        frame: Frame::of(&ask).await?,
        here: HERE,
        is_saved: is_saved(&ask),
        id: filter.id,
        title: filter.title.clone(),
        statuses: filter.statuses.iter().map(named).collect(),
    };
    page(&ask, StatusCode::OK, &shown)
}

/// `POST /filters/{id}/statuses`: the ticked posts are named no longer.
///
/// # Errors
/// `NotFound` for a filter of nobody or somebody else; a fault.
pub async fn remove_statuses(ask: Ask<Browser>) -> Result<Response, Error> {
    let Some(me) = ask.me.account() else { return sign_in::first(&ask, HERE) };
    let filter = found(&ask, me).await?;
    let ticked: Vec<String> = match ask.input.get("status_ids") {
        Some(Value::Array(ids)) => ids.iter().filter_map(|id| id.as_str().map(str::to_owned)).collect(),
        _ => Vec::new(),
    };
    let entries: Vec<FilterStatusId> =
        filter.statuses.iter().map(|named| named.id).filter(|id| ticked.contains(&id.to_string())).collect();
    let remove = move |tx: &phiomia_store::Tx<'_>| {
        entries.iter().try_for_each(|id| verbs::remove_status(tx, me, *id).map(|_| ()))
    };
    ask.api.db.write(remove).await?;
    redirect(&ask, &format!("/filters/{}/statuses?saved=1", filter.id))
}

async fn found(ask: &Ask<Browser>, me: AccountId) -> Result<FilterView, Error> {
    let id = ask.id(Noun::Record)?;
    ask.api.db.read(move |q| own(q, me, id)).await
}

/// What was sent, decoded as the API does it. A span that was left as it is changes nothing.
fn sent(ask: &Ask<Browser>) -> Result<FilterEdit, Error> {
    let mut fields = ask.input.get("custom_filter").cloned().unwrap_or_default();
    if let Some(fields) = fields.as_object_mut()
        && fields.get("expires_in").and_then(Value::as_str) == Some("keep")
    {
        fields.remove("expires_in");
    }
    let wanted: Wanted = serde_json::from_value(fields).map_err(|e| Refusal::Invalid(e.to_string()))?;
    let mut how = wanted.into_edit()?;
    // Rows for new phrases that were left alone.
    how.keywords.retain(|row| row.id.is_some() || row.keyword.as_ref().is_some_and(|text| !text.trim().is_empty()));
    // A form without a ticked box names none.
    how.contexts.get_or_insert_default();
    Ok(how)
}

/// The form of a new filter, or of one there is; after a mistake with what was typed.
async fn form(
    ask: &Ask<Browser>,
    status: StatusCode,
    filter: Option<&FilterView>,
    error: Option<String>,
) -> Result<Response, Error> {
    let typed = error.as_ref().and_then(|_| ask.input.get("custom_filter"));
    let text = |name: &str| typed.and_then(|typed| typed.get(name)).and_then(Value::as_str).map(str::to_owned);
    let kept_contexts = filter.map_or_else(Vec::new, |filter| filter.contexts.clone());
    let is_ticked = |context: FilterContext| match typed {
        None => kept_contexts.contains(&context),
        Some(typed) => typed
            .get("context")
            .and_then(Value::as_array)
            .is_some_and(|words| words.iter().any(|word| word.as_str() == Some(context.word()))),
    };
    let action = text("filter_action").and_then(|word| word.parse().ok());
    let action = action.unwrap_or_else(|| filter.map_or(FilterAction::Warn, |filter| filter.action));
    let end = filter.and_then(|filter| filter.expires_at);
    let span = text("expires_in").unwrap_or_else(|| if end.is_some() { "keep".to_owned() } else { String::new() });
    let mut spans: Vec<Choice> = vec![("", "For ever".to_owned(), span.is_empty())];
    spans.extend(end.map(|end| ("keep", format!("As it is: {}", shown_day(end)), span == "keep")));
    spans.extend(SPANS.map(|(value, words)| (value, format!("{words} from now"), span == value)));
    let shown = FilterPage {
        frame: Frame::of(ask).await?,
        here: HERE,
        error,
        id: filter.map(|filter| filter.id),
        title: text("title").unwrap_or_else(|| filter.map_or_else(String::new, |filter| filter.title.clone())),
        title_characters: LIMITS.filter_title_characters,
        keyword_characters: LIMITS.filter_keyword_characters,
        contexts: FilterContext::ALL.map(|c| (c.word(), place(c).to_owned(), is_ticked(c))).to_vec(),
        actions: FilterAction::ALL.map(|a| (a.word(), long(a).to_owned(), a == action)).to_vec(),
        spans,
        rows: rows(typed, filter),
    };
    page(ask, status, &shown)
}

/// The phrases as they were typed or are kept, and some empty rows.
fn rows(typed: Option<&Value>, filter: Option<&FilterView>) -> Vec<Row> {
    let typed_rows = typed.and_then(|typed| typed.get("keywords_attributes")).and_then(Value::as_object);
    let mut rows: Vec<Row> = match (typed_rows, filter) {
        (Some(fields), _) => {
            let text = |row: &Value, name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
            let mut numbered: Vec<(usize, &Value)> =
                fields.iter().filter_map(|(n, row)| Some((n.parse().ok()?, row))).collect();
            numbered.sort_by_key(|(n, _)| *n);
            let row = |row: &Value| Row {
                n: 0,
                id: Some(text(row, "id")).filter(|id| !id.is_empty()),
                keyword: text(row, "keyword"),
                is_whole_word: text(row, "whole_word") == "1",
                is_removed: text(row, "_destroy") == "1",
            };
            numbered
                .into_iter()
                .map(|(_, fields)| row(fields))
                .filter(|row| row.id.is_some() || !row.keyword.is_empty())
                .collect()
        }
        (None, Some(filter)) => {
            let row = |keyword: &filters::FilterKeyword| Row {
                n: 0,
                id: Some(keyword.id.to_string()),
                keyword: keyword.keyword.clone(),
                is_whole_word: keyword.is_whole_word,
                is_removed: false,
            };
            filter.keywords.iter().map(row).collect()
        }
        (None, None) => Vec::new(),
    };
    let blank = || Row { n: 0, id: None, keyword: String::new(), is_whole_word: true, is_removed: false };
    rows.extend(std::iter::repeat_with(blank).take(NEW_ROWS));
    rows.iter_mut().enumerate().for_each(|(n, row)| row.n = n);
    rows
}

const fn place(context: FilterContext) -> &'static str {
    match context {
        FilterContext::Home => "Home and lists",
        FilterContext::Notifications => "Notifications",
        FilterContext::Public => "Public timelines",
        FilterContext::Thread => "Conversations",
        FilterContext::Account => "Profiles",
    }
}

const fn short(action: FilterAction) -> &'static str {
    match action {
        FilterAction::Warn => "warns",
        FilterAction::Hide => "hides posts",
        FilterAction::Blur => "hides media",
    }
}

const fn long(action: FilterAction) -> &'static str {
    match action {
        FilterAction::Warn => "Hide them behind a warning with the filter’s title",
        FilterAction::Blur => "Hide their media behind a warning",
        FilterAction::Hide => "Hide them completely, as if they did not exist",
    }
}
