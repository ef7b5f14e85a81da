//! Relays: servers that pass on the public posts of many others. Two kinds are spoken with. Of Mastodon's the server itself
//! follows the public, and posts go there as they are; of LitePub's it follows the relay's actor, and boosts posts for it.
//! Either way a relay is believed in nothing but that a post may be there: each is fetched from its own server.
//! Sources: <https://docs.joinmastodon.org/spec/activitypub/>, <https://litepub.social/>.

use std::collections::BTreeSet;

use phiomia_activitypub::{Activity, Audience, Object, Thing, Uri, Verb};
use phiomia_model::{Error, Job, Noun, Refusal, StatusId, Visibility};
use phiomia_social::remote::Coming;
use phiomia_store::{
    Tx,
    db::{
        accounts,
        federation::{
            actors::{self, Inbox},
            deliveries::Priority,
            hosts,
            key_pairs::SERVER,
            posts,
            relays::{self, Relay, RelayState},
        },
        jobs,
    },
};

use crate::{
    Federation, build,
    inbox::Signer,
    outbox::{Sending, activities::undoing, activity, send},
    resolve::{Missing, genuine_note},
};

/// Posts that relays told of and that wait to be fetched. Who tells of more than can be fetched is not listened to for a
/// while: the newest posts are wanted, and not those of yesterday.
const MOST_WAITING: i64 = 2_000;

impl Federation {
    /// Asks a relay to pass posts on. The address of an inbox (`https://relay.example/inbox`) names one of Mastodon's kind,
    /// that of an actor one of LitePub's.
    ///
    /// # Errors
    /// [`Missing`]; refused when it is there already.
    pub async fn add_relay(&self, address: &str) -> Result<Relay, Missing> {
        let unfit = || Missing::Refused(Refusal::Invalid(format!("{address} is no address of a relay")));
        let uri = Uri::parse(address, self.web).ok().filter(|uri| !self.is_own(uri)).ok_or_else(unfit)?;
        self.check_host(uri.host()).await?;
        let path = uri.to_url().ok_or_else(unfit)?.path().trim_end_matches('/').to_owned();
        let (inbox, actor) = if path.ends_with("/inbox") {
            (uri.as_str().to_owned(), None)
        } else {
            let account = self.fetch_account(&uri).await?;
            let found = self.db.read(move |q| {
                let inbox = actors::find(q, account)?.map(|row| row.inbox);
                Ok(inbox.zip(accounts::view(q, account)?.map(|view| view.uri.clone())))
            });
            let (inbox, actor) = found.await?.ok_or_else(unfit)?;
            (inbox, Some(actor))
        };
        let (host, federation) = (uri.host().to_owned(), self.clone());
        let added = self.db.write(move |tx| {
            let relay = Relay {
                id: tx.new_id(),
                inbox: inbox.clone(),
                host: host.clone(),
                actor: actor.clone(),
                number: tx.new_id(),
                state: RelayState::Pending,
                created_at: tx.now(),
            };
            if !relays::add(tx, &relay)? {
                return Err(Refusal::Invalid("This relay is there already".to_owned()).into());
            }
            federation.ask_relay(tx, &relay, false)?;
            Ok(relay)
        });
        Ok(added.await?)
    }

    /// Asks a relay once more that was switched off or said no.
    ///
    /// # Errors
    /// Refused when there is none of this address.
    pub async fn enable_relay(&self, address: &str) -> Result<(), Error> {
        let (address, federation) = (address.to_owned(), self.clone());
        self.db
            .write(move |tx| {
                let relay = relay(tx, &address)?;
                if matches!(relay.state, RelayState::Accepted | RelayState::Pending) {
                    return Ok(());
                }
                let relay = Relay { number: tx.new_id(), state: RelayState::Pending, ..relay };
                relays::set_state(tx, relay.id, relay.state, relay.number)?;
                federation.ask_relay(tx, &relay, false)
            })
            .await
    }

    /// Nothing goes to a relay any more, and nothing is taken from it.
    ///
    /// # Errors
    /// Refused when there is none of this address.
    pub async fn disable_relay(&self, address: &str) -> Result<(), Error> {
        let (address, federation) = (address.to_owned(), self.clone());
        self.db.write(move |tx| federation.leave_relay(tx, &address).map(|_| ())).await
    }

