//! What the head of a page tells machines: search engines, link previews, feed readers, other sites.

use phiomia_mastodon::entities;

use super::{
    person::Person,
    post::{Post, summary},
};

/// The head of one page.
#[derive(Clone, Debug, Default)]
pub(in crate::pages) struct Head {
    /// What the page is called.
    pub(in crate::pages) title: String,
    /// What it is about, in one or two lines; may be empty.
    pub(in crate::pages) description: String,
    /// Its one address.
    pub(in crate::pages) canonical: String,
    /// What OpenGraph calls it: `website`, `profile`, `article`.
    pub(in crate::pages) kind: &'static str,
    /// A picture to show with it.
    pub(in crate::pages) image: Option<String>,
    /// Its pixels, and what there is to see, when the page is about it.
    pub(in crate::pages) picture: Option<(i64, i64, String)>,
    /// A film to show with it: its address and its pixels.
    pub(in crate::pages) film: Option<(String, i64, i64)>,
    /// Whether search engines may keep it.
    pub(in crate::pages) is_indexed: bool,
    /// Title and address of the feed with the same posts.
    pub(in crate::pages) feed: Option<(String, String)>,
    /// Where other sites learn how to embed it.
    pub(in crate::pages) oembed: Option<String>,
    /// Where other servers read the same.
    pub(in crate::pages) document: Option<String>,
    /// Whose profile it is.
    pub(in crate::pages) username: Option<String>,
    /// When what it shows was posted.
    pub(in crate::pages) published_at: Option<String>,
    /// Pages of the person whose profile it is.
    pub(in crate::pages) own_pages: Vec<String>,
}

/// Longest description, in characters.
const DESCRIPTION: usize = 200;

impl Head {
    /// Of a page about the server.
    pub(in crate::pages) fn of_server(title: &str, description: &str, canonical: String) -> Head {
        Head {
            title: title.to_owned(),
            description: summary(description, DESCRIPTION),
            canonical,
            kind: "website",
            is_indexed: true,
            ..Head::default()
        }
    }

    /// Of a profile; `own_pages` are links in its fields.
    pub(in crate::pages) fn of_profile(person: &Person, account: &entities::Account, own_pages: Vec<String>) -> Head {
        let counted = |n, word: &str| format!("{} {word}{}", super::shown_number(n), if n == 1 { "" } else { "s" });
        let posts = counted(account.statuses_count, "post");
        let followers = counted(account.followers_count, "follower");
        let note = summary(&phiomia_text::plain(&account.note), DESCRIPTION);
        Head {
            title: format!("{} ({})", person.name, person.handle),
            description: format!("{posts}, {followers}. {note}").trim_end().to_owned(),
            canonical: person.url.clone(),
            kind: "profile",
            image: Some(person.avatar.clone()),
            is_indexed: account.indexable,
            feed: Some((format!("Posts of {}", person.handle), format!("{}.rss", person.url))),
            document: Some(account.uri.clone()),
            username: Some(person.handle.trim_start_matches('@').to_owned()),
            own_pages,
            ..Head::default()
        }
    }

    /// Of a post.
    pub(in crate::pages) fn of_post(post: &Post, status: &entities::Status) -> Head {
        let text = post.preview(DESCRIPTION);
        Head {
            title: if text.is_empty() {
                format!("{} ({})", post.author.name, post.author.handle)
            } else {
                format!("{}: “{}”", post.author.name, summary(&text, 50))
            },
            description: text,
            canonical: post.url.clone(),
            kind: "article",
            image: Some(post.picture().map_or(post.author.avatar.as_str(), |(file, ..)| file).to_owned()),
            picture: post.picture().map(|(_, width, height, alt)| (width, height, summary(alt, DESCRIPTION))),
            film: post.film(),
            // Unlisted means: not in lists of finds either.
            is_indexed: status.account.indexable && status.visibility == phiomia_model::Visibility::Public,
            document: Some(status.uri.clone()),
            published_at: Some(post.posted_at.iso.clone()),
            ..Head::default()
        }
    }
}
