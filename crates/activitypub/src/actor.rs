//! Actors: people, bots, groups and servers.

use phiomia_model::{handle::Handle, time::Time};

use crate::{
    audience::Policy,
    bounds,
    document::{Document, Node, Unreadable},
    note::{Emoji, Media},
    uri::Uri,
};

/// What an actor is. Source: <https://www.w3.org/TR/activitystreams-vocabulary/#actor-types>.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActorKind {
    /// Somebody.
    Person,
    /// A bot.
    Service,
    /// A server, or a program.
    Application,
    /// A community, which boosts what is sent to it (FEP-1b12).
    Group,
    /// A body of people.
    Organization,
}

impl ActorKind {
    /// All five.
    pub const ALL: [ActorKind; 5] =
        [ActorKind::Person, ActorKind::Service, ActorKind::Application, ActorKind::Group, ActorKind::Organization];

    /// The word of the vocabulary.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            ActorKind::Person => "Person",
            ActorKind::Service => "Service",
            ActorKind::Application => "Application",
            ActorKind::Group => "Group",
            ActorKind::Organization => "Organization",
        }
    }

    pub(crate) fn read(node: Node<'_>) -> Option<ActorKind> {
        ActorKind::ALL.into_iter().find(|kind| node.is(kind.word()))
    }
}

/// A row of a profile. Both sides as they came: the value is HTML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// The label.
    pub name: String,
    /// HTML.
    pub value: String,
}

/// A key that an actor's document lists, and so vouches for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActorKey {
    /// Its name in signatures (`keyId`).
    pub id: Uri,
    /// The key, as it is written; [`crate::signature::PublicKey`] reads it.
    pub material: KeyMaterial,
}

/// How a key is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyMaterial {
    /// `publicKey.publicKeyPem`. Source: <https://docs.joinmastodon.org/spec/activitypub/#publicKey>.
    Pem(String),
    /// `assertionMethod[].publicKeyMultibase`.
    /// Source: <https://codeberg.org/fediverse/fep/src/branch/main/fep/521a/fep-521a.md>.
    Multibase(String),
}

/// An actor's document. Everything in it that must be on the host of its id is; what was not is gone.
#[derive(Clone, Debug, PartialEq)]
pub struct Actor {
    /// Its name in the network.
    pub id: Uri,
    /// What it is.
    pub kind: ActorKind,
    /// `preferredUsername`; the handle's domain comes from WebFinger, not from here.
    pub username: String,
    /// `webfinger`: the handle this actor says it has, to be confirmed by WebFinger.
    /// Source: <https://codeberg.org/fediverse/fep/src/branch/main/fep/2c59/fep-2c59.md>.
    pub handle: Option<Handle>,
    /// The display name, plain text with `:emoji:`.
    pub name: Option<String>,
    /// The bio, HTML.
    pub summary: Option<String>,
    /// The page for people, on the host of the id.
    pub page: Option<Uri>,
    /// Where it gets its post.
    pub inbox: Uri,
    /// What it sent.
    pub outbox: Option<Uri>,
    /// `endpoints.sharedInbox`: one inbox for all of its server.
    pub shared_inbox: Option<Uri>,
    /// Its followers.
    pub followers: Option<Uri>,
    /// Whom it follows.
    pub following: Option<Uri>,
    /// Pinned posts.
    pub featured: Option<Uri>,
    /// Featured hashtags.
    pub featured_tags: Option<Uri>,
    /// Its keys, of both kinds, each with an id on its host and owned by it.
    pub keys: Vec<ActorKey>,
    /// The avatar.
    pub icon: Option<Media>,
    /// The header.
    pub image: Option<Media>,
    /// Rows of the profile.
    pub fields: Vec<Field>,
    /// Custom emoji of names and texts.
    pub emojis: Vec<Emoji>,
    /// `manuallyApprovesFollowers`.
    pub is_locked: bool,
    /// Whether it may be recommended. `None`: nothing said.
    pub discoverable: Option<bool>,
    /// Whether its public posts may be searched. `None`: nothing said.
    /// Source: <https://docs.joinmastodon.org/spec/activitypub/#indexable>.
    pub indexable: Option<bool>,
    /// Whether the person has died.
    pub memorial: bool,
    /// Whether the profile has a tab of posts with media. `None`: nothing said.
    pub shows_media: Option<bool>,
    /// Whether answers with media stand there, too. `None`: nothing said.
    pub shows_media_replies: Option<bool>,
    /// Whether the profile has a tab of what is featured. `None`: nothing said.
    pub shows_featured: Option<bool>,
    /// Whether its own server suspended it.
    pub suspended: bool,
    /// Where it went; to be believed only if that actor's `aliases` name this one.
    pub moved_to: Option<Uri>,
    /// `alsoKnownAs`.
    pub aliases: Vec<Uri>,
    /// When the account was made.
    pub published: Option<Time>,
    /// When the document last changed.
    pub updated: Option<Time>,
    /// Sites that may name this actor as the author of their pages, in lower case.
    /// Source: <https://docs.joinmastodon.org/spec/activitypub/#attributionDomains>.
    pub attribution_domains: Vec<String>,
    /// What it allows with its posts unless they say otherwise.
    pub policy: Policy,
}

