//! Whom something is for, and what the author lets whom do with it.

use phiomia_model::status::Visibility;

use crate::{bounds, document::Node, uri::Uri};

/// The primary and secondary recipients. `bto` and `bcc` do not exist here: they are neither read nor ever written.
/// Source: <https://www.w3.org/TR/activitypub/#delivery>.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Audience {
    /// Primary recipients.
    pub to: Vec<Uri>,
    /// Secondary recipients.
    pub cc: Vec<Uri>,
}

impl Audience {
    pub(crate) fn read(node: Node<'_>) -> Audience {
        let list = |name| node.recipients(name).take(bounds::JSON_ITEMS).collect();
        Audience { to: list("to"), cc: list("cc") }
    }

    /// Every recipient, primary ones first.
    pub fn all(&self) -> impl Iterator<Item = &Uri> {
        self.to.iter().chain(&self.cc)
    }

    /// Whether `who` is among the recipients.
    #[must_use]
    pub fn names(&self, who: &Uri) -> bool {
        self.all().any(|uri| uri == who)
    }

    /// What Mastodon's visibilities make of it; `followers` is the author's collection of followers. Anything that is
    /// for neither everybody nor the followers is direct, also what other servers call limited.
    /// Source: <https://docs.joinmastodon.org/spec/activitypub/#properties-used>.
    #[must_use]
    pub fn visibility(&self, followers: Option<&Uri>) -> Visibility {
        if self.to.iter().any(Uri::is_public) {
            Visibility::Public
        } else if self.cc.iter().any(Uri::is_public) {
            Visibility::Unlisted
        } else if followers.is_some_and(|followers| self.names(followers)) {
            Visibility::Private
        } else {
            Visibility::Direct
        }
    }
}

/// Who may do one thing with a post: at once, or after the author said yes. The lists hold [`crate::PUBLIC`],
/// collections of the author (followers, following), or single actors.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rule {
    /// These are answered with yes at once.
    pub automatic: Vec<Uri>,
    /// These are asked about.
    pub manual: Vec<Uri>,
    /// Written in the words of today: whoever writes them answers requests (GoToSocial since 0.20).
    pub is_of_today: bool,
}

impl Rule {
    fn read(node: Node<'_>) -> Rule {
        // GoToSocial wrote `always` and `approvalRequired` before 0.20.
        let list = |new: &str, old: &str| {
            let name = if node.has(new) { new } else { old };
            node.recipients(name).take(bounds::REFERENCES).collect()
        };
        Rule {
            automatic: list("automaticApproval", "always"),
            manual: list("manualApproval", "approvalRequired"),
            is_of_today: node.has("automaticApproval") || node.has("manualApproval"),
        }
    }

    /// Whether everybody is answered with yes at once.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.automatic.iter().any(Uri::is_public)
    }
}

/// The author's policy. `None`: nothing said, which means something else for each of them (a like is then allowed, a
/// quote is not).
/// Sources: <https://codeberg.org/fediverse/fep/src/branch/main/fep/044f/fep-044f.md>,
/// <https://docs.gotosocial.org/en/latest/federation/interaction_policy/>.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// Who may quote it.
    pub quote: Option<Rule>,
    /// Who may answer it.
    pub reply: Option<Rule>,
    /// Who may favourite it.
    pub like: Option<Rule>,
    /// Who may boost it.
    pub announce: Option<Rule>,
}

impl Policy {
    pub(crate) fn read(node: Node<'_>) -> Policy {
        let Some(policy) = node.node("interactionPolicy") else { return Policy::default() };
        let rule = |name| policy.node(name).map(Rule::read);
        Policy {
            quote: rule("canQuote"),
            reply: rule("canReply"),
            like: rule("canLike"),
            announce: rule("canAnnounce"),
        }
    }

    /// Whether nothing is said about anything.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        *self == Policy::default()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;
    use crate::{Document, Web};

    fn visibility(json: &str) -> Visibility {
        let followers = Uri::parse("https://a.example/followers", Web::Https).unwrap();
        let document = Document::parse(json.as_bytes(), Web::Https).unwrap();
        Audience::read(document.node()).visibility(Some(&followers))
    }

    #[test]
    fn visibility_comes_from_the_recipients() {
        for (json, seen) in [
            (r#"{"to": "https://www.w3.org/ns/activitystreams#Public"}"#, Visibility::Public),
            (r#"{"to": ["as:Public"], "cc": "https://a.example/followers"}"#, Visibility::Public),
            (r#"{"to": "https://a.example/followers", "cc": ["Public"]}"#, Visibility::Unlisted),
            (r#"{"cc": {"id": "https://a.example/followers"}}"#, Visibility::Private),
            (r#"{"to": ["https://b.example/u"]}"#, Visibility::Direct),
            (r#"{"to": ["https://b.example/followers"]}"#, Visibility::Direct),
            (r#"{"bto": "https://www.w3.org/ns/activitystreams#Public"}"#, Visibility::Direct),
            (r#"{}"#, Visibility::Direct),
        ] {
            assert_eq!(visibility(json), seen, "{json}");
        }
    }

    #[test]
    fn a_policy_is_read_in_both_spellings() {
        let document = Document::parse(
            br#"{"interactionPolicy": {"canQuote": {"automaticApproval": "as:Public"},
                "canReply": {"always": ["https://a.example/u"], "approvalRequired": ["as:Public"]}}}"#,
            Web::Https,
        );
        let policy = Policy::read(document.unwrap().node());
        assert!(policy.quote.unwrap().is_open());
        let reply = policy.reply.unwrap();
        assert!(!reply.is_open() && reply.automatic.len() == 1 && reply.manual == [Uri::public()]);
        assert_eq!(policy.like, None);
    }
}
