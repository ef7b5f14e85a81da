//! Activities: who does what to what.

use phiomia_model::{remote::Interaction, time::Time};
use serde_json::Value;

use crate::{
    actor::{Actor, ActorKind},
    audience::Audience,
    bounds,
    collection::{self, Collection},
    document::{Document, Node, Unreadable},
    note::{Emoji, InteractionAuthorization, Note, NoteKind, QuoteAuthorization, approval},
    uri::Uri,
};

/// Something named by its id, or sent along. What is sent along is a claim of whoever sent it: whether it may be
/// believed is decided elsewhere.
#[derive(Clone, Debug, PartialEq)]
pub enum Thing {
    /// Its id.
    Named(Uri),
    /// All of it.
    Sent(Box<Object>),
}

/// Whatever an activity may be about.
#[derive(Clone, Debug, PartialEq)]
pub enum Object {
    /// Somebody.
    Actor(Actor),
    /// A post of any kind.
    Note(Note),
    /// Something done.
    Activity(Activity),
    /// What is left of something deleted.
    Tombstone(Tombstone),
    /// A collection or a page of one.
    Collection(Collection),
    /// A stamp that allows a quote.
    QuoteAuthorization(QuoteAuthorization),
    /// A stamp that allows an answer, a favourite or a boost.
    InteractionAuthorization(InteractionAuthorization),
    /// A hashtag, as it is featured. Without `#`.
    Hashtag(String),
    /// Of another kind, or not readable as what it says it is.
    Unknown {
        /// Its id, if it has one.
        id: Option<Uri>,
        /// Its `type`; empty when there is none.
        kind: String,
    },
}

/// What is left of something deleted. Source: <https://www.w3.org/TR/activitystreams-vocabulary/#dfn-tombstone>.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tombstone {
    /// What it was called.
    pub id: Uri,
    /// When it went.
    pub deleted: Option<Time>,
}

impl Thing {
    /// The id.
    #[must_use]
    pub fn id(&self) -> Option<&Uri> {
        match self {
            Thing::Named(id) => Some(id),
            Thing::Sent(object) => object.id(),
        }
    }

    /// The post, if that was sent along.
    #[must_use]
    pub fn note(&self) -> Option<&Note> {
        match self {
            Thing::Sent(object) => match &**object {
                Object::Note(note) => Some(note),
                _ => None,
            },
            Thing::Named(_) => None,
        }
    }

    /// The actor, if that was sent along.
    #[must_use]
    pub fn actor(&self) -> Option<&Actor> {
        match self {
            Thing::Sent(object) => match &**object {
                Object::Actor(actor) => Some(actor),
                _ => None,
            },
            Thing::Named(_) => None,
        }
    }

    /// The activity, if that was sent along: what an `Undo`, `Accept` or a group's `Announce` is about.
    #[must_use]
    pub fn activity(&self) -> Option<&Activity> {
        match self {
            Thing::Sent(object) => match &**object {
                Object::Activity(activity) => Some(activity),
                _ => None,
            },
            Thing::Named(_) => None,
        }
    }

    pub(crate) fn all_of<'a>(node: Node<'a>, name: &str) -> impl Iterator<Item = Thing> + use<'a> {
        node.values(name).filter_map(move |value| Thing::read(node, value))
    }

    fn read<'a>(parent: Node<'a>, value: &'a Value) -> Option<Thing> {
        let Some(node) = parent.of(value) else { return parent.address(value).map(Thing::Named) };
        // `{"id": …}` and `{"type": "Link", "href": …}` are names, too.
        if node.kind().is_none() || node.is("Link") {
            return parent.address(value).map(Thing::Named);
        }
        Some(Thing::Sent(Box::new(Object::from_node(node))))
    }
}

impl Object {
    /// Reads anything. What is not readable as what it says it is, is [`Object::Unknown`].
    #[must_use]
    pub fn read(document: &Document) -> Object {
        Object::from_node(document.node())
    }

    pub(crate) fn from_node(node: Node<'_>) -> Object {
        Object::known(node).unwrap_or_else(|| Object::Unknown {
            id: node.id(),
            kind: node.kind().map(|kind| bounds::cut(kind, 100)).unwrap_or_default().to_owned(),
        })
    }

