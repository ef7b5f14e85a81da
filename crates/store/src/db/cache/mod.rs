//! What is the same for every viewer, kept in memory: posts and the people who wrote them; the tokens people show; and
//! what each of them does not want to see.
//!
//! Dropped by the events of the transaction that changed it, before that transaction is answered. A reader may have begun
//! before the change and come to put its older copy in afterwards: what was dropped after a reader began is not taken
//! from that reader.

mod tokens;

use std::{
    hash::{BuildHasher, Hash, RandomState},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use phiomia_model::{AccountId, Event, StatusId};

use super::{accounts::AccountView, filters::Filters, statuses::StatusBody, tokens::TokenView};
use crate::{recent::Recent, secret::SecretHash};
use tokens::{Dropped, Tokens};

/// Posts and people kept at most, in bytes.
const BODIES_BYTES: u64 = 12 << 20;
const ACCOUNTS_BYTES: u64 = 6 << 20;
/// Filters kept at most, in bytes; that somebody has none is kept, too.
const FILTERS_BYTES: u64 = 4 << 20;
/// More of them: fewer keys share the memory of when they were dropped.
const N_SHARDS: usize = 4096;

/// The memory.
pub(super) struct ViewCache {
    bodies: Guarded<StatusId, Arc<StatusBody>>,
    accounts: Guarded<AccountId, Arc<AccountView>>,
    filters: Guarded<AccountId, Arc<Filters>>,
    tokens: Tokens,
}

impl ViewCache {
    pub(super) fn new() -> ViewCache {
        ViewCache {
            bodies: Guarded::new(
                Recent::weighing(BODIES_BYTES, |_, body: &Arc<StatusBody>| body.size_bytes()).spread(),
            ),
            accounts: Guarded::new(
                Recent::weighing(ACCOUNTS_BYTES, |_, account: &Arc<AccountView>| account.size_bytes()).spread(),
            ),
            // Somebody's may be long: they are not parted.
            filters: Guarded::new(Recent::weighing(FILTERS_BYTES, |_, filters: &Arc<Filters>| filters.size_bytes())),
            tokens: Tokens::new(),
        }
    }

    /// To be noted before a snapshot begins, and given with what was read from it.
    pub(super) fn moment(&self) -> Moment {
        Moment {
            bodies: self.bodies.sequence.load(Ordering::SeqCst),
            accounts: self.accounts.sequence.load(Ordering::SeqCst),
            filters: self.filters.sequence.load(Ordering::SeqCst),
            tokens: self.tokens.moment(),
        }
    }

    /// Drops what an event made stale.
    pub(super) fn hear(&self, event: &Event) {
        match event {
            Event::StatusEdited { status, .. }
            | Event::StatusDeleted { status, .. }
            | Event::StatusTouched { status } => {
                self.bodies.drop(status);
            }
            Event::AccountTouched { account } => {
                self.accounts.drop(account);
                self.tokens.drop(Dropped::Holder(*account));
            }
            Event::FiltersChanged { account } => self.filters.drop(account),
            Event::TokensRevoked { tokens } => {
                for token in tokens {
                    self.tokens.drop(Dropped::Token(*token));
                }
            }
            _ => {}
        }
    }

    /// Drops everything: events may have been missed.
    pub(super) fn forget(&self) {
        self.bodies.clear();
        self.accounts.clear();
        self.filters.clear();
        self.tokens.clear();
    }

    /// The token of this hash, if it was looked up lately and nothing was heard of it since.
    pub(super) fn token(&self, hash: &SecretHash) -> Option<TokenView> {
        self.tokens.get(hash)
    }
}

/// When a snapshot began, as the cache counts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    bodies: u64,
    accounts: u64,
    filters: u64,
    tokens: u64,
}

/// The cache as one reader sees it.
#[derive(Clone, Copy)]
pub(super) struct Cached<'a> {
    pub(super) cache: &'a ViewCache,
    pub(super) began: Moment,
}

