//! Quotes: one post inside of another, in all the ways it is written.

use crate::{
    document::{Document, Node, Unreadable},
    uri::Uri,
};

/// What a post quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    /// The quoted post.
    pub object: Uri,
    /// `quoteAuthorization`: where the quoted author says that it is allowed.
    pub authorization: Option<Uri>,
    /// Whether it is written as FEP-044f has it, so that its author knows about consent and asks for it.
    pub asks_consent: bool,
}

impl Quote {
    /// `quote` (FEP-044f), then the older names, then links among the tags (FEP-e232).
    /// Sources: <https://codeberg.org/fediverse/fep/src/branch/main/fep/044f/fep-044f.md>,
    /// <https://codeberg.org/fediverse/fep/src/branch/main/fep/e232/fep-e232.md>.
    pub(super) fn read(node: Node<'_>) -> Option<Quote> {
        if let Some(object) = node.uri("quote") {
            return Some(Quote { object, authorization: node.uri("quoteAuthorization"), asks_consent: true });
        }
        let by_name =
            ["quoteUrl", "quoteUri", "quoteURL", "_misskey_quote"].into_iter().find_map(|name| node.uri(name));
        let object = by_name.or_else(|| node.nodes("tag").find_map(object_link))?;
        Some(Quote { object, authorization: node.uri("quoteAuthorization"), asks_consent: false })
    }
}

/// A tag that says: this text contains that object.
fn object_link(tag: Node<'_>) -> Option<Uri> {
    let is_activity_pub = tag.texts("mediaType").any(|media_type| {
        let kind = media_type.split(';').next().unwrap_or("").trim();
        kind == "application/activity+json"
            || (kind == "application/ld+json" && media_type.contains("https://www.w3.org/ns/activitystreams"))
    });
    // Links may be of another relation (a preview); those that name none are quotes, as the proposal began with them.
    let mut rels = tag.texts("rel").peekable();
    let is_quote = rels.peek().is_none() || rels.any(|rel| rel.ends_with("_misskey_quote") || rel.ends_with("#quote"));
    (tag.is("Link") && is_activity_pub && is_quote).then(|| tag.uri("href"))?
}

/// A stamp: the author of the quoted post allows this quote.
/// Source: <https://codeberg.org/fediverse/fep/src/branch/main/fep/044f/fep-044f.md#quoteauthorization>.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuoteAuthorization {
    /// Its name in the network.
    pub id: Uri,
    /// Who allows it: the author of `quoted`, on the host of the stamp.
    pub author: Uri,
    /// The quoted post.
    pub quoted: Uri,
    /// The quoting post.
    pub quoting: Uri,
}

impl QuoteAuthorization {
    /// Reads a stamp.
    ///
    /// # Errors
    /// [`Unreadable::Kind`], [`Unreadable::Missing`], and [`Unreadable::ForeignHost`] when the stamp, its author and
    /// the quoted post are not all on one host.
    pub fn read(document: &Document) -> Result<QuoteAuthorization, Unreadable> {
        QuoteAuthorization::from_node(document.node())
    }

    pub(crate) fn from_node(node: Node<'_>) -> Result<QuoteAuthorization, Unreadable> {
        if !node.is("QuoteAuthorization") {
            let found = node.kind().unwrap_or("nothing").to_owned();
            return Err(Unreadable::Kind { expected: "a quote authorization", found });
        }
        let required = |name: &'static str| node.uri(name).ok_or(Unreadable::Missing(name));
        let stamp = QuoteAuthorization {
            id: node.id().ok_or(Unreadable::Missing("id"))?,
            author: required("attributedTo")?,
            quoted: required("interactionTarget")?,
            quoting: required("interactingObject")?,
        };
        if !stamp.author.is_with(&stamp.id) {
            return Err(Unreadable::ForeignHost("attributedTo"));
        }
        if !stamp.quoted.is_with(&stamp.id) {
            return Err(Unreadable::ForeignHost("interactionTarget"));
        }
        Ok(stamp)
    }

    /// Whether it allows exactly this.
    #[must_use]
    pub fn allows(&self, quoting: &Uri, quoted: &Uri, quoted_author: &Uri) -> bool {
        self.quoting == *quoting && self.quoted == *quoted && self.author == *quoted_author
    }
}
