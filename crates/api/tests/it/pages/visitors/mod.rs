//! Pages and feeds for people without an account.

mod about;
mod feed;
mod keeping;
mod markup;
mod profile;
mod seen;
mod size;
mod thread;

use http::{Method, Request};

use crate::kit::{Answer, House};

/// A `GET` as a browser sends it.
async fn browse(house: &House, path: &str) -> Answer {
    ask(house, path, "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8").await
}

async fn ask(house: &House, path: &str, accept: &str) -> Answer {
    let request = Request::builder().method(Method::GET).uri(path).header("accept", accept);
    house.send(request.body(axum::body::Body::empty()).unwrap()).await
}

/// The page as HTML, after a look at whether it is some.
async fn page(house: &House, path: &str) -> String {
    let html = browse(house, path).await.ok().text();
    check(&html, path);
    html
}

/// Elements that have no end tag.
const VOID: [&str; 6] = ["meta", "link", "img", "br", "hr", "input"];

/// What every page must hold: elements closed in their order, one heading of the first level, a language, a title,
/// pictures with words, nothing that runs.
fn check(html: &str, path: &str) {
    assert!(html.starts_with("<!doctype html>\n<html lang=\"en\">"), "{path}");
    let mut open: Vec<&str> = Vec::new();
    for (at, part) in html.split('<').enumerate().skip(2) {
        let tag = part.split('>').next().unwrap();
        assert!(part.contains('>'), "{path}: tag {at} does not end: {part}");
        let name = tag.trim_start_matches('/').split([' ', '/', '\n']).next().unwrap();
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "{path}: {html}");
        } else if !tag.ends_with('/') && !VOID.contains(&name) {
            open.push(name);
        }
        assert!(name != "img" || tag.contains(" alt=\""), "{path}: {tag}");
        assert!(!["script", "style", "iframe"].contains(&name) && !tag.contains(" style="), "{path}: {tag}");
        // What stands between quotes is no attribute.
        let bare: String = tag.split('"').step_by(2).collect();
        assert!(!bare.split_whitespace().any(|attribute| attribute.starts_with("on")), "{path}: {tag}");
    }
    assert!(open.is_empty(), "{path}: {open:?}");
    for once in ["<h1", "<title>", "<main>"] {
        assert_eq!(html.matches(once).count(), 1, "{path}: {once}");
    }
}

/// What stands between two pieces of a text.
fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    text.split_once(before).and_then(|(_, rest)| rest.split_once(after)).map_or("", |(found, _)| found)
}

/// The posts of a page or feed in order, by id.
fn ids(text: &str) -> Vec<String> {
    let mark = if text.contains("<rss") { "<guid isPermaLink=\"true\">" } else { "<a class=\"u-url u-uid\" href=\"" };
    let ends = ['"', '<'];
    let id = |part: &str| part.split(ends).next().unwrap().rsplit('/').next().unwrap().to_owned();
    text.split(mark).skip(1).map(id).collect()
}
