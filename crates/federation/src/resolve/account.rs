//! People elsewhere: by handle, by id, and what their documents say.

use std::time::Duration;

use phiomia_activitypub::{Actor, ActorKind, Collection, KeyMaterial, Uri};
use phiomia_model::{
    AccountId, Error, Handle, Job, Noun, Refusal,
    account::{Field, ShownTabs},
    remote::RemoteEmoji,
};
use phiomia_social::remote;
use phiomia_store::db::{
    accounts,
    federation::{
        actors::{self, RemoteProfile},
        domains,
    },
};

use super::{Missing, manners::bounded};
use crate::Federation;

/// People of one post who are looked up.
const MOST_MENTIONED: usize = 20;
/// How long a post waits for them.
const MENTION_TIMEOUT: Duration = Duration::from_secs(5);

impl Federation {
    /// The account of a handle: known, or looked up at its domain. Of handles of our own domains only those that are
    /// there.
    ///
    /// # Errors
    /// [`Missing`].
    pub async fn account_by_handle(&self, handle: &Handle) -> Result<AccountId, Missing> {
        let handle = handle.clone().relative_to(&self.addresses.own_domains());
        let wanted = handle.clone();
        if let Some(known) = self.db.read(move |q| Ok(accounts::by_handle(q, &wanted)?)).await? {
            return Ok(known);
        }
        if handle.domain.is_none() {
            return Err(Refusal::NotFound(Noun::Account).into());
        }
        let found = self.finger(&handle).await?;
        self.account(&found.actor).await
    }

    /// Looks up those whom a text names and who are not known yet, all at the same time. Whoever does not answer in time
    /// stays text.
    ///
    /// # Errors
    /// The database failed.
    pub async fn look_up_mentions(&self, text: &str) -> Result<(), Error> {
        let handles = phiomia_text::references(text, &self.addresses.own_domains()).mentions;
        let elsewhere: Vec<Handle> = handles.into_iter().filter(|handle| handle.domain.is_some()).collect();
        if elsewhere.is_empty() {
            return Ok(());
        }
        let asked = elsewhere.clone();
        let known = self.db.read(move |q| Ok(accounts::by_handles(q, &asked)?)).await?;
        let unknown = elsewhere.into_iter().filter(|handle| known.iter().all(|(known, _)| known != handle));
        let looking = unknown.take(MOST_MENTIONED).map(|handle| async move {
            let found = tokio::time::timeout(MENTION_TIMEOUT, self.account_by_handle(&handle)).await;
            if let Ok(Err(missing)) = found {
                tracing::debug!("{handle} stays text: {missing}");
            }
        });
        bounded(futures_util::future::join_all(looking)).await;
        Ok(())
    }

    /// The account with this id in the network: known, or fetched.
    ///
    /// # Errors
    /// [`Missing`].
    pub async fn account(&self, uri: &Uri) -> Result<AccountId, Missing> {
        match self.known_account(uri).await? {
            Some(known) => Ok(known),
            None => self.fetch_account(uri).await,
        }
    }

    /// The account with this id, if it is known.
    pub(crate) async fn known_account(&self, uri: &Uri) -> Result<Option<AccountId>, Error> {
        let uri = uri.normal().to_owned();
        self.db.read(move |q| Ok(actors::by_uri(q, &uri)?)).await
    }

    /// Reads an actor's document at its own server and keeps what it says.
    pub(crate) async fn fetch_account(&self, uri: &Uri) -> Result<AccountId, Missing> {
        if self.is_own(uri) {
            return Err(Refusal::NotFound(Noun::Account).into());
        }
        let document = self.fetch_document(&uri.without_fragment()).await?;
        let actor = Actor::read(&document).map_err(|e| Missing::Unreadable(uri.clone(), e))?;
        self.keep_account(actor).await
    }

    /// Keeps an actor whose document is known to be genuine; asks its domain for its handle.
    pub(crate) async fn keep_account(&self, actor: Actor) -> Result<AccountId, Missing> {
        let handle = self.handle_of(&actor).await?;
        let profile = profile(&actor, handle);
        let is_moving = actor.moved_to.clone();
        let id = self
            .db
            .write(move |tx| {
                let id = actors::keep(tx, &profile)?;
                if let Some(since) = domains::silenced_since(tx, &profile.host)? {
                    domains::silence_one(tx, id, since)?;
                }
                remote::profile_changed(tx, id)?;
                Ok(id)
            })
            .await?;
        if is_moving.is_none() {
            self.db
                .write(move |tx| {
                    if accounts::view(tx, id)?.is_some_and(|view| view.moved_to.is_some()) {
                        actors::set_moved(tx, id, None)?;
                    }
                    Ok(())
                })
                .await?;
        }
        Ok(id)
    }