impl Actor {
    /// Reads an actor.
    ///
    /// # Errors
    /// [`Unreadable::Kind`] for anything else, [`Unreadable::Missing`] without id, name or inbox,
    /// [`Unreadable::ForeignHost`] when the inbox is on another host than the id.
    pub fn read(document: &Document) -> Result<Actor, Unreadable> {
        Actor::from_node(document.node())
    }

    pub(crate) fn from_node(node: Node<'_>) -> Result<Actor, Unreadable> {
        let kind = ActorKind::read(node).ok_or_else(|| Unreadable::Kind {
            expected: "an actor",
            found: node.kind().unwrap_or("nothing").to_owned(),
        })?;
        let id = node.id().ok_or(Unreadable::Missing("id"))?;
        let inbox = node.uri("inbox").ok_or(Unreadable::Missing("inbox"))?;
        if !inbox.is_with(&id) {
            return Err(Unreadable::ForeignHost("inbox"));
        }
        let own = |name: &str| node.uri(name).filter(|uri| uri.is_with(&id));
        let endpoints = node.node("endpoints");
        // Old Pleroma and GNU social bridges write it beside the inbox.
        let shared_inbox = endpoints.and_then(|e| e.uri("sharedInbox")).or_else(|| node.uri("sharedInbox"));
        Ok(Actor {
            kind,
            username: username(node)?,
            handle: node.texts("webfinger").find_map(|text| text.parse().ok()).filter(|h: &Handle| h.domain.is_some()),
            name: node.text("name", bounds::NAME_BYTES),
            summary: node.text_with_language("summary", bounds::BIO_BYTES).0,
            page: crate::note::page_of(node).filter(|page| page.is_with(&id)),
            outbox: own("outbox"),
            shared_inbox: shared_inbox.filter(|uri| uri.is_with(&id)),
            followers: own("followers"),
            following: own("following"),
            featured: own("featured"),
            featured_tags: own("featuredTags"),
            keys: keys(node, &id),
            icon: Media::widest_of(node, "icon"),
            image: Media::widest_of(node, "image"),
            fields: fields(node),
            emojis: Emoji::all_of(node),
            is_locked: node.flag("manuallyApprovesFollowers").unwrap_or(false),
            discoverable: node.flag("discoverable"),
            indexable: node.flag("indexable"),
            memorial: node.flag("memorial").unwrap_or(false),
            shows_media: node.flag("showMedia"),
            shows_media_replies: node.flag("showRepliesInMedia"),
            shows_featured: node.flag("showFeatured"),
            suspended: node.flag("suspended").unwrap_or(false),
            moved_to: node.uri("movedTo").filter(|to| *to != id),
            aliases: node.uris("alsoKnownAs").take(bounds::ALIASES).collect(),
            published: node.time("published"),
            updated: node.time("updated"),
            attribution_domains: attribution_domains(node),
            policy: Policy::read(node),
            inbox,
            id,
        })
    }

    /// The key of this name.
    #[must_use]
    pub fn key(&self, id: &Uri) -> Option<&ActorKey> {
        self.keys.iter().find(|key| key.id == *id)
    }

    /// Where to send something that is not for this actor alone.
    #[must_use]
    pub fn shared_or_own_inbox(&self) -> &Uri {
        self.shared_inbox.as_ref().unwrap_or(&self.inbox)
    }
}

/// Words, dots, dashes: what fits into a handle. Anything else could never be looked up or mentioned.
fn username(node: Node<'_>) -> Result<String, Unreadable> {
    let name = node.texts("preferredUsername").next().ok_or(Unreadable::Missing("preferredUsername"))?;
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | '~');
    if name.len() <= bounds::USERNAME_BYTES && name.chars().all(fits) {
        Ok(name.to_owned())
    } else {
        Err(Unreadable::Missing("preferredUsername"))
    }
}

fn keys(node: Node<'_>, id: &Uri) -> Vec<ActorKey> {
    let owned = |key: &Node<'_>, by: &str| key.uri(by).is_none_or(|owner| owner == *id);
    let pems = node.nodes("publicKey").filter(|key| owned(key, "owner")).filter_map(|key| {
        let pem = key.texts("publicKeyPem").next()?;
        Some(ActorKey { id: key.id()?, material: KeyMaterial::Pem(cut(pem)) })
    });
    let multikeys = node.nodes("assertionMethod").filter(|key| owned(key, "controller")).filter_map(|key| {
        let text = key.texts("publicKeyMultibase").next()?;
        Some(ActorKey { id: key.id()?, material: KeyMaterial::Multibase(cut(text)) })
    });
    let cut_here = bounds::KEYS;
    pems.chain(multikeys).filter(|key| key.id.is_with(id)).take(cut_here).collect()
}

/// A key longer than this is none.
fn cut(text: &str) -> String {
    bounds::cut(text, bounds::SIGNATURE_HEADER_BYTES).to_owned()
}

fn fields(node: Node<'_>) -> Vec<Field> {
    let rows = node.nodes("attachment").filter(|row| row.is("PropertyValue"));
    let read = |row: Node<'_>| {
        let name = row.text("name", bounds::NAME_BYTES)?;
        Some(Field { name, value: row.text("value", bounds::NAME_BYTES).unwrap_or_default() })
    };
    rows.filter_map(read).take(bounds::FIELDS).collect()
}

fn attribution_domains(node: Node<'_>) -> Vec<String> {
    let domains = node.texts("attributionDomains").filter(|domain| domain.len() <= bounds::DOMAIN_BYTES);
    domains.map(str::to_lowercase).take(bounds::REFERENCES).collect()
}
