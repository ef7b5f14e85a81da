//! A post in its conversation.

use std::collections::HashMap;

use askama::Template;
use axum::response::Response;
use phiomia_mastodon::entities;
use phiomia_model::{Addresses, Error, Noun, Refusal, StatusId, Time, Viewer};
use phiomia_store::{
    Query,
    db::statuses::{self as posts, StatusView, Thread},
};

use super::{
    Around, Head, Visitor, answer, encoded, frame,
    list::{BUDGET, MOST},
    post::{Place, Post},
    profile::existing,
    unlimited,
};
use crate::{
    gate::Ask,
    pages::Frame,
    render::{self, Cx},
};

/// The page.
#[derive(Debug, Template)]
#[template(path = "visitors/thread.html")]
struct ThreadPage {
    frame: Frame,
    around: Around,
    author: String,
    profile: String,
    above: Vec<String>,
    post: String,
    below: Vec<String>,
    /// Where the beginning of a long thread is.
    earlier: Option<String>,
    /// Where the rest of a long thread is.
    later: Option<String>,
    address: String,
}

/// `GET /@:user/:id`; with `after`: the answers behind that one.
///
/// # Errors
/// `NotFound`, `Gone`; a fault.
pub async fn show(ask: Ask<Visitor>) -> Result<Response, Error> {
    let (name, id, now) = (ask.piece("acct").to_owned(), ask.id::<StatusId>(Noun::Status)?, ask.api.now());
    let after = ask.input.text("after").and_then(|id| id.parse::<StatusId>().ok());
    let addresses = ask.api.addresses.clone();
    let (view, thread, views) = ask
        .api
        .db
        .read(move |q| {
            let view = open_post(q, &addresses, &name, id, now)?;
            if view.reblog.is_some() {
                return Ok((view, Thread { ancestors: Vec::new(), descendants: Vec::new() }, Vec::new()));
            }
            let thread = posts::thread(q, id, true)?;
            let ids: Vec<StatusId> = thread.ancestors.iter().chain(&thread.descendants).copied().collect();
            let views = unlimited(posts::views(q, &ids, Viewer::Anonymous, now)?);
            Ok((view, thread, views))
        })
        .await?;
    if let Some(original) = view.reblog.as_deref().filter(|original| original.body.is_local) {
        return answer::redirect(&format!("/@{}/{}", original.author.username, original.body.id));
    }
    let cx = ask.api.cx().await?;
    let page = lay_out(&view, &thread, &views, after, frame(&ask.api).await?, &cx)?;
    answer::page(&ask, &page)
}

/// A post that anybody may open, at the address that names its author.
pub(super) fn open_post(
    q: &Query<'_>,
    addresses: &Addresses,
    name: &str,
    id: StatusId,
    now: Time,
) -> Result<StatusView, Error> {
    let author = existing(q, addresses, name)?;
    let view = posts::view(q, id, Viewer::Anonymous, now)?.filter(|view| view.author.id == author.id);
    let view = view.and_then(|view| unlimited(vec![view]).pop());
    Ok(view.ok_or(Refusal::NotFound(Noun::Status))?)
}

/// Puts the thread around the post, as much of it as fits: what is nearest first.
fn lay_out(
    view: &StatusView,
    thread: &Thread,
    views: &[StatusView],
    after: Option<StatusId>,
    frame: Frame,
    cx: &Cx,
) -> Result<ThreadPage, Error> {
    let status = render::status(view, cx);
    let shown = status.reblog.as_deref().unwrap_or(&status);
    let post = Post::of(&status, Place::Main, cx);
    // Who reads on has seen it.
    let main = if after.is_some() { post.within(REMINDER)? } else { post.html()? };
    let by_id: HashMap<StatusId, &StatusView> = views.iter().map(|view| (view.body.id, view)).collect();
    let pick = |ids: &mut dyn Iterator<Item = &StatusId>| -> Vec<entities::Status> {
        ids.filter_map(|id| by_id.get(id)).map(|view| render::status(view, cx)).collect()
    };
    let ancestors = if after.is_some() { Vec::new() } else { pick(&mut thread.ancestors.iter().rev()) };
    let mut below = thread.descendants.iter();
    if let Some(after) = after.filter(|after| *after != view.body.id) {
        below.by_ref().find(|id| **id == after);
    }
    let descendants = pick(&mut below);
    let half = main.len().saturating_add(BUDGET) / 2;
    let above = fitting(&ancestors, main.len(), half, cx)?;
    let answers = fitting(&descendants, main.len().saturating_add(above.n_bytes), BUDGET, cx)?;
    let is_indexed = ancestors.iter().chain(&descendants).all(|status| status.account.indexable);
    let mut head = Head::of_post(&post, shown);
    head.is_indexed &= is_indexed && after.is_none();
    head.oembed = Some(format!("{}?format=json&url={}", cx.addresses.at("/api/oembed"), encoded(&post.url)));
    Ok(ThreadPage {
        frame,
        around: Around::of(head),
        author: post.author.name_html.clone(),
        profile: post.author.url.clone(),
        earlier: above.cut_at.map(|cut| super::post::address(cut.as_ref().or(ancestors.first()).unwrap_or(&status))),
        later: answers.cut_at.map(|cut| format!("?after={}", cut.map_or(view.body.id, |status| status.id))),
        above: above.posts.into_iter().rev().collect(),
        post: main,
        below: answers.posts,
        address: post.url,
    })
}

struct Fitting {
    posts: Vec<String>,
    n_bytes: usize,
    /// The last one that found a place, when others did not; `Some(None)`: none did.
    cut_at: Option<Option<entities::Status>>,
}

/// Bytes of the post a page is about where it shows more of the answers.
const REMINDER: usize = 2_000;

/// As many posts as fit between `spent` and `most` bytes; one where that leaves the page small.
fn fitting(statuses: &[entities::Status], spent: usize, most: usize, cx: &Cx) -> Result<Fitting, Error> {
    let mut fitting = Fitting { posts: Vec::new(), n_bytes: 0, cut_at: None };
    let mut last: Option<&entities::Status> = None;
    for status in statuses {
        let html = Post::of(status, Place::Around, cx).html()?;
        let n_bytes = fitting.n_bytes.saturating_add(html.len());
        let most = if last.is_some() { most } else { MOST };
        if spent.saturating_add(n_bytes) > most {
            fitting.cut_at = Some(last.cloned());
            break;
        }
        fitting.n_bytes = n_bytes;
        fitting.posts.push(html);
        last = Some(status);
    }
    Ok(fitting)
}