    /// The handle of an actor, confirmed by its domain. An actor says where it wants to be found (FEP-2c59); otherwise
    /// the server of its id is asked, and may name another domain, which then has to agree.
    async fn handle_of(&self, actor: &Actor) -> Result<Handle, Missing> {
        let at_id = Handle { username: actor.username.clone(), domain: Some(actor.id.host().to_owned()) };
        // What Mastodon would not take either: a name we cannot write as a handle.
        let at_id: Handle = at_id
            .to_string()
            .parse()
            .map_err(|_| Missing::NotGenuine(actor.id.clone(), "its name does not make a handle"))?;
        let claimed = actor.handle.clone().filter(|claimed| claimed.domain != at_id.domain);
        if let Some(claimed) = claimed
            && let Ok(found) = self.finger(&claimed).await
            && found.actor == actor.id
        {
            return Ok(claimed);
        }
        let found = match self.finger(&at_id).await {
            Ok(found) => found,
            // Programs (the actors of servers themselves) need not have a handle.
            Err(Missing::NotThere(_) | Missing::NotGenuine(..) | Missing::Unreadable(..))
                if actor.kind == ActorKind::Application =>
            {
                return Ok(at_id);
            }
            Err(missing) => return Err(missing),
        };
        if found.actor != actor.id {
            return Err(Missing::NotGenuine(actor.id.clone(), "WebFinger names another actor for its handle"));
        }
        match found.subject {
            Some(subject) if subject.domain != at_id.domain => {
                let confirmed = self.finger(&subject).await?;
                if confirmed.actor != actor.id {
                    return Err(Missing::NotGenuine(actor.id.clone(), "its handle's domain names another actor"));
                }
                Ok(subject)
            }
            _ => Ok(at_id),
        }
    }

    /// Whether an address is one of ours.
    pub(crate) fn is_own(&self, uri: &Uri) -> bool {
        uri.host() == self.addresses.web_domain
    }

    /// Leaves a profile to be read anew when it has grown old, and its posts to be fetched when they never were.
    ///
    /// # Errors
    /// The database failed.
    pub async fn look_at(&self, account: AccountId) -> Result<(), Error> {
        let oldest = self.db.clock().now().minus(self.settings.delays.account_rest);
        let (is_stale, is_unread) = self
            .db
            .read(move |q| {
                let row = actors::find(q, account)?;
                let is_stale = row.as_ref().is_some_and(|row| row.fetched_at < oldest);
                Ok((is_stale, row.is_some_and(|row| row.backfilled_at.is_none())))
            })
            .await?;
        if is_stale || is_unread {
            self.db
                .write(move |tx| {
                    if is_unread {
                        // Noted at once, so that everybody who looks does not leave it once more.
                        actors::set_backfilled(tx, account)?;
                        tx.enqueue(&Job::FetchPosts { account })?;
                    }
                    if is_stale {
                        tx.enqueue(&Job::RefreshAccount { account })?;
                    }
                    Ok(())
                })
                .await?;
        }
        Ok(())
    }

    /// Reads a profile anew. The work of [`Job::RefreshAccount`].
    pub(crate) async fn refresh_account(&self, account: AccountId) -> Result<(), Error> {
        let Some(view) = self.db.read(move |q| Ok(accounts::view(q, account)?)).await? else { return Ok(()) };
        let Ok(uri) = Uri::parse(&view.uri, self.web) else { return Ok(()) };
        if view.is_local() {
            return Ok(());
        }
        match self.fetch_account(&uri).await {
            Ok(id) => {
                self.count_account(id).await?;
                self.verify_links(id).await
            }
            // Only this is final: a `404` may be a bad day of its server, or of its WebFinger.
            Err(Missing::Gone(_)) => self.db.write(move |tx| remote::delete(tx, account)).await,
            Err(other) => Err(other.for_job()),
        }
    }

