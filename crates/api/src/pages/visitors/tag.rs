//! Public posts under a hashtag.

use askama::Template;
use axum::response::Response;
use phiomia_model::{Error, Noun, Page, Refusal, StatusId, Viewer};
use phiomia_store::db::{
    statuses as posts, tags,
    timelines::{self, Origin, TagFilter},
};

use super::{
    Around, Head, Visitor, answer, encoded, feed, frame,
    list::{Listed, POSTS, slice},
};
use crate::{gate::Ask, pages::Frame, render};

/// The page.
#[derive(Debug, Template)]
#[template(path = "visitors/tag.html")]
struct TagPage {
    frame: Frame,
    around: Around,
    tag: String,
    listed: Listed,
    path: String,
}

/// `GET /tags/:tag`, and `.rss`.
///
/// # Errors
/// `NotFound` for a tag nobody has used; a fault.
pub async fn show(ask: Ask<Visitor>) -> Result<Response, Error> {
    if let Some(tag) = ask.piece("tag").strip_suffix(".rss") {
        return feed::of_tag(&ask, tag).await;
    }
    let (key, page, now) = (phiomia_text::tag_key(ask.piece("tag")), ask.page(POSTS, POSTS), ask.api.now());
    let page = Page { limit: POSTS, ..page };
    let (tag, slice, views) = ask
        .api
        .db
        .read(move |q| {
            let tag = tags::by_name(q, &key)?.ok_or(Refusal::NotFound(Noun::Record))?;
            let filter = TagFilter {
                any: vec![tag.id],
                all: Vec::new(),
                none: Vec::new(),
                origin: Origin::Anywhere,
                only_media: false,
            };
            let slice = slice(&page, |page| {
                let ids = timelines::tag(q, Viewer::Anonymous, &filter, page, now)?;
                Ok(ids.into_iter().map(|id| id.0).collect())
            })?;
            let ids: Vec<StatusId> = slice.keys.iter().map(|key| StatusId(*key)).collect();
            Ok((tag, slice, posts::views(q, &ids, Viewer::Anonymous, now)?))
        })
        .await?;
    let cx = ask.api.cx().await?;
    let is_first = page.max_id.is_none() && page.min_id.is_none();
    let canonical = cx.addresses.tag_url(&encoded(&tag.display_name));
    let mut head = Head::of_server(
        &format!("#{}", tag.display_name),
        &format!("Public posts about #{} on {}", tag.display_name, cx.addresses.local_domain),
        canonical.clone(),
    );
    head.is_indexed = is_first && views.iter().all(|view| view.author.is_indexable);
    head.feed = Some((format!("#{}", tag.display_name), format!("{canonical}.rss")));
    let page = TagPage {
        frame: frame(&ask.api).await?,
        around: Around::of(head),
        path: format!("/tags/{}", encoded(&tag.display_name)),
        tag: tag.display_name,
        listed: Listed::of(&slice, &render::statuses(&views, &cx), 0, &cx)?,
    };
    answer::page(&ask, &page)
}
