//! Polls.

use phiomia_model::time::Time;

use crate::{bounds, document::Node};

/// A choice and how often it was chosen, as the origin counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Plain text.
    pub title: String,
    /// `replies.totalItems`.
    pub votes: u64,
}

/// The poll of a `Question`.
/// Source: <https://docs.joinmastodon.org/spec/activitypub/#poll-specific-properties>.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Poll {
    /// In their order. Empty: a question to be answered in words.
    pub choices: Vec<Choice>,
    /// `anyOf`: more than one may be chosen.
    pub is_multiple: bool,
    /// When it ends.
    pub ends: Option<Time>,
    /// When it was closed: no votes count after this.
    pub closed: Option<Time>,
    /// How many people voted. `None`: the origin does not say.
    pub voters: Option<u64>,
}

impl Poll {
    pub(super) fn read(node: Node<'_>) -> Poll {
        let is_multiple = node.nodes("anyOf").next().is_some();
        let choices = node.nodes(if is_multiple { "anyOf" } else { "oneOf" });
        let read = |choice: Node<'_>| {
            let votes = choice.node("replies").and_then(|r| r.number("totalItems")).unwrap_or(0);
            Some(Choice { title: choice.text("name", bounds::NAME_BYTES)?, votes })
        };
        let ends = node.time("endTime");
        Poll {
            choices: choices.filter_map(read).take(bounds::POLL_OPTIONS).collect(),
            is_multiple,
            // `closed` may also be a bare `true`, which says no more than that its end is over.
            closed: node.time("closed").or_else(|| ends.filter(|_| node.flag("closed") == Some(true))),
            ends,
            voters: node.number("votersCount"),
        }
    }
}
