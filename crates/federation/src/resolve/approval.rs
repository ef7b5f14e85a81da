//! Whether an author elsewhere, who wants to be asked, allows what somebody else elsewhere did with their post.
//! Source: <https://docs.gotosocial.org/en/latest/federation/interaction_controls/>.

use phiomia_activitypub::{Note, Uri, note::InteractionAuthorization};
use phiomia_model::{
    Error, StatusId,
    remote::{Allowed, Interaction},
};
use phiomia_store::{
    Query,
    db::{accounts, federation::posts, statuses},
};

use super::Missing;
use crate::Federation;

/// What somebody elsewhere did with a post of somebody else.
pub(crate) struct Done<'a> {
    pub(crate) what: Interaction,
    /// The post.
    pub(crate) target: StatusId,
    /// Who did it.
    pub(crate) who: &'a Uri,
    /// The answer or the `Announce`.
    pub(crate) interacting: &'a Uri,
    /// Where the author is said to allow it.
    pub(crate) stamp: Option<&'a Uri>,
}

impl Federation {
    /// Refuses an answer that the author of what it answers wants to be asked about, and did not allow. What is here
    /// already was looked at.
    pub(super) async fn check_reply(&self, note: &Note) -> Result<(), Missing> {
        let Some(parent) = note.in_reply_to.as_ref().filter(|parent| !self.is_own(parent)) else { return Ok(()) };
        let (parent, own) = (parent.normal().to_owned(), note.id.normal().to_owned());
        let looking = self.db.read(move |q| match posts::by_uri(q, &parent)? {
            Some(parent) if posts::interactions(q, parent)?.is_some_and(|policy| policy.answers_requests) => {
                Ok(if posts::by_uri(q, &own)?.is_none() { Some(parent) } else { None })
            }
            _ => Ok(None),
        });
        let Some(target) = looking.await? else { return Ok(()) };
        let (stamp, who) = (note.authorization.as_ref(), &note.author);
        let done = Done { what: Interaction::Reply, target, who, interacting: &note.id, stamp };
        match self.is_approved(&done).await? {
            true => Ok(()),
            false => Err(Missing::NotGenuine(note.id.clone(), "the author of what it answers has not allowed it")),
        }
    }

    /// Whether everybody can see that the author allows it: nobody elsewhere can know who follows whom, so all but those
    /// who are named, and everybody, need a stamp.
    pub(crate) async fn is_approved(&self, done: &Done<'_>) -> Result<bool, Missing> {
        let (what, target, who) = (done.what, done.target, done.who.normal().to_owned());
        let names = self.db.read(move |q| names(q, what, target, &who)).await?;
        let Some((post, author)) = names else { return Ok(true) };
        let (Ok(post), Ok(author)) = (Uri::parse(&post, self.web), Uri::parse(&author, self.web)) else {
            return Ok(false);
        };
        let Some(stamp) = done.stamp.filter(|stamp| stamp.is_with(&author)) else { return Ok(false) };
        match self.fetch_document(stamp).await {
            Ok(document) => {
                let read = InteractionAuthorization::read(&document);
                Ok(read.is_ok_and(|stamp| stamp.allows(what, done.interacting, &post, &author)))
            }
            // Its server is away for a while: that is no no.
            Err(missing) if missing.passes() => Err(missing),
            Err(_) => Ok(false),
        }
    }
}

/// The post and its author, when a stamp is needed; `None`: they may without.
fn names(q: &Query<'_>, what: Interaction, target: StatusId, who: &str) -> Result<Option<(String, String)>, Error> {
    let Some(row) = statuses::source(q, target)?.filter(|row| !row.is_local) else { return Ok(None) };
    let Some(policy) = posts::interactions(q, target)?.filter(|policy| policy.answers_requests) else {
        return Ok(None);
    };
    let Some((at_once, asked)) = policy.of(what) else { return Ok(None) };
    let Some(author) = accounts::view(q, row.author)? else { return Ok(None) };
    let me = Allowed::Account(who.to_owned());
    let is_free = at_once.contains(&me) || (at_once.contains(&Allowed::Everybody) && !asked.contains(&me));
    if is_free || author.uri == who {
        return Ok(None);
    }
    if what == Interaction::Reply {
        let mentioned = statuses::mentioned(q, target)?.into_iter().map(|(person, _)| person);
        for person in mentioned.chain(row.in_reply_to_account_id) {
            if accounts::view(q, person)?.is_some_and(|view| view.uri == who) {
                return Ok(None);
            }
        }
    }
    Ok(Some((row.uri, author.uri.clone())))
}
