//! Stamps by which an author allows an answer, a favourite or a boost.
//! Source: <https://docs.gotosocial.org/en/latest/federation/interaction_controls/>.

use phiomia_model::remote::Interaction;

use crate::{
    document::{Document, Node, Unreadable},
    uri::Uri,
};

/// What is asked for, what allows it, and how a thing names what allows it.
pub(crate) const fn words(what: Interaction) -> (&'static str, &'static str, &'static str) {
    match what {
        Interaction::Like => ("LikeRequest", "LikeAuthorization", "likeAuthorization"),
        Interaction::Reply => ("ReplyRequest", "ReplyAuthorization", "replyAuthorization"),
        Interaction::Announce => ("AnnounceRequest", "AnnounceAuthorization", "announceAuthorization"),
    }
}

/// The stamp that a post, a `Like` or an `Announce` shows; GoToSocial called it `approvedBy` before 0.21.
pub(crate) fn shown(node: Node<'_>, what: Interaction) -> Option<Uri> {
    node.uri(words(what).2).or_else(|| node.uri("approvedBy"))
}

/// A stamp: the author of a post allows that somebody answers, favourites or boosts it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InteractionAuthorization {
    /// Its name in the network.
    pub id: Uri,
    /// What is allowed.
    pub what: Interaction,
    /// Who allows it: the author of `target`, on the host of the stamp.
    pub author: Uri,
    /// The post.
    pub target: Uri,
    /// The answer, the `Like` or the `Announce`.
    pub interacting: Uri,
}

impl InteractionAuthorization {
    /// Reads a stamp.
    ///
    /// # Errors
    /// [`Unreadable::Kind`], [`Unreadable::Missing`], and [`Unreadable::ForeignHost`] when the stamp, its author and the
    /// post are not all on one host.
    pub fn read(document: &Document) -> Result<InteractionAuthorization, Unreadable> {
        InteractionAuthorization::from_node(document.node())
    }

    pub(crate) fn from_node(node: Node<'_>) -> Result<InteractionAuthorization, Unreadable> {
        // `LikeApproval` and so on is what GoToSocial 0.19 and 0.20 wrote.
        let is = |what: &Interaction| {
            let (_, stamp, _) = words(*what);
            node.is(stamp) || node.is(&stamp.replace("Authorization", "Approval"))
        };
        let what = Interaction::ALL.into_iter().find(is).ok_or_else(|| Unreadable::Kind {
            expected: "an interaction authorization",
            found: node.kind().unwrap_or("nothing").to_owned(),
        })?;
        let required = |name: &'static str| node.uri(name).ok_or(Unreadable::Missing(name));
        let stamp = InteractionAuthorization {
            id: node.id().ok_or(Unreadable::Missing("id"))?,
            what,
            author: required("attributedTo")?,
            target: required("interactionTarget")?,
            interacting: required("interactingObject")?,
        };
        if !stamp.author.is_with(&stamp.id) {
            return Err(Unreadable::ForeignHost("attributedTo"));
        }
        if !stamp.target.is_with(&stamp.id) {
            return Err(Unreadable::ForeignHost("interactionTarget"));
        }
        Ok(stamp)
    }

    /// Whether it allows exactly this.
    #[must_use]
    pub fn allows(&self, what: Interaction, interacting: &Uri, target: &Uri, author: &Uri) -> bool {
        self.what == what && self.interacting == *interacting && self.target == *target && self.author == *author
    }
}
