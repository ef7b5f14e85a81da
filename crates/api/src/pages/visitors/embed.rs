//! A post alone, for frames on other sites, and what those sites are told about it.

use askama::Template;
use axum::response::Response;
use http::{HeaderName, header};
use phiomia_mastodon::entities::OEmbed;
use phiomia_model::{Error, Noun, Refusal, StatusId};
use url::Url;

use super::{
    Around, Head, Visitor,
    answer::{self, EMBED_POLICY, Framable},
    frame,
    person::escaped,
    post::{Place, Post},
    thread::open_post,
};
use crate::{
    gate::{Answer, Anyone, Ask, json},
    pages::Frame,
    render,
};

/// Pixels of a frame, unless the site has less room.
const WIDTH: i64 = 400;
/// Pixels of a frame without a height of the site's own: frames do not grow by themselves.
const HEIGHT: i64 = 360;

#[derive(Template)]
#[template(path = "visitors/embed.html")]
struct Embed {
    frame: Frame,
    around: Around,
    post: String,
}

/// `GET /@:user/:id/embed`.
///
/// # Errors
/// `NotFound`, `Gone`; a fault.
pub async fn show(ask: Ask<Visitor>) -> Result<Response, Error> {
    let (name, id, now) = (ask.piece("acct").to_owned(), ask.id::<StatusId>(Noun::Status)?, ask.api.now());
    let addresses = ask.api.addresses.clone();
    let view = ask.api.db.read(move |q| open_post(q, &addresses, &name, id, now)).await?;
    if view.reblog.is_some() {
        return Err(Refusal::NotFound(Noun::Status).into());
    }
    let cx = ask.api.cx().await?;
    let status = render::status(&view, &cx);
    let post = Post::of(&status, Place::Framed, &cx);
    // The post has a page of its own; this is a picture of it.
    let head = Head { is_indexed: false, ..Head::of_post(&post, &status) };
    let embed = Embed { frame: frame(&ask.api).await?, around: Around::of(head), post: post.html()? };
    let mut response = answer::page(&ask, &embed)?;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, EMBED_POLICY);
    headers
        .insert(HeaderName::from_static("cross-origin-opener-policy"), http::HeaderValue::from_static("unsafe-none"));
    response.extensions_mut().insert(Framable);
    Ok(response)
}

/// `GET /api/oembed`.
///
/// # Errors
/// `NotFound` for an address that is not a post of ours which anybody may open; a fault.
pub async fn oembed(ask: Ask<Anyone>) -> Answer {
    let pixels = |name: &str| ask.input.text(name).and_then(|n| n.parse::<i64>().ok());
    let addresses = ask.api.addresses.clone();
    let asked = ask.input.text("url").unwrap_or_default();
    let (name, id) = post_at(&asked, &addresses.own_domains()).ok_or(Refusal::NotFound(Noun::Status))?;
    let now = ask.api.now();
    let view = ask.api.db.read(move |q| open_post(q, &addresses, &name, id, now)).await?;
    if view.reblog.is_some() {
        return Err(Refusal::NotFound(Noun::Status).into());
    }
    let (cx, settings) = (ask.api.cx().await?, ask.api.settings().await?);
    let status = render::status(&view, &cx);
    let post = Post::of(&status, Place::Framed, &cx);
    let width = pixels("maxwidth").map_or(WIDTH, |most| most.clamp(220, WIDTH));
    let height = pixels("maxheight").map(|most| most.clamp(100, 2_000));
    json(&OEmbed {
        r#type: "rich",
        version: "1.0",
        title: format!("New post by {}", post.author.handle.trim_start_matches('@')),
        author_name: post.author.name.clone(),
        author_url: post.author.url.clone(),
        provider_name: settings.title.clone(),
        provider_url: cx.addresses.at("/"),
        cache_age: 86_400,
        html: format!(
            "<iframe src=\"{}/embed\" class=\"mastodon-embed\" style=\"max-width: 100%; border: 0\" width=\"{width}\" \
             height=\"{}\" title=\"Post by {}\" loading=\"lazy\"></iframe>",
            escaped(&post.url),
            height.unwrap_or(HEIGHT),
            escaped(&post.author.handle),
        ),
        width,
        height,
    })
}

/// The post an address of ours names.
fn post_at(address: &str, own_domains: &[&str]) -> Option<(String, StatusId)> {
    let url = Url::parse(address).ok().filter(|url| matches!(url.scheme(), "https" | "http"))?;
    let host = match url.port() {
        Some(port) => format!("{}:{port}", url.host_str()?),
        None => url.host_str()?.to_owned(),
    };
    if !own_domains.iter().any(|own| own.eq_ignore_ascii_case(&host)) {
        return None;
    }
    let pieces: Vec<&str> = url.path().trim_matches('/').split('/').collect();
    let (name, id) = match pieces.as_slice() {
        [name, id] | [name, id, "embed"] => (name.strip_prefix('@')?, id),
        ["users", name, "statuses", id] => (*name, id),
        _ => return None,
    };
    Some((name.to_owned(), id.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_post_is_known_by_its_addresses_here() {
        let at = |address: &str| post_at(address, &["here.example", "web.here.example"]).map(|(name, id)| (name, id.0));
        let alice = Some(("alice".to_owned(), 12));
        for address in [
            "https://here.example/@alice/12",
            "https://WEB.here.example/@alice/12/",
            "https://here.example/@alice/12/embed?x#y",
            "http://here.example/users/alice/statuses/12",
        ] {
            assert_eq!(at(address), alice, "{address}");
        }
        for address in [
            "",
            "here.example/@alice/12",
            "https://there.example/@alice/12",
            "https://here.example:8443/@alice/12",
            "https://here.example/@alice",
            "https://here.example/@alice/x",
            "javascript:alert(1)",
        ] {
            assert_eq!(at(address), None, "{address}");
        }
    }
}
