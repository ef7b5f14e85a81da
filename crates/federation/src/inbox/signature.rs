//! Whose signature this is. Before it holds nothing is fetched but the key; keys that cannot be had are remembered.

use std::{sync::Arc, time::Duration};

use http::StatusCode;
use phiomia_activitypub::{
    Actor, KeyMaterial, Object, Uri,
    signature::{Head, PublicKey, Refused, Signed},
};
use phiomia_model::{AccountId, Error, Time};
use phiomia_store::{db::federation::actors, recent::Recent};

use super::{MayFetch, Signer, Turned};
use crate::{Federation, resolve::Missing};

/// Keys in memory: each takes about 1 kB.
const MOST_KEPT: u64 = 20_000;
/// After so long a key is read from the database again.
const KEPT: Duration = Duration::from_secs(600);
/// The first wait after a key could not be had; it doubles.
const FIRST_WAIT: Duration = Duration::from_secs(60);
const LONGEST_WAIT: Duration = Duration::from_secs(3_600);
/// Failed keys that are remembered.
const MOST_FAILED: u64 = 10_000;

/// A key with its owner.
#[derive(Clone)]
struct Known {
    account: AccountId,
    owner: Uri,
    key: Arc<PublicKey>,
}

/// Keys by their names, and those that could not be had.
pub struct KnownKeys {
    known: Recent<String, Known>,
    /// Until when, and how often it failed.
    failed: Recent<String, (Time, u32)>,
}

impl Default for KnownKeys {
    fn default() -> KnownKeys {
        KnownKeys {
            known: Recent::new(MOST_KEPT).living(KEPT),
            failed: Recent::new(MOST_FAILED).living(2 * LONGEST_WAIT),
        }
    }
}

impl KnownKeys {
    /// Every key is read from the database again.
    pub(crate) fn forget(&self) {
        self.known.clear();
    }
    fn may_try(&self, key: &str, now: Time) -> bool {
        self.failed.get(key).is_none_or(|(until, _)| now >= until)
    }
    fn fail(&self, key: &str, now: Time) {
        let n = self.failed.get(key).map_or(0, |(_, n)| n);
        let wait = FIRST_WAIT.saturating_mul(1_u32.checked_shl(n).unwrap_or(u32::MAX)).min(LONGEST_WAIT);
        self.failed.put(key.to_owned(), (now.plus(wait), n.saturating_add(1)));
    }
}

impl Federation {
    /// Who signed a request. `admitted`: a host that was looked at already.
    pub(crate) async fn verify(
        &self,
        head: &Head<'_>,
        body: Option<&[u8]>,
        admitted: Option<&str>,
        may_fetch: MayFetch<'_>,
    ) -> Result<Signer, Turned> {
        let now = self.db.clock().now();
        let signed = Signed::examine(head, body, now).map_err(unauthorized)?;
        let key_id = signed.key_uri(self.web).map_err(unauthorized)?;
        if self.is_own(&key_id) {
            return Err(Turned::new(StatusCode::UNAUTHORIZED, "The key is one of ours"));
        }
        if admitted != Some(key_id.host()) {
            self.check_host(key_id.host()).await.map_err(super::turned_by_domain)?;
        }
        if let Some(known) = self.known_key(&key_id).await?
            && signed.verify(&known.key).is_ok()
        {
            return Ok(Signer { account: known.account, uri: known.owner, known: None });
        }
        // Unknown, or another one by now.
        let name = key_id.normal().to_owned();
        if !self.known_keys.may_try(&name, now) {
            return Err(Turned::new(
                StatusCode::UNAUTHORIZED,
                "The key could not be had before; it is asked for again later",
            ));
        }
        if let Err(wait) = may_fetch().await {
            let turned = Turned::new(StatusCode::TOO_MANY_REQUESTS, "Too many requests");
            return Err(Turned { retry_after: Some(wait), ..turned });
        }
        match self.fetch_key(&key_id).await {
            Ok(known) => match signed.verify(&known.key) {
                Ok(()) => Ok(Signer { account: known.account, uri: known.owner, known: None }),
                Err(refused) => {
                    self.known_keys.fail(&name, now);
                    Err(unauthorized(refused))
                }
            },
            Err(missing) if missing.is_ours() => Err(missing.for_job().into()),
            Err(missing) => {
                self.known_keys.fail(&name, now);
                Err(Turned::new(StatusCode::UNAUTHORIZED, format!("The key cannot be had: {missing}")))
            }
        }
    }

    /// Whose key this is, and the key: known, or from the actor that lists it.
    pub(crate) async fn key_owner(&self, id: &Uri) -> Result<(Signer, Arc<PublicKey>), Missing> {
        self.check_host(id.host()).await?;
        let known = match self.known_key(id).await? {
            Some(known) => known,
            None => self.fetch_key(id).await?,
        };
        Ok((Signer { account: known.account, uri: known.owner, known: None }, known.key))
    }

    async fn known_key(&self, id: &Uri) -> Result<Option<Known>, Error> {
        let name = id.normal().to_owned();
        if let Some(known) = self.known_keys.known.get(&name) {
            return Ok(Some(known));
        }
        let wanted = name.clone();
        let Some(row) = self.db.read(move |q| Ok(actors::key(q, &wanted)?)).await? else { return Ok(None) };
        let material = if row.is_pem { KeyMaterial::Pem(row.material) } else { KeyMaterial::Multibase(row.material) };
        let (Ok(key), Ok(owner)) = (PublicKey::read(&material), Uri::parse(&row.owner, self.web)) else {
            return Ok(None);
        };
        let known = Known { account: row.account, owner, key: Arc::new(key) };
        self.known_keys.known.put(name, known.clone());
        Ok(Some(known))
    }

    /// The key from the actor that lists it.
    async fn fetch_key(&self, id: &Uri) -> Result<Known, Missing> {
        self.known_keys.known.drop(id.normal());
        let document = self.fetch_document(&id.without_fragment()).await?;
        let owner = match Object::read(&document) {
            Object::Actor(actor) => {
                let owner = actor.id.clone();
                self.keep_account(actor).await?;
                owner
            }
            // The key by itself, as some softwares serve it: its owner's document has to list it.
            _ => {
                let named = ["owner", "controller"].iter().find_map(|name| document.json().get(*name)?.as_str());
                let owner = named.and_then(|text| Uri::parse(text, self.web).ok());
                let owner = owner.filter(|owner| owner.is_with(id));
                let owner = owner.ok_or_else(|| Missing::NotGenuine(id.clone(), "it is no actor"))?;
                self.fetch_account(&owner).await?;
                owner
            }
        };
        let known = self.known_key(id).await?;
        known
            .filter(|known| known.owner == owner)
            .ok_or_else(|| Missing::NotGenuine(id.clone(), "its actor does not list the key, or it is none we read"))
    }

    /// Forgets what is known of somebody's keys: what their new document lists counts.
    pub(crate) fn forget_keys(&self, actor: &Actor) {
        for key in &actor.keys {
            self.known_keys.known.drop(key.id.normal());
        }
    }
}

fn unauthorized(refused: Refused) -> Turned {
    Turned::new(StatusCode::UNAUTHORIZED, format!("The signature does not hold: {refused}"))
}