impl Cached<'_> {
    pub(super) fn body(&self, id: StatusId) -> Option<Arc<StatusBody>> {
        self.cache.bodies.values.get(&id)
    }
    pub(super) fn keep_body(&self, body: &Arc<StatusBody>) {
        self.cache.bodies.put(body.id, body.clone(), self.began.bodies);
    }
    pub(super) fn account(&self, id: AccountId) -> Option<Arc<AccountView>> {
        self.cache.accounts.values.get(&id)
    }
    pub(super) fn keep_account(&self, account: &Arc<AccountView>) {
        self.cache.accounts.put(account.id, account.clone(), self.began.accounts);
    }
    pub(super) fn filters(&self, of: AccountId) -> Option<Arc<Filters>> {
        self.cache.filters.values.get(&of)
    }
    pub(super) fn keep_filters(&self, of: AccountId, filters: &Arc<Filters>) {
        self.cache.filters.put(of, filters.clone(), self.began.filters);
    }
    pub(super) fn keep_token(&self, hash: SecretHash, token: &TokenView) {
        self.cache.tokens.put(hash, token, self.began.tokens);
    }
}

struct Guarded<K, V> {
    values: Recent<K, V>,
    sequence: AtomicU64,
    /// When a key of this shard was last dropped.
    dropped: Vec<AtomicU64>,
    hasher: RandomState,
}

impl<K, V> Guarded<K, V>
where
    K: Copy + Hash + Eq + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    fn new(values: Recent<K, V>) -> Guarded<K, V> {
        Guarded {
            values,
            sequence: AtomicU64::new(1),
            dropped: std::iter::repeat_with(|| AtomicU64::new(0)).take(N_SHARDS).collect(),
            hasher: RandomState::new(),
        }
    }

    fn shard(&self, key: &K) -> Option<&AtomicU64> {
        let n = u64::try_from(N_SHARDS).unwrap_or(1);
        self.dropped.get(usize::try_from(self.hasher.hash_one(key) % n).unwrap_or_default())
    }

    fn put(&self, key: K, value: V, began: u64) {
        let is_stale = || self.shard(&key).is_none_or(|shard| shard.load(Ordering::SeqCst) > began);
        if is_stale() {
            return;
        }
        self.values.put(key, value);
        // It may have been dropped between the look and the insertion.
        if is_stale() {
            self.values.drop(&key);
        }
    }

    fn drop(&self, key: &K) {
        let now = self.sequence.fetch_add(1, Ordering::SeqCst) + 1;
        if let Some(shard) = self.shard(key) {
            shard.fetch_max(now, Ordering::SeqCst);
        }
        self.values.drop(key);
    }

    fn clear(&self) {
        let now = self.sequence.fetch_add(1, Ordering::SeqCst) + 1;
        for shard in &self.dropped {
            shard.fetch_max(now, Ordering::SeqCst);
        }
        self.values.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_dropped_by_the_event_of_their_owner_whichever_process_tells_it() {
        let cache = ViewCache::new();
        let (mine, theirs) = (AccountId(1), AccountId(2));
        for account in [mine, theirs] {
            Cached { cache: &cache, began: cache.moment() }.keep_filters(account, &Arc::default());
        }
        cache.hear(&Event::FiltersChanged { account: mine });
        let cached = Cached { cache: &cache, began: cache.moment() };
        assert!(cached.filters(mine).is_none() && cached.filters(theirs).is_some());
        cache.forget();
        assert!(cached.filters(theirs).is_none());
    }

    #[test]
    fn a_reader_that_began_before_a_change_does_not_put_the_old_copy_back() {
        let cache: Guarded<i64, &'static str> = Guarded::new(Recent::new(1_000));
        let began = cache.sequence.load(Ordering::SeqCst);
        cache.put(1, "old", began);
        assert_eq!(cache.values.get(&1), Some("old"));
        cache.drop(&1);
        cache.put(1, "old", began);
        assert_eq!(cache.values.get(&1), None);
        let later = cache.sequence.load(Ordering::SeqCst);
        cache.put(1, "new", later);
        assert_eq!(cache.values.get(&1), Some("new"));
        cache.clear();
        cache.put(1, "new", later);
        assert_eq!(cache.values.get(&1), None);
    }
}