    fn known(node: Node<'_>) -> Option<Object> {
        if ActorKind::read(node).is_some() {
            return Actor::from_node(node).ok().map(Object::Actor);
        }
        if NoteKind::read(node).is_some() {
            return Note::from_node(node).ok().map(Object::Note);
        }
        if collection::shape(node).is_some() {
            return Collection::from_node(node).ok().map(Object::Collection);
        }
        match node.kind()? {
            "Tombstone" => Some(Object::Tombstone(Tombstone { id: node.id()?, deleted: node.time("deleted") })),
            "QuoteAuthorization" => QuoteAuthorization::from_node(node).ok().map(Object::QuoteAuthorization),
            kind if kind.ends_with("Authorization") || kind.ends_with("Approval") => {
                InteractionAuthorization::from_node(node).ok().map(Object::InteractionAuthorization)
            }
            "Hashtag" => {
                let name = node.text("name", bounds::NAME_BYTES)?;
                Some(Object::Hashtag(name.trim_start_matches('#').to_owned()))
            }
            _ => Activity::from_node(node).ok().filter(|a| !matches!(a.verb, Verb::Unknown(_))).map(Object::Activity),
        }
    }

    /// The id, if it has one.
    #[must_use]
    pub fn id(&self) -> Option<&Uri> {
        match self {
            Object::Actor(actor) => Some(&actor.id),
            Object::Note(note) => Some(&note.id),
            Object::Activity(activity) => activity.id.as_ref(),
            Object::Tombstone(tombstone) => Some(&tombstone.id),
            Object::Collection(collection) => collection.id.as_ref(),
            Object::QuoteAuthorization(stamp) => Some(&stamp.id),
            Object::InteractionAuthorization(stamp) => Some(&stamp.id),
            Object::Hashtag(_) => None,
            Object::Unknown { id, .. } => id.as_ref(),
        }
    }
}

/// What is done, with what it is done to.
/// Sources: <https://www.w3.org/TR/activitypub/#server-to-server-interactions>,
/// <https://www.w3.org/TR/activitystreams-vocabulary/#activity-types>.
#[derive(Clone, Debug, PartialEq)]
pub enum Verb {
    /// Wants to follow.
    Follow(Uri),
    /// Says yes to a `Follow`, a `QuoteRequest` or an interaction.
    Accept {
        /// What was asked.
        asked: Thing,
        /// The stamp of a quote or an interaction.
        result: Option<Uri>,
    },
    /// Says no, or takes a yes back.
    Reject(Thing),
    /// Takes something back.
    Undo(Thing),
    /// Posts.
    Create(Thing),
    /// Changes a post or themselves.
    Update(Thing),
    /// Deletes a post or themselves.
    Delete(Uri),
    /// Boosts a post; a group passes an activity on
    /// (<https://codeberg.org/fediverse/fep/src/branch/main/fep/1b12/fep-1b12.md>).
    Announce(Thing),
    /// Favourites; with an emoji it is a reaction.
    Like {
        /// What.
        object: Uri,
        /// With what.
        reaction: Option<Reaction>,
    },
    /// Reacts with an emoji: <https://codeberg.org/fediverse/fep/src/branch/main/fep/c0e0/fep-c0e0.md>.
    EmojiReact {
        /// To what.
        object: Uri,
        /// With what.
        reaction: Reaction,
    },
    /// Pins a post, features a hashtag.
    Add {
        /// What.
        object: Thing,
        /// To which collection.
        target: Uri,
    },
    /// The contrary.
    Remove {
        /// What.
        object: Thing,
        /// From which collection.
        target: Uri,
    },
    /// Wants nothing to do with somebody.
    Block(Uri),
    /// Reports somebody and some of their posts.
    Flag {
        /// Actors and posts.
        objects: Vec<Uri>,
        /// Why, plain text.
        content: Option<String>,
    },
    /// Goes somewhere else.
    Move {
        /// Who goes: the actor itself.
        object: Uri,
        /// Where they are now.
        target: Uri,
    },
    /// Asks whether a quote is allowed.
    QuoteRequest {
        /// The post to be quoted.
        object: Uri,
        /// The quoting post.
        instrument: Thing,
    },
    /// Asks whether an answer, a favourite or a boost is allowed.
    /// Source: <https://docs.gotosocial.org/en/latest/federation/interaction_controls/>.
    InteractionRequest {
        /// What is to be done.
        what: Interaction,
        /// The post it is to be done with.
        object: Uri,
        /// The answer, the `Like` or the `Announce`.
        instrument: Thing,
    },
    /// Anything else; the `type`.
    Unknown(String),
}

/// An emoji as an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reaction {
    /// One Unicode emoji, or `:shortcode:`.
    pub content: String,
    /// The picture of a shortcode.
    pub emoji: Option<Emoji>,
}

impl Reaction {
    fn read(node: Node<'_>) -> Option<Reaction> {
        let content = node.text("content", 200).or_else(|| node.text("_misskey_reaction", 200))?;
        let name = content.trim_matches(':');
        let emoji = Emoji::all_of(node).into_iter().find(|emoji| emoji.shortcode == name);
        Some(Reaction { content, emoji })
    }
}

