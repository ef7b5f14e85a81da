//! Feeds: the same posts as RSS 2.0, for readers.

use askama::Template;
use axum::response::Response;
use http::header;
use phiomia_mastodon::entities;
use phiomia_model::{Error, Noun, Page, Refusal, Time, Viewer, Visibility};
use phiomia_store::db::{
    statuses as posts, tags,
    timelines::{self, Origin, TagFilter},
};

use super::{
    Visitor, answer, encoded,
    list::POSTS,
    person::{Person, drawn, escaped},
    post::{address, quoted, words},
    profile::{Tab, existing, filter},
    unlimited,
};
use crate::{
    gate::Ask,
    render::{self, Cx, VERSION},
};

/// One post.
#[derive(Debug)]
struct Item {
    link: String,
    date: String,
    /// HTML, to be escaped once more.
    html: String,
    tags: Vec<String>,
    /// Address and kind.
    media: Vec<(String, &'static str)>,
}

/// The feed.
#[derive(Debug, Template)]
#[template(path = "visitors/feed.xml")]
struct Feed {
    title: String,
    description: String,
    link: String,
    /// Where the feed itself is.
    address: String,
    image: Option<String>,
    changed_at: Option<String>,
    generator: &'static str,
    items: Vec<Item>,
}

/// `GET /@:user/with_replies.rss`.
///
/// # Errors
/// `NotFound`, `Gone`; a fault.
pub async fn with_replies(ask: Ask<Visitor>) -> Result<Response, Error> {
    of_account(&ask, ask.piece("acct"), Tab::Replies).await
}

/// Posts of somebody, without boosts.
pub(super) async fn of_account(ask: &Ask<Visitor>, name: &str, tab: Tab) -> Result<Response, Error> {
    let (name, addresses, now, wanted) = (name.to_owned(), ask.api.addresses.clone(), ask.api.now(), tab.clone());
    let (account, views) = ask
        .api
        .db
        .read(move |q| {
            let account = existing(q, &addresses, &name)?;
            if account.is_silenced {
                return Err(Refusal::NotFound(Noun::Account).into());
            }
            let filter = filter(q, &wanted, true)?;
            let page = Page::first(POSTS);
            let ids = timelines::of_account(q, account.id, Visibility::Unlisted, &filter, &page)?;
            let views = posts::views(q, &ids, Viewer::Anonymous, now)?;
            Ok((account, views))
        })
        .await?;
    let cx = ask.api.cx().await?;
    let person = Person::of(&render::account(&account, &cx), &cx);
    let statuses = render::statuses(&unlimited(views), &cx);
    let link = format!("{}{}", person.url, tab.path());
    let title = match &tab {
        Tab::Tagged(tag) => format!("{} – #{tag}", person.name),
        Tab::Posts | Tab::Replies | Tab::Media => person.name.clone(),
    };
    write(ask, title, format!("Public posts from {}", person.handle), link, Some(person.avatar), &statuses, &cx)
}

/// Public posts under a hashtag.
pub(super) async fn of_tag(ask: &Ask<Visitor>, tag: &str) -> Result<Response, Error> {
    let (key, now) = (phiomia_text::tag_key(tag), ask.api.now());
    let (tag, views) = ask
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
            let ids = timelines::tag(q, Viewer::Anonymous, &filter, &Page::first(POSTS), now)?;
            Ok((tag, posts::views(q, &ids, Viewer::Anonymous, now)?))
        })
        .await?;
    let cx = ask.api.cx().await?;
    let link = cx.addresses.tag_url(&encoded(&tag.display_name));
    let description = format!("Public posts about #{}", tag.display_name);
    write(ask, format!("#{}", tag.display_name), description, link, None, &render::statuses(&views, &cx), &cx)
}

fn write(
    ask: &Ask<Visitor>,
    title: String,
    description: String,
    link: String,
    image: Option<String>,
    statuses: &[entities::Status],
    cx: &Cx,
) -> Result<Response, Error> {
    let times = statuses.iter().map(|status| status.edited_at.map_or(status.created_at.0, |at| at.0));
    let changed_at: Option<Time> = times.max();
    let feed = Feed {
        title,
        description,
        address: format!("{link}.rss"),
        link,
        image,
        changed_at: changed_at.and_then(answer::http_date),
        generator: VERSION,
        items: statuses.iter().map(|status| item(status, cx)).collect(),
    };
    // What XML cannot hold in any form is left out.
    let xml: String = answer::rendered(&feed)?.chars().filter(|c| is_xml(*c)).collect();
    let mut response = answer::kept(&ask.parts.headers, "application/rss+xml; charset=utf-8", xml, changed_at);
    // Readers in browsers, on other sites.
    let any = http::HeaderValue::from_static("*");
    response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, any);
    Ok(response)
}

fn item(status: &entities::Status, cx: &Cx) -> Item {
    let mut html = String::new();
    if !status.spoiler_text.trim().is_empty() {
        html.push_str("<p><strong>Content warning:</strong> ");
        html.push_str(&escaped(status.spoiler_text.trim()));
        html.push_str("</p><hr>");
    }
    html.push_str(words(status));
    if let Some(poll) = &status.poll {
        html.push_str("<ul>");
        for option in &poll.options {
            html.push_str("<li>");
            html.push_str(&escaped(&option.title));
            html.push_str("</li>");
        }
        html.push_str("</ul>");
    }
    let mut html = drawn(&html, &status.emojis);
    if let Some(Ok(quoted)) = status.quote.as_ref().and_then(|quote| quoted(quote, cx)) {
        let inside = if quoted.warning.is_empty() { quoted.content } else { format!("<p>{}</p>", quoted.warning) };
        html.push_str("<blockquote><p><a href=\"");
        html.push_str(&escaped(&quoted.url));
        html.push_str("\">");
        html.push_str(&quoted.author.name_html);
        html.push_str("</a></p>");
        html.push_str(&inside);
        html.push_str("</blockquote>");
    }
    Item {
        link: address(status),
        date: answer::http_date(status.created_at.0).unwrap_or_default(),
        html,
        tags: status.tags.iter().map(|tag| tag.name.clone()).collect(),
        media: status.media_attachments.iter().filter_map(|one| Some((one.url.clone()?, medium(one)))).collect(),
    }
}

/// What a reader shall expect. Source: <https://www.rssboard.org/media-rss#media-content>.
fn medium(media: &entities::MediaAttachment) -> &'static str {
    match media.r#type {
        entities::MediaType::Image => "image",
        entities::MediaType::Gifv | entities::MediaType::Video => "video",
        entities::MediaType::Audio => "audio",
        entities::MediaType::Unknown => "document",
    }
}

/// What a character of XML 1.0 may be. Source: <https://www.w3.org/TR/xml/#charsets>.
fn is_xml(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}
