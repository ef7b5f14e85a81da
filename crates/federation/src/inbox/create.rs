//! Posts: new, changed, deleted, boosted, pinned.

use phiomia_activitypub::{Activity, Note, Object, Thing, Uri, Verb};
use phiomia_model::{Error, StatusId, remote::Interaction};
use phiomia_social::remote::{self, Coming};
use phiomia_store::db::{
    federation::{actors, posts, received, relays},
    followed_tags, statuses,
};

use super::{Signer, activity::done};
use crate::{
    Federation, authority,
    resolve::{Done, boost_visibility},
};

impl Federation {
    pub(super) async fn create(&self, signer: &Signer, activity: &Activity, thing: &Thing) -> Result<(), Error> {
        let note = match thing.note() {
            Some(note) if authority::speaks_for_note(&signer.uri, note) => note,
            // Named only, or somebody else's: its own server is asked, if it concerns anybody here.
            _ => {
                let author = signer.account;
                let is_wanted = self.db.read(move |q| Ok(actors::has_local_followers(q, author)?)).await?;
                let Some(id) = thing.id().filter(|_| is_wanted) else { return Ok(()) };
                return done(self.status(id).await.map(|_| ()));
            }
        };
        if let Some((question, title)) = note.as_vote()
            && self.is_own(question)
        {
            return self.vote(signer, question, title).await;
        }
        if !self.concerns_us(signer, activity, note).await? {
            return Ok(());
        }
        done(self.keep_sent(signer, note, Coming::Sent).await.map(|_| ()))
    }

    async fn vote(&self, signer: &Signer, question: &Uri, title: &str) -> Result<(), Error> {
        let Some(status) = self.known_status(question).await? else { return Ok(()) };
        let (who, title) = (signer.account, title.to_owned());
        self.db.write(move |tx| remote::vote(tx, who, status, &title)).await
    }

    /// Whether anybody here cares: follows the author or a tag, is named, is answered, or is quoted.
    async fn concerns_us(&self, signer: &Signer, activity: &Activity, note: &Note) -> Result<bool, Error> {
        let is_addressed = note.audience.all().chain(activity.audience.all()).any(|uri| self.is_own(uri))
            || note.tags.mentions.iter().any(|mention| self.is_own(&mention.actor));
        if is_addressed || signer.is_followed() {
            return Ok(true);
        }
        let parent = note.in_reply_to.as_ref().map(|uri| uri.normal().to_owned());
        let quoted = note.quote.as_ref().map(|quote| quote.object.normal().to_owned());
        let keys: Vec<String> = note.tags.hashtags.iter().map(|tag| phiomia_text::tag_key(tag)).collect();
        let author = signer.account;
        self.db
            .read(move |q| {
                if actors::has_local_followers(q, author)? {
                    return Ok(true);
                }
                for uri in parent.iter().chain(&quoted) {
                    if posts::by_uri(q, uri)?.is_some() {
                        return Ok(true);
                    }
                }
                Ok(followed_tags::is_any_followed(q, &keys)?)
            })
            .await
    }

    pub(super) async fn update(&self, signer: &Signer, thing: &Thing) -> Result<(), Error> {
        match thing {
            Thing::Sent(object) => match &**object {
                Object::Actor(actor) if authority::speaks_for_actor(&signer.uri, actor) => {
                    self.forget_keys(actor);
                    done(self.keep_account(actor.clone()).await.map(|_| ()))
                }
                Object::Note(note) if authority::speaks_for_note(&signer.uri, note) => {
                    // An edit of something we never had is no news to anybody here. Of somebody who is followed it may
                    // have overtaken its post, which then finds the newer text.
                    if self.known_status(&note.id).await?.is_none() && !signer.is_followed() {
                        return Ok(());
                    }
                    // A changed post is no new one: it is put before nobody again.
                    done(self.keep_sent(signer, note, Coming::Fetched).await.map(|_| ()))
                }
                _ => Ok(()),
            },
            Thing::Named(id) if *id == signer.uri => done(self.fetch_account(id).await.map(|_| ())),
            Thing::Named(id) if id.is_with(&signer.uri) && self.known_status(id).await?.is_some() => {
                done(self.fetch_status(id).await.map(|_| ()))
            }
            Thing::Named(_) => Ok(()),
        }
    }

    pub(super) async fn delete(&self, signer: &Signer, object: &Uri) -> Result<(), Error> {
        let (by, name) = (signer.account, object.normal().to_owned());
        if *object == signer.uri {
            return self.db.write(move |tx| remote::delete(tx, by)).await;
        }
        let may_bury = authority::may_bury(&signer.uri, object);
        self.db
            .write(move |tx| {
                posts::hold_names(tx, std::slice::from_ref(&name))?;
                match posts::owner(tx, &name)? {
                    Some((status, owner, _)) if owner == by => remote::remove(tx, by, status),
                    Some(_) => Ok(()),
                    None if remote::quote_revoked(tx, by, &name)? => Ok(()),
                    None if may_bury => Ok(received::bury(tx, &name)?),
                    None => Ok(()),
                }
            })
            .await
    }

