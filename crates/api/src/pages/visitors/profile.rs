//! Somebody's profile: who they are, what they pinned, what they posted.

use std::sync::Arc;

use askama::Template;
use axum::response::Response;
use phiomia_mastodon::entities;
use phiomia_model::{AccountId, Addresses, Error, Handle, Noun, Page, Refusal, StatusId, Time, Viewer, Visibility};
use phiomia_store::{
    Query,
    db::{
        accounts::{self, AccountView},
        statuses::{self as posts, StatusView},
        tags,
        timelines::{self, AccountFilter},
        users,
    },
};

use super::{
    Around, Head, Visitor, answer, encoded, feed,
    fit::{fitted, shortened},
    frame,
    list::{BUDGET, Listed, POSTS, Slice, slice},
    person::{Person, drawn, escaped},
    post::{Moment, Place, Post},
    shown_number, unlimited,
};
use crate::{gate::Ask, pages::Frame, render, state::Api};

/// Bytes of what somebody says of themselves.
const NOTE: usize = 3_000;
/// Bytes of the label and of the content of a line of the profile's table.
const LABEL: usize = 400;
const VALUE: usize = 700;

/// Which of somebody's posts are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Tab {
    /// Without answers to others.
    Posts,
    /// With answers.
    Replies,
    /// With pictures, sounds or films.
    Media,
    /// Under one hashtag.
    Tagged(String),
}

impl Tab {
    /// The end of its address.
    pub(super) fn path(&self) -> String {
        match self {
            Tab::Posts => String::new(),
            Tab::Replies => "/with_replies".to_owned(),
            Tab::Media => "/media".to_owned(),
            Tab::Tagged(tag) => format!("/tagged/{}", encoded(tag)),
        }
    }
}

/// A line of the profile's table.
#[derive(Debug)]
pub(in crate::pages) struct Field {
    name: String,
    value: String,
    verified_at: Option<Moment>,
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "visitors/profile.html")]
pub(in crate::pages) struct Profile {
    frame: Frame,
    around: Around,
    person: Person,
    header: String,
    header_description: String,
    note: String,
    fields: Vec<Field>,
    n_posts: String,
    n_following: String,
    n_followers: String,
    joined_at: Moment,
    is_bot: bool,
    is_memorial: bool,
    is_limited: bool,
    /// Has a tab of posts with media.
    shows_media: bool,
    moved_to: Option<Person>,
    tab: Tab,
    pinned: Vec<String>,
    listed: Listed,
    path: String,
}

impl Profile {
    fn tag(&self) -> Option<&str> {
        match &self.tab {
            Tab::Tagged(tag) => Some(tag),
            Tab::Posts | Tab::Replies | Tab::Media => None,
        }
    }
}

/// `GET /@:user`, and `.rss`.
///
/// # Errors
/// `NotFound`, `Gone`; a fault.
pub async fn posts(ask: Ask<Visitor>) -> Result<Response, Error> {
    match ask.piece("acct").strip_suffix(".rss") {
        Some(name) => feed::of_account(&ask, name, Tab::Posts).await,
        None => show(&ask, Tab::Posts).await,
    }
}

/// `GET /@:user/with_replies`.
///
/// # Errors
/// `NotFound`, `Gone`; a fault.
pub async fn with_replies(ask: Ask<Visitor>) -> Result<Response, Error> {
    show(&ask, Tab::Replies).await
}

/// `GET /@:user/media`
///
/// # Errors
/// `NotFound`, `Gone`; a fault.
pub async fn media(ask: Ask<Visitor>) -> Result<Response, Error> {
    show(&ask, Tab::Media).await
}

/// `GET /@:user/media.rss`
///
/// # Errors
/// `NotFound`, `Gone`; a fault.
pub async fn media_feed(ask: Ask<Visitor>) -> Result<Response, Error> {
    feed::of_account(&ask, ask.piece("acct"), Tab::Media).await
}

/// `GET /@:user/tagged/:tag`, and `.rss`.
///
/// # Errors
/// `NotFound`, `Gone`; a fault.
pub async fn tagged(ask: Ask<Visitor>) -> Result<Response, Error> {
    let tag = ask.piece("tag");
    match tag.strip_suffix(".rss") {
        Some(tag) => feed::of_account(&ask, ask.piece("acct"), Tab::Tagged(tag.to_owned())).await,
        None => show(&ask, Tab::Tagged(tag.to_owned())).await,
    }
}

