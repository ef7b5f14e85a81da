//! Pictures, sounds, videos and links of a post, and the choice among the many forms of `url`.

use serde_json::Value;

use super::NoteKind;
use crate::{bounds, document::Node, uri::Uri};

/// What a file is, as far as its description tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaKind {
    /// A picture.
    Image,
    /// A video.
    Video,
    /// A sound.
    Audio,
    /// Anything else.
    Unknown,
}

/// A file somewhere else.
/// Source: <https://docs.joinmastodon.org/spec/activitypub/#attachment>.
#[derive(Clone, Debug, PartialEq)]
pub struct Media {
    /// What it is.
    pub kind: MediaKind,
    /// Where it is.
    pub file: Uri,
    /// `image/jpeg` and so on, as it is claimed.
    pub media_type: Option<String>,
    /// What there is to see or hear: plain text.
    pub alt: Option<String>,
    /// A placeholder. Source: <https://docs.joinmastodon.org/spec/activitypub/#blurhash>.
    pub blurhash: Option<String>,
    /// What shall stay visible when it is cropped: x and y from -1 to 1, upwards and to the right.
    /// Source: <https://docs.joinmastodon.org/spec/activitypub/#focalPoint>.
    pub focal_point: Option<(f64, f64)>,
    /// Pixels.
    pub width: Option<u32>,
    /// Pixels.
    pub height: Option<u32>,
    /// A smaller picture of it.
    pub preview: Option<Uri>,
    /// How long it plays, in thousandths of a second: of what is ours.
    pub duration_ms: Option<u64>,
}

impl Media {
    /// A file about which nothing is known but where it is.
    #[must_use]
    pub fn at(kind: MediaKind, file: Uri) -> Media {
        Media {
            kind,
            file,
            media_type: None,
            alt: None,
            blurhash: None,
            focal_point: None,
            width: None,
            height: None,
            preview: None,
            duration_ms: None,
        }
    }

    /// The widest picture of a property that is an address, an `Image`, or a list of them; of equals the first.
    pub(crate) fn widest_of(node: Node<'_>, name: &str) -> Option<Media> {
        let pictures = node.values(name).filter_map(|value| match node.of(value) {
            Some(image) => Media::read(image, MediaKind::Image),
            None => node.address(value).map(|file| Media::at(MediaKind::Image, file)),
        });
        let pictures: Vec<Media> = pictures.take(bounds::ATTACHMENTS).collect();
        // `max_by_key` takes the last of equals.
        pictures.into_iter().rev().max_by_key(|picture| picture.width.unwrap_or(0))
    }

    fn read(node: Node<'_>, fallback: MediaKind) -> Option<Media> {
        let (file, link_type) = file_of(node)?;
        let media_type = node.text("mediaType", 100).or(link_type);
        let pixels = |name| node.number(name).and_then(|n| u32::try_from(n).ok()).filter(|n| *n > 0);
        Some(Media {
            kind: kind_of(node, media_type.as_deref(), fallback),
            file,
            alt: alt(node, "name").or_else(|| alt(node, "summary")),
            blurhash: node.text("blurhash", 200).filter(|hash| hash.is_ascii()),
            focal_point: focal_point(node),
            width: pixels("width"),
            height: pixels("height"),
            duration_ms: None,
            preview: node.node("icon").and_then(|icon| icon.uri("url")).or_else(|| node.uri("icon")),
            media_type,
        })
    }
}

/// What is to be seen, in words.
fn alt(node: Node<'_>, name: &str) -> Option<String> {
    let text = node.text(name, 4 * bounds::ALT_CHARACTERS)?;
    Some(text.chars().take(bounds::ALT_CHARACTERS).collect())
}

/// The address of a file and the type its link claims.
fn file_of(node: Node<'_>) -> Option<(Uri, Option<String>)> {
    let mut links = node.values("url").filter_map(|value| {
        let media_type = node.of(value).and_then(|link| link.text("mediaType", 100));
        Some((node.address(value)?, media_type))
    });
    links.next().or_else(|| node.uri("href").map(|uri| (uri, None)))
}

fn kind_of(node: Node<'_>, media_type: Option<&str>, fallback: MediaKind) -> MediaKind {
    match media_type.and_then(|t| t.split('/').next()) {
        Some("image") => MediaKind::Image,
        Some("video") => MediaKind::Video,
        Some("audio") => MediaKind::Audio,
        _ if node.is("Image") => MediaKind::Image,
        _ if node.is("Video") => MediaKind::Video,
        _ if node.is("Audio") => MediaKind::Audio,
        _ => fallback,
    }
}