    /// The same, and it is forgotten.
    ///
    /// # Errors
    /// Refused when there is none of this address.
    pub async fn remove_relay(&self, address: &str) -> Result<(), Error> {
        let (address, federation) = (address.to_owned(), self.clone());
        self.db
            .write(move |tx| {
                let relay = federation.leave_relay(tx, &address)?;
                Ok(relays::remove(tx, relay.id)?)
            })
            .await
    }

    fn leave_relay(&self, tx: &Tx<'_>, address: &str) -> Result<Relay, Error> {
        let relay = relay(tx, address)?;
        if matches!(relay.state, RelayState::Accepted | RelayState::Pending) {
            self.ask_relay(tx, &relay, true)?;
        }
        relays::set_state(tx, relay.id, RelayState::Disabled, relay.number)?;
        Ok(relay)
    }

    /// The `Follow` of the server itself, or its end.
    fn ask_relay(&self, tx: &Tx<'_>, relay: &Relay, is_undone: bool) -> Result<(), Error> {
        let server = build::uri(&self.addresses.server_uri())?;
        let whom = match &relay.actor {
            Some(actor) => build::uri(actor)?,
            None => Uri::public(),
        };
        let id = format!("{server}/follows/{}", relay.number);
        let follow = activity(&id, server.clone(), Verb::Follow(whom.clone()), vec![whom.clone()])?;
        let sending = Sending::new(SERVER, Priority::Direct, &id);
        if is_undone {
            let undo = activity(&format!("{id}/undo"), server, undoing(follow), vec![whom])?;
            return send(tx, &sending.last_word(), &undo, &[relay.at()]);
        }
        send(tx, &sending, &follow, &[relay.at()])
    }

    /// The relay that is answered, when it is the signer's host that was asked.
    pub(crate) async fn asked_relay(&self, signer: &Signer, asked: &Thing) -> Result<Option<Relay>, Error> {
        let server = self.addresses.server_uri();
        let number =
            asked.id().and_then(|id| id.as_str().strip_prefix(&server)?.strip_prefix("/follows/")?.parse().ok());
        let follow = asked.activity().filter(|follow| follow.actor.as_str() == server);
        let is_follow = follow.is_some_and(|follow| matches!(follow.verb, Verb::Follow(_)));
        if number.is_none() && !is_follow {
            return Ok(None);
        }
        let (who, host) = (signer.account, signer.uri.host().to_owned());
        let found = self.db.read(move |q| match number {
            Some(number) => Ok(relays::by_number(q, number)?),
            // Some answer without the id of what they were asked.
            None => Ok(relays::of_signer(q, who)?),
        });
        Ok(found.await?.filter(|relay| relay.host == host))
    }

    /// A relay said yes or no; what was switched off meanwhile stays so.
    pub(crate) async fn relay_answered(&self, relay: &Relay, state: RelayState) -> Result<(), Error> {
        if relay.state == RelayState::Disabled {
            return Ok(());
        }
        let relay = relay.clone();
        self.db.write(move |tx| Ok(relays::set_state(tx, relay.id, state, relay.number)?)).await
    }

    /// A relay follows the server itself, as LitePub's do in return. Nobody else does.
    pub(crate) async fn followed_by_relay(&self, signer: &Signer, follow: &Activity) -> Result<(), Error> {
        let (who, id) = (signer.account, follow.id.clone().filter(|id| id.is_with(&signer.uri)));
        let (them, federation) = (signer.uri.clone(), self.clone());
        self.db
            .write(move |tx| {
                let relay = relays::of_signer(tx, who)?.filter(|relay| relay.state != RelayState::Disabled);
                let Some(relay) = relay else { return Ok(()) };
                let server = build::uri(&federation.addresses.server_uri())?;
                let follow = Activity {
                    id: id.clone(),
                    actor: them.clone(),
                    verb: Verb::Follow(server.clone()),
                    audience: Audience::default(),
                    published: None,
                    authorization: None,
                };
                let asked = Thing::Sent(Box::new(Object::Activity(follow)));
                let id = format!("{server}#accepts/{}", tx.new_id());
                let accept = activity(&id, server, Verb::Accept { asked, result: None }, vec![them.clone()])?;
                send(tx, &Sending::new(SERVER, Priority::Direct, &id), &accept, &[relay.at()])
            })
            .await
    }

