//! What a page says of itself, made a card: article data first, then OpenGraph, then what it says to all.
//!
//! Sources: <https://ogp.me>, <https://schema.org/Article>, the cards of X, <https://oembed.com>; the order is Mastodon's.

use phiomia_model::{
    Time,
    card::{Card, CardKind},
};
use phiomia_text::PageHead;
use serde_json::Value;
use url::Url;

/// Characters of a title or name.
const MOST_TITLE: usize = 500;
/// Characters of a description.
const MOST_DESCRIPTION: usize = 2_000;
/// Characters of an address.
const MOST_URL: usize = 2_048;
/// Pixels of a frame.
const MOST_PIXELS: u32 = 10_000;
/// Article data within article data is looked for this deep.
const MOST_DEPTH: usize = 4;

/// A card of a page; one without a title says nothing. `link` is the address as somebody wrote it, `at` where it led.
pub(super) fn card(link: &str, at: &Url, head: &PageHead) -> Card {
    let article = article(head);
    let said = |field: &str| article.as_ref().and_then(|article| words(article.get(field)?));
    let within = |outer: &str, field: &str| {
        let outer = article.as_ref()?.get(outer)?;
        match first(outer) {
            Value::String(name) if field == "name" => Some(text(name, MOST_TITLE)),
            other => words(other.get(field)?),
        }
    };
    let meta = |names: &[&str]| head.meta(names).map(ToOwned::to_owned);
    let player = meta(&["twitter:player", "og:video:secure_url"]).and_then(|url| frame_address(at, &url));
    let title = said("headline").or_else(|| meta(&["og:title", "twitter:title"])).unwrap_or_else(|| head.title.clone());
    let description = said("description").or_else(|| meta(&["og:description", "twitter:description", "description"]));
    let author = within("author", "name").or_else(|| meta(&["og:author", "og:author:username", "author"]));
    let published = said("datePublished").or_else(|| meta(&["article:published_time"]));
    let language = said("inLanguage").or_else(|| meta(&["og:locale"])).or_else(|| head.language.clone());
    let pixels = |names: &[&str]| head.meta(names).map_or(0, pixels);
    let mut card = Card {
        url: link.to_owned(),
        kind: CardKind::Link,
        title: text(&title, MOST_TITLE),
        description: text(&description.unwrap_or_default(), MOST_DESCRIPTION),
        author_name: text(&author.unwrap_or_default(), MOST_TITLE),
        author_url: within("author", "url").and_then(|url| address(at, &url)).unwrap_or_default(),
        provider_name: text(
            &within("publisher", "name").or_else(|| meta(&["og:site_name"])).unwrap_or_default(),
            MOST_TITLE,
        ),
        width: pixels(&["og:image:width"]),
        height: pixels(&["og:image:height"]),
        image: meta(&["og:image:secure_url", "og:image", "og:image:url", "twitter:image", "twitter:image:src"])
            .and_then(|url| address(at, &url)),
        image_description: text(&meta(&["og:image:alt", "twitter:image:alt"]).unwrap_or_default(), MOST_TITLE),
        published_at: published.as_deref().and_then(Time::parse_loosely),
        language: language.or_else(|| meta(&["content-language"])).as_deref().and_then(code),
        ..Card::default()
    };
    if let Some(player) = player {
        let (width, height) = (
            pixels(&["twitter:player:width", "og:video:width"]),
            pixels(&["twitter:player:height", "og:video:height"]),
        );
        card.show_frame(&player, width, height);
    }
    card
}

/// Where a page has its description for embedding, as JSON.
pub(super) fn oembed(at: &Url, head: &PageHead) -> Option<Url> {
    let is_json = |kind: &str| matches!(kind, "application/json+oembed" | "text/json+oembed");
    let link =
        head.links.iter().find(|link| link.rel.split_whitespace().any(|r| r == "alternate") && is_json(&link.kind));
    at.join(&link?.href).ok()
}

/// Frames that films are shown in.
pub(super) trait ShowFrame {
    fn show_frame(&mut self, address: &str, width: u32, height: u32);
}

impl ShowFrame for Card {
    /// The frame is made here, of nothing but the address: it may run its own scripts and touches nothing around it.
    /// What it may is Mastodon's list.
    fn show_frame(&mut self, address: &str, width: u32, height: u32) {
        let source = address.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;");
        let (width, height) = (width.min(MOST_PIXELS), height.min(MOST_PIXELS));
        let size = |name: &str, n: u32| if n == 0 { String::new() } else { format!(" {name}=\"{n}\"") };
        self.kind = CardKind::Video;
        self.html = format!(
            "<iframe src=\"{source}\"{}{} allowfullscreen=\"true\" scrolling=\"no\" frameborder=\"0\" \
             sandbox=\"allow-scripts allow-same-origin allow-popups allow-popups-to-escape-sandbox allow-forms\"></iframe>",
            size("width", width),
            size("height", height),
        );
        (self.width, self.height) = (width, height);
    }
}

/// A frame may lead to another https page alone.
pub(super) fn frame_address(at: &Url, text: &str) -> Option<String> {
    address(at, text).filter(|url| url.starts_with("https://"))
}