/// `GET /users/:user`, and `.rss`: where Mastodon had profiles before.
///
/// # Errors
/// `NotFound`, `Gone`; a fault.
pub async fn elsewhere(ask: Ask<Visitor>) -> Result<Response, Error> {
    let (name, format) = match ask.piece("acct").strip_suffix(".rss") {
        Some(name) => (name.to_owned(), ".rss"),
        None => (ask.piece("acct").to_owned(), ""),
    };
    let addresses = ask.api.addresses.clone();
    let account = ask.api.db.read(move |q| existing(q, &addresses, &name)).await?;
    answer::redirect(&format!("/@{}{format}", account.username))
}

async fn show(ask: &Ask<Visitor>, tab: Tab) -> Result<Response, Error> {
    let (name, page) = (ask.piece("acct").to_owned(), Page { limit: POSTS, ..ask.page(POSTS, POSTS) });
    let addresses = ask.api.addresses.clone();
    let find = move |q: &Query<'_>| existing(q, &addresses, &name).map(|account| account.id);
    let profile = build(&ask.api, find, tab, page).await?;
    answer::page(ask, &profile)
}

/// The profile of the first owner, for a server of one person.
pub(in crate::pages) async fn owner(api: &Api, page: Page) -> Result<Option<Profile>, Error> {
    let Some(owner) = api.db.read(|q| Ok(accounts::first_owner(q)?)).await? else { return Ok(None) };
    let page = Page { limit: POSTS, ..page };
    build(api, move |_| Ok(owner), Tab::Posts, page).await.map(Some)
}

/// What is read for a profile.
struct Found {
    account: Arc<AccountView>,
    pinned: Vec<StatusView>,
    slice: Slice,
    views: Vec<StatusView>,
}