    /// A post whose own server says that it is gone.
    pub(crate) async fn forget_status(&self, status: StatusId) -> Result<(), Error> {
        self.db
            .write(move |tx| match statuses::author_and_policy(tx, status)? {
                Some((author, _)) => remote::remove(tx, author, status),
                None => Ok(()),
            })
            .await
    }

    pub(super) async fn announce(
        &self,
        signer: &Signer,
        activity: &Activity,
        thing: &Thing,
        body: Option<&str>,
    ) -> Result<(), Error> {
        let (object, is_passed_on) = match thing.activity() {
            // A group passes on what was posted to it (FEP-1b12).
            Some(Activity { verb: Verb::Create(inner) | Verb::Update(inner), .. }) => (inner.id(), true),
            Some(_) => return Ok(()),
            None => (thing.id(), false),
        };
        let Some((object, id)) = object.zip(activity.id.as_ref()).filter(|(_, id)| id.is_with(&signer.uri)) else {
            return Ok(());
        };
        let is_ours = self.is_own(object);
        let (booster, name) = (signer.account, object.normal().to_owned());
        let looking = self.db.read(move |q| {
            let is_wanted = is_ours || posts::by_uri(q, &name)?.is_some() || actors::has_local_followers(q, booster)?;
            Ok((is_wanted, relays::is_accepted(q, booster)?))
        });
        match looking.await? {
            // What a relay tells of is no boost of its own.
            (_, true) => return self.relayed(Some(object)).await,
            (false, false) => return self.comes_early(signer, object, body).await,
            (true, false) => {}
        }
        let original = match (is_ours, is_passed_on) {
            (true, _) => match self.known_status(object).await? {
                Some(known) => Ok(known),
                None => return Ok(()),
            },
            (false, _) => self.status(object).await,
        };
        let original = match original {
            Ok(original) => original,
            Err(missing) => return done(Err(missing)),
        };
        let (stamp, who) = (activity.authorization.as_ref(), &signer.uri);
        let asked = Done { what: Interaction::Announce, target: original, who, interacting: id, stamp };
        match self.is_approved(&asked).await {
            Ok(true) => {}
            Ok(false) => return Ok(()),
            Err(missing) => return done(Err(missing)),
        }
        let followers = self.db.read(move |q| Ok(actors::find(q, booster)?.and_then(|row| row.followers))).await?;
        let followers = followers.and_then(|text| Uri::parse(&text, self.web).ok());
        let visibility = boost_visibility(&activity.audience, followers.as_ref());
        let (uri, published) = (id.normal().to_owned(), activity.published);
        self.db.write(move |tx| remote::reblog(tx, booster, original, &uri, visibility, published).map(|_| ())).await
    }

    pub(super) async fn add(&self, signer: &Signer, object: &Thing, target: &Uri) -> Result<(), Error> {
        if let Some(name) = self.featured_tag_there(signer, object, target).await? {
            let who = signer.account;
            return self.db.write(move |tx| remote::feature_tag(tx, who, &name)).await;
        }
        let Some(id) = self.pinned_there(signer, object, target).await? else { return Ok(()) };
        let status = match self.status(&id).await {
            Ok(status) => status,
            Err(missing) => return done(Err(missing)),
        };
        let (social, who) = (self.social.clone(), signer.account);
        self.db.write(move |tx| remote::pin(tx, &social, who, status)).await
    }

    pub(super) async fn remove(&self, signer: &Signer, object: &Thing, target: &Uri) -> Result<(), Error> {
        if let Some(name) = self.featured_tag_there(signer, object, target).await? {
            let who = signer.account;
            return self.db.write(move |tx| remote::unfeature_tag(tx, who, &name)).await;
        }
        let Some(id) = self.pinned_there(signer, object, target).await? else { return Ok(()) };
        let Some(status) = self.known_status(&id).await? else { return Ok(()) };
        let who = signer.account;
        self.db.write(move |tx| remote::unpin(tx, who, status)).await
    }

    /// The hashtag, when the collection is the signer's own of what they show: Mastodon puts tags among the pinned posts.
    async fn featured_tag_there(&self, signer: &Signer, object: &Thing, target: &Uri) -> Result<Option<String>, Error> {
        let Thing::Sent(object) = object else { return Ok(None) };
        let Object::Hashtag(name) = &**object else { return Ok(None) };
        let who = signer.account;
        let Some(row) = self.db.read(move |q| Ok(actors::find(q, who)?)).await? else { return Ok(None) };
        let is_theirs = [row.featured, row.featured_tags].iter().flatten().any(|own| own == target.normal());
        Ok(is_theirs.then(|| name.clone()))
    }

    /// The post, when the collection is the signer's own of pinned posts.
    async fn pinned_there(&self, signer: &Signer, object: &Thing, target: &Uri) -> Result<Option<Uri>, Error> {
        let who = signer.account;
        let featured = self.db.read(move |q| Ok(actors::find(q, who)?.and_then(|row| row.featured))).await?;
        let is_pins = featured.as_deref() == Some(target.normal());
        Ok(object.id().filter(|id| is_pins && id.is_with(&signer.uri)).cloned())
    }
}