/// An activity.
#[derive(Clone, Debug, PartialEq)]
pub struct Activity {
    /// Its name. `None`: it has none that may be one.
    pub id: Option<Uri>,
    /// Who does it.
    pub actor: Uri,
    /// What.
    pub verb: Verb,
    /// Whom it is for.
    pub audience: Audience,
    /// When it was done.
    pub published: Option<Time>,
    /// `likeAuthorization` of a `Like`, `announceAuthorization` of an `Announce`: where the author of the post says that
    /// it is allowed.
    pub authorization: Option<Uri>,
}

impl Activity {
    /// Reads an activity.
    ///
    /// # Errors
    /// [`Unreadable::Missing`] without type, actor, or what its type needs.
    pub fn read(document: &Document) -> Result<Activity, Unreadable> {
        Activity::from_node(document.node())
    }

    fn from_node(node: Node<'_>) -> Result<Activity, Unreadable> {
        let kind = node.kind().ok_or(Unreadable::Missing("type"))?;
        let actor = node.uri("actor").ok_or(Unreadable::Missing("actor"))?;
        let inner = node.deeper();
        let verb = match inner {
            Some(inner) => verb(inner, kind, &actor)?,
            None => Verb::Unknown(bounds::cut(kind, 100).to_owned()),
        };
        let authorization = match &verb {
            Verb::Like { .. } => approval::shown(node, Interaction::Like),
            Verb::Announce(_) => approval::shown(node, Interaction::Announce),
            _ => None,
        };
        let published = node.time("published");
        Ok(Activity { id: node.id(), verb, audience: Audience::read(node), published, actor, authorization })
    }

    /// The word of the vocabulary for what is done.
    #[must_use]
    pub fn kind(&self) -> &str {
        match &self.verb {
            Verb::Follow(_) => "Follow",
            Verb::Accept { .. } => "Accept",
            Verb::Reject(_) => "Reject",
            Verb::Undo(_) => "Undo",
            Verb::Create(_) => "Create",
            Verb::Update(_) => "Update",
            Verb::Delete(_) => "Delete",
            Verb::Announce(_) => "Announce",
            Verb::Like { .. } => "Like",
            Verb::EmojiReact { .. } => "EmojiReact",
            Verb::Add { .. } => "Add",
            Verb::Remove { .. } => "Remove",
            Verb::Block(_) => "Block",
            Verb::Flag { .. } => "Flag",
            Verb::Move { .. } => "Move",
            Verb::QuoteRequest { .. } => "QuoteRequest",
            Verb::InteractionRequest { what, .. } => approval::words(*what).0,
            Verb::Unknown(kind) => kind,
        }
    }
}

fn verb(node: Node<'_>, kind: &str, actor: &Uri) -> Result<Verb, Unreadable> {
    let uri = |name: &'static str| node.uri(name).ok_or(Unreadable::Missing(name));
    let thing = |name: &'static str| Thing::all_of(node, name).next().ok_or(Unreadable::Missing(name));
    Ok(match kind {
        "Follow" => Verb::Follow(uri("object")?),
        "Accept" => Verb::Accept { asked: thing("object")?, result: node.uri("result") },
        "Reject" => Verb::Reject(thing("object")?),
        "Undo" => Verb::Undo(thing("object")?),
        "Create" => Verb::Create(thing("object")?),
        "Update" => Verb::Update(thing("object")?),
        "Delete" => Verb::Delete(uri("object")?),
        "Announce" => Verb::Announce(thing("object")?),
        "Like" => Verb::Like { object: uri("object")?, reaction: Reaction::read(node) },
        "EmojiReact" => {
            let reaction = Reaction::read(node).ok_or(Unreadable::Missing("content"))?;
            Verb::EmojiReact { object: uri("object")?, reaction }
        }
        "Add" => Verb::Add { object: thing("object")?, target: uri("target")? },
        "Remove" => Verb::Remove { object: thing("object")?, target: uri("target")? },
        "Block" => Verb::Block(uri("object")?),
        "Flag" => Verb::Flag {
            objects: node.uris("object").take(bounds::REFERENCES).collect(),
            content: node.text("content", bounds::BIO_BYTES),
        },
        // Mastodon names itself in `object`; nothing else may move.
        "Move" => Verb::Move { object: node.uri("object").unwrap_or_else(|| actor.clone()), target: uri("target")? },
        "QuoteRequest" => Verb::QuoteRequest { object: uri("object")?, instrument: thing("instrument")? },
        other => match Interaction::ALL.into_iter().find(|what| approval::words(*what).0 == other) {
            Some(what) => Verb::InteractionRequest { what, object: uri("object")?, instrument: thing("instrument")? },
            None => Verb::Unknown(bounds::cut(other, 100).to_owned()),
        },
    })
}
