//! Posts of every kind: `Note`, `Question`, and what other softwares call articles, pages, events, videos.

pub(crate) mod approval;
mod attachment;
mod poll;
mod quote;
mod tag;

use phiomia_model::{remote::Interaction, time::Time};

pub use approval::InteractionAuthorization;
pub(crate) use attachment::page_of;
pub use attachment::{Media, MediaKind};
pub use poll::{Choice, Poll};
pub use quote::{Quote, QuoteAuthorization};
pub use tag::{Emoji, Mention, Tags};

use crate::{
    audience::{Audience, Policy},
    bounds,
    collection::Counted,
    document::{Document, Node, Unreadable},
    uri::Uri,
};

/// What a post calls itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoteKind {
    /// A short text.
    Note,
    /// A poll.
    Question,
    /// A long text with a title: WordPress, WriteFreely, Friendica.
    Article,
    /// A titled link or text in a community: Lemmy.
    Page,
    /// Something at a time and place: Mobilizon, Gancio.
    Event,
    /// PeerTube.
    Video,
    /// Funkwhale, Castopod.
    Audio,
    /// A picture by itself.
    Image,
}

impl NoteKind {
    /// All of them.
    pub const ALL: [NoteKind; 8] = [
        NoteKind::Note,
        NoteKind::Question,
        NoteKind::Article,
        NoteKind::Page,
        NoteKind::Event,
        NoteKind::Video,
        NoteKind::Audio,
        NoteKind::Image,
    ];

    /// The word of the vocabulary.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            NoteKind::Note => "Note",
            NoteKind::Question => "Question",
            NoteKind::Article => "Article",
            NoteKind::Page => "Page",
            NoteKind::Event => "Event",
            NoteKind::Video => "Video",
            NoteKind::Audio => "Audio",
            NoteKind::Image => "Image",
        }
    }

    pub(crate) fn read(node: Node<'_>) -> Option<NoteKind> {
        NoteKind::ALL.into_iter().find(|kind| node.is(kind.word()))
    }
}

/// How a text is written (`mediaType`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Markup {
    /// What nearly everybody sends.
    #[default]
    Html,
    /// PeerTube's descriptions.
    Markdown,
    /// No markup at all.
    Plain,
}

/// A post.
#[derive(Clone, Debug, PartialEq)]
pub struct Note {
    /// Its name in the network.
    pub id: Uri,
    /// What it calls itself.
    pub kind: NoteKind,
    /// `attributedTo`: of several, the first that is not known to be a group. On the host of the id.
    pub author: Uri,
    /// The title, plain text; for a vote, the choice.
    pub title: Option<String>,
    /// The text, as it was sent. `None`: none.
    pub content: Option<String>,
    /// How `content` is written.
    pub markup: Markup,
    /// The content warning, or what stands before the text; plain text or HTML.
    pub summary: Option<String>,
    /// Whether its media are to be covered.
    pub sensitive: bool,
    /// The language (BCP 47) of the text.
    pub language: Option<String>,
    /// Whom it is for.
    pub audience: Audience,
    /// Communities it was posted to (`audience`; FEP-1b12).
    pub groups: Vec<Uri>,
    /// Mentions, hashtags, custom emoji.
    pub tags: Tags,
    /// Pictures, sounds, videos.
    pub attachments: Vec<Media>,
    /// A picture that stands for the whole (`image`, `icon`, thumbnails).
    pub preview: Option<Media>,
    /// The poll of a `Question`.
    pub poll: Option<Poll>,
    /// What it answers.
    pub in_reply_to: Option<Uri>,
    /// `conversation`, as it came: `tag:` addresses too.
    pub conversation: Option<String>,
    /// The collection of its whole thread.
    /// Source: <https://codeberg.org/fediverse/fep/src/branch/main/fep/7888/fep-7888.md>.
    pub context: Option<Uri>,
    /// Its answers.
    pub replies: Counted,
    /// How many favourited it.
    pub likes: Counted,
    /// How many boosted it.
    pub shares: Counted,
    /// What it quotes.
    pub quote: Option<Quote>,
    /// What its author allows.
    pub policy: Policy,
    /// `replyAuthorization`: where the author of what it answers says that it is allowed.
    pub authorization: Option<Uri>,
    /// When it was posted.
    pub published: Option<Time>,
    /// When it was last edited.
    pub updated: Option<Time>,
    /// When it begins, if it is an event.
    pub starts: Option<Time>,
    /// Its page for people, on the host of the id.
    pub page: Option<Uri>,
    /// What it points to: the link of a Lemmy page.
    pub link: Option<Uri>,
}

