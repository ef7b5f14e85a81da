//! What a text names: people, hashtags, custom emoji.

use phiomia_model::time::Time;

use crate::{bounds, document::Node, uri::Uri};

/// Somebody named in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mention {
    /// Their id; Misskey's and Lemmy's are right, some old softwares send the page instead.
    pub actor: Uri,
    /// `@name@host`, as it is written.
    pub name: Option<String>,
}

/// A custom emoji.
/// Source: <https://docs.joinmastodon.org/spec/activitypub/#Emoji>.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emoji {
    /// Its id, if it has one.
    pub id: Option<Uri>,
    /// Without colons.
    pub shortcode: String,
    /// Its picture.
    pub image: Uri,
    /// `image/png` and so on.
    pub media_type: Option<String>,
    /// When the picture last changed.
    pub updated: Option<Time>,
}

impl Emoji {
    pub(crate) fn all_of(node: Node<'_>) -> Vec<Emoji> {
        let tags = node.nodes("tag").filter(|tag| tag.is("Emoji"));
        tags.filter_map(Emoji::read).take(bounds::REFERENCES).collect()
    }

    pub(crate) fn read(tag: Node<'_>) -> Option<Emoji> {
        let name = tag.texts("name").next()?;
        let shortcode = name.strip_prefix(':').and_then(|n| n.strip_suffix(':')).unwrap_or(name);
        let fits = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '+' | '@');
        if shortcode.is_empty() || shortcode.len() > 256 || !shortcode.chars().all(fits) {
            return None;
        }
        let icon = tag.node("icon");
        let image = icon.and_then(|icon| icon.uri("url").or_else(|| icon.uri("href"))).or_else(|| tag.uri("icon"))?;
        Some(Emoji {
            id: tag.id(),
            shortcode: shortcode.to_owned(),
            image,
            media_type: icon.and_then(|icon| icon.text("mediaType", 100)),
            updated: tag.time("updated"),
        })
    }
}

/// The `tag` property, sorted by kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tags {
    /// People, each once.
    pub mentions: Vec<Mention>,
    /// Without `#`, each once, as they are written.
    pub hashtags: Vec<String>,
    /// Pictures for `:shortcodes:`.
    pub emojis: Vec<Emoji>,
}

impl Tags {
    pub(crate) fn read(node: Node<'_>) -> Tags {
        let mut tags = Tags { emojis: Emoji::all_of(node), ..Tags::default() };
        for tag in node.nodes("tag") {
            if tag.is("Mention") {
                let Some(actor) = tag.uri("href") else { continue };
                let is_new = tags.mentions.iter().all(|mention| mention.actor != actor);
                if is_new && tags.mentions.len() < bounds::REFERENCES {
                    tags.mentions.push(Mention { actor, name: tag.text("name", bounds::NAME_BYTES) });
                }
            } else if tag.is("Hashtag") {
                let Some(name) = tag.texts("name").next() else { continue };
                let name = name.trim().trim_start_matches(['#', '＃']);
                let is_new = tags.hashtags.iter().all(|known| known != name);
                if is_new && is_hashtag(name) && tags.hashtags.len() < bounds::REFERENCES {
                    tags.hashtags.push(name.to_owned());
                }
            }
        }
        tags
    }
}

/// One word, or nobody could search for it.
fn is_hashtag(name: &str) -> bool {
    !name.is_empty() && name.len() <= 1_000 && !name.contains(|c: char| c.is_whitespace() || c.is_control() || c == '#')
}