fn focal_point(node: Node<'_>) -> Option<(f64, f64)> {
    let mut numbers = node.numbers("focalPoint");
    let (x, y) = (numbers.next()?, numbers.next()?);
    (x.abs() <= 1.0 && y.abs() <= 1.0).then_some((x, y))
}

/// What a post shows: its attachments, and for a `Video`, `Audio` or `Image` the file it is itself.
pub(super) fn media_of(node: Node<'_>, kind: NoteKind) -> Vec<Media> {
    let itself = match kind {
        NoteKind::Video => best_video(node),
        NoteKind::Audio => file_among_links(node, "audio/", MediaKind::Audio),
        NoteKind::Image => file_among_links(node, "image/", MediaKind::Image),
        _ => None,
    };
    let is_file = |item: &Node<'_>| ["Document", "Image", "Video", "Audio"].iter().any(|kind| item.is(kind));
    let attached = node.nodes("attachment").filter(is_file).filter_map(|item| Media::read(item, MediaKind::Unknown));
    // Pixelfed and others once sent a bare `Image` without a list around it: `nodes` has read that too.
    itself.into_iter().chain(attached).take(bounds::ATTACHMENTS).collect()
}

fn links<'a>(node: Node<'a>) -> impl Iterator<Item = Node<'a>> {
    // PeerTube's playlists carry the plain files in their own `tag`.
    node.nodes("url").flat_map(|link| std::iter::once(link).chain(link.nodes("tag")))
}

fn file_among_links(node: Node<'_>, prefix: &str, kind: MediaKind) -> Option<Media> {
    let is_it = |link: &Node<'_>| link.texts("mediaType").any(|t| t.starts_with(prefix));
    let link = links(node).find(is_it).and_then(|link| Some((link.uri("href")?, link.text("mediaType", 100))));
    let (file, media_type) = match (link, kind) {
        (Some(found), _) => found,
        // An `Image` by itself mostly has its file as a plain `url`.
        (None, MediaKind::Image) => file_of(node)?,
        (None, _) => return None,
    };
    Some(Media { media_type, ..Media::at(kind, file) })
}

/// The largest file of at most 1080 lines, else the smallest: what a browser plays without a script.
fn best_video(node: Node<'_>) -> Option<Media> {
    let is_file = |link: &Node<'_>| link.texts("mediaType").any(|t| matches!(t, "video/mp4" | "video/webm"));
    let files = links(node).filter(is_file).filter_map(|link| {
        let height = link.number("height").unwrap_or(0);
        Some((height, link.uri("href")?, link.text("mediaType", 100)))
    });
    let files: Vec<_> = files.take(bounds::REFERENCES).collect();
    let fitting = files.iter().filter(|(height, ..)| *height <= 1_080).max_by_key(|(height, ..)| *height);
    let (height, file, media_type) = fitting.or_else(|| files.iter().min_by_key(|(height, ..)| *height))?;
    Some(Media {
        media_type: media_type.clone(),
        height: u32::try_from(*height).ok().filter(|h| *h > 0),
        preview: Media::widest_of(node, "icon").map(|icon| icon.file),
        ..Media::at(MediaKind::Video, file.clone())
    })
}

/// The page for people among the forms of `url`: a text, a `Link`, or a list in which HTML comes first.
pub(crate) fn page_of(node: Node<'_>) -> Option<Uri> {
    let is_html = |value: &&Value| node.of(value).is_some_and(|l| l.texts("mediaType").any(|t| t == "text/html"));
    let has_other_type = |value: &Value| node.of(value).is_some_and(|l| l.has("mediaType"));
    let html = node.values("url").filter(is_html).find_map(|value| node.address(value));
    html.or_else(|| node.values("url").filter(|v| !has_other_type(v)).find_map(|value| node.address(value)))
}

/// The link a page is about: an attached `Link` (Lemmy), never one to a file.
pub(super) fn link_of(node: Node<'_>, kind: NoteKind) -> Option<Uri> {
    let attached = node.nodes("attachment").filter(|item| item.is("Link")).find_map(|link| link.uri("href"));
    // Lemmy before 0.17 put the link into `url`.
    let foreign = || {
        let id = node.id()?;
        page_of(node).filter(|page| kind == NoteKind::Page && !page.is_with(&id))
    };
    attached.or_else(foreign)
}