async fn build(
    api: &Api,
    find: impl Fn(&Query<'_>) -> Result<AccountId, Error> + Send + Sync + 'static,
    tab: Tab,
    page: Page,
) -> Result<Profile, Error> {
    let (wanted, now) = (tab.clone(), api.now());
    let found = api
        .db
        .read(move |q| {
            let id = find(q)?;
            let account = accounts::view(q, id)?.ok_or(Refusal::NotFound(Noun::Account))?;
            read(q, account, &wanted, &page, now)
        })
        .await?;
    let cx = api.cx().await?;
    let account = render::account(&found.account, &cx);
    let is_limited = found.account.is_silenced;
    let is_first = page.max_id.is_none() && page.min_id.is_none();
    let person = Person::of(&account, &cx);
    let mut head = Head::of_profile(&person, &account, own_pages(&found.account));
    head.is_indexed &= is_first && tab == Tab::Posts && !is_limited;
    if is_limited {
        head.description = String::new();
        head.feed = None;
    } else if tab != Tab::Posts {
        head.canonical.push_str(&tab.path());
        head.feed = Some((format!("Posts of {}", person.handle), format!("{}.rss", head.canonical)));
    }
    let base = cx.addresses.base();
    let note = if is_limited { String::new() } else { fitted(&account.note, &account.emojis, &base, NOTE) };
    let fields = if is_limited { Vec::new() } else { fields(&account, &base) };
    let mut spent = fields.iter().fold(note.len(), |n, field| n.saturating_add(field.name.len() + field.value.len()));
    let (mut pinned, mut shown) = (Vec::new(), Vec::new());
    for view in &found.pinned {
        let html = Post::of(&render::status(view, &cx), Place::Pinned, &cx).html()?;
        if spent.saturating_add(html.len()) > BUDGET {
            break;
        }
        spent = spent.saturating_add(html.len());
        pinned.push(html);
        shown.push(view.body.id);
    }
    let mut statuses = render::statuses(&found.views, &cx);
    statuses.retain(|status| !shown.contains(&status.id));
    let listed = Listed::of(&found.slice, &statuses, spent, &cx)?;
    Ok(Profile {
        frame: frame(api).await?,
        path: format!("/@{}{}", account.username, tab.path()),
        around: Around::of(head),
        header: account.header_static.clone(),
        header_description: account.header_description.clone(),
        note,
        fields,
        n_posts: shown_number(account.statuses_count),
        n_following: shown_number(account.following_count),
        n_followers: shown_number(account.followers_count),
        joined_at: Moment::of(found.account.created_at),
        is_bot: account.bot,
        is_memorial: account.memorial.unwrap_or_default(),
        is_limited,
        shows_media: account.show_media,
        moved_to: account.moved.as_deref().map(|target| Person::of(target, &cx)),
        person,
        tab,
        pinned,
        listed,
    })
}

fn read(q: &Query<'_>, account: Arc<AccountView>, tab: &Tab, page: &Page, now: Time) -> Result<Found, Error> {
    if account.is_silenced {
        let slice = Slice { keys: Vec::new(), has_newer: false, has_older: false };
        return Ok(Found { account, pinned: Vec::new(), slice, views: Vec::new() });
    }
    let hides_replies = *tab == Tab::Media && !account.tabs.media_replies;
    let filter = AccountFilter { excludes_replies: *tab == Tab::Posts || hides_replies, ..filter(q, tab, false)? };
    let slice = slice(page, |page| {
        let ids = timelines::of_account(q, account.id, Visibility::Unlisted, &filter, page)?;
        Ok(ids.into_iter().map(|id| id.0).collect())
    })?;
    let is_first = page.max_id.is_none() && page.min_id.is_none();
    let pins =
        if is_first && *tab == Tab::Posts { timelines::pinned(q, account.id, &Page::first(POSTS))? } else { vec![] };
    let pins: Vec<StatusId> = pins.into_iter().map(|(_, id)| id).collect();
    let listed: Vec<StatusId> = slice.keys.iter().map(|key| StatusId(*key)).collect();
    let pinned = unlimited(posts::views(q, &pins, Viewer::Anonymous, now)?);
    let views = unlimited(posts::views(q, &listed, Viewer::Anonymous, now)?);
    Ok(Found { account, pinned, slice, views })
}

/// What the store is asked for. An unknown hashtag has no posts here and is not there.
pub(super) fn filter(q: &Query<'_>, tab: &Tab, excludes_reblogs: bool) -> Result<AccountFilter, Error> {
    let tag = match tab {
        Tab::Tagged(name) => {
            let found = tags::by_name(q, &phiomia_text::tag_key(name))?;
            Some(found.ok_or(Refusal::NotFound(Noun::Record))?.id)
        }
        Tab::Posts | Tab::Replies | Tab::Media => None,
    };
    Ok(AccountFilter {
        only_media: *tab == Tab::Media,
        excludes_replies: *tab == Tab::Posts,
        excludes_reblogs: excludes_reblogs || tag.is_some() || *tab == Tab::Media,
        excludes_direct: true,
        tag,
    })
}

/// Whom an address names: somebody here who has been let in, is not suspended and not gone.
pub(super) fn existing(q: &Query<'_>, addresses: &Addresses, name: &str) -> Result<Arc<AccountView>, Error> {
    let not_there = || Error::from(Refusal::NotFound(Noun::Account));
    let handle: Handle = name.parse().map_err(|_| not_there())?;
    let handle = handle.relative_to(&addresses.own_domains());
    if handle.domain.is_some() {
        return Err(not_there());
    }
    let id = accounts::by_handle(q, &handle)?.ok_or_else(not_there)?;
    let view = accounts::view(q, id)?.ok_or_else(not_there)?;
    if view.is_deleted {
        return Err(Refusal::Gone(Noun::Account).into());
    }
    let user = users::find(q, id)?;
    let has_come = user.is_none_or(|user| user.confirmed_at.is_some() && user.approved_at.is_some());
    if view.is_suspended || !has_come { Err(not_there()) } else { Ok(view) }
}

fn fields(account: &entities::Account, base: &str) -> Vec<Field> {
    let field = |field: &entities::Field| Field {
        name: shortened(&drawn(&escaped(&field.name), &account.emojis), &field.name, LABEL),
        value: fitted(&field.value, &account.emojis, base, VALUE),
        verified_at: field.verified_at.map(|at| Moment::of(at.0)),
    };
    account.fields.iter().map(field).collect()
}

/// Fields that are an address and nothing else: pages the person says are their own.
fn own_pages(view: &AccountView) -> Vec<String> {
    let is_address = |value: &str| {
        (value.starts_with("https://") || value.starts_with("http://")) && !value.contains(char::is_whitespace)
    };
    let values = view.fields.iter().map(|field| field.value.trim());
    if view.is_local() && !view.is_silenced {
        values.filter(|value| is_address(value)).map(str::to_owned).collect()
    } else {
        Vec::new()
    }
}