/// An address on the web, whole.
pub(super) fn address(at: &Url, text: &str) -> Option<String> {
    let url = at.join(text.trim()).ok()?;
    let is_web = matches!(url.scheme(), "https" | "http") && url.username().is_empty() && url.password().is_none();
    Some(url.to_string()).filter(|text| is_web && text.len() <= MOST_URL)
}

/// One line, of so many characters at most.
pub(super) fn text(text: &str, most: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(most) {
        None => line,
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default().trim_end()),
    }
}

/// A title or name of an embedded thing.
pub(super) fn name(words: &str) -> String {
    text(words, MOST_TITLE)
}

pub(super) fn pixels(text: &str) -> u32 {
    text.trim().parse().map_or(0, |n: u32| n.min(MOST_PIXELS))
}

/// `en` of `en_GB`.
fn code(language: &str) -> Option<String> {
    let first = language.trim().split(['-', '_']).next()?.to_ascii_lowercase();
    Some(first).filter(|code| matches!(code.len(), 2 | 3) && code.bytes().all(|b| b.is_ascii_lowercase()))
}

/// The first description of an article among what the page says for machines.
fn article(head: &PageHead) -> Option<Value> {
    head.articles.iter().find_map(|json| {
        let json = json.trim().trim_start_matches("//<![CDATA[").trim_end_matches("//]]>");
        find_article(serde_json::from_str(json).ok()?, MOST_DEPTH)
    })
}

fn find_article(value: Value, depth: usize) -> Option<Value> {
    let depth = depth.checked_sub(1)?;
    match value {
        Value::Array(items) => items.into_iter().find_map(|item| find_article(item, depth)),
        Value::Object(mut object) => {
            let kind = object.get("@type").map(first).and_then(Value::as_str).unwrap_or_default();
            if kind.ends_with("Article") || matches!(kind, "BlogPosting" | "WebPage" | "Report") {
                return Some(Value::Object(object));
            }
            find_article(object.remove("@graph")?, depth)
        }
        _ => None,
    }
}

fn first(value: &Value) -> &Value {
    match value {
        Value::Array(items) => items.first().unwrap_or(&Value::Null),
        one => one,
    }
}

/// A text in article data; many sites write entities in it.
fn words(value: &Value) -> Option<String> {
    let words = first(value).as_str()?.trim();
    let words = if words.contains('&') { phiomia_text::plain(words) } else { words.to_owned() };
    Some(words).filter(|words| !words.is_empty())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may")]
    use super::*;

    fn of(html: &str) -> Card {
        let at = Url::parse("https://news.example/a/b").unwrap();
        card("https://news.example/short", &at, &phiomia_text::page_head(html))
    }

    #[test]
    fn article_data_goes_before_opengraph_and_that_before_the_title() {
        let all = of("<html lang='de-AT'><title>t</title><meta property='og:title' content='og'>
            <script type='application/ld+json'>{\"@graph\":[{\"@type\":\"Person\"},{\"@type\":[\"NewsArticle\"],
            \"headline\":\"Tom &amp; Jerry\",\"author\":[{\"name\":\"Ann\",\"url\":\"/ann\"}],
            \"datePublished\":\"2026-11-24T08:00:00Z\",\"publisher\":{\"name\":\"News\"}}]}</script>");
        assert_eq!((all.title.as_str(), all.author_name.as_str()), ("Tom & Jerry", "Ann"));
        assert_eq!((all.author_url.as_str(), all.provider_name.as_str()), ("https://news.example/ann", "News"));
        assert_eq!((all.language.as_deref(), all.published_at.is_some()), (Some("de"), true));
        assert_eq!(of("<title>t</title><meta property='og:title' content='og'>").title, "og");
        assert_eq!(of("<title> t \n u </title>").title, "t u");
    }

    #[test]
    fn addresses_are_whole_and_of_the_web() {
        assert_eq!(
            of("<meta property=og:image content='../x.png'>").image.as_deref(),
            Some("https://news.example/x.png")
        );
        assert_eq!(of("<meta property=og:image content='javascript:alert(1)'>").image, None);
        assert_eq!(of("<meta property=og:image content='https://u:p@h.example/'>").image, None);
    }

    #[test]
    fn a_player_is_a_frame_of_our_own_making() {
        let film = of("<meta name=twitter:player content='https://p.example/?a=1&amp;b=\"><script>'>
            <meta name=twitter:player:width content=640><meta name=twitter:player:height content=360>");
        assert_eq!((film.kind, film.width, film.height), (CardKind::Video, 640, 360));
        assert!(film.html.starts_with("<iframe src=\"https://p.example/?a=1&amp;b=%22%3E%3Cscript%3E\" width=\"640\""));
        assert_eq!(of("<meta name=twitter:player content='http://p.example/'>").kind, CardKind::Link);
    }

    #[test]
    fn long_texts_are_cut() {
        let long = of(&format!("<title>{}</title>", "ä".repeat(2_000)));
        assert_eq!(long.title.chars().count(), MOST_TITLE + 1);
    }
}