impl Note {
    /// Reads a post.
    ///
    /// # Errors
    /// [`Unreadable::Kind`] for anything else, [`Unreadable::Missing`] without id or author,
    /// [`Unreadable::ForeignHost`] when the author is on another host than the id.
    pub fn read(document: &Document) -> Result<Note, Unreadable> {
        Note::from_node(document.node())
    }

    pub(crate) fn from_node(node: Node<'_>) -> Result<Note, Unreadable> {
        let kind = NoteKind::read(node).ok_or_else(|| Unreadable::Kind {
            expected: "a post",
            found: node.kind().unwrap_or("nothing").to_owned(),
        })?;
        let id = node.id().ok_or(Unreadable::Missing("id"))?;
        let author = author(node).ok_or(Unreadable::Missing("attributedTo"))?;
        if !author.is_with(&id) {
            return Err(Unreadable::ForeignHost("attributedTo"));
        }
        let (content, language) = node.text_with_language("content", bounds::TEXT_BYTES);
        let (summary, summary_language) = node.text_with_language("summary", bounds::TEXT_BYTES);
        let (title, _) = node.text_with_language("name", bounds::NAME_BYTES);
        // Lemmy and PeerTube: `{"identifier": "de", "name": "Deutsch"}`.
        let named = node.node("language").and_then(|l| l.text("identifier", 35));
        let named = named.or_else(|| node.text("language", 35)).filter(|tag| crate::document::is_language(tag));
        let tags = Tags::read(node);
        Ok(Note {
            kind,
            title,
            content,
            markup: markup(node),
            summary,
            sensitive: node.flag("sensitive").unwrap_or(false),
            language: named.or(language).or(summary_language),
            audience: Audience::read(node),
            groups: node.recipients("audience").filter(|uri| !uri.is_public()).take(bounds::REFERENCES).collect(),
            attachments: attachment::media_of(node, kind),
            preview: Media::widest_of(node, "image").or_else(|| Media::widest_of(node, "icon")),
            poll: (kind == NoteKind::Question).then(|| Poll::read(node)),
            in_reply_to: node.uri("inReplyTo"),
            conversation: node.text("conversation", bounds::URL_BYTES),
            context: node.uri("context"),
            replies: Counted::read(node, "replies"),
            likes: Counted::read(node, "likes"),
            shares: Counted::read(node, "shares"),
            quote: Quote::read(node),
            policy: Policy::read(node),
            authorization: approval::shown(node, Interaction::Reply),
            published: node.time("published"),
            updated: node.time("updated"),
            starts: node.time("startTime").filter(|_| kind == NoteKind::Event),
            page: page_of(node).filter(|page| page.is_with(&id)),
            link: attachment::link_of(node, kind),
            tags,
            author,
            id,
        })
    }

    /// A vote: what is answered, and the choice. Mastodon sends each as a `Note` with a name and without a text.
    /// Source: <https://docs.joinmastodon.org/spec/activitypub/#poll-specific-properties>.
    #[must_use]
    pub fn as_vote(&self) -> Option<(&Uri, &str)> {
        if self.kind != NoteKind::Note || self.content.is_some() || !self.attachments.is_empty() {
            return None;
        }
        Some((self.in_reply_to.as_ref()?, self.title.as_deref()?))
    }

    /// Who may see it, given its author's collection of followers.
    #[must_use]
    pub fn visibility(&self, followers: Option<&Uri>) -> phiomia_model::status::Visibility {
        self.audience.visibility(followers)
    }
}

/// PeerTube names the person and the channel (a `Group`); GoToSocial and all others one actor.
fn author(node: Node<'_>) -> Option<Uri> {
    let is_group = |value: &serde_json::Value| node.of(value).is_some_and(|actor| actor.is("Group"));
    let person = node.values("attributedTo").filter(|value| !is_group(value)).find_map(|value| node.address(value));
    person.or_else(|| node.uri("attributedTo"))
}

fn markup(node: Node<'_>) -> Markup {
    let media_type = node.texts("mediaType").next().unwrap_or("text/html");
    match media_type.split(';').next().unwrap_or("").trim() {
        "text/markdown" => Markup::Markdown,
        "text/plain" => Markup::Plain,
        _ => Markup::Html,
    }
}
