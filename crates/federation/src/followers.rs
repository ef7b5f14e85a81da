//! Two servers compare who here follows somebody there: what was lost on the way, an `Undo` above all, comes right again.
//! Source: <https://codeberg.org/fediverse/fep/src/branch/main/fep/8fcf/fep-8fcf.md>.

use std::{collections::HashMap, sync::Arc, time::Duration};

use http::{HeaderMap, HeaderValue};
use phiomia_activitypub::{
    Collection, Uri,
    synchronization::{CollectionSynchronization, FollowersDigest, HEADER},
};
use phiomia_model::{AccountId, Error, Fault, Job};
use phiomia_social::remote;
use phiomia_store::{
    db::{accounts, federation::actors},
    recent::Recent,
};
use tokio::sync::Mutex;

use crate::{Federation, build, inbox::Signer, resolve::Missing};

/// Pages of one collection. What has more is not compared: who is on a page we did not read would be taken for missing.
const MOST_PAGES: usize = 10;

/// How long what was read of somebody's followers is told.
const TOLD: Duration = Duration::from_secs(5);
/// People of whom that is kept.
const MOST_KEPT: u64 = 50;

/// By host.
type Digests = HashMap<String, FollowersDigest>;

/// What is told of followers just now.
pub struct KnownDigests {
    known: Recent<AccountId, Arc<Digests>>,
    /// One reads; those who want the same find it then.
    reading: Mutex<()>,
}

impl Default for KnownDigests {
    fn default() -> KnownDigests {
        let known = Recent::new(MOST_KEPT).living(TOLD);
        KnownDigests { known, reading: Mutex::default() }
    }
}

impl Federation {
    /// What is told to a host about the followers that somebody here has there.
    pub(crate) async fn followers_header(&self, account: AccountId, host: &str) -> Result<Option<HeaderValue>, Error> {
        let digests = self.followers_digests(account).await?;
        let me = self.addresses.account_uri(account);
        let told = CollectionSynchronization {
            collection: build::below(&me, "followers")?,
            url: build::below(&me, "followers_synchronization")?,
            digest: digests.get(host).copied().unwrap_or_default(),
        };
        let value = HeaderValue::from_str(&told.to_header());
        Ok(Some(value.map_err(|e| Fault::because("writing a header about followers", e))?))
    }

    /// Of somebody's followers, host by host: read once for all deliveries of a post. What changes meanwhile makes a server
    /// read the list once for nothing.
    async fn followers_digests(&self, account: AccountId) -> Result<Arc<Digests>, Error> {
        if let Some(known) = self.digests.known.get(&account) {
            return Ok(known);
        }
        let _reading = self.digests.reading.lock().await;
        if let Some(known) = self.digests.known.get(&account) {
            return Ok(known);
        }
        let followers = self.db.read(move |q| Ok(actors::followers_elsewhere(q, account)?)).await?;
        let mut digests = Digests::new();
        for (host, uri) in followers {
            digests.entry(host).or_default().toggle(&uri);
        }
        let digests = Arc::new(digests);
        self.digests.known.put(account, digests.clone());
        Ok(digests)
    }

    /// What another server tells about its people's followers here; nothing, when it cannot be read.
    pub(crate) fn followers_told(&self, headers: &HeaderMap) -> Option<CollectionSynchronization> {
        let mut values = headers.get_all(HEADER).iter();
        let value = values.next().filter(|_| values.next().is_none())?;
        CollectionSynchronization::parse(value.to_str().ok()?, self.web).ok()
    }

    /// What there is to do when the signer counts other people of here among their followers than we do.
    pub(crate) async fn compare_followers(
        &self,
        signer: &Signer,
        told: &CollectionSynchronization,
    ) -> Result<Option<Job>, Error> {
        if !told.url.is_with(&signer.uri) {
            return Ok(None);
        }
        let (account, collection, digest) = (signer.account, told.collection.normal().to_owned(), told.digest);
        let differs = self.db.read(move |q| {
            if actors::find(q, account)?.and_then(|row| row.followers).as_deref() != Some(collection.as_str()) {
                return Ok(false);
            }
            let ours = actors::followers_here(q, account)?;
            Ok(FollowersDigest::of(ours.iter().map(|(_, uri)| uri.as_str())) != digest)
        });
        Ok(differs.await?.then(|| Job::CompareFollowers { account, url: told.url.as_str().to_owned() }))
    }

    /// The work of `Job::CompareFollowers`. Nothing is concluded from a list that could not be read to its end.
    pub(crate) async fn fetch_followers(&self, account: AccountId, url: &str) -> Result<(), Error> {
        let Ok(url) = Uri::parse(url, self.web) else { return Ok(()) };
        // Asked before the list is read: who is accepted meanwhile is not in it.
        let before = self.db.read(move |q| Ok(actors::followers_here(q, account)?)).await?;
        let listed = match self.listed_followers(&url).await {
            Ok(Some(listed)) => listed,
            Ok(None) => return Ok(()),
            Err(missing) => return Err(missing.for_job()),
        };
        let before: Vec<AccountId> = before.into_iter().map(|(follower, _)| follower).collect();
        self.db
            .write(move |tx| {
                let mut theirs = Vec::new();
                for (id, _) in actors::by_uris(tx, &listed)? {
                    if accounts::view(tx, id)?.is_some_and(|view| view.is_local()) {
                        theirs.push(id);
                    }
                }
                remote::compare_followers(tx, account, &before, &theirs)
            })
            .await
    }

    /// The ids of people here in a collection, over all its pages; `None` when it has too many or breaks off.
    async fn listed_followers(&self, url: &Uri) -> Result<Option<Vec<String>>, Missing> {
        let mut listed: Vec<String> = Vec::new();
        let mut seen: Vec<Uri> = Vec::new();
        let mut next = Some(url.clone());
        while let Some(at) = next.take() {
            if seen.contains(&at) || seen.len() >= MOST_PAGES || !at.is_with(url) {
                return Ok(None);
            }
            let document = self.fetch_document(&at).await?;
            seen.push(at);
            let Ok(page) = Collection::read(&document) else { return Ok(None) };
            let (items, following) = match page.first_page {
                Some(first) => (first.items, first.next),
                None => (page.items, page.next.or(page.first)),
            };
            let ours = items.iter().filter_map(|thing| thing.id()).filter(|id| self.is_own(id));
            listed.extend(ours.map(|id| id.normal().to_owned()));
            next = following;
        }
        Ok(Some(listed))
    }
}