    /// Takes over how many followers, followed and posts the origin counts.
    pub(crate) async fn count_account(&self, account: AccountId) -> Result<(), Error> {
        let Some(row) = self.db.read(move |q| Ok(actors::find(q, account)?)).await? else { return Ok(()) };
        let mut counts = [None; 3];
        for (count, collection) in counts.iter_mut().zip([&row.followers, &row.following, &row.outbox]) {
            let Some(uri) = collection.as_deref().and_then(|text| Uri::parse(text, self.web).ok()) else { continue };
            let Ok(document) = self.fetch_document(&uri).await else { continue };
            let total = Collection::read(&document).ok().and_then(|collection| collection.total);
            *count = total.and_then(|n| i64::try_from(n).ok());
        }
        let [followers, following, posts] = counts;
        self.db
            .write(move |tx| {
                actors::set_counts(tx, account, followers, following, posts)?;
                remote::profile_changed(tx, account)
            })
            .await
    }
}

/// An actor's document as we keep it.
fn profile(actor: &Actor, handle: Handle) -> RemoteProfile {
    let text = |uri: &Option<Uri>| uri.as_ref().map(|uri| uri.as_str().to_owned());
    let picture = |media: &Option<phiomia_activitypub::note::Media>| {
        media.as_ref().map(|media| (media.file.as_str().to_owned(), media.alt.clone().unwrap_or_default()))
    };
    let (avatar, header) = (picture(&actor.icon), picture(&actor.image));
    let emojis = actor
        .emojis
        .iter()
        .map(|emoji| RemoteEmoji { shortcode: emoji.shortcode.clone(), url: emoji.image.as_str().to_owned() });
    let key = |key: &phiomia_activitypub::ActorKey| {
        let (is_pem, material) = match &key.material {
            KeyMaterial::Pem(pem) => (true, pem.clone()),
            KeyMaterial::Multibase(text) => (false, text.clone()),
        };
        (key.id.normal().to_owned(), is_pem, material)
    };
    RemoteProfile {
        uri: actor.id.normal().to_owned(),
        username: handle.username,
        domain: handle.domain.unwrap_or_default(),
        url: actor.page.as_ref().unwrap_or(&actor.id).as_str().to_owned(),
        display_name: actor.name.clone().unwrap_or_default(),
        note: actor.summary.clone().unwrap_or_default(),
        fields: actor
            .fields
            .iter()
            .map(|field| Field { name: field.name.clone(), value: field.value.clone(), verified_at: None })
            .collect(),
        is_locked: actor.is_locked,
        is_bot: matches!(actor.kind, ActorKind::Service | ActorKind::Application),
        is_group: actor.kind == ActorKind::Group,
        is_discoverable: actor.discoverable.unwrap_or(false),
        is_indexable: actor.indexable.unwrap_or(false),
        is_memorial: actor.memorial,
        tabs: ShownTabs {
            media: actor.shows_media.unwrap_or(true),
            media_replies: actor.shows_media_replies.unwrap_or(true),
            featured: actor.shows_featured.unwrap_or(true),
        },
        attribution_domains: actor.attribution_domains.clone(),
        created_at: actor.published,
        host: actor.id.host().to_owned(),
        inbox: actor.inbox.as_str().to_owned(),
        shared_inbox: text(&actor.shared_inbox).unwrap_or_default(),
        outbox: text(&actor.outbox),
        followers: actor.followers.as_ref().map(|uri| uri.normal().to_owned()),
        following: text(&actor.following),
        featured: actor.featured.as_ref().map(|uri| uri.normal().to_owned()),
        featured_tags: actor.featured_tags.as_ref().map(|uri| uri.normal().to_owned()),
        avatar: avatar.as_ref().map(|(file, _)| file.clone()),
        header: header.as_ref().map(|(file, _)| file.clone()),
        avatar_description: avatar.map(|(_, alt)| alt).unwrap_or_default(),
        header_description: header.map(|(_, alt)| alt).unwrap_or_default(),
        emojis: emojis.collect(),
        also_known_as: actor.aliases.iter().map(|uri| uri.normal().to_owned()).collect(),
        is_suspended_at_home: actor.suspended,
        keys: actor.keys.iter().map(key).collect(),
    }
}