    /// Whether the signer is a relay that passes posts on to us.
    pub(crate) async fn is_relay(&self, signer: &Signer) -> Result<bool, Error> {
        let who = signer.account;
        self.db.read(move |q| Ok(relays::is_accepted(q, who)?)).await
    }

    /// A relay told of a post: it is fetched when others have been.
    pub(crate) async fn relayed(&self, post: Option<&Uri>) -> Result<(), Error> {
        let Some(post) = post.filter(|post| !self.is_own(post)) else { return Ok(()) };
        let uri = post.normal().to_owned();
        self.db
            .write(move |tx| {
                let job = Job::FetchRelayed { uri: uri.clone() };
                if posts::by_uri(tx, &uri)?.is_some() || jobs::is_crowded(tx, &job, MOST_WAITING)? {
                    return Ok(());
                }
                Ok(tx.enqueue(&job)?)
            })
            .await
    }

    /// The work of `Job::FetchRelayed`: only what is for everybody, and only once. What does not come is let go: there is
    /// more where it came from.
    pub(crate) async fn fetch_relayed(&self, uri: &str) -> Result<(), Error> {
        let Ok(uri) = Uri::parse(uri, self.web) else { return Ok(()) };
        if self.is_own(&uri) || self.known_status(&uri).await?.is_some() {
            return Ok(());
        }
        let kept = async {
            let document = self.fetch_document(&uri).await?;
            let note = genuine_note(&document, &uri)?;
            if note.audience.visibility(None) != Visibility::Public {
                return Err(Missing::Refused(Refusal::NotFound(Noun::Status)));
            }
            self.keep_note(&note, Coming::Sent).await
        };
        match kept.await {
            Err(missing) if missing.is_ours() => Err(missing.for_job()),
            Err(missing) => {
                tracing::debug!("what a relay told of does not come: {missing}");
                Ok(())
            }
            Ok(_) => Ok(()),
        }
    }

    /// A new post for everybody, told to relays: those of Mastodon's kind get what followers get and are added to their
    /// inboxes; for those of LitePub's kind the server itself boosts it.
    pub(crate) fn told_to_relays(
        &self,
        tx: &Tx<'_>,
        status: StatusId,
        uri: &str,
        inboxes: &mut Vec<Inbox>,
    ) -> Result<(), Error> {
        let (followed, public): (Vec<Relay>, Vec<Relay>) =
            relays::accepted(tx)?.into_iter().partition(|relay| relay.actor.is_some());
        inboxes.extend(public.iter().map(Relay::at));
        if !followed.is_empty() {
            // Two activities leave in one transaction: the hosts of both are held in one order, as whoever else holds some.
            let all = inboxes.iter().map(|inbox| &inbox.host).chain(followed.iter().map(|relay| &relay.host));
            hosts::hold(tx, &all.cloned().collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>())?;
            let server = build::uri(&self.addresses.server_uri())?;
            let to: Vec<Uri> = std::iter::once(Ok(Uri::public()))
                .chain(followed.iter().filter_map(|relay| relay.actor.as_deref()).map(build::uri))
                .collect::<Result<_, _>>()?;
            let id = format!("{server}/announces/{status}");
            let mut announce = activity(&id, server, Verb::Announce(Thing::Named(build::uri(uri)?)), to)?;
            announce.published = Some(tx.now());
            let inboxes: Vec<Inbox> = followed.iter().map(Relay::at).collect();
            send(tx, &Sending::new(SERVER, Priority::Boost, &id), &announce, &inboxes)?;
        }
        Ok(())
    }
}

fn relay(tx: &Tx<'_>, address: &str) -> Result<Relay, Error> {
    let there_is_none = || Refusal::Invalid(format!("There is no relay {address}"));
    Ok(relays::find(tx, address)?.ok_or_else(there_is_none)?)
}
